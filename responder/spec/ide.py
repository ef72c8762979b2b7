"""Integrity and data encryption: IDE_KM, and the IDE extended capability (PCIe 6.2, 6.33, 7.9.26).

Offsets and bits of registers are those that Linux uses; they are counted from the header of the
capability.
"""

from enum import IntEnum, IntFlag


class PciProtocol(IntEnum):
    """ProtocolID, the first byte of a vendor-defined payload of the PCI-SIG."""

    IDE_KM = 0
    TDISP = 1


class ObjectId(IntEnum):
    """The first byte of an IDE_KM message."""

    QUERY = 0
    QUERY_RESP = 1
    KEY_PROG = 2
    KP_ACK = 3
    K_SET_GO = 4
    K_SET_STOP = 5
    K_GOSTOP_ACK = 6


class KpAckStatus(IntEnum):
    """Status of KP_ACK."""

    SUCCESS = 0
    INCORRECT_LENGTH = 1
    UNSUPPORTED_PORT_INDEX = 2
    UNSUPPORTED_VALUE = 3
    UNSPECIFIED_FAILURE = 4


class KeySet(IntEnum):
    """Bit 0 of a key's sub-stream byte."""

    K0 = 0
    K1 = 1


class Direction(IntEnum):
    """Bit 1 of a key's sub-stream byte, as the responder's port sees it."""

    RX = 0
    TX = 1


class SubStream(IntEnum):
    """Bits 7:4 of a key's sub-stream byte: posted, non-posted requests, completions."""

    PR = 0
    NPR = 1
    CPL = 2


DIRECTION_SHIFT = 1
SUB_STREAM_SHIFT = 4

KEY_SIZE = 32
"""Bytes of a key: eight DWs."""
IFV_SIZE = 8
"""Bytes of the invocation field of the initialisation vector: two DWs."""
FIRST_INVOCATION = 1
"""The value of the invocation field with which a key begins."""

IDE_CAPABILITY_ID = 0x0030


class IdeCapability(IntFlag):
    """The IDE capability register at 04h; the counts in it are one less than what they count."""

    LINK_IDE = 1 << 0
    SELECTIVE_IDE = 1 << 1
    FLOW_THROUGH = 1 << 2
    PARTIAL_HEADER_ENCRYPTION = 1 << 3
    AGGREGATION = 1 << 4
    PCRC = 1 << 5
    IDE_KM = 1 << 6
    SELECTIVE_CONFIGURATION_REQUESTS = 1 << 7
    TEE_LIMITED_STREAM = 1 << 24


ALGORITHM_SHIFT, ALGORITHM_MASK = 8, 0x1F
"""Supported algorithms in the capability register; 0 is AES-GCM-256 with 96 bits of MAC."""
LINK_COUNT_SHIFT, LINK_COUNT_MASK = 13, 0x7
"""Traffic classes for link IDE, less one."""
SELECTIVE_COUNT_SHIFT, SELECTIVE_COUNT_MASK = 16, 0xFF
"""Selective IDE streams, less one."""


class IdeControl(IntFlag):
    """The IDE control register at 08h."""

    FLOW_THROUGH = 1 << 2


FIRST_BLOCK = 0x0C
"""Offset of the first register block: link streams first, selective streams behind them."""
LINK_BLOCK_SIZE = 8
SELECTIVE_BLOCK_SIZE = 20
"""Bytes of a selective stream's block without its address associations."""
ADDRESS_ASSOCIATION_SIZE = 12
ADDRESS_ASSOCIATIONS_MASK = 0xF
"""Bits 3:0 of a selective stream's capability: its address associations."""


class StreamControl(IntFlag):
    """The control register of a stream; the last three are of selective streams only."""

    ENABLE = 1 << 0
    PCRC = 1 << 8
    CONFIGURATION_REQUESTS = 1 << 9
    DEFAULT_STREAM = 1 << 22
    TEE_LIMITED = 1 << 23


TRAFFIC_CLASS_SHIFT, TRAFFIC_CLASS_MASK = 19, 0x7
STREAM_ALGORITHM_SHIFT, STREAM_ALGORITHM_MASK = 14, 0x1F
STREAM_ID_SHIFT, STREAM_ID_MASK = 24, 0xFF


class StreamState(IntEnum):
    """Bits 3:0 of a stream's status register; all other values are reserved."""

    INSECURE = 0
    SECURE = 2


STREAM_STATE_MASK = 0xF
INTEGRITY_CHECK_FAILED = 1 << 31
"""Bit 31 of a stream's status register: a failure message was received."""
