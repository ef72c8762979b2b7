"""Key management and security protocols of CXL: CXL.cachemem IDE, TSP (CXL 3.1, 11.4, 11.5).

The text was not at hand: names and numbers are those of libspdm's definitions.
"""

from enum import IntEnum, IntFlag

CXL_VENDOR_ID = 0x1E98


class CxlProtocol(IntEnum):
    """ProtocolID, the first byte of a vendor-defined payload of the CXL consortium."""

    IDE_KM = 0
    TSP = 1


class CxlObjectId(IntEnum):
    """The first byte of a CXL_IDE_KM message."""

    QUERY = 0
    QUERY_RESP = 1
    KEY_PROG = 2
    KP_ACK = 3
    K_SET_GO = 4
    K_SET_STOP = 5
    K_GOSTOP_ACK = 6
    GET_KEY = 7
    GET_KEY_ACK = 8


class CxlKpAckStatus(IntEnum):
    """Status of KP_ACK."""

    SUCCESS = 0
    INVALID = 1


CXL_IDE_KM_VERSION = 1
CXL_IDE_KM_VERSION_MASK = 0xF


class CxlQueryCaps(IntFlag):
    """Capabilities in QUERY_RESP, above the version in bits 3:0."""

    IV_GEN = 1 << 4
    KEY_GEN = 1 << 5
    K_SET_STOP = 1 << 6


CXL_SUB_STREAM = 8
"""Bits 7:4 of a key's sub-stream byte: CXL.cachemem. Bit 1 is the direction, as in IDE_KM."""
DEFAULT_IV = 1 << 3
"""Bit 3 of a key's sub-stream byte in KEY_PROG: the default IV, not the one that comes along."""
CONTAINMENT_MODE = 1 << 3
"""The same bit in K_SET_GO: containment mode, not skid mode."""
CXL_IV_SIZE = 12
"""Bytes of the initial IV: three DWs."""

TSP_VERSION_10 = 0x10


class TspOpcode(IntEnum):
    """Opcodes: responses, then requests, whose bit 7 is set."""

    GET_TARGET_TSP_VERSION_RSP = 0x01
    GET_TARGET_CAPABILITIES_RSP = 0x02
    SET_TARGET_CONFIGURATION_RSP = 0x03
    GET_TARGET_CONFIGURATION_RSP = 0x04
    GET_TARGET_CONFIGURATION_REPORT_RSP = 0x05
    LOCK_TARGET_CONFIGURATION_RSP = 0x06
    SET_TARGET_CKID_SPECIFIC_KEY_RSP = 0x07
    SET_TARGET_CKID_RANDOM_KEY_RSP = 0x08
    CLEAR_TARGET_CKID_KEY_RSP = 0x09
    SET_TARGET_RANGE_SPECIFIC_KEY_RSP = 0x0A
    SET_TARGET_RANGE_RANDOM_KEY_RSP = 0x0B
    CLEAR_TARGET_RANGE_KEY_RSP = 0x0C
    SET_TARGET_TE_STATE_RSP = 0x0D
    CHECK_TARGET_DELAYED_COMPLETION_RSP = 0x0E
    DELAYED_RSP = 0x7E
    ERROR_RSP = 0x7F
    GET_TARGET_TSP_VERSION = 0x81
    GET_TARGET_CAPABILITIES = 0x82
    SET_TARGET_CONFIGURATION = 0x83
    GET_TARGET_CONFIGURATION = 0x84
    GET_TARGET_CONFIGURATION_REPORT = 0x85
    LOCK_TARGET_CONFIGURATION = 0x86
    SET_TARGET_CKID_SPECIFIC_KEY = 0x87
    SET_TARGET_CKID_RANDOM_KEY = 0x88
    CLEAR_TARGET_CKID_KEY = 0x89
    SET_TARGET_RANGE_SPECIFIC_KEY = 0x8A
    SET_TARGET_RANGE_RANDOM_KEY = 0x8B
    CLEAR_TARGET_RANGE_KEY = 0x8C
    SET_TARGET_TE_STATE = 0x8D
    CHECK_TARGET_DELAYED_COMPLETION = 0x8E


class TspState(IntEnum):
    """Where a target stands, as GET_TARGET_CONFIGURATION_RSP tells it."""

    CONFIG_UNLOCKED = 0
    CONFIG_LOCKED = 1
    ERROR = 2


class TspErrorCode(IntEnum):
    """Error code of ERROR_RSP."""

    INVALID_REQUEST = 0x01
    BUSY = 0x02
    UNSPECIFIED = 0x03
    UNSUPPORTED_REQUEST = 0x04
    VERSION_MISMATCH = 0x05
    VENDOR_SPECIFIC_ERROR = 0x06
    NO_PRIVILEGE = 0x07
    NO_ENTROPY = 0x08
    INVALID_CKID = 0x09
    INVALID_SECURITY_CONFIGURATION = 0x0A
    INVALID_SECURITY_STATE = 0x0B
    LONG_EXECUTION_TIME = 0x0C
    ALREADY_LOCKED = 0x0D


class EncryptionSupport(IntFlag):
    """Memory encryption features that a target supports."""

    ENCRYPTION = 1 << 0
    CKID_BASED = 1 << 1
    RANGE_BASED = 1 << 2
    INITIATOR_SUPPLIED_ENTROPY = 1 << 3
    CKID_BASED_REQUIRED = 1 << 4


class EncryptionFeature(IntFlag):
    """Memory encryption features that are enabled; the last bit is another one than above."""

    ENCRYPTION = 1 << 0
    CKID_BASED = 1 << 1
    RANGE_BASED = 1 << 2
    CKID_BASED_REQUIRED = 1 << 3


class EncryptionAlgorithm(IntFlag):
    """Memory encryption algorithms."""

    AES_XTS_128 = 1 << 0
    AES_XTS_256 = 1 << 1
    VENDOR_SPECIFIC = 1 << 31


class TeStateFeature(IntFlag):
    """How the TE state of memory is changed and access to it controlled."""

    WRITE_ACCESS_CONTROL = 1 << 0
    READ_ACCESS_CONTROL = 1 << 1
    IMPLICIT_CHANGE = 1 << 2
    EXPLICIT_OOB_CHANGE = 1 << 3
    EXPLICIT_IB_CHANGE = 1 << 4
    EXPLICIT_CHANGE_SANITIZE = 1 << 5


class ConfigurationSupport(IntFlag):
    """Configuration features that a target supports."""

    LOCKED_TARGET_FW_UPDATE = 1 << 0
    ADDITIONAL_SPDM_SESSIONS = 1 << 1


class ConfigurationFeature(IntFlag):
    """Configuration features that are enabled; the second is in requests only."""

    LOCKED_TARGET_FW_UPDATE = 1 << 0
    SPECIAL_PURPOSE_MEMORY = 1 << 1


class CkidType(IntEnum):
    """Whose a key id is."""

    TVM = 1
    OS = 2


class CkidAttribute(IntFlag):
    """Attributes of SET_TARGET_CKID_RANDOM_KEY: clear for the operating system's."""

    TVM = 1 << 0


class KeyValidity(IntFlag):
    """Which of the keys that come along count."""

    DATA_ENCRYPTION_KEY = 1 << 0
    TWEAK_KEY = 1 << 1


TSP_KEY_SIZE = 32
TSP_PSK_SIZE = 32
SECONDARY_SESSIONS = 4
GRANULARITY_ENTRIES = 8
TARGET_ENTRY_SIZE = 16
"""Bytes of a granularity entry, and of a memory range."""
