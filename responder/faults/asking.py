"""The actions of ``encap``: what the device asks of the requester."""

from responder.faults import actions as act
from responder.faults import edits
from responder.faults.editing import Draws, Sources, edit
from responder.faults.edits import Action
from responder.faults.place import NoSuchPlace
from responder.faults.subject import Ready, Subject
from responder.spec.codes import name_of_code
from responder.wire.context import WireContext
from responder.wire.message import Message


class Asked:
    """An encapsulated request as far as faults have changed it, or none."""

    def __init__(self, request: Message | None, wire: WireContext) -> None:
        self._wire = wire
        self._subject: Subject | None = None
        if request is not None:
            self._subject = Subject.of_bytes(request.build(wire), wire)

    def carry_out(self, action: Action, draws: Draws, sources: Sources) -> str:
        """Carry one action out; return what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
        """
        match action:
            case act.Answer():
                self._subject = Subject.of_bytes(bytes.fromhex(action.value), self._wire)
                return "another encapsulated request"
            case act.Suppress() if self._subject is not None:
                self._subject = None
                return "no encapsulated request"
            case edits.Edit() if self._subject is not None:
                return edit(self._subject, action, draws, sources)
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing where nothing is asked")

    def bytes(self) -> bytes:
        """The request as it is now; empty if there is none."""
        return b"" if self._subject is None else self._subject.bytes()

    def request(self) -> Message | None:
        """What the core asks."""
        data = self.bytes()
        if self._subject is None:
            return None
        return Ready(data, name_of_code(data[1]) if len(data) > 1 else "")
