"""The actions of ``device`` and ``certificate``: what a request finds instead of the device."""

from collections.abc import Callable
from typing import Any

from responder.core.hooks import Exchange
from responder.core.interfaces import Device, Measured, SigningKey, Slot
from responder.crypto.random_tree import RandomTree
from responder.faults import actions as act
from responder.faults.csrs import other_csrs
from responder.faults.devices import (
    SLOTS,
    ChainedSlot,
    Told,
    changed_device,
    changed_measurement,
    filled,
)
from responder.faults.edits import Action
from responder.faults.match import Armed
from responder.faults.memory import FaultMemory
from responder.spec.algorithms import Hash, Signature
from responder.spec.measurements import DeviceMode, ValueType
from responder.wire.errors import WireError
from responder.wire.measurement_values import DeviceModeValue
from responder.wire.measurements import MeasurementBlock

Seen = Callable[[Armed, str, bytes, bytes], None]
"""Called when a request sees a change: rule, what it is, bytes before and after."""

_COUNTER_SIZE = 4


class Overlay:
    """Lays the changes of rules over a device; defective chains are made once."""

    def __init__(self, memory: FaultMemory, random: RandomTree) -> None:
        self._memory = memory
        self._random = random

    def over(self, device: Device, armed: Armed, exchange: Exchange, seen: Seen) -> Device:
        """The device with the changes of one rule."""

        def told(text: str, before: bytes, after: bytes) -> None:
            seen(armed, text, before, after)

        for action in armed.rule.action:
            device = self._changed(device, action, armed, exchange, told)
        return device

    def _changed(
        self, device: Device, action: Action, armed: Armed, exchange: Exchange, told: Told
    ) -> Device:
        changes: dict[str, Any] = {}
        match action:
            case act.Slot():
                return _other_slot(device, action, told)
            case act.Measure():
                measured = [
                    self._measured(one, action, armed, told) for one in device.measurements()
                ]
                changes["measurements"] = [one for one in measured if one is not None]
            case act.Fill():
                changes["measurements"] = filled(action.count, action.size, told)
            case act.ContentChanged():
                changes["content_changed"] = action.value
            case act.Csr():
                changes["provisioning"] = other_csrs(device.provisioning, action, told)
            case act.Defect():
                wanted = SLOTS if action.slot == "*" else [action.slot]
                slots = {
                    n: self._defective(n, device.slot(n), action.name, exchange, told)
                    for n in wanted
                }
                changes["slots"] = {n: slot for n, slot in slots.items() if slot is not None}
        return changed_device(device, told, **changes)

    def _measured(
        self, measured: Measured, action: act.Measure, armed: Armed, told: Told
    ) -> Measured | None:
        if action.index not in {"*", measured.index}:
            return measured
        if action.value == "none":
            told(f"measurement {measured.index} is gone", measured.block(None, raw=True), b"")
            return None
        value = self._value(measured, action, armed)
        return changed_measurement(measured, value, action.size, action.type, told)

    def _value(self, measured: Measured, action: act.Measure, armed: Armed) -> bytes | None:
        old = MeasurementBlock.parse(measured.block(None, raw=True)).dmtf()
        size = len(old.value) if action.size is None else action.size
        match action.value:
            case "random":
                return self._random.child(armed.key, measured.index).bytes(size)
            case "counter":
                number = self._memory.matches[f"{armed.key}#"] + 1
                self._memory.matches[f"{armed.key}#"] = number
                return number.to_bytes(_COUNTER_SIZE, "little").ljust(size, b"\0")[:size]
            case "same":
                return old.value
            case "mode-debug":
                return _debugged(old.kind, old.value)
        return bytes.fromhex(action.value)

    def _defective(
        self, slot_id: int, slot: Slot | None, name: str, exchange: Exchange, told: Told
    ) -> Slot | None:
        if slot is None:
            return None
        version = exchange.wire.version

        def made(asym: Signature, base_hash: Hash) -> tuple[bytes, SigningKey] | None:
            from responder.pki.defects import DefectBuilder  # noqa: PLC0415 - X.509 is heavy

            identity, healthy = slot.identity(asym), slot.chain(asym, base_hash)
            if identity is None or healthy is None:
                return None
            builder = self._memory.builder(
                lambda: DefectBuilder(self._random.child("certificates"))
            )
            bad = builder.build(name, identity, base_hash, version)
            told(f"{name} in slot {slot_id}", healthy, bad.chain)
            return bad.chain, bad.key

        return ChainedSlot(slot, made)


def _other_slot(device: Device, action: act.Slot, told: Told) -> Device:
    if action.becomes == "empty":
        slots: dict[int, Slot | None] = (
            {} if device.slot(action.slot) is None else {action.slot: None}
        )
        return changed_device(device, told, slots=slots)
    other = device.slot(action.becomes)
    if other is None:
        return device

    def made(asym: Signature, base_hash: Hash) -> tuple[bytes, SigningKey] | None:
        chain, key = other.chain(asym, base_hash), other.key(asym)
        if chain is None or key is None:
            return None
        old = device.slot(action.slot)
        before = old.chain(asym, base_hash) if old else None
        if before != chain:
            told(f"slot {action.slot} is slot {action.becomes}", before or b"", chain)
        return chain, key

    return changed_device(device, told, slots={action.slot: ChainedSlot(other, made)})


def _debugged(kind: int, value: bytes) -> bytes:
    """A device mode block that says that the device is being debugged; other values stay."""
    if kind != ValueType.DEVICE_MODE:
        return value
    try:
        mode = DeviceModeValue.parse(value)
    except WireError:
        return value
    active = DeviceMode.INVASIVE_DEBUG_ACTIVE
    return mode.replace(
        device_mode_capabilities=mode.device_mode_capabilities | active,
        device_mode_state=mode.device_mode_state | active,
    ).build()
