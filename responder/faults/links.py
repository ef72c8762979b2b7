"""The actions of ``frame`` and of ``connection`` when a peer is accepted."""

from copy import copy
from typing import TYPE_CHECKING

from msgspec.structs import replace

from responder.core.effects import Close
from responder.core.hooks import Deed, Frame, Hang, Write
from responder.faults import actions as act
from responder.faults import edits
from responder.faults.editing import Draws, Sources, edit
from responder.faults.edits import Action
from responder.faults.outgoing import delay_of
from responder.faults.place import NoSuchPlace, read_loose
from responder.faults.subject import Subject
from responder.wire.context import WireContext
from responder.wire.frames import LAYERS, layers_of

if TYPE_CHECKING:
    from responder.wire.message import Record

_PLAIN = WireContext()
_PAYLOAD = "payload"


class FrameInProgress:
    """A frame as far as faults have changed it, and the deeds that it has become."""

    def __init__(self, frame: Frame, ct_exponent: int = 0) -> None:
        self.frame = frame
        self.data = frame.data
        self._ct_exponent = ct_exponent
        self._before: list[Deed] = []
        self._after: list[Deed] = []
        self._pieces: list[tuple[int, float]] = []
        self._step = 0.0
        self._size = 0
        self._delay = 0.0
        self._silent = False

    def copy(self) -> "FrameInProgress":
        """The frame as it is now; what is changed later does not show in it."""
        same = FrameInProgress(self.frame, self._ct_exponent)
        for name, value in vars(self).items():
            setattr(same, name, copy(value))
        return same

    def carry_out(self, action: Action, draws: Draws, sources: Sources, fault_id: str) -> str:
        """Carry one action out; return what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
        """
        match action:
            case edits.Edit():
                return self._edit(action, draws, sources)
            case act.Silence():
                self._silent = True
                return "the frame is not written"
            case act.Delay() | act.Drip() | act.Slice():
                return self._time(action, draws)
            case act.Again():
                self.data *= 1 + action.times
                return f"written {1 + action.times} times"
            case act.Write():
                return self._write(action)
        return self._end(action, fault_id)

    def _time(self, action: act.Delay | act.Drip | act.Slice, draws: Draws) -> str:
        match action:
            case act.Delay():
                self._delay += delay_of(action, self._ct_exponent, draws)
                return f"{self._delay:g} s late"
            case act.Drip():
                self._size, self._step = action.size, action.seconds
                return f"{action.size} bytes each {action.seconds:g} s"
        at = action.at if action.at >= 0 else len(self.data) + action.at
        if not 0 < at < len(self.data):
            raise NoSuchPlace(f"a frame of {len(self.data)} bytes has no cut at {action.at}")
        self._pieces.append((at, action.seconds))
        return f"cut at {at} of {len(self.data)} bytes"

    def _end(self, action: Action, fault_id: str) -> str:
        match action:
            case act.CloseLink():
                if action.after is not None:
                    left = action.after if action.after >= 0 else len(self.data) + action.after
                    self.data = self.data[: max(0, left)]
                self._after.append(Close(fault_id, action.how, action.seconds))
                return f"closed ({action.how}) after {len(self.data)} bytes"
            case act.Hang():
                self._after.append(Hang(action.seconds))
                return f"nothing is read for {action.seconds:g} s"
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at frame")

    def _write(self, action: act.Write) -> str:
        data = bytes.fromhex(action.value)
        if action.order == "instead":
            self.data = data
        else:
            (self._before if action.order == "before" else self._after).append(Write(data))
        return f"{len(data)} bytes written {action.order}"

    def _edit(self, action: edits.Edit, draws: Draws, sources: Sources) -> str:
        if not action.field:
            subject = Subject.of_bytes(self.data, _PLAIN)
            text = edit(subject, action, draws, sources)
            self.data = subject.bytes()
            return text
        layer, _, rest = action.field.partition(".")
        names = layers_of(self.frame.framing, self.frame.binding, self.frame.kind)
        if layer not in names:
            raise NoSuchPlace(f"the frame has no {layer} layer")
        outer: list[Record] = []
        data = self.data
        for name in names[: names.index(layer)]:
            record = read_loose(LAYERS[name], data, _PLAIN)
            outer.append(record)
            data = record.__dict__[_PAYLOAD]
        subject = Subject.of_bytes(data, _PLAIN, LAYERS[layer])
        text = edit(subject, replace(action, field=rest), draws, sources)
        data = subject.bytes()
        for record in reversed(outer):
            data = record.replace(**{_PAYLOAD: data}).build(_PLAIN)
        self.data = data
        return text.replace(rest, action.field, 1)

    def deeds(self) -> list[Deed]:
        """What is done with the transport connection, in order."""
        if self._silent:
            return [*self._before, *self._after]
        writes: list[Deed] = []
        if self._size:
            cuts = list(range(0, len(self.data), self._size))
        else:
            cuts = sorted({0, *(at for at, _ in self._pieces)})
        step = self._step if self._size else max((s for _, s in self._pieces), default=0.0)
        for n, start in enumerate(cuts):
            end = cuts[n + 1] if n + 1 < len(cuts) else len(self.data)
            writes.append(Write(self.data[start:end], step if n else self._delay))
        return [*self._before, *writes, *self._after]


def accepted(action: Action, fault_id: str) -> tuple[list[Deed], str]:
    """What an action does when a peer is accepted, and that in words.

    Raises:
        NoSuchPlace: it does nothing there.
    """
    match action:
        case act.CloseLink():
            return [Close(fault_id, action.how, action.seconds)], f"closed ({action.how})"
        case act.Write():
            data = bytes.fromhex(action.value)
            return [Write(data)], f"{len(data)} bytes written"
        case act.Hang():
            return [Hang(action.seconds)], f"nothing is read for {action.seconds:g} s"
    raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing when a peer is accepted")
