"""Hands each event to every observer."""

import asyncio
from collections.abc import Callable
from math import inf

from responder.core.events import Event, SessionKeys
from responder.observe.entry import Entry, without_keys
from responder.observe.observed import DEFAULT_LIMIT, Observed, Take, Turns
from responder.server.events import EventsLost, ObserverLost

Sink = Callable[[Entry], None]
"""Called in the loop's turn, before a response is written: may append to memory, nothing else."""


class Bus:
    """A ``responder.server.events.Observer`` that passes on to all who want to know.

    There are two kinds of them. A *prompt* sink (``add``) is called at once, so that what a peer
    has seen is always there. Everybody else (``observe``) gets entries in batches, in a thread of
    their own, after the turn of the loop in which they came about, so after the response has been
    written; what they cost the loop is a place in a queue.

    One that raises is taken off, and the others are told. Keys of sessions are told to those for
    keys and to no other. A bus is called in the loop's thread, or when no loop runs.
    """

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = list(sinks)
        self._key_sinks: list[Sink] = []
        self._observed: list[Observed] = []
        self._all_wanted = False
        self._named: frozenset[type[Event]] = frozenset()
        self._pending: list[Entry] = []
        self.turns = Turns()
        self._scheduled = False
        self._latest = 0.0

    def add(self, sink: Sink) -> None:
        """Tell ``sink`` too, from now on, promptly."""
        self._sinks.append(sink)

    def add_for_keys(self, sink: Sink) -> None:
        """Tell ``sink`` the keys of sessions, and nothing else, promptly."""
        self._key_sinks.append(sink)

    def observe(
        self,
        name: str,
        take: Take,
        *,
        limit: int = DEFAULT_LIMIT,
        kinds: tuple[type[Event], ...] | None = None,
    ) -> Observed:
        """Let ``take`` have all events from now on, in order and in batches, in its own thread.

        Args:
            name: the observer's, which no other has, for those who are told what it lost.
            take: may block; an exception of it ends the observer (``ObserverLost``).
            limit: how many entries wait for it; what comes while so many wait is lost, and counted
                (``Observed.lost``, ``EventsLost``).
            kinds: the classes of events it gets; ``None`` for all but those with ``on_request``.

        Raises:
            ValueError: ``kinds`` has ``SessionKeys``.
        """
        if kinds is not None and SessionKeys in kinds:
            raise ValueError("keys of sessions are told by observe_keys alone")
        return self._join(name, take, limit, kinds)

    def observe_keys(self, name: str, take: Take) -> Observed:
        """Let ``take`` have the keys of sessions, and nothing else, as ``observe``."""
        return self._join(name, take, DEFAULT_LIMIT, (SessionKeys,))

    def __call__(self, time: float, connection: int, event: Event) -> None:
        """Tell all."""
        self._tell(Entry(time, connection, event))
        if self._pending and not self._scheduled:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:  # none runs, so nothing is to be written before
                self.hand_over()
            else:
                self._scheduled = True
                loop.call_soon(self.hand_over)

    def hand_over(self) -> None:
        """Give what is pending to the observers, and tell of those who failed or lost some."""
        self._scheduled = False
        while self._pending:
            entries, self._pending = self._pending, []
            for observed in self._observed:
                observed.put(entries)
                if observed.error:
                    self._take_off(observed)
                self._tell_loss(observed, self._latest)

    def forget(self, observed: Observed) -> None:
        """An observer has been closed: the others are told what it lost."""
        if observed in self._observed:
            self._take_off(observed)
            self._tell_loss(observed, inf)
            self.hand_over()

    def _join(
        self, name: str, take: Take, limit: int, kinds: tuple[type[Event], ...] | None
    ) -> Observed:
        observed = Observed(name, take, limit, kinds, self)
        self._set_observers([*self._observed, observed])
        return observed

    def _set_observers(self, observed: list[Observed]) -> None:
        """These are the observers now."""
        self._observed = observed
        self._all_wanted = any(one.kinds is None for one in observed)
        self._named = frozenset().union(*(one.kinds or () for one in observed))

    def _is_wanted(self, event: Event) -> bool:
        """Whether any observer is to get an event; most are none of what a log wants."""
        return type(event) in self._named or (self._all_wanted and not event.on_request)

    def _tell(self, entry: Entry) -> None:
        """Tell the prompt sinks, and keep the entry for the observers."""
        self._latest = entry.time
        sinks = self._sinks
        if entry.event.on_request:
            sinks = self._key_sinks if isinstance(entry.event, SessionKeys) else []
        if self._is_wanted(entry.event):
            public = without_keys(entry.event)
            changed = public is not entry.event
            self._pending.append(Entry(entry.time, entry.connection, public) if changed else entry)
        for sink in tuple(sinks):
            try:
                sink(entry)
            except Exception as error:  # noqa: BLE001 - the protocol goes on whatever a sink does
                sinks.remove(sink)
                self._tell_lost(_name(sink), f"{type(error).__name__}: {error}")

    def _take_off(self, observed: Observed) -> None:
        self._set_observers([one for one in self._observed if one is not observed])
        if observed.error:
            self._tell_lost(observed.name, observed.error)

    def _tell_loss(self, observed: Observed, time: float) -> None:
        if count := observed.loss_to_tell(time):
            self._tell(Entry(self._latest, 0, EventsLost(observed.name, count)))

    def _tell_lost(self, name: str, error: str) -> None:
        self._tell(Entry(self._latest, 0, ObserverLost(name, error)))


def _name(sink: Sink) -> str:
    return getattr(sink, "__qualname__", type(sink).__qualname__)
