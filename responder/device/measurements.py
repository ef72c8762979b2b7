"""Measurement blocks of the DMTF specification (DSP0274 "Measurement block").

A measurement has one value and up to two forms: the raw bit stream and its digest by the
negotiated measurement hash.
"""

from collections.abc import Iterable
from struct import pack

from responder.crypto.hashing import digest
from responder.spec.algorithms import Hash
from responder.spec.measurements import RAW_BIT_STREAM, DeviceMode, OperationalMode, ValueType

ALWAYS_RAW = frozenset(
    {
        ValueType.DEVICE_MODE,
        ValueType.MUTABLE_FIRMWARE_VERSION,
        ValueType.MUTABLE_FIRMWARE_SVN,
        ValueType.INFORMATIONAL,
        ValueType.STRUCTURED_MANIFEST,
    }
)
"""Types that the specification defines as raw bit streams only."""

FIXED_SIZES = {ValueType.DEVICE_MODE: 16, ValueType.MUTABLE_FIRMWARE_SVN: 8}
"""Types whose value has one size, in bytes."""

MAX_VALUE_SIZE = 0xFFFF - 3
"""MeasurementSize, 16 bits, counts the 3 bytes of type and size too."""


def measurement_block(index: int, value_type: int, value: bytes) -> bytes:
    """The block of a measurement: 4 bytes, DMTF value type (1), size (2), value."""
    from responder.wire.measurements import (  # noqa: PLC0415 - start-up time matters
        DmtfMeasurement,
        MeasurementBlock,
    )

    content = DmtfMeasurement(value_type=value_type, value=value).build()
    return MeasurementBlock(index=index, measurement=content).build()


class Measurement:
    """The measurement of one index; implements ``core.interfaces.Measured``.

    Attributes:
        index: 1 to 0xFE.
        kind: the type of the value.
        value: the raw bit stream.
        raw: the block carries the raw bit stream when nothing else is asked for.
        raw_available: a request for the raw bit stream is honoured.
        tcb: part of the TCB measurement summary.
        hash_extend: never; such measurements are those of ``device.mel``.
    """

    hash_extend = False

    def __init__(
        self,
        index: int,
        kind: ValueType,
        value: bytes,
        *,
        raw: bool = False,
        raw_available: bool = True,
        tcb: bool = False,
    ) -> None:
        self.index = index
        self.kind = kind
        self.value = value
        self.raw = raw or kind in ALWAYS_RAW
        self.raw_available = raw_available
        self.tcb = tcb
        self._blocks: dict[str, bytes] = {}

    def block(self, measurement_hash: Hash | None, *, raw: bool) -> bytes:
        """The measurement block: 4 bytes, then type, size and value.

        Args:
            measurement_hash: the negotiated one; ``None`` when only raw bit streams are possible.
            raw: the raw bit stream was asked for.
        """
        as_raw = measurement_hash is None or self.raw or (raw and self.raw_available)
        form = "raw" if measurement_hash is None or as_raw else measurement_hash.name
        if form not in self._blocks:
            self._blocks[form] = self._build(None if as_raw else measurement_hash)
        return self._blocks[form]

    def with_value(self, value: bytes) -> "Measurement":
        """The same measurement with another value."""
        return Measurement(
            self.index,
            self.kind,
            value,
            raw=self.raw,
            raw_available=self.raw_available,
            tcb=self.tcb,
        )

    def _build(self, measurement_hash: Hash | None) -> bytes:
        if measurement_hash is None:
            return measurement_block(self.index, self.kind | RAW_BIT_STREAM, self.value)
        return measurement_block(self.index, int(self.kind), self._digest(measurement_hash))

    def _digest(self, measurement_hash: Hash) -> bytes:
        return digest(measurement_hash, self.value)


class DigestMeasurement(Measurement):
    """A measurement of which only a digest is known; a hash of another size digests that."""

    def __init__(self, index: int, kind: ValueType, value: bytes, *, tcb: bool = False) -> None:
        super().__init__(index, kind, value, raw_available=False, tcb=tcb)

    def with_value(self, value: bytes) -> "DigestMeasurement":
        """The same measurement with another digest."""
        return DigestMeasurement(self.index, self.kind, value, tcb=self.tcb)

    def _digest(self, measurement_hash: Hash) -> bytes:
        known = len(self.value) == measurement_hash.size
        return self.value if known else super()._digest(measurement_hash)


def device_mode_value(
    operational_capabilities: Iterable[OperationalMode],
    operational_state: Iterable[OperationalMode],
    device_capabilities: Iterable[DeviceMode],
    device_state: Iterable[DeviceMode],
) -> bytes:
    """The 16 bytes of a device mode measurement: four 32-bit masks."""
    masks = (operational_capabilities, operational_state, device_capabilities, device_state)
    return pack("<4I", *(sum(set(mask)) for mask in masks))
