"""DMTF measurement specification (DSP0274 "DMTF specification for the Measurement field")."""

from enum import IntEnum, IntFlag

RAW_BIT_STREAM = 0x80
"""Bit 7 of DMTFSpecMeasurementValueType: the value is a raw bit stream, not a digest."""

VALUE_TYPE_MASK = 0x7F


class ValueType(IntEnum):
    """DMTFSpecMeasurementValueType, bits 6:0."""

    IMMUTABLE_ROM = 0
    MUTABLE_FIRMWARE = 1
    HARDWARE_CONFIGURATION = 2
    FIRMWARE_CONFIGURATION = 3
    MEASUREMENT_MANIFEST = 4
    DEVICE_MODE = 5
    MUTABLE_FIRMWARE_VERSION = 6
    MUTABLE_FIRMWARE_SVN = 7
    HASH_EXTEND = 8
    INFORMATIONAL = 9
    STRUCTURED_MANIFEST = 10


class OperationalMode(IntFlag):
    """Bits of OperationalModeCapabilities and OperationalModeState."""

    MANUFACTURING = 1 << 0
    VALIDATION = 1 << 1
    NORMAL = 1 << 2
    RECOVERY = 1 << 3
    RMA = 1 << 4
    DECOMMISSIONED = 1 << 5


class DeviceMode(IntFlag):
    """Bits of DeviceModeCapabilities and DeviceModeState."""

    NON_INVASIVE_DEBUG_ACTIVE = 1 << 0
    INVASIVE_DEBUG_ACTIVE = 1 << 1
    NON_INVASIVE_DEBUG_HAS_BEEN_ACTIVE = 1 << 2
    INVASIVE_DEBUG_HAS_BEEN_ACTIVE = 1 << 3
    INVASIVE_DEBUG_AFTER_MANUFACTURING = 1 << 4


class ContentChanged(IntEnum):
    """MEASUREMENTS Param2 bits 5:4 (1.2 and later, signed responses)."""

    NO_DETECTION = 0
    CHANGED = 1
    NO_CHANGE = 2
