"""The actions of ``device`` that change a PCI Express device itself, or have something happen."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from responder.core.controls import Controls, PolicyValue
from responder.core.hooks import Exchange
from responder.core.interfaces import Device
from responder.faults import device_actions as dev
from responder.faults import edits
from responder.faults.editing import Draws, Sources, edit
from responder.faults.edits import Action
from responder.faults.place import NoSuchPlace
from responder.faults.subject import Subject
from responder.wire.context import WireContext
from responder.wire.tdisp import InterfaceReport

AT_ONCE = (edits.Edit, dev.Switch, dev.Happen, dev.WriteMemory)
"""What is done as soon as its rule strikes; the other actions of ``device`` show to who looks."""

_PLAIN = WireContext()


class AtOnce:
    """The actions of one rule, as they are done.

    Attributes:
        before, after: the bytes that they have changed.
    """

    def __init__(
        self,
        actions: Sequence[Action],
        exchange: Exchange,
        device: Device,
        sources: Callable[[Subject], Sources],
    ) -> None:
        self.before = self.after = b""
        self._edits = [one for one in actions if isinstance(one, edits.Edit)]
        self._edited: list[str] = []
        self._exchange = exchange
        self._device = device
        self._sources = sources

    def carry_out(self, action: Action, draws: Draws) -> str:
        """Carry one action out; return what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
            ValueError: the device cannot do it.
        """
        controls = self._device.controls
        if controls is None:
            raise NoSuchPlace("the device has no PCI Express functions")
        match action:
            case dev.Switch():
                return _switch(controls, action)
            case dev.Happen():
                now = self._exchange.now
                controls.happen(action.event, function=action.function, value=action.value, now=now)
                return f"{action.event}, function {action.function}"
            case dev.WriteMemory():
                return self._write(controls, action)
            case edits.Edit(part="report"):
                return self._edit(controls, draws)
        raise NoSuchPlace(f"{action.__struct_config__.tag} changes nothing of a device")

    def _write(self, controls: Controls, action: dev.WriteMemory) -> str:
        data = bytes.fromhex(action.value)
        controls.write_memory(action.function, action.address, data)
        self.after += data
        return f"function {action.function} writes {len(data)} bytes to {action.address:#x}"

    def _edit(self, controls: Controls, draws: Draws) -> str:
        """What the next edit did; the first one has all of them done, or none."""
        if not self._edited:
            self.before, self.after = controls.rewrite_reports(partial(self._rewritten, draws))
            if self.before == self.after:
                raise NoSuchPlace(f"{self._edited[0]}: the bytes stay as they are")
        return f"interface report: {self._edited.pop(0)}"

    def _rewritten(self, draws: Draws, report: bytes) -> bytes:
        subject = Subject.of_bytes(report, _PLAIN, InterfaceReport)
        sources = self._sources(subject)
        self._edited = [edit(subject, one, draws, sources) for one in self._edits]
        return subject.bytes()


def _switch(controls: Controls, action: dev.Switch) -> str:
    before: Mapping[str, PolicyValue] = controls.switch(action.table, action.values)
    changed = {name: old for name, old in before.items() if old != action.values[name]}
    if not changed:
        raise NoSuchPlace(f"{action.table} is like that already")
    return ", ".join(
        f"{action.table}.{name}: {_shown(old)} -> {_shown(action.values[name])}"
        for name, old in changed.items()
    )


def _shown(value: PolicyValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
