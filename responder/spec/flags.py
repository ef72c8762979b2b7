"""Capability flags (DSP0274 "GET_CAPABILITIES request and CAPABILITIES response messages")."""

from enum import IntFlag

from responder.spec.versions import SpdmVersion


class Cap(IntFlag):
    """The Flags field; the same positions in request and response.

    MEAS, PSK, EP_INFO and MULTI_KEY are two-bit fields: their values have a name each, and the
    value 3 is reserved.
    """

    CACHE = 1 << 0
    CERT = 1 << 1
    CHAL = 1 << 2
    MEAS_NO_SIG = 1 << 3
    MEAS_SIG = 1 << 4
    MEAS_FRESH = 1 << 5
    ENCRYPT = 1 << 6
    MAC = 1 << 7
    MUT_AUTH = 1 << 8
    KEY_EX = 1 << 9
    PSK = 1 << 10
    PSK_WITH_CONTEXT = 1 << 11
    ENCAP = 1 << 12
    HBEAT = 1 << 13
    KEY_UPD = 1 << 14
    HANDSHAKE_IN_THE_CLEAR = 1 << 15
    PUB_KEY_ID = 1 << 16
    CHUNK = 1 << 17
    ALIAS_CERT = 1 << 18
    SET_CERT = 1 << 19
    CSR = 1 << 20
    CERT_INSTALL_RESET = 1 << 21
    EP_INFO_NO_SIG = 1 << 22
    EP_INFO_SIG = 1 << 23
    MEL = 1 << 24
    EVENT = 1 << 25
    MULTI_KEY_ONLY = 1 << 26
    MULTI_KEY_NEG = 1 << 27
    GET_KEY_PAIR_INFO = 1 << 28
    SET_KEY_PAIR_INFO = 1 << 29
    SET_KEY_PAIR_RESET = 1 << 30
    LARGE_RESP = 1 << 31


class ExtCap(IntFlag):
    """The ExtFlags field of 1.4."""

    SLOT_MGMT = 1 << 0


MEAS = Cap.MEAS_NO_SIG | Cap.MEAS_SIG
ANY_PSK = Cap.PSK | Cap.PSK_WITH_CONTEXT
EP_INFO = Cap.EP_INFO_NO_SIG | Cap.EP_INFO_SIG
MULTI_KEY = Cap.MULTI_KEY_ONLY | Cap.MULTI_KEY_NEG
SESSION = Cap.KEY_EX | ANY_PSK

TWO_BIT_FIELDS: dict[str, Cap] = {
    "MEAS": MEAS,
    "PSK": ANY_PSK,
    "EP_INFO": EP_INFO,
    "MULTI_KEY": MULTI_KEY,
}

_V10_RESPONDER = Cap.CACHE | Cap.CERT | Cap.CHAL | MEAS | Cap.MEAS_FRESH
_V11 = (
    Cap.ENCRYPT | Cap.MAC | Cap.MUT_AUTH | Cap.KEY_EX | ANY_PSK | Cap.ENCAP | Cap.HBEAT
    | Cap.KEY_UPD | Cap.HANDSHAKE_IN_THE_CLEAR | Cap.PUB_KEY_ID
)  # fmt: skip
_V12_RESPONDER = Cap.ALIAS_CERT | Cap.SET_CERT | Cap.CSR | Cap.CERT_INSTALL_RESET
_V13_BOTH = EP_INFO | Cap.EVENT | MULTI_KEY
_V13_RESPONDER = Cap.MEL | Cap.GET_KEY_PAIR_INFO | Cap.SET_KEY_PAIR_INFO

_REQUESTER_V11 = Cap.CERT | Cap.CHAL | _V11
_REQUESTER_V12 = _REQUESTER_V11 | Cap.CHUNK
_REQUESTER_V13 = _REQUESTER_V12 | _V13_BOTH
_RESPONDER_V11 = _V10_RESPONDER | _V11
_RESPONDER_V12 = _RESPONDER_V11 | Cap.CHUNK | _V12_RESPONDER
_RESPONDER_V13 = _RESPONDER_V12 | _V13_BOTH | _V13_RESPONDER

REQUESTER_FLAGS: dict[SpdmVersion, Cap] = {
    SpdmVersion.V10: Cap(0),
    SpdmVersion.V11: _REQUESTER_V11,
    SpdmVersion.V12: _REQUESTER_V12,
    SpdmVersion.V13: _REQUESTER_V13,
    SpdmVersion.V14: _REQUESTER_V13 | Cap.LARGE_RESP,
}
"""The flags that a requester may set, per version; others are reserved and read as 0."""

RESPONDER_FLAGS: dict[SpdmVersion, Cap] = {
    SpdmVersion.V10: _V10_RESPONDER,
    SpdmVersion.V11: _RESPONDER_V11,
    SpdmVersion.V12: _RESPONDER_V12,
    SpdmVersion.V13: _RESPONDER_V13,
    SpdmVersion.V14: _RESPONDER_V13 | Cap.SET_KEY_PAIR_RESET | Cap.LARGE_RESP,
}
"""The flags that a responder may set, per version."""
