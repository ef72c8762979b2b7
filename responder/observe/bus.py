"""Hands each event to every observer."""

from collections.abc import Callable

from responder.core.events import Event, SessionKeys
from responder.observe.entry import Entry

Sink = Callable[[Entry], None]


class ObserverLost(Event, frozen=True):
    """An observer failed and is told nothing any more."""

    observer: str
    error: str


class Bus:
    """A ``responder.server.events.Observer`` that passes on to sinks.

    Sinks are called in the loop's thread and must return at once: whatever may take time goes
    through a ``responder.observe.queued.QueuedSink``. A sink that raises is taken off, and the
    others are told. Keys of sessions are told to the sinks for keys and to no other.
    """

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = list(sinks)
        self._key_sinks: list[Sink] = []

    def add(self, sink: Sink) -> None:
        """Tell ``sink`` too, from now on."""
        self._sinks.append(sink)

    def add_for_keys(self, sink: Sink) -> None:
        """Tell ``sink`` the keys of sessions, and nothing else."""
        self._key_sinks.append(sink)

    def __call__(self, time: float, connection: int, event: Event) -> None:
        """Tell all sinks."""
        entry = Entry(time, connection, event)
        sinks = self._key_sinks if isinstance(event, SessionKeys) else self._sinks
        for sink in tuple(sinks):
            try:
                sink(entry)
            except Exception as error:  # noqa: BLE001 - the protocol goes on whatever a sink does
                sinks.remove(sink)
                self(
                    time, connection, ObserverLost(_name(sink), f"{type(error).__name__}: {error}")
                )


def _name(sink: Sink) -> str:
    return getattr(sink, "__qualname__", type(sink).__qualname__)
