"""Virtual time: the loop's, counted from the start of the server, or one that a test moves."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Protocol


class Handle(Protocol):
    """A call that has been asked for."""

    def cancel(self) -> None:
        """Do not make it."""


class Clock(Protocol):
    """Where the time comes from; all times are virtual seconds."""

    def now(self) -> float:
        """The time."""

    def call_at(self, at: float, action: Callable[[], None]) -> Handle:
        """Call ``action`` in the loop's thread when it is ``at``."""


class LoopClock:
    """The running loop's monotonic time; it is 0 when this object is made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()

    def now(self) -> float:
        """Seconds since this object was made."""
        return self._loop.time() - self._zero

    def call_at(self, at: float, action: Callable[[], None]) -> Handle:
        """Call ``action`` when it is ``at``."""
        return self._loop.call_at(self._zero + at, action)


class _Planned:
    """A call on a ``ManualClock``."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """Time that stands until somebody moves it; for tests and replays."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = count()
        self._planned: list[tuple[float, int, _Planned]] = []

    def now(self) -> float:
        """The time that was set last."""
        return self._now

    def call_at(self, at: float, action: Callable[[], None]) -> Handle:
        """Call ``action`` when ``advance`` comes to ``at``."""
        planned = _Planned(action)
        heapq.heappush(self._planned, (at, next(self._order), planned))
        return planned

    def next_at(self) -> float | None:
        """When the next call is to be made; ``None`` if there is none."""
        while self._planned and self._planned[0][2].cancelled:
            heapq.heappop(self._planned)
        return self._planned[0][0] if self._planned else None

    def advance(self, seconds: float) -> None:
        """Move the time on, and make the calls that fall due, in order."""
        end = self._now + seconds
        while self._planned and self._planned[0][0] <= end:
            at, _, planned = heapq.heappop(self._planned)
            self._now = max(self._now, at)
            if not planned.cancelled:
                planned.action()
        self._now = end


class Timers:
    """The timers of one endpoint, by name."""

    def __init__(self, clock: Clock, expired: Callable[[str], None]) -> None:
        self._clock = clock
        self._expired = expired
        self._armed: dict[str, Handle] = {}

    def arm(self, name: str, at: float) -> None:
        """Call ``expired(name)`` when it is ``at``; replaces the timer of that name."""
        earlier = self._armed.pop(name, None)
        if earlier is not None:
            earlier.cancel()
        self._armed[name] = self._clock.call_at(at, lambda: self._fire(name))

    def cancel_all(self) -> None:
        """Let none of them fire."""
        for handle in self._armed.values():
            handle.cancel()
        self._armed.clear()

    def _fire(self, name: str) -> None:
        self._armed.pop(name, None)
        self._expired(name)
