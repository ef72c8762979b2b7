"""What a connection has still to do: deeds one after the other, and calls that come later."""

from collections import deque
from collections.abc import Callable, Iterable

from responder.core.hooks import Deed, Hang, Write
from responder.server.clock import Clock, Handle

Turn = Callable[[Callable[[], None]], None]
"""Makes a call that a clock has come to, and bears its defects."""

_ENOUGH = 64 * 1024
_EACH = 64
"""What a deed weighs beside its bytes."""


class Deeds:
    """The deeds of one connection, in the order in which they were asked for.

    Each is done its delay after the one before it was done, or after it was asked for if that is
    later; one without a delay that finds nothing before it is done at once.
    """

    def __init__(self, clock: Clock, do: Callable[[Deed], None], turn: Turn) -> None:
        self._clock = clock
        self._do = do
        self._turn = turn
        self._waiting: deque[tuple[float, Deed]] = deque()
        self._weight = 0
        self._last = 0.0
        self._handle: Handle | None = None
        self._doing = False

    def __len__(self) -> int:
        """How many deeds are still to be done."""
        return len(self._waiting)

    @property
    def enough(self) -> bool:
        """Whether so much waits that its cause should pause."""
        return self._weight > _ENOUGH

    def add(self, deeds: Iterable[Deed]) -> None:
        """Do these after all that wait."""
        now = self._clock.now()
        for deed in deeds:
            self._waiting.append((now, deed))
            self._weight += _weight(deed)
        if self._handle is None and not self._doing:
            self._proceed()

    def drop(self) -> int:
        """Do none of them; how many that were."""
        dropped = len(self._waiting)
        self._waiting.clear()
        self._weight = 0
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        return dropped

    def _proceed(self) -> None:
        """Do all that is due, and ask the clock for the rest."""
        self._doing = True
        try:
            while self._waiting:
                asked, deed = self._waiting[0]
                delay = 0.0 if isinstance(deed, Hang) else deed.delay
                at = max(asked, self._last) + delay
                if delay > 0 and at > self._clock.now():
                    self._handle = self._clock.call_at(at, lambda: self._turn(self._due))
                    return
                self._do_first()
        finally:
            self._doing = False

    def _due(self) -> None:
        """The time of the first deed has come; a clock's small error must not put it off."""
        self._handle = None
        self._do_first()
        self._proceed()

    def _do_first(self) -> None:
        _, deed = self._waiting.popleft()
        self._weight -= _weight(deed)
        self._last = self._clock.now()
        self._do(deed)


class Later:
    """Calls of one connection that wait for their time, each for itself."""

    def __init__(self, clock: Clock, turn: Turn) -> None:
        self._clock = clock
        self._turn = turn
        self._handles: dict[int, Handle] = {}
        self._made = 0

    def __len__(self) -> int:
        """How many calls are still to be made."""
        return len(self._handles)

    def call(self, delay: float, action: Callable[[], None]) -> None:
        """Call ``action`` in ``delay`` seconds."""
        self._made += 1
        number = self._made

        def due() -> None:
            self._handles.pop(number, None)
            self._turn(action)

        self._handles[number] = self._clock.call_at(self._clock.now() + delay, due)

    def drop(self) -> int:
        """Make none of them; how many that were."""
        dropped = len(self._handles)
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()
        return dropped


def _weight(deed: Deed) -> int:
    return _EACH + (len(deed.data) if isinstance(deed, Write) else 0)
