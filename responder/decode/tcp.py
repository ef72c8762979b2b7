"""Puts TCP streams together again: what was repeated, reordered or lost on the way, or cut."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from responder.decode.network import Address, Flag, Segment

_SPACE = 1 << 32
_HALF = _SPACE >> 1
_MAX_WAITING = 1 << 22
"""Bytes of a stream that wait for those before them; with more, these are taken for lost."""
_MAX_ENDED = 1000
"""Connections that have ended and are remembered, lest a late packet begin another."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a stream, in their order.

    Attributes:
        connection: the number of the connection, in the order of their first packets.
        side: who sent them, as an index of ``Connection.ends``.
        lost: they do not follow those before, of which some are missing.
    """

    connection: "Connection"
    side: int
    data: bytes
    lost: bool = False


@dataclass(slots=True)
class _Stream:
    """One direction of a connection.

    Attributes:
        first: the sequence number of its SYN; ``None`` if that was not captured.
        expected: the sequence number that comes next; ``None`` while nobody knows.
        waiting: data that came early, by sequence number.
        size: bytes of it.
        incomplete: what was lost has not been told yet.
    """

    first: int | None = None
    expected: int | None = None
    waiting: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    incomplete: bool = False


@dataclass(slots=True, eq=False, weakref_slot=True)
class Connection:
    """A TCP connection.

    Attributes:
        number: from 1, in the order of the first packets.
        ends: who is on either side; if its beginning was captured, the first one opened it.
        ended: how many of its sides have said that they send no more.
    """

    number: int
    ends: tuple[Address, Address]
    ended: int = 0
    _streams: tuple[_Stream, _Stream] = field(default_factory=lambda: (_Stream(), _Stream()))

    def take(self, segment: Segment) -> Iterator[Piece]:
        """What follows from a segment."""
        side = 0 if segment.source == self.ends[0] else 1
        if segment.flags & Flag.ACK:
            yield from self._acknowledged(1 - side, segment.acknowledged)
        stream = self._streams[side]
        sequence = segment.sequence
        if segment.flags & Flag.SYN:
            sequence = (sequence + 1) % _SPACE
            if stream.first is None:
                stream.first, stream.expected = segment.sequence, sequence
        if stream.expected is None:
            stream.expected = sequence
            stream.incomplete = bool(segment.data)  # nobody knows what was before
        if segment.data:
            yield from self._data(side, sequence, segment.data)
        if segment.missing and stream.expected == (sequence + len(segment.data)) % _SPACE:
            stream.expected = (stream.expected + segment.missing) % _SPACE
            stream.incomplete = True
        if segment.flags & (Flag.FIN | Flag.RST):
            self.ended += 2 if segment.flags & Flag.RST else 1

    def is_over(self, segment: Segment) -> bool:
        """Whether a segment opens another connection between the same ends."""
        if segment.flags & (Flag.SYN | Flag.ACK) != Flag.SYN:
            return False
        side = 0 if segment.source == self.ends[0] else 1
        return self._streams[side].first != segment.sequence

    def flush(self) -> Iterator[Piece]:
        """What waits for bytes that never came."""
        for side in (0, 1):
            while self._streams[side].waiting:
                yield from self._skip(side)

    def _data(self, side: int, sequence: int, data: bytes) -> Iterator[Piece]:
        stream = self._streams[side]
        ahead = (sequence - (stream.expected or 0)) % _SPACE
        if ahead == 0 or ahead >= _HALF:
            new = data[(-ahead) % _SPACE :] if ahead else data
            if new:
                yield self._piece(side, new)
                yield from self._next(side)
            return
        if len(data) > len(stream.waiting.get(sequence, b"")):
            stream.size += len(data) - len(stream.waiting.get(sequence, b""))
            stream.waiting[sequence] = data
        while stream.size > _MAX_WAITING:
            yield from self._skip(side)

    def _next(self, side: int) -> Iterator[Piece]:
        """What has waited and comes next now."""
        stream = self._streams[side]
        while stream.waiting:
            first = self._first(stream)
            ahead = (first - (stream.expected or 0)) % _SPACE
            if 0 < ahead < _HALF:
                return
            data = stream.waiting.pop(first)
            stream.size -= len(data)
            new = data[(-ahead) % _SPACE :] if ahead else data
            if new:
                yield self._piece(side, new)

    def _acknowledged(self, side: int, number: int) -> Iterator[Piece]:
        """The other side has got all up to ``number``: what is not here is not in the capture."""
        stream = self._streams[side]
        while stream.waiting and stream.expected is not None:
            first = self._first(stream)
            end = (first + len(stream.waiting[first])) % _SPACE
            if (number - end) % _SPACE >= _HALF:
                return
            yield from self._skip(side)

    def _skip(self, side: int) -> Iterator[Piece]:
        """Go on with what waits, without what is before it."""
        stream = self._streams[side]
        stream.expected = self._first(stream)
        stream.incomplete = True
        yield from self._next(side)

    def _piece(self, side: int, data: bytes) -> Piece:
        stream = self._streams[side]
        stream.expected = ((stream.expected or 0) + len(data)) % _SPACE
        lost, stream.incomplete = stream.incomplete, False
        return Piece(self, side, data, lost)

    @staticmethod
    def _first(stream: _Stream) -> int:
        """The lowest sequence number of what waits; it may be below the one that is expected."""
        lowest = (stream.expected or 0) - _HALF
        return min(stream.waiting, key=lambda number: (number - lowest) % _SPACE)


class Connections:
    """The connections of a capture."""

    def __init__(self) -> None:
        self._known: dict[tuple[Address, Address], Connection] = {}
        self._ended: deque[tuple[tuple[Address, Address], Connection]] = deque()
        self._count = 0

    def take(self, segment: Segment) -> Iterator[Piece]:
        """What follows from a segment, whose connection may begin or end with it."""
        key = _sorted(segment.source, segment.destination)
        connection = self._known.get(key)
        if connection is not None and connection.is_over(segment):
            yield from self._forget(key)
            connection = None
        if connection is None:
            if not (segment.flags & Flag.SYN or segment.data):
                return
            self._count += 1
            connection = Connection(self._count, (segment.source, segment.destination))
            self._known[key] = connection
        had_ended = connection.ended
        yield from connection.take(segment)
        if had_ended < 2 <= connection.ended:
            self._ended.append((key, connection))
            if len(self._ended) > _MAX_ENDED:
                yield from self._forget_oldest()

    def find(self, source: Address, destination: Address) -> Connection | None:
        """The connection between two ends, if it is there now."""
        return self._known.get(_sorted(source, destination))

    def flush(self) -> Iterator[Piece]:
        """The capture is over: what waits for bytes that never came."""
        for key in list(self._known):
            yield from self._forget(key)

    def _forget(self, key: tuple[Address, Address]) -> Iterator[Piece]:
        yield from self._known.pop(key).flush()

    def _forget_oldest(self) -> Iterator[Piece]:
        key, connection = self._ended.popleft()
        if self._known.get(key) is connection:
            yield from self._forget(key)


def _sorted(one: Address, other: Address) -> tuple[Address, Address]:
    return (one, other) if one <= other else (other, one)
