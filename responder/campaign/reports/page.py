"""What the page of a campaign holds: an index of all cases, and blocks of what was seen in them.

Index and blocks are JSON documents, each packed as zlib in base64: the page unpacks a block when
one of its cases is opened.
"""

import base64
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from responder.campaign.reports.printable import shortened
from responder.campaign.reports.summary import SECURITY, Summary
from responder.campaign.result import FAILURES, VERDICTS, Exchange, Observed, Result
from responder.faults.words import BASES, DUTIES
from responder.spec.codes import name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.wire.describe import describe, text_of
from responder.wire.follow import Conversation

BLOCK = 50
"""Cases of a block."""

_BEFORE, _AFTER = 2, 20
"""Exchanges before and after the first strike that are shown with their bytes."""
_MOST_BYTES = 2048
"""Of a message."""
_MOST_EXCHANGES = 400
_MOST_LINES = 120
"""Of a message field by field."""
_OUTPUT = 6000
"""Characters of each end of what a process wrote."""
_DIGITS = 4
_HEAD = 2
"""Bytes of version and code."""


class Change(msgspec.Struct, frozen=True):
    """What one strike changed.

    Attributes:
        rows: bytes before and after, beside each other: pieces of text, and whether a piece is
            something that changed; empty if no bytes were changed.
        fields: the fields that changed, and what they said and say.
    """

    rows: list[list[tuple[str, bool]]]
    fields: list[str]


Changes = Callable[[Result], Sequence[Change]]
"""Finds what each of the first strikes of a case changed."""


def index(summary: Summary) -> dict[str, Any]:
    """All that is needed to list the cases and to filter them."""
    begin = summary.campaign.begin
    strings: dict[str, int] = {}

    def interned(text: str) -> int:
        return strings.setdefault(text, len(strings))

    results = summary.campaign.results
    texts = ("case", "text", "description", "weight", "duty", "basis", "source", "setting")
    columns: dict[str, list[int]] = {
        name: [interned(getattr(result, name)) for result in results] for name in texts
    }
    columns["group"] = [interned(result.group or "-") for result in results]
    columns["verdict"] = [VERDICTS.index(result.verdict) for result in results]
    columns["importance"] = [result.importance for result in results]
    columns["failed"] = [int(result.failed) for result in results]
    places = {result.case: number for number, result in enumerate(results)}
    return {
        "target": begin.target,
        "digest": begin.target_digest,
        "seed": begin.seed,
        "started": begin.started,
        "program": begin.program,
        "shard": "" if begin.shard == "1/1" else begin.shard,
        "headline": summary.headline,
        "pace": summary.pace,
        "problems": summary.problems,
        "notes": summary.notes,
        "stale": list(summary.stale),
        "security": SECURITY,
        "heaviest": [places[failure.case] for failure in summary.failures],
        "verdicts": list(VERDICTS),
        "failures": sorted(FAILURES),
        "groups": {group.letter: group.title for group in summary.groups},
        "duties": dict(DUTIES),
        "bases": dict(BASES),
        "block": BLOCK,
        "strings": list(strings),
        "cases": columns,
    }


def blocks(results: Sequence[Result], changes: Changes) -> Iterator[list[dict[str, Any]]]:
    """What was seen in the cases, ``BLOCK`` of them at a time."""
    for start in range(0, len(results), BLOCK):
        yield [details(result, changes(result)) for result in results[start : start + BLOCK]]


def packed(document: Any) -> str:
    """A document as the page holds it."""
    data = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(data.encode("utf-8", "replace"), 9)).decode("ascii")


def details(result: Result, changes: Sequence[Change]) -> dict[str, Any]:
    """What was seen in a case; values that say nothing are left out.

    Only of a case that did not go well the messages are there in full: those near the strike.
    """
    observed = result.observed
    wire = observed.wire
    document = {
        "expected": result.expected,
        "allows": result.allows,
        "expectation": result.expectation,
        "attempts": result.attempts if result.attempts > 1 else 0,
        "reasons": observed.reasons,
        "surfaced": observed.surfaced,
        "said": shortened(observed.text, _OUTPUT),
        "seconds": round(observed.seconds, _DIGITS),
        "reaction": wire.reaction,
        "went_on": wire.went_on,
        "nearest": wire.nearest,
        "count": wire.count,
        "connections": wire.connections,
        "process": _process(observed),
        "strikes": _strikes(result, changes),
        "exchanges": _exchanges(result),
        "fields": _fields(result) if _in_full(result) else [],
    }
    return _filled(document)


def _filled(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value}


def _in_full(result: Result) -> bool:
    return result.verdict in FAILURES


def _process(observed: Observed) -> dict[str, Any]:
    if observed.process is None:
        return {}
    found = msgspec.structs.asdict(observed.process)
    for name in ("stdout", "stderr"):
        text = found[name]
        if len(text) > 2 * _OUTPUT:
            left = len(text) - 2 * _OUTPUT
            found[name] = f"{text[:_OUTPUT]}\n[{left} characters]\n{text[-_OUTPUT:]}"
    found["exit"] = "" if observed.process.exit is None else str(observed.process.exit)
    return _filled(found)


def _strikes(result: Result, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Each strike; those past the last of ``changes`` without bytes."""
    found = []
    for number, strike in enumerate(result.observed.wire.strikes):
        change = changes[number] if number < len(changes) else Change([], [])
        shown = {
            "hook": strike.hook,
            "message": strike.message,
            "detail": strike.detail,
            "rows": change.rows,
            "fields": change.fields,
        }
        found.append({"exchange": strike.exchange, **_filled(shown)})
    return found


def _exchanges(result: Result) -> list[dict[str, Any]]:
    exchanges = result.observed.wire.exchanges
    struck = next((n for n, one in enumerate(exchanges) if one.struck), len(exchanges))
    full = range(struck - _BEFORE, struck + _AFTER) if _in_full(result) else range(0)
    return [
        _exchange(exchange, full=number in full)
        for number, exchange in enumerate(exchanges[:_MOST_EXCHANGES])
    ]


def _exchange(exchange: Exchange, *, full: bool) -> dict[str, Any]:
    document = {
        "connection": exchange.connection,
        "session": "" if exchange.session is None else f"{exchange.session:08x}",
        "struck": exchange.struck,
        "request": _message(exchange.request, full=full),
        "response": _message(exchange.response, full=full),
    }
    return _filled(document)


def _message(message: bytes, *, full: bool) -> list[Any]:
    """Name, size, and in full the bytes in base64; empty if there is none.

    A message that is nothing but version and code was cut to them, and has no size.
    """
    if not message:
        return []
    name = name_of_code(message[1]) if len(message) > 1 else "unreadable"
    if len(message) == _HEAD:
        return [name]
    data = base64.b64encode(message[:_MOST_BYTES]).decode("ascii")
    return [name, len(message), data] if full else [name, len(message)]


def _fields(result: Result) -> list[str]:
    """Field by field, what was answered where the fault struck first."""
    conversation = Conversation()
    for exchange in result.observed.wire.exchanges:
        context = conversation.feed(exchange.request)
        if exchange.struck:
            if len(exchange.response) < HEADER_SIZE:
                return []
            return text_of(describe(exchange.response, context))[:_MOST_LINES]
        conversation.feed(exchange.response)
    return []
