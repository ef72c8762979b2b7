"""The log for people: events above a level, one line each."""

import os
from collections.abc import Sequence
from enum import IntEnum

from responder.core.events import Event, FaultFired, FaultMissed, InternalError
from responder.observe.entry import Entry
from responder.server.events import (
    DeviceReset,
    EventsLost,
    FunctionNotice,
    MeasurementChanged,
    NegotiatedStateLost,
    ObserverLost,
    PeerArrived,
    PeerIgnored,
    PeerLeft,
)


class Level(IntEnum):
    """How much a person wants to read."""

    ERROR = 0
    WARNING = 1
    INFO = 2
    DEBUG = 3


_LEVELS: dict[type[Event], Level] = {
    InternalError: Level.ERROR,
    ObserverLost: Level.ERROR,
    EventsLost: Level.WARNING,
    PeerIgnored: Level.WARNING,
    NegotiatedStateLost: Level.WARNING,
    FaultMissed: Level.WARNING,
    PeerArrived: Level.INFO,
    PeerLeft: Level.INFO,
    DeviceReset: Level.INFO,
    FunctionNotice: Level.INFO,
    MeasurementChanged: Level.INFO,
    FaultFired: Level.INFO,
}
"""Messages and all the rest are DEBUG."""
_EVIDENCE = frozenset({"before", "after"})
"""Bytes that a fault changed; they are for journals, and the log has what they come to."""


class Log:
    """Writes the events of ``kinds`` to a descriptor.

    No Python file is in between: a thread that is stuck in one holds its lock, and the interpreter
    cannot end while it does.
    """

    def __init__(self, descriptor: int, level: Level) -> None:
        self._descriptor = descriptor
        self._level = level

    @property
    def kinds(self) -> tuple[type[Event], ...] | None:
        """The events that the level lets through; ``None`` for all."""
        if self._level is Level.DEBUG:
            return None
        return tuple(kind for kind, level in _LEVELS.items() if level <= self._level)

    def take(self, entries: Sequence[Entry]) -> None:
        """Write entries.

        Raises:
            OSError: the descriptor takes no more.
        """
        text = "".join(line_of(entry) for entry in entries)
        data = text.encode(errors="backslashreplace")
        while data:
            data = data[os.write(self._descriptor, data) :]


def line_of(entry: Entry) -> str:
    """The entry as text, with a newline: time, level, connection, name, details."""
    level = _LEVELS.get(type(entry.event), Level.DEBUG)
    where = f"#{entry.connection}" if entry.connection else "-"
    details = " ".join(_details(entry.event))
    return (
        f"{entry.time:10.6f} {level.name.lower():7} {where} {entry.name} {details}".rstrip() + "\n"
    )


def _details(event: Event) -> list[str]:
    """The event's fields; long bytes are cut, text with lines of its own goes last and whole."""
    texts, last = [], []
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if isinstance(event, FaultFired) and name in _EVIDENCE:
            continue
        if isinstance(value, bytes):
            cut = value[:32].hex() + ("..." if len(value) > 32 else "")
            texts.append(f"{len(value)} bytes {cut}")
        elif isinstance(value, str) and "\n" in value:
            last.append("\n" + value.rstrip())
        elif value not in ("", None) and name != "code":
            text = value if isinstance(value, str) else repr(value)
            texts.append(f"{name}={text!r}" if " " in text else f"{name}={text}")
    return texts + last
