"""Numbers of sessions, encapsulation and chunking (DSP0274), and of secured messages (DSP0277)."""

from enum import IntEnum, IntFlag


class SessionPolicy(IntFlag):
    """SessionPolicy of KEY_EXCHANGE and PSK_EXCHANGE (1.2; EventAllPolicy 1.3)."""

    TERMINATION_POLICY = 1 << 0
    EVENT_ALL_POLICY = 1 << 1


class MutAuthRequested(IntFlag):
    """MutAuthRequested of KEY_EXCHANGE_RSP; at most one bit is set."""

    WITHOUT_ENCAPSULATION = 1 << 0
    WITH_ENCAPSULATION = 1 << 1
    WITH_DIGESTS = 1 << 2
    """The requester delivers DIGESTS without being asked for them."""


class FinishAttributes(IntFlag):
    """Param1 of FINISH."""

    SIGNATURE_INCLUDED = 1 << 0


class KeyOperation(IntEnum):
    """Param1 of KEY_UPDATE and KEY_UPDATE_ACK."""

    UPDATE_KEY = 1
    UPDATE_ALL_KEYS = 2
    VERIFY_NEW_KEY = 3


class EndSessionAttributes(IntFlag):
    """Param1 of END_SESSION: unless it is set, the negotiated state is kept."""

    CLEAR_NEGOTIATED_STATE = 1 << 0


class PayloadType(IntEnum):
    """Param2 of ENCAPSULATED_RESPONSE_ACK: what follows its header."""

    ABSENT = 0
    ENCAPSULATED_REQUEST = 1
    REQ_SLOT_NUMBER = 2


class ChunkAttributes(IntFlag):
    """Param1 of CHUNK_SEND and CHUNK_RESPONSE."""

    LAST_CHUNK = 1 << 0


class ChunkAckAttributes(IntFlag):
    """Param1 of CHUNK_SEND_ACK."""

    EARLY_ERROR_DETECTED = 1 << 0


class SmDataId(IntEnum):
    """SMDataID of DMTF's opaque elements (DSP0277; the AEAD limit in 1.3)."""

    VERSION_SELECTION = 0
    SUPPORTED_VERSIONS = 1
    AEAD_LIMIT = 2


SM_DATA_VERSION = 1
"""SMDataVersion of every element."""

SECURED_V10, SECURED_V11, SECURED_V12, SECURED_V13 = 0x1000, 0x1100, 0x1200, 0x1300
SECURED_VERSIONS = (SECURED_V10, SECURED_V11, SECURED_V12, SECURED_V13)
"""Versions of DSP0277 as its elements write them: major, minor, update and alpha nibbles."""

MAX_AEAD_EXPONENT = 64
"""The largest AEAD limit exponent, which is also the one that holds when none is told."""

INVALID_SESSION_ID = 0
