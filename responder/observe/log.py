"""The log: events up to a level, one line each, as text or JSON."""

import os
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

from responder.core.events import Event, FaultFired, FaultMissed, InternalError
from responder.observe.entry import STREAM_VERSION, Entry, entry_as_dict, json_line
from responder.server.events import (
    BrokerLost,
    BrokerReached,
    CommandDone,
    ControllerLeft,
    DeviceReset,
    EventsLost,
    FunctionNotice,
    MeasurementChanged,
    NegotiatedStateLost,
    ObserverLost,
    PeerArrived,
    PeerIgnored,
    PeerLeft,
    SlotChanged,
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
    BrokerLost: Level.WARNING,
    PeerIgnored: Level.WARNING,
    NegotiatedStateLost: Level.WARNING,
    FaultMissed: Level.WARNING,
    PeerArrived: Level.INFO,
    PeerLeft: Level.INFO,
    DeviceReset: Level.INFO,
    FunctionNotice: Level.INFO,
    MeasurementChanged: Level.INFO,
    SlotChanged: Level.INFO,
    FaultFired: Level.INFO,
    CommandDone: Level.INFO,
    ControllerLeft: Level.INFO,
    BrokerReached: Level.INFO,
}
"""Messages and all the rest are DEBUG."""
_EVIDENCE = frozenset({"before", "after"})
"""Bytes that a fault changed; they are for journals, and the log has what they come to."""


Form = Callable[[Entry], bytes]
"""The line of an entry, with a newline."""


def level_of(kind: type[Event]) -> Level:
    """The level from which on events of a class are in the log."""
    return _LEVELS.get(kind, Level.DEBUG)


class Log:
    """Writes the events of ``kinds`` to a descriptor.

    No Python file is in between: a thread that is stuck in one holds its lock, and the interpreter
    cannot end while it does.
    """

    def __init__(self, descriptor: int, level: Level, form: Form) -> None:
        self._descriptor = descriptor
        self._level = level
        self._form = form

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
        data = b"".join(self._form(entry) for entry in entries)
        while data:
            data = data[os.write(self._descriptor, data) :]


def text_line(entry: Entry) -> bytes:
    """The entry for people: time, level, connection, name, details."""
    level = level_of(type(entry.event)).name.lower()
    where = f"#{entry.connection}" if entry.connection else "-"
    details = " ".join(_details(entry.event))
    text = f"{entry.time:10.6f} {level:7} {where} {entry.name} {details}".rstrip() + "\n"
    return text.encode(errors="backslashreplace")


def log_json_line(entry: Entry, **more: Any) -> bytes:
    """The entry for programs: as in a journal, with its level and whatever more is known."""
    level = level_of(type(entry.event)).name.lower()
    return json_line({**entry_as_dict(entry), "level": level, **more})


FORMS: dict[str, Form] = {"text": text_line, "json": log_json_line}


def notice(form: str, text: str) -> bytes:
    """The line of something that no event tells, in one of ``FORMS``."""
    if form == "json":
        return json_line({"v": STREAM_VERSION, "notice": text})
    return f"{text}\n".encode(errors="backslashreplace")


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
