"""Opens the secured records that ``decode`` is shown, with the keys of a key log."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from responder.core.events import SessionKeys
from responder.observe.keylog import read_key_log
from responder.requester.key_schedule import Traffic
from responder.requester.record import Direction, RecordError, session_id_of
from responder.spec.algorithms import AEADS, by_name

_SESSION_ID_SIZE = 4


@dataclass(frozen=True, slots=True)
class Opened:
    """The contents of a record.

    Attributes:
        keys: what opened it.
        sequence: its number.
        data: the application data.
    """

    keys: SessionKeys
    sequence: int
    data: bytes


class KeyRing:
    """The keys of a log.

    A record does not say which way it goes, nor of which phase it is: the keys in use are tried,
    then those that come next. Whoever opens a record is sure, since it is authenticated.
    """

    def __init__(self, path: Path) -> None:
        """Read a log; ConfigError if it is none."""
        self._streams: defaultdict[int, dict[str, _Stream]] = defaultdict(dict)
        for keys in read_key_log(path):
            streams = self._streams[keys.session_id]
            streams.setdefault(keys.direction, _Stream()).phases.append(keys)

    def open(self, record: bytes, sequence_size: int, padding: int) -> Opened | None:
        """What a record holds; ``None`` if no key of its session opens it.

        Records are to be given in the order in which they crossed the wire.
        """
        try:
            streams = self._streams.get(session_id_of(record), {})
        except RecordError:
            return None
        for stream in streams.values():
            opened = stream.open(record, sequence_size, padding)
            if opened is not None:
                return opened
        return None


class _Stream:
    """One direction of a session.

    Attributes:
        phases: its keys, in the order of their use.
    """

    def __init__(self) -> None:
        self.phases: list[SessionKeys] = []
        self._phase = 0
        self._sequence = 0

    def open(self, record: bytes, sequence_size: int, padding: int) -> Opened | None:
        for phase in range(self._phase, len(self.phases)):
            keys = self.phases[phase]
            due = self._sequence if phase == self._phase else 0
            direction = _direction(keys, sequence_size)
            if direction is None:
                continue
            sequence = direction.sequence = _sequence_of(record, sequence_size, due)
            try:
                data = direction.unseal(record, padding=padding)
            except RecordError:
                continue
            self._phase, self._sequence = phase, sequence + 1
            return Opened(keys, sequence, data)
        return None


def _direction(keys: SessionKeys, sequence_size: int) -> Direction | None:
    aead = by_name(AEADS, keys.aead)
    if aead is None or len(keys.key) != aead.key_size:
        return None
    return Direction(
        aead,
        Traffic(b"", keys.key, keys.iv),
        encrypted=keys.encrypted,
        sequence_size=sequence_size,
        big_endian=keys.big_endian,
    )


def _sequence_of(record: bytes, sequence_size: int, due: int) -> int:
    """The number of a record: the first from ``due`` on with the low bytes that it shows."""
    if not sequence_size:
        return due
    shown = int.from_bytes(record[_SESSION_ID_SIZE : _SESSION_ID_SIZE + sequence_size], "little")
    return due + (shown - due) % (1 << (8 * sequence_size))
