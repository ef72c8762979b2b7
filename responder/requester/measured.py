"""Measurement blocks: checked, and put into words (DSP0274 "DMTF specification")."""

import struct

from responder.requester.conversation import Conversation
from responder.requester.report import Measured
from responder.spec.limits import MAX_MEASUREMENT_INDEX
from responder.spec.measurements import (
    VALUE_TYPE_MASK,
    DeviceMode,
    OperationalMode,
    ValueType,
)
from responder.wire.errors import WireError
from responder.wire.measurements import DmtfMeasurement, MeasurementBlock

_DMTF_HEADER_SIZE = 3
_BLOCK_HEADER_SIZE = 4
_MAX_BLOCKS = 0xFF
_DEVICE_MODE_SIZE = 16
_SVN_SIZE = 8
_DIGEST_TYPES = frozenset(
    {
        ValueType.IMMUTABLE_ROM,
        ValueType.MUTABLE_FIRMWARE,
        ValueType.HARDWARE_CONFIGURATION,
        ValueType.FIRMWARE_CONFIGURATION,
        ValueType.HASH_EXTEND,
    }
)
"""Types whose value is a digest unless a raw bit stream was asked for."""
_NAMES = {kind.value: kind.name.lower().replace("_", " ") for kind in ValueType}


def read_blocks(c: Conversation, record: bytes) -> list[MeasurementBlock]:
    """The blocks that fill a measurement record; more than can be told are not read."""
    blocks: list[MeasurementBlock] = []
    while record and len(blocks) <= _MAX_BLOCKS:
        try:
            block, used = MeasurementBlock.read(record)
        except WireError as error:
            detail = f"block {len(blocks) + 1}: {error}"
            c.require("meas.block-layout", condition=False, detail=detail)
            size = _BLOCK_HEADER_SIZE + 0xFFFF
            block, used = MeasurementBlock.read(record.ljust(size, b"\0"))
        blocks.append(block)
        record = record[used:]
    return blocks


def measured(c: Conversation, block: MeasurementBlock) -> Measured:
    """Check one block, and say what it measures."""
    index = block.index
    c.require("meas.index-range", 0 < index <= MAX_MEASUREMENT_INDEX, f"index {index}")
    specification = block.measurement_specification
    c.require(
        "meas.specification",
        specification == c.agreed.measurement_specification,
        f"index {index}: specification 0x{specification:02x}",
    )
    value = _value(c, block)
    found = Measured(
        index,
        value.kind,
        _NAMES.get(value.kind, f"reserved 0x{value.kind:02x}"),
        value.is_raw,
        value.value.hex(),
    )
    if value.kind not in _NAMES:
        c.report.observe("measurements.reserved-type", f"index {index}: 0x{value.kind:02x}")
    _check_form(c, index, value)
    found.text = _text(c, index, value)
    return found


def _value(c: Conversation, block: MeasurementBlock) -> DmtfMeasurement:
    try:
        return block.dmtf()
    except WireError as error:
        detail = f"index {block.index}: {error}"
        c.require("meas.value-size", condition=False, detail=detail)
    head = block.measurement.ljust(_DMTF_HEADER_SIZE, b"\0")
    return DmtfMeasurement(value_type=head[0], value=head[_DMTF_HEADER_SIZE:])


def _check_form(c: Conversation, index: int, value: DmtfMeasurement) -> None:
    """A digest has its size; a raw bit stream is noted where a digest was to be expected."""
    if value.is_raw:
        if value.kind in _DIGEST_TYPES and not (c.options.raw or c.agreed.raw_only):
            c.report.observe("measurements.raw", f"index {index}")
        return
    size = c.agreed.measurement_hash.size if c.agreed.measurement_hash else 0
    c.require(
        "meas.digest-size",
        len(value.value) == size,
        f"index {index}: a digest of {len(value.value)} bytes, the hash has {size}",
    )


def _text(c: Conversation, index: int, value: DmtfMeasurement) -> str:
    """What a raw value with a structure says."""
    if not value.is_raw:
        return ""
    match value.value_type & VALUE_TYPE_MASK:
        case ValueType.DEVICE_MODE:
            return _device_mode(c, index, value.value)
        case ValueType.MUTABLE_FIRMWARE_VERSION:
            return _version(c, index, value.value)
        case ValueType.MUTABLE_FIRMWARE_SVN:
            if len(value.value) == _SVN_SIZE:
                return str(int.from_bytes(value.value, "little"))
            c.report.observe("measurements.odd-value", f"index {index}: SVN")
    return ""


def _device_mode(c: Conversation, index: int, value: bytes) -> str:
    if len(value) != _DEVICE_MODE_SIZE:
        c.report.observe("measurements.odd-value", f"index {index}: device mode")
        return ""
    _, operational, _, device = struct.unpack("<IIII", value)
    modes = [m.name.lower() for m in OperationalMode if m.name and operational & m]
    debug = [m.name.lower() for m in DeviceMode if m.name and device & m]
    if debug:
        c.report.observe("measurements.debug", f"index {index}: {', '.join(debug)}")
    if operational != OperationalMode.NORMAL:
        c.report.observe("measurements.not-normal", f"index {index}: {', '.join(modes) or 'none'}")
    return f"mode {', '.join(modes) or 'none'}; debug {', '.join(debug) or 'none'}"


def _version(c: Conversation, index: int, value: bytes) -> str:
    """The version as text; it has no prescribed form, so that odd bytes are shown escaped."""
    text = value.decode("utf-8", "backslashreplace").rstrip("\0")
    if text.isprintable() and text.encode() == value.rstrip(b"\0"):
        return text
    c.report.observe("measurements.odd-value", f"index {index}: version {text!r}")
    return repr(text)
