"""Edits at the hook ``request``: the device takes a request for another one."""

from responder.core.hooks import Exchange
from responder.crypto.random_tree import RandomTree
from responder.faults.editing import edit
from responder.faults.edits import Action, Edit
from responder.faults.match import Armed
from responder.faults.place import NoSuchPlace
from responder.faults.striking import Striker
from responder.faults.subject import Subject


class MisreadingStriker(Striker):
    """What the faults of one connection have its device read.

    Transcripts and MACs cover the request as it came, so that both sides go on with the same ones.
    """

    def _misread(self, armed: Armed, exchange: Exchange) -> None:
        """Put the request that an edit makes of this one in its place."""
        request = exchange.request
        subject = Subject(request, b"", exchange.wire)
        before = subject.bytes()

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            del armed
            if not isinstance(action, Edit):
                raise NoSuchPlace("a request that is taken for another one is handled")
            return edit(subject, action, draws, self._sources(exchange, subject, request.name))

        told = self._carry_out(armed, one, request.name)
        after = subject.message(request.name)
        event = self._event(armed, told, request.name, (before, subject.bytes()))
        if event is None:
            return
        if type(after) is not type(request):
            self._miss(armed, f"{request.name}: a device takes it for no other kind of request")
            return
        exchange.request = after
        self._struck_once(armed, exchange, event)
