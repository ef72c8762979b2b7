"""A transport connection whose hooks have a say in what is written to it, and when."""

from collections.abc import Callable

from responder.core.effects import Close
from responder.core.events import Event
from responder.core.hooks import Deed, Frame, Hang, Hooks, Link, Write
from responder.server.clock import Clock, Handle
from responder.server.deeds import Deeds, Turn


class HookedLink:
    """Asks the link hooks of one connection, and has their deeds done in order.

    Only a connection whose hooks are not the default has one. A ``Hang`` holds up reading alone:
    the deeds behind it are done meanwhile.

    Attributes:
        hung_until: when the peer is, or was, read from again; 0 if it always was.
    """

    def __init__(
        self,
        hooks: Hooks,
        clock: Clock,
        emit: Callable[[Event], None],
        do: Callable[[Write | Close], None],
        turn: Turn,
    ) -> None:
        self.hung_until = 0.0
        self._hooks = hooks
        self._clock = clock
        self._emit = emit
        self._do_on_peer = do
        self._turn = turn
        self._deeds = Deeds(clock, self._do, turn)
        self._hang: Handle | None = None

    @property
    def pending(self) -> bool:
        """Whether deeds are still to be done."""
        return bool(self._deeds)

    @property
    def hangs(self) -> bool:
        """Whether nothing is to be read from the peer for the moment."""
        return self._hang is not None

    @property
    def enough(self) -> bool:
        """Whether so much waits that no request should be answered for the moment."""
        return self._deeds.enough

    def accepted(self) -> None:
        """The connection was accepted."""
        link = Link(self._clock.now())
        self._carry_out(link, self._hooks.accepted(link))

    def write(self, frame: Frame) -> None:
        """Write a frame, or whatever the hooks make of it."""
        link = Link(self._clock.now())
        self._carry_out(link, self._hooks.frame(link, frame))

    def close(self, close: Close) -> None:
        """Close in this way, after all that waits."""
        self._deeds.add([close])

    def drop(self) -> int:
        """Do nothing of what waits; how much that was."""
        return self._deeds.drop()

    def end(self) -> None:
        """There is nothing to read from any more."""
        if self._hang is not None:
            self._hang.cancel()
            self._hang = None

    def _carry_out(self, link: Link, deeds: list[Deed]) -> None:
        # First what observers are told: what a peer has seen is then always in the journal.
        for event in link.evidence:
            self._emit(event)
        self._deeds.add(deeds)

    def _do(self, deed: Deed) -> None:
        if not isinstance(deed, Hang):
            self._do_on_peer(deed)
            return
        self.hung_until = max(self.hung_until, self._clock.now() + deed.seconds)
        self.end()
        self._hang = self._clock.call_at(self.hung_until, lambda: self._turn(self._over))

    def _over(self) -> None:
        self._hang = None
