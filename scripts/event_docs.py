"""The stream of events: its page, and its JSON Schema."""

from collections.abc import Iterator
from typing import Any

import msgspec
from fault_docs import table

from responder.core import events as core_events
from responder.core.events import Event, RequestReceived, ResponseSent, SessionKeys
from responder.observe.entry import STREAM_VERSION
from responder.observe.log import level_of
from responder.profiles.docstrings import documented
from responder.profiles.document import text_of_schema
from responder.server import events as server_events

_HEXADECIMAL = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
_ENVELOPE: dict[str, Any] = {
    "v": {"const": STREAM_VERSION, "description": "Version of the stream."},
    "time": {"type": "number", "description": "Seconds since the start, to the microsecond."},
    "connection": {
        "type": "integer",
        "minimum": 0,
        "description": "Ordinal of the connection from 1; 0 where there is none.",
    },
    "event": {"type": "string", "description": "What happened; the rest depends on it."},
}
_NAME = {"type": "string", "description": "The message's name, such as GET_VERSION."}


def event_classes() -> Iterator[type[Event]]:
    """All events of the stream; keys of sessions are in key logs alone."""
    for module in (core_events, server_events):
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, Event) and value not in {Event, SessionKeys}:
                yield value


def schema_text() -> str:
    """The JSON Schema of one line of the stream."""
    classes = list(event_classes())
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"spdm-responder event, version {STREAM_VERSION}",
        "type": "object",
        "properties": _ENVELOPE,
        "required": list(_ENVELOPE),
        "oneOf": [{"$ref": f"#/$defs/{one.__name__}"} for one in classes],
        "$defs": {one.__name__: _definition(one) for one in classes},
    }
    return text_of_schema(schema)


def _definition(event: type[Event]) -> dict[str, Any]:
    fields = _fields(event)
    return {
        "description": documented(event).summary,
        "properties": {"event": {"const": event.__name__}, **fields},
        "required": ["event", *fields],
    }


def _fields(event: type[Event]) -> dict[str, dict[str, Any]]:
    """Each field of an event's line with its part of the schema."""
    told = documented(event).keys
    schema = msgspec.json.schema_components((event,))[1][event.__name__]["properties"]
    fields = {"name": _NAME} if event in {RequestReceived, ResponseSent} else {}
    for name, value in schema.items():
        value.pop("default", None)
        kind = _HEXADECIMAL if value.get("contentEncoding") == "base64" else value
        fields[name] = {**kind, "description": told[name]}
    return fields


def events() -> str:
    """The page of the events."""
    rows = [[f"`{name}`", _kind(one), one["description"]] for name, one in _ENVELOPE.items()]
    return (
        "# Events\n\nWhat happens in a responder, as one stream: a JSON object a line in journals,"
        " in the log with `--log-format json`, and wherever else events are told"
        " ([what to rely on](../events.md)). The JSON Schema of a line is"
        " [events.schema.json](../events.schema.json).\n\nEvery line has\n\n"
        + table(["Key", "Value", "Meaning"], rows)
        + "".join(_section(event) for event in event_classes())
    )


def _section(event: type[Event]) -> str:
    fields = [[f"`{name}`", _kind(one), one["description"]] for name, one in _fields(event).items()]
    only = " Only for those who ask for it by name." if event.on_request else ""
    return (
        f"\n## {event.__name__}\n\n{documented(event).summary}"
        f" Level of the log: {level_of(event).name.lower()}.{only}\n\n"
        + table(["Key", "Value", "Meaning"], fields)
    )


def _kind(field: dict[str, Any]) -> str:
    """What may be the value of a key, in words."""
    if "const" in field:
        return str(field["const"])
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"])
    return "hexadecimal" if "pattern" in field else _KINDS[field["type"]]


_KINDS = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "`true`, `false`",
    "null": "`null`",
}
