"""Timing parameters (DSP0274 "Timing requirements"), in microseconds unless said otherwise."""

from responder.spec.codes import RequestCode

ST1 = 100_000
"""Time in which a responder answers a request that needs no cryptography."""

CRYPTOGRAPHIC = frozenset(
    {
        RequestCode.CHALLENGE,
        RequestCode.KEY_EXCHANGE,
        RequestCode.FINISH,
        RequestCode.PSK_EXCHANGE,
        RequestCode.PSK_FINISH,
        RequestCode.GET_CSR,
        RequestCode.SET_CERTIFICATE,
        RequestCode.SET_KEY_PAIR_INFO,
    }
)
"""Requests that need cryptography: their responses are due within CT, 2**CTExponent."""
SIGNED_ON_REQUEST = frozenset({RequestCode.GET_MEASUREMENTS, RequestCode.GET_ENDPOINT_INFO})
"""Requests that need it if they ask for a signature."""

RDT_EXPONENT = 1
RDTM = 2
"""The hints that ResponseNotReady carries when nothing better is known; RDTM is at least 2, for
WTMax is (RDTM - 1) times RDT, less the round trip."""

DOE_TIMEOUT = 1_000_000
"""A DOE mailbox answers, or finishes an abort, within one second (PCIe 6.x 6.30)."""

MAX_EXPONENT = 31


def exponent_for(microseconds: int) -> int:
    """The smallest exponent e with 2**e >= ``microseconds`` (CTExponent, RDTExponent)."""
    return max(0, min(MAX_EXPONENT, (max(1, microseconds) - 1).bit_length()))
