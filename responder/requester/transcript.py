"""The transcripts that signatures cover, kept by the requester's own code.

Source: DSP0274 "CHALLENGE_AUTH signature generation" (M1), "MEASUREMENTS signature generation"
(L1) and "ENDPOINT_INFO signature generation" (IL1). Nothing here is shared with the responder's
transcripts: one misreading must not hide in both.
"""

from dataclasses import dataclass

from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.versions import V12

CHALLENGE_AUTH_CONTEXT = "responder-challenge_auth signing"
MEASUREMENTS_CONTEXT = "responder-measurements signing"
ENDPOINT_INFO_CONTEXT = "responder-endpoint_info signing"

_VCA = frozenset(
    {RequestCode.GET_VERSION, RequestCode.GET_CAPABILITIES, RequestCode.NEGOTIATE_ALGORITHMS}
)
_B = frozenset({RequestCode.GET_DIGESTS, RequestCode.GET_CERTIFICATE})
_CHUNKS = frozenset({RequestCode.CHUNK_SEND, RequestCode.CHUNK_GET})
_SKIPS_CHALLENGE = frozenset(
    {
        RequestCode.GET_MEASUREMENTS,
        RequestCode.KEY_EXCHANGE,
        RequestCode.FINISH,
        RequestCode.PSK_EXCHANGE,
        RequestCode.PSK_FINISH,
        RequestCode.KEY_UPDATE,
        RequestCode.HEARTBEAT,
        RequestCode.GET_ENCAPSULATED_REQUEST,
        RequestCode.DELIVER_ENCAPSULATED_RESPONSE,
        RequestCode.END_SESSION,
        RequestCode.GET_MEASUREMENT_EXTENSION_LOG,
    }
)
"""Requests that throw away B and C while no CHALLENGE has been completed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What one signature covers.

    Attributes:
        context: the signing context of 1.2 and later, such as ``CHALLENGE_AUTH_CONTEXT``.
        parts: the messages in order; the last one is the response without its signature.
        signature: the bytes at the end of the response.
    """

    context: str
    parts: tuple[bytes, ...]
    signature: bytes


class Transcript:
    """The messages of one connection outside any session, from GET_VERSION on.

    ``fork`` begins that of a session.

    Give it every exchange in order with ``add``; it answers what the response's signature
    covers, if the response carries one::

        transcript = Transcript()
        transcript.add(get_version, version)
        ...
        signed = transcript.add(challenge, challenge_auth, signature_size=96)
        message = signing_message(version, signed.context, base_hash, signed.parts)

    Rules for the caller: messages come whole (chunks reassembled) and without transport header
    or padding; after ResponseNotReady the pair is the original request with the response that
    RESPOND_IF_READY got; messages of a session go to that session's own, and CHUNK_* messages enter
    none. An exchange that ended in ERROR is given too, since it may empty L1.

    Attributes:
        vca: message A: GET_VERSION up to ALGORITHMS.
        measurement_resets: how often L1 was thrown away while it held something, other than by
            a signature that covered it.
    """

    def __init__(self) -> None:
        self.vca: list[bytes] = []
        self.measurement_resets = 0
        self._b: list[bytes] = []
        self._m: list[bytes] = []
        self._version = 0x10
        self._authenticated = False

    def fork(self) -> "Transcript":
        """The transcript of a session: it shares message A, and has an L1 of its own."""
        session = Transcript()
        session.vca = self.vca
        session._version = self._version
        session._authenticated = True
        return session

    def add(self, request: bytes, response: bytes, *, signature_size: int = 0) -> Signed | None:
        """Take in one exchange.

        Args:
            request: the SPDM request as sent.
            response: the SPDM response as received, cut to its own size.
            signature_size: bytes of the signature that ends the response, if it is signed.

        Returns:
            M1 for CHALLENGE_AUTH, L1 for signed MEASUREMENTS, IL1 for signed ENDPOINT_INFO, else
            ``None``.
        """
        code = request[1]
        if code in _CHUNKS:
            return None
        self._forget(code)
        if response[1] == ResponseCode.ERROR:
            # Busy and refusals enter no transcript; all but ResponseNotReady empty L1.
            if response[2] != ErrorCode.RESPONSE_NOT_READY:
                self._reset_measurements()
            return None
        if code in _VCA:
            self.vca += (request, response)
            self._version = request[0]
        elif code in _B:
            self._b += (request, response)
        elif code == RequestCode.CHALLENGE:
            return self._challenge(request, response, signature_size)
        elif code == RequestCode.GET_MEASUREMENTS:
            return self._measurements(request, response, signature_size)
        elif code == RequestCode.GET_ENDPOINT_INFO and signature_size:
            body, signature = _cut(response, signature_size)
            return Signed(ENDPOINT_INFO_CONTEXT, (*self.vca, request, body), signature)
        return None

    def _forget(self, code: int) -> None:
        """What a request throws away before its own exchange is added."""
        if code == RequestCode.GET_VERSION:
            self.vca, self._b, self._m = [], [], []
            self._authenticated = False
        if code == RequestCode.GET_DIGESTS:
            self._b = []
        if code != RequestCode.GET_MEASUREMENTS:
            self._reset_measurements()
        if code in _SKIPS_CHALLENGE and not self._authenticated:
            self._b = []

    def _reset_measurements(self) -> None:
        self.measurement_resets += bool(self._m)
        self._m = []

    def _challenge(self, request: bytes, response: bytes, signature_size: int) -> Signed:
        body, signature = _cut(response, signature_size)
        parts = (*self.vca, *self._b, request, body)
        self._b = []
        self._authenticated = True
        return Signed(CHALLENGE_AUTH_CONTEXT, parts, signature)

    def _measurements(self, request: bytes, response: bytes, signature_size: int) -> Signed | None:
        body, signature = _cut(response, signature_size)
        self._m += (request, body)
        if not signature_size:
            return None
        vca = self.vca if self._version >= V12 else []
        parts = (*vca, *self._m)
        self._m = []
        return Signed(MEASUREMENTS_CONTEXT, parts, signature)


def _cut(response: bytes, signature_size: int) -> tuple[bytes, bytes]:
    end = len(response) - signature_size
    return response[:end], response[end:]
