"""Answers of the control socket as text for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LONG = 96
"""Characters of a value in a table or line; longer ones are cut."""
_MESSAGES = ("RequestReceived", "ResponseSent")


def lines_of(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    """The answer of a command; nothing for one that only says that it is done.

    Args:
        name: the command.
        result: what it returned.
    """
    if name == "query-journal":
        yield from (event_line(entry) for entry in result["entries"])
    elif name == "step":
        yield from _step(result)
    elif name == "query-commands":
        yield from _table([{"name": one["name"], "": one["text"]} for one in result["commands"]])
    else:
        yield from _any(result)


def event_line(event: Mapping[str, Any]) -> str:
    """An entry of the journal: time, connection, event, and its fields in short."""
    where = f"#{event['connection']}" if event["connection"] else "-"
    if event["event"] in _MESSAGES:
        size = len(event["message"]) // 2
        details = f"{event['name']} {size} bytes {_short(event['message'])}"
    else:
        known = ("v", "time", "connection", "event", "position")
        details = " ".join(
            f"{key}={_short(value)}"
            for key, value in event.items()
            if key not in known and value not in ("", None)
        )
    return f"{event['time']:10.6f} {where:4} {event['event']} {details}".rstrip()


def _step(result: Mapping[str, Any]) -> Iterator[str]:
    yield f"connection {result['connection']}, {result['waiting']} waiting"
    for message in result["messages"]:
        yield from message["decoded"]
    for event in result["events"]:
        if event["event"] not in _MESSAGES:
            yield event_line(event)


def _any(result: Mapping[str, Any]) -> Iterator[str]:
    tables = {key: value for key, value in result.items() if _is_table(value)}
    for key, value in result.items():
        if key in tables and not value:
            yield f"no {key}"
        elif key in tables:
            if len(tables) > 1:
                yield f"{key}:"
            yield from _table(value)
        elif isinstance(value, dict):
            yield f"{key}:"
            yield from (f"  {name}  {_short(one)}" for name, one in value.items())
        else:
            yield f"{key}: {_short(value)}"


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    cells = [list(rows[0])] + [[_short(value) for value in row.values()] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _short(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(_short(one) for one in value)
    elif isinstance(value, dict):
        text = value.get("name") or " ".join(_short(one) for one in value.values())
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."
