"""An observer behind a bounded queue and a thread, for whatever takes time: files, terminals."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from responder.core.events import Event
from responder.observe.entry import Entry
from responder.server.events import EventsLost

DEFAULT_LIMIT = 10_000
Take = Callable[[Sequence[Entry]], None]
_BATCH = 256
_PAUSE = 0.02
"""Seconds in which entries gather before a batch is taken; an idle thread waits without end."""
_BETWEEN_TELLINGS = 1.0
"""Seconds of the entries' time between two events that tell of losses."""
_PATIENCE = 0.05
"""Seconds that observers wait for one that has its turn."""


class Turns:
    """Lets one observer work at a time.

    The loop then shares the interpreter with one thread and not with all of them, since threads
    that want it get equal parts. One that blocks in its turn holds up the others once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def run(self, work: Callable[[], None]) -> None:
        """Work in a turn, or after some waiting without."""
        lock = self._lock
        if not lock.acquire(timeout=_PATIENCE):
            lock = self._lock = threading.Lock()
            lock.acquire()
        try:
            work()
        finally:
            lock.release()


class Home(Protocol):
    """What is used of a ``responder.observe.bus.Bus``.

    Attributes:
        turns: those of all observers.
    """

    turns: Turns

    def hand_over(self) -> None:
        """Queue what is on its way to the observers."""

    def forget(self, observed: "Observed") -> None:
        """An observer has been closed."""


class Observed:
    """Gives entries to ``take`` in a thread; those that find the queue full are lost.

    Made by ``responder.observe.bus.Bus.observe``.

    Attributes:
        name: the observer's.
        kinds: the events that it gets; ``None`` for all that need not be asked for.
        error: what ``take`` raised, in words; everything after it is lost. Empty while all is well.
    """

    def __init__(
        self,
        name: str,
        take: Take,
        limit: int,
        kinds: tuple[type[Event], ...] | None,
        home: Home,
    ) -> None:
        """Begin with an empty queue.

        Args:
            name: for logs and metrics.
            take: gets entries in order, in a thread of its own; it may block.
            limit: how many entries the queue holds.
            kinds: as the attribute.
            home: the bus.
        """
        self.name = name
        self.error = ""
        self._take = take
        self._limit = limit
        self.kinds = None if kinds is None else frozenset(kinds)
        self._home = home
        self._queue: deque[Entry] = deque()
        self._in_hand = 0
        self._dropped = 0
        self._gap = 0
        self._lost_at = 0.0
        self._untold = 0
        self._told_at: float | None = None
        self._ended = False
        self._wake = threading.Event()
        self._closing = threading.Event()
        # A daemon: a terminal or pipe that blocks for ever must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=f"spdm-{name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """How many entries it did not get, or did not take to the end."""
        unfinished = self._in_hand + len(self._queue) if self._ended or self.error else 0
        return self._dropped + unfinished

    @property
    def waiting(self) -> int:
        """How many entries wait to be taken."""
        return len(self._queue)

    def put(self, entries: Sequence[Entry]) -> None:
        """Queue those of ``entries`` that the observer wants, or lose them; never blocks.

        Where entries were lost, the observer finds an ``EventsLost`` in their place.
        """
        for entry in entries:
            if not self._wants(entry.event) or self._is_marked(entry.event):
                continue
            if len(self._queue) >= self._limit:
                self._dropped += 1
                self._gap += 1
                self._untold += 1
                self._lost_at = entry.time
                continue
            self._mark_gap()
            self._queue.append(entry)
        if self._queue and not self._wake.is_set():
            self._wake.set()

    def loss_to_tell(self, time: float) -> int:
        """How many entries were lost since others were last told, if it is time to tell again."""
        if not self._untold:
            return 0
        if self._told_at is not None and time - self._told_at < _BETWEEN_TELLINGS:
            return 0
        count, self._untold, self._told_at = self._untold, 0, time
        return count

    def close(self, timeout: float) -> bool:
        """Let ``take`` have what is queued, for at most ``timeout`` seconds; whether it got all.

        To be called where the bus is; it blocks meanwhile.
        """
        self._home.hand_over()
        self._mark_gap()
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout)
        self._ended = True
        self._home.forget(self)
        return not self.lost

    def _wants(self, event: Event) -> bool:
        if self.kinds is None:
            return not event.on_request
        return type(event) in self.kinds

    def _mark_gap(self) -> None:
        """Queue an event in the place of those that were lost."""
        if self._gap and self._wants(mark := EventsLost(self.name, self._gap)):
            self._queue.append(Entry(self._lost_at, 0, mark))
        self._gap = 0

    def _is_marked(self, event: Event) -> bool:
        """Whether an event tells the others what the observer itself finds in place."""
        return isinstance(event, EventsLost) and event.observer == self.name

    def _run(self) -> None:
        closing = False
        while not closing:
            self._wake.wait()
            self._wake.clear()  # before it looks, or what comes meanwhile would not wake it
            closing = self._closing.wait(_PAUSE)
            try:
                while self._queue and not self._ended:
                    self._home.turns.run(self._take_batch)
            except Exception as error:  # noqa: BLE001 - the bus tells the others
                self.error = f"{type(error).__name__}: {error}"
                return

    def _take_batch(self) -> None:
        self._in_hand = min(len(self._queue), _BATCH)
        self._take([self._queue.popleft() for _ in range(self._in_hand)])
        self._in_hand = 0
