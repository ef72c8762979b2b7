"""One thing that happened, with its time and connection."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from responder.core.events import Event, FaultFired, RequestReceived, ResponseSent
from responder.spec.codes import name_of_code

STREAM_VERSION = 1
"""Of the form of ``entry_as_dict``: grows when a reader must be changed, not when one may be."""

_HOOKS_WITH_KEYS = frozenset({"derive", "agree", "seal"})
"""Where faults change secrets: their evidence is for tests, and is not written down."""
_LONG_HEX = re.compile(r"[0-9a-fA-F]{16,}")


class Entry(msgspec.Struct, frozen=True):
    """An event in its place.

    Attributes:
        time: virtual, in seconds.
        connection: ordinal of the connection from 1; 0 for one that asked for nothing.
        event: what happened.
    """

    time: float
    connection: int
    event: Event

    @property
    def name(self) -> str:
        """The event's name: the message's for messages, else that of its class."""
        if isinstance(self.event, RequestReceived | ResponseSent):
            return name_of_code(self.event.code)
        return type(self.event).__name__

    @property
    def message(self) -> bytes:
        """The bytes of a message; nothing for other events."""
        if isinstance(self.event, RequestReceived | ResponseSent):
            return self.event.message
        return b""


def without_keys(event: Event) -> Event:
    """The event without what only a key log may tell: the bytes of keys that a fault changed."""
    if not (isinstance(event, FaultFired) and event.hook in _HOOKS_WITH_KEYS):
        return event
    detail = _LONG_HEX.sub("...", event.detail)
    return msgspec.structs.replace(event, detail=detail, before=b"", after=b"")


def entry_as_dict(entry: Entry) -> dict[str, Any]:
    """The entry as JSON-able values: bytes in hexadecimal, time in whole microseconds."""
    event = without_keys(entry.event)
    values: dict[str, Any] = {
        "v": STREAM_VERSION,
        "time": round(entry.time, 6),
        "connection": entry.connection,
        "event": type(event).__name__,
    }
    if isinstance(event, RequestReceived | ResponseSent):
        values["name"] = entry.name
    for name in event.__struct_fields__:
        value = getattr(event, name)
        values[name] = value.hex() if isinstance(value, bytes) else value
    return values


def json_line(values: Mapping[str, Any]) -> bytes:
    """A JSON object in UTF-8, with a newline."""
    try:
        return msgspec.json.encode(values) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, such as in the name of a file
        import json  # noqa: PLC0415 - rare

        return json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n"
