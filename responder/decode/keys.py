"""Opens the secured records that ``decode`` is shown, with the keys of a key log."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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

    @property
    def direction(self) -> Literal["request", "response"]:
        """Which way it went."""
        return "request" if self.keys.direction == "request" else "response"


class KeyRing:
    """The keys of a log.

    A record does not say which way it goes, nor of which phase it is: the keys in use are tried,
    then those that come next. Whoever opens a record is sure, since it is authenticated. Session
    ids come again on other connections; whose keys open the first record has the others as well.
    """

    def __init__(self, path: Path) -> None:
        """Read a log; ConfigError if it is none."""
        self._sessions: defaultdict[int, dict[int, _Session]] = defaultdict(dict)
        self._taken: dict[tuple[int, int], _Session] = {}
        for connection, keys in read_key_log(path):
            session = self._sessions[keys.session_id].setdefault(connection, _Session())
            session.streams.setdefault(keys.direction, _Stream()).phases.append(keys)

    def open(
        self, record: bytes, sequence_size: int, padding: int, connection: int = 0
    ) -> Opened | None:
        """What a record holds; ``None`` if no key of its session opens it.

        Records are to be given in the order in which they crossed the wire.

        Args:
            record: as its transport delivered it.
            sequence_size: bytes of the sequence number in its header.
            padding: how many bytes the transport may have added.
            connection: which one it crossed; their numbers need not be those of the log.
        """
        try:
            session_id = session_id_of(record)
        except RecordError:
            return None
        for session in self._candidates(session_id, connection):
            for stream in session.streams.values():
                opened = stream.open(record, sequence_size, padding)
                if opened is not None:
                    session.taken = True
                    self._taken[connection, session_id] = session
                    return opened
        return None

    def knows(self, session_id: int, connection: int) -> bool:
        """Whether a record of that session has been opened."""
        return (connection, session_id) in self._taken

    def _candidates(self, session_id: int, connection: int) -> "list[_Session]":
        """The sessions whose keys may open a record, the most likely one first."""
        taken = self._taken.get((connection, session_id))
        if taken is not None:
            return [taken]
        return sorted(self._sessions.get(session_id, {}).values(), key=lambda one: one.taken)


class _Session:
    """The keys of one session id on one connection of the log.

    Attributes:
        streams: those of either direction, by its name.
        taken: they have opened a record.
    """

    def __init__(self) -> None:
        self.streams: dict[str, _Stream] = {}
        self.taken = False


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
