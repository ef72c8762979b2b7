"""Conversations as JSON Lines: journals of ``serve``, and rows with messages."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from responder.decode.payload import NORMAL_COMMAND, Payload
from responder.decode.text import from_hex
from responder.transport.doe import DoeBinding
from responder.transport.socket_frame import TransportType

_KEYS = {"req": True, "request": True, "rsp": False, "response": False, "message": None}
"""The keys of a row that messages stand under, and whether the responder received them."""
_EVENT = "event"
"""The key of a journal's entry that other JSON lines do not have."""
_SECOND = 1_000_000_000


def json_payloads(lines: Iterable[str]) -> Iterator[Payload]:
    """The messages in JSON Lines, in order; a row's request is before its response."""
    journal = _Journal()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line)
        if _EVENT in row:
            yield from journal.take(row)
            continue
        keys = [key for key in _KEYS if key in row]
        if not keys:
            yield Payload(b"", f"line {number} is no JSON object with {', '.join(_KEYS)}")
            return
        for key in keys:
            read = from_hex(str(row[key]))
            command, transport = row.get("cmd", NORMAL_COMMAND), row.get("trans")
            yield Payload(
                read.data, read.problem, command, transport, received=_KEYS[key], time=_time(row)
            )


class _Journal:
    """Entries of a journal, of which the messages are wanted and what was said of them."""

    def __init__(self) -> None:
        self._remarks: defaultdict[int, list[str]] = defaultdict(list)

    def take(self, row: Mapping[str, Any]) -> Iterator[Payload]:
        """The messages of an entry: without transport header, but padded."""
        connection = row.get("connection")
        number = connection if isinstance(connection, int) else 0
        match row[_EVENT]:
            case "FaultFired":
                told = f"fault {row.get('fault')} ({row.get('hook')}): {row.get('detail')}"
                self._remarks[number].append(told)
            case "RecordDropped":
                self._remarks[number].append(f"record dropped: {row.get('reason')}")
            case "ApplicationData":
                for key, received in (("request", True), ("response", False)):
                    if row.get(key):
                        data = (str(row[key]), "application data")
                        yield self._payload(row, number, data, received=received)
            case "RequestReceived" | "ResponseSent" as event:
                received = event == "RequestReceived"
                data = (str(row.get("message", "")), "")
                yield self._payload(row, number, data, received=received)

    def _payload(
        self, row: Mapping[str, Any], number: int, data: tuple[str, str], *, received: bool
    ) -> Payload:
        text, label = data
        read = from_hex(text)
        session = row.get("session_id")
        remarks = [] if received else self._remarks.pop(number, [])
        if row.get("reason"):
            remarks.append(f"because: {row['reason']}")
        return Payload(
            read.data,
            read.problem,
            transport=TransportType.NONE,
            padding=DoeBinding.padding,
            connection=number,
            received=received,
            time=_time(row),
            session=session if isinstance(session, int) else None,
            label=label,
            comment="\n".join(remarks),
        )


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    numbers = [row.get("cmd", 1), row.get("trans", 0)] if isinstance(row, dict) else [""]
    return row if all(isinstance(number, int) for number in numbers) else {}


def _time(row: Mapping[str, Any]) -> int | None:
    """In nanoseconds."""
    seconds = row.get("time", row.get("t"))
    return round(seconds * _SECOND) if isinstance(seconds, int | float) else None
