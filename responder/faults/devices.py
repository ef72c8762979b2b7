"""The device as a fault shows it: other slots, chains and measurements over the real ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from responder.core.interfaces import Device, Identity, Measured, SigningKey, Slot, SlotInfo
from responder.core.provisioning import Provisioning
from responder.crypto.hashing import digest
from responder.spec.algorithms import MEASUREMENT_HASHES, Hash, Signature
from responder.spec.measurements import RAW_BIT_STREAM, VALUE_TYPE_MASK, ValueType
from responder.wire.measurements import DmtfMeasurement, MeasurementBlock

SLOTS = range(8)
_ANY_HASH = MEASUREMENT_HASHES[0]
"""To learn whether a measurement is a digest, any hash does."""

Told = Callable[[str, bytes, bytes], None]
"""Called when a change is seen: what it is, and the bytes before and after."""


class ChainedSlot:
    """A slot whose chain and key are made by a function of the negotiated algorithms."""

    def __init__(
        self, slot: Slot, made: Callable[[Signature, Hash], tuple[bytes, SigningKey] | None]
    ) -> None:
        self.size = slot.size
        self._slot = slot
        self._made = made
        self._key: SigningKey | None = None

    def info(self, asym: Signature) -> SlotInfo:
        """Model, key pair and usage."""
        return self._slot.info(asym)

    def chain(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The certificate chain structure."""
        made = self._made(asym, base_hash)
        if made is None:
            return self._slot.chain(asym, base_hash)
        self._key = made[1]
        return made[0]

    def digest(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The base hash of that structure."""
        chain = self.chain(asym, base_hash)
        return None if chain is None else digest(base_hash, chain)

    def key(self, asym: Signature) -> SigningKey | None:
        """The private key that belongs to the chain."""
        return self._key or self._slot.key(asym)

    def identity(self, asym: Signature) -> Identity | None:
        """What the chain was made of before it was changed."""
        return self._slot.identity(asym)


class ChangedDevice:
    """A device over another one; what is not changed is the other's."""

    def __init__(
        self,
        device: Device,
        told: Told,
        *,
        slots: Mapping[int, Slot | None] | None = None,
        measurements: Sequence[Measured] | None = None,
        content_changed: int | None = None,
        provisioning: Provisioning | None = None,
    ) -> None:
        self._device = device
        self._told = told
        self._slots = slots or {}
        self._measurements = measurements
        self._content_changed = content_changed
        self.provisioning = provisioning or device.provisioning

    def slot(self, slot_id: int) -> Slot | None:
        """The slot; ``None`` if it is not supported or empty."""
        if slot_id not in self._slots:
            return self._device.slot(slot_id)
        slot = self._slots[slot_id]
        if slot is None:
            self._told(f"slot {slot_id} is empty", b"", b"")
        return slot

    def measurements(self) -> Sequence[Measured]:
        """All measurements, ascending by index."""
        healthy, changed = self._device.measurements(), self._measurements
        if changed is None:
            return healthy
        if len(changed) != len(healthy):
            told = f"{len(changed)} measurements"
            self._told(told, bytes([len(healthy)]), bytes([len(changed)]))
        return changed

    def content_changed(self) -> int:
        """``ContentChanged`` since the last signed measurements."""
        healthy = self._device.content_changed()
        if self._content_changed in {None, healthy}:
            return healthy
        self._told(f"content changed {self._content_changed}", b"", b"")
        return self._content_changed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)


def changed_device(device: Device, told: Told, **changes: Any) -> Device:
    """A device with some changes, which are arguments of ``ChangedDevice``."""
    return cast("Device", ChangedDevice(device, told, **changes))


class OtherMeasurement:
    """A measurement that is not the device's, and tells when somebody reads it.

    Attributes:
        index: 1 to 0xFE.
        tcb: part of the TCB measurement summary.
        hash_extend: never, whatever it is in the place of.
    """

    hash_extend = False

    def __init__(
        self, index: int, kind: int, value: bytes, before: Measured | None, told: Told, *, raw: bool
    ) -> None:
        """``kind`` is bits 6:0 of the value's type, ``before`` what it is in the place of."""
        self.index = index
        self.tcb = before.tcb if before is not None else False
        self._kind = kind
        self._value = value
        self._raw = raw
        self._before = before
        self._told = told

    def block(self, measurement_hash: Hash | None, *, raw: bool) -> bytes:
        """The measurement block."""
        if raw or self._raw or measurement_hash is None:
            content = DmtfMeasurement(value_type=self._kind | RAW_BIT_STREAM, value=self._value)
        else:
            value = digest(measurement_hash, self._value)
            content = DmtfMeasurement(value_type=self._kind, value=value)
        block = MeasurementBlock(index=self.index, measurement=content.build()).build()
        before = self._before.block(measurement_hash, raw=raw) if self._before else b""
        if before != block:
            self._told(f"measurement {self.index}", before, block)
        return block


def changed_measurement(
    measured: Measured, value: bytes | None, size: int | None, kind: int | None, told: Told
) -> OtherMeasurement:
    """A measurement with another value, size or type; what is not given stays.

    It is a raw bit stream where ``kind`` has bit 7, or, without ``kind``, where it was one before.
    """
    always = MeasurementBlock.parse(measured.block(None, raw=True)).dmtf()
    usual = MeasurementBlock.parse(measured.block(_ANY_HASH, raw=False)).dmtf()
    new = always.value if value is None else value
    if size is not None:
        new = new[:size].ljust(size, b"\0")
    value_type = usual.value_type if kind is None else kind
    raw = bool(value_type & RAW_BIT_STREAM)
    return OtherMeasurement(
        measured.index, value_type & VALUE_TYPE_MASK, new, measured, told, raw=raw
    )


def filled(count: int, size: int, told: Told) -> list[Measured]:
    """So many measurements, raw bit streams of one size."""
    kind = ValueType.MUTABLE_FIRMWARE
    return [
        OtherMeasurement(index, kind, bytes([index]) * size, None, told, raw=True)
        for index in range(1, count + 1)
    ]
