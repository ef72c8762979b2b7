"""TDISP, the TEE device interface security protocol (PCIe 6.2, 11.3): types, states, bits."""

from enum import IntEnum, IntFlag

TDISP_VERSION_10 = 0x10
"""TDISPVersion 1.0, the only one."""


class TdispType(IntEnum):
    """Message types: responses, then requests, whose bit 7 is set."""

    TDISP_VERSION = 0x01
    TDISP_CAPABILITIES = 0x02
    LOCK_INTERFACE_RESPONSE = 0x03
    DEVICE_INTERFACE_REPORT = 0x04
    DEVICE_INTERFACE_STATE = 0x05
    START_INTERFACE_RESPONSE = 0x06
    STOP_INTERFACE_RESPONSE = 0x07
    BIND_P2P_STREAM_RESPONSE = 0x08
    UNBIND_P2P_STREAM_RESPONSE = 0x09
    SET_MMIO_ATTRIBUTE_RESPONSE = 0x0A
    VDM_RESPONSE = 0x0B
    SET_TDISP_CONFIG_RESPONSE = 0x0C
    TDISP_ERROR = 0x7F
    GET_TDISP_VERSION = 0x81
    GET_TDISP_CAPABILITIES = 0x82
    LOCK_INTERFACE_REQUEST = 0x83
    GET_DEVICE_INTERFACE_REPORT = 0x84
    GET_DEVICE_INTERFACE_STATE = 0x85
    START_INTERFACE_REQUEST = 0x86
    STOP_INTERFACE_REQUEST = 0x87
    BIND_P2P_STREAM_REQUEST = 0x88
    UNBIND_P2P_STREAM_REQUEST = 0x89
    SET_MMIO_ATTRIBUTE_REQUEST = 0x8A
    VDM_REQUEST = 0x8B
    SET_TDISP_CONFIG_REQUEST = 0x8C


class TdiState(IntEnum):
    """States of an interface, as DEVICE_INTERFACE_STATE tells them."""

    CONFIG_UNLOCKED = 0
    CONFIG_LOCKED = 1
    RUN = 2
    ERROR = 3


class TdispErrorCode(IntEnum):
    """ErrorCode of TDISP_ERROR."""

    INVALID_REQUEST = 0x0001
    BUSY = 0x0003
    INVALID_INTERFACE_STATE = 0x0004
    UNSPECIFIED = 0x0005
    UNSUPPORTED_REQUEST = 0x0007
    VERSION_MISMATCH = 0x0041
    VENDOR_SPECIFIC_ERROR = 0x00FF
    INVALID_INTERFACE = 0x0101
    INVALID_NONCE = 0x0102
    INSUFFICIENT_ENTROPY = 0x0103
    INVALID_DEVICE_CONFIGURATION = 0x0104


class LockFlag(IntFlag):
    """Flags of LOCK_INTERFACE_REQUEST, and which of them a device supports."""

    NO_FW_UPDATE = 1 << 0
    SYSTEM_CACHE_LINE_SIZE = 1 << 1
    LOCK_MSIX = 1 << 2
    BIND_P2P = 1 << 3
    ALL_REQUEST_REDIRECT = 1 << 4


class InterfaceInfo(IntFlag):
    """INTERFACE_INFO of an interface report."""

    NO_FW_UPDATE_AFTER_LOCK = 1 << 0
    DMA_WITHOUT_PASID = 1 << 1
    DMA_WITH_PASID = 1 << 2
    ATS = 1 << 3
    PRS = 1 << 4


class MmioAttribute(IntFlag):
    """Attributes of an MMIO range of an interface report."""

    MSIX_TABLE = 1 << 0
    MSIX_PBA = 1 << 1
    IS_NON_TEE_MEM = 1 << 2
    IS_MEM_ATTR_UPDATABLE = 1 << 3


class TdispConfig(IntFlag):
    """What SET_TDISP_CONFIG_REQUEST sets. Third parties number the bits so: unconfirmed."""

    XT_MODE_ENABLE = 1 << 0
    XT_BIT_FOR_LOCKED_MSIX = 1 << 1


HEADER_SIZE = 16
INTERFACE_ID_SIZE = 12
START_NONCE_SIZE = 32
PAGE_SIZE = 4096
"""Bytes of a page of an MMIO range."""
MMIO_RANGE_SIZE = 16
SEGMENT_SHIFT = 16
SEGMENT_VALID = 1 << 24
"""FUNCTION_ID: requester id in bits 15:0, segment in 23:16, which counts if bit 24 is set."""
