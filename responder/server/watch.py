"""A look at something that is to happen by a certain time, and moves only towards the present."""

from collections.abc import Callable

from responder.server.clock import Clock, Handle


class Watch:
    """One pending call of ``look``."""

    __slots__ = ("_at", "_clock", "_handle", "_look")

    def __init__(self, clock: Clock, look: Callable[[], None]) -> None:
        self._clock = clock
        self._look = look
        self._handle: Handle | None = None
        self._at = 0.0

    def by(self, at: float) -> None:
        """Look no later than ``at``; whoever looks asks again for what was not due."""
        if self._handle is None or at < self._at:
            self.until(at)

    def until(self, at: float) -> None:
        """Look at ``at`` and not before."""
        self.cancel()
        self._at = at
        self._handle = self._clock.call_at(at, self._now)

    def cancel(self) -> None:
        """Do not look."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _now(self) -> None:
        self._handle = None
        self._look()
