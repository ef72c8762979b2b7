"""The events of one session: what its requester wants, and what it has not acknowledged.

Each session counts its own instance ids (DSP0274 1.3 "Event mechanism"). When the queue is full,
or the device has forgotten what happened, ids are skipped, and an event lost says which.
"""

from collections.abc import Iterable

from responder.core.interfaces import EventSource, Occurrence
from responder.spec.events import EventType
from responder.wire.events import Event, EventLost, SendEvent

_HEADER_SIZE = 8
_ID_MASK = 0xFFFFFFFF


class EventQueue:
    """The subscription of one session and its events.

    Attributes:
        types: ``EventType`` values that the requester wants.
    """

    def __init__(self, limit: int = 0, first_id: int = 0) -> None:
        """The queue of a new session.

        Args:
            limit: how many events wait, at most, for a requester that does not fetch them.
            first_id: the instance id of the first event.
        """
        self.types: frozenset[int] = frozenset()
        self._limit = limit
        self._waiting: list[Event] = []
        self._in_flight = 0
        self._seen = 0
        self._next_id = first_id
        self._acknowledged = first_id - 1
        self._lost: int | None = None

    def subscribe(self, types: Iterable[int], source: EventSource) -> None:
        """Want these types from now on, in the place of those before; none ends it."""
        self._collect(source)
        self.types = frozenset(types)
        self._waiting = [one for one in self._waiting if one.event_type_id in self.types]
        self._in_flight = 0

    def pending(self, source: EventSource) -> bool:
        """Whether there is something to tell."""
        self._collect(source)
        return bool(self._waiting) or self._has_lost

    def request(self, source: EventSource, version: int, size: int) -> SendEvent | None:
        """The next SEND_EVENT, of at most ``size`` bytes; ``None`` if there is nothing to tell.

        The same events come again until they are acknowledged.
        """
        if not self.pending(source):
            return None
        if not self._waiting:
            self._tell_lost()
        events, room = [], size - _HEADER_SIZE
        for event in self._waiting:
            built = event.build()
            room -= len(built)
            if room < 0:
                break
            events.append(built)
        self._in_flight = len(events)
        if not events:
            return None
        return SendEvent(
            spdm_version=version, event_count=len(events), events_list=b"".join(events)
        )

    def acknowledge(self) -> None:
        """EVENT_ACK came: the events of the last SEND_EVENT have arrived."""
        for event in self._waiting[: self._in_flight]:
            self._acknowledged = event.event_instance_id
        del self._waiting[: self._in_flight]
        self._in_flight = 0

    @property
    def _has_lost(self) -> bool:
        return self._lost is not None and EventType.EVENT_LOST in self.types

    def _collect(self, source: EventSource) -> None:
        """Queue what has happened since the last time."""
        happened = source.since(self._seen) if self.types else ()
        forgotten = source.latest - self._seen - len(happened) if self.types else 0
        self._seen = source.latest
        if forgotten:
            self._next_id += forgotten
            self._lost = self._next_id - 1
        for occurrence in happened:
            if occurrence.event_type in self.types:
                self._add(occurrence)

    def _add(self, occurrence: Occurrence) -> None:
        if not self._waiting:
            self._tell_lost()
        instance_id, self._next_id = self._next_id, self._next_id + 1
        if self._has_lost or len(self._waiting) >= self._limit:
            self._lost = instance_id
            return
        self._waiting.append(_event(instance_id, occurrence.event_type, occurrence.detail))

    def _tell_lost(self) -> None:
        """All that waited has arrived: now say what never will, if anything."""
        if self._lost is None or not self._has_lost:
            return
        detail = EventLost(
            last_acked_event_instance_id=self._acknowledged & _ID_MASK,
            last_lost_event_instance_id=self._lost & _ID_MASK,
        )
        instance_id, self._next_id = self._next_id, self._next_id + 1
        self._waiting.append(_event(instance_id, EventType.EVENT_LOST, detail.build()))
        self._lost = None


def _event(instance_id: int, event_type: int, detail: bytes) -> Event:
    return Event(
        event_instance_id=instance_id & _ID_MASK, event_type_id=event_type, event_detail=detail
    )
