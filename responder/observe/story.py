"""What has happened, for controllers: the latest entries, how often what came, and what comes."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from responder.core.events import Event, FaultFired, RequestReceived, ResponseSent, SessionKeys
from responder.errors import suggest
from responder.observe.bus import Bus
from responder.observe.entry import Entry, entry_as_dict
from responder.observe.observed import Observed
from responder.server.control.errors import CommandError
from responder.server.control.results import Counters, JournalPage
from responder.spec.codes import name_of_code

_KEPT = 10_000
_KEPT_BYTES = 16 << 20
"""Entries, and bytes of their messages, that are kept."""
_PAGE_BYTES = 256 << 10
"""Bytes of messages after which a page ends."""


class Story:
    """The prompt sink of a control channel.

    Implements ``responder.server.control.steered.Story`` and
    ``responder.server.control.channel.Source``.

    Attributes:
        position: how many entries there have been.
    """

    def __init__(self, bus: Bus, limit: int = _KEPT, size: int = _KEPT_BYTES) -> None:
        """Keep up to ``limit`` entries with messages of ``size`` bytes in all."""
        self.position = 0
        self._limit = limit
        self._size = size
        self._kept = 0
        self._entries: deque[Entry] = deque()
        self._counts: Counter[tuple[type[Event], int | str]] = Counter()
        self._bus = bus
        bus.add(self)

    def __call__(self, entry: Entry) -> None:
        """Keep and count ``entry``."""
        self.position += 1
        self._entries.append(entry)
        self._kept += len(entry.message)
        while len(self._entries) > self._limit or self._kept > self._size:
            self._kept -= len(self._entries.popleft().message)
        event = entry.event
        what: int | str = ""
        if isinstance(event, RequestReceived | ResponseSent):
            what = event.code
        elif isinstance(event, FaultFired):
            what = event.fault
        self._counts[type(event), what] += 1

    def page(self, since: int | None, limit: int, connection: int | None) -> JournalPage:
        """Up to ``limit`` entries since a position, or the latest ones.

        Fewer if their messages are long; ``next`` is then where to go on.
        """
        first = self.position - len(self._entries)
        begin = self._latest(limit, connection) if since is None else max(since, first)
        found: list[dict[str, Any]] = []
        size = 0
        for place, entry in self._since(begin):
            if connection not in (None, entry.connection):
                continue
            if len(found) >= limit or size > _PAGE_BYTES:
                return JournalPage(found, place, first)
            size += len(entry.message)
            found.append({"position": place, **entry_as_dict(entry)})
        return JournalPage(found, self.position, first)

    def counters(self) -> Counters:
        """How often each thing has happened."""
        found = Counters({}, {}, {}, {})
        for (kind, what), count in self._counts.items():
            name = kind.__name__
            found.events[name] = found.events.get(name, 0) + count
            if kind is RequestReceived:
                found.requests[name_of_code(int(what))] = count
            elif kind is ResponseSent:
                found.responses[name_of_code(int(what))] = count
            elif kind is FaultFired:
                found.faults[str(what)] = count
        return found

    def subscribe(
        self, name: str, take: Callable[[Sequence[dict[str, Any]]], None], kinds: Sequence[str]
    ) -> Observed:
        """Let ``take`` have events as JSON objects, in a thread of its own.

        Raises:
            CommandError: there is no such kind.
        """
        known = _known()
        for kind in kinds:
            if kind not in known:
                reason = f"there is no event {kind!r}"
                raise CommandError("BadArgument", reason, suggest(kind, known))
        wanted = tuple(known[kind] for kind in kinds) or None

        def take_entries(entries: Sequence[Entry]) -> None:
            take([entry_as_dict(entry) for entry in entries])

        return self._bus.observe(name, take_entries, kinds=wanted)

    def _since(self, place: int) -> Iterator[tuple[int, Entry]]:
        first = self.position - len(self._entries)
        return enumerate(islice(self._entries, place - first, None), place)

    def _latest(self, limit: int, connection: int | None) -> int:
        """The position of the first of the latest ``limit`` entries."""
        place = self.position
        for entry in reversed(self._entries):
            if not limit:
                break
            place -= 1
            limit -= connection in (None, entry.connection)
        return place


def event_names() -> list[str]:
    """The events that may be asked for."""
    return sorted(_known())


def _known() -> dict[str, type[Event]]:
    """All events but the keys of sessions, which nobody is told here."""
    return {kind.__name__: kind for kind in _kinds(Event) if kind is not SessionKeys}


def _kinds(cls: type[Event]) -> Iterator[type[Event]]:
    for kind in cls.__subclasses__():
        yield kind
        yield from _kinds(kind)
