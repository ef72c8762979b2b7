"""What ``decode`` prints: a tree of fields, a table of messages, or JSON Lines."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import click

from responder.campaign.reports.printable import printable
from responder.cli.output import reader_may_leave
from responder.decode.decoded import Decoded
from responder.observe.entry import json_line
from responder.observe.message_name import detail_of
from responder.wire.describe import Line, text_of_line
from responder.wire.names import header_version

FORMATS = ("tree", "table", "json")
VALUE_WIDTH = 64
"""Characters of a value that are shown unless all of them are asked for."""

_TITLE, _FIELD, _PROBLEM, _REMARK = "title", "field", "problem", "remark"
_STYLES = {_TITLE: "bold cyan", _FIELD: "", _PROBLEM: "bold red", _REMARK: "yellow"}
_MESSAGES = ("message", "large")
_SECOND = 1_000_000_000
ARROWS = {"request": "->", "response": "<-", "": "  "}

Put = Callable[[str, str], None]
"""Prints one line in one of those styles."""


class Printer(ABC):
    """Prints what was decoded, as long as somebody reads."""

    def __init__(self, put: Put | None = None) -> None:
        self._put = put or _printer()

    @abstractmethod
    def show(self, decoded: Decoded) -> None:
        """Print it."""

    def _say(self, text: str, style: str) -> None:
        """Print a line for people: what is in a message or a remark may be anything."""
        self._put(printable(text), style)


class Tree(Printer):
    """A title for each message, and below it a line for each field."""

    def __init__(self, put: Put | None = None, *, width: int = VALUE_WIDTH) -> None:
        """Show ``width`` characters of values, 0 for all."""
        super().__init__(put)
        self._width = width

    def show(self, decoded: Decoded) -> None:
        """Print title, remarks, fields and problems."""
        if decoded.title:
            self._say(_title(decoded), _TITLE)
        for remark in decoded.payload.comment.splitlines():
            self._say(f"  # {remark}", _REMARK)
        for line in decoded.lines:
            self._say(text_of_line(line, width=self._width), _FIELD)
        for problem in decoded.problems:
            self._say(f"  ! {problem}", _PROBLEM)


class Table(Printer):
    """A line for each message."""

    def __init__(self, put: Put | None = None) -> None:
        super().__init__(put)
        self._conversation = ""
        self._begin: int | None = None

    def show(self, decoded: Decoded) -> None:
        """Print number, time, connection, direction, session, title, remarks and problems."""
        payload = decoded.payload
        if payload.conversation != self._conversation:
            self._conversation = payload.conversation
            self._say(payload.conversation, _TITLE)
        connection = f"{payload.connection}" if payload.connection else ""
        session = "" if decoded.session is None else f"{decoded.session:08x}"
        title = decoded.title or "-"
        if decoded.kind == "large":
            title = f"  = {title}, in chunks"
        cells = (
            f"{decoded.number:>6}",
            f"{self._since(payload.time):>14}",
            f"{connection:>4}",
            ARROWS[decoded.direction],
            f"{session:8}",
            title,
        )
        remarks = [*payload.comment.splitlines(), *(f"! {one}" for one in decoded.problems)]
        detail = detail_of(decoded.data) if decoded.kind in _MESSAGES else ""
        text = "; ".join([" ".join(cells), *filter(None, [detail]), *remarks])
        self._say(text, _PROBLEM if decoded.problems else _FIELD)

    def _since(self, time: int | None) -> str:
        """Seconds since the first message that has a time."""
        if time is None:
            return ""
        if self._begin is None:
            self._begin = time
        return f"{(time - self._begin) / _SECOND:.9f}"


class Json(Printer):
    """A JSON object for each message, on a line of its own."""

    def show(self, decoded: Decoded) -> None:
        """Print all that is known of it."""
        self._put(json_line(as_json(decoded)).decode().rstrip("\n"), _FIELD)


def as_json(decoded: Decoded) -> dict[str, Any]:
    """What was decoded as JSON-able values; see docs/decode.md."""
    payload, data = decoded.payload, decoded.data
    message = decoded.kind in _MESSAGES
    return {
        "number": decoded.number,
        "kind": decoded.kind,
        "conversation": payload.conversation,
        "connection": payload.connection,
        "frame": payload.frame,
        "time_ns": payload.time,
        "direction": decoded.direction or None,
        "session": decoded.session,
        "binding": decoded.binding,
        "name": decoded.name,
        "version": header_version(data[0]) if message and data else None,
        "title": decoded.title,
        "bytes": data.hex(),
        "fields": _fields(decoded.lines),
        "comment": payload.comment,
        "problems": list(decoded.problems),
    }


def _fields(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    """The fields with their paths, which tell those of the same name apart."""
    fields = []
    parents: list[str] = []
    for line in lines:
        del parents[line.depth :]
        parents.append(line.name)
        fields.append(
            {
                "path": ".".join(parents),
                "name": line.name,
                "start": line.start,
                "end": line.end,
                "value": line.value,
                "text": line.meaning,
            }
        )
    return fields


def _title(decoded: Decoded) -> str:
    """The title with what it is of; bytes that are no message tell their size last."""
    number, origin = decoded.number, decoded.origin
    if decoded.kind != "other" or not origin:
        return f"#{number} {decoded.title}" + (f" ({origin})" if origin else "")
    return f"#{number} {decoded.name} ({origin}), {len(decoded.data)} bytes"


def _printer() -> Put:
    """Prints as long as somebody reads; all is decoded anyhow, for the exit code."""
    put = _line_printer()

    def put_while_read(text: str, kind: str) -> None:
        with reader_may_leave():
            put(text, kind)

    return put_while_read


def _line_printer() -> Put:
    """Plain lines, coloured when a person watches."""
    if not sys.stdout.isatty():
        return lambda text, _: click.echo(text)
    from rich.console import Console  # noqa: PLC0415 - slow to import, and rarely needed
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    return lambda text, kind: console.print(Text(text, _STYLES[kind]), soft_wrap=True)
