"""The live view as lines of text, for a terminal of any size."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from responder.observe.live import Connection, Exchange, Live, Session
from responder.observe.live_text import (
    BAD,
    GOOD,
    GRAY,
    NOTABLE,
    STRONG,
    STRUCK,
    TITLE,
    WARNING,
    Cell,
    Line,
    bars,
    counted,
    duration_text,
    fitted,
    row,
    rule,
    seconds_text,
    span_text,
)

T = TypeVar("T")
_WIDE = 132
"""From so many columns on, the exchanges have a half of their own."""
_ROOMY = 100
_HEADER, _FOOTER = 4, 1
_LEAST = 4
"""Rows of the exchanges, with their title; others give way."""

_PHASES = {
    "NOT_STARTED": "connected",
    "AFTER_VERSION": "version",
    "AFTER_CAPABILITIES": "capabilities",
    "NEGOTIATED": "negotiated",
    "AFTER_DIGESTS": "digests",
    "AFTER_CERTIFICATE": "certificate",
    "AUTHENTICATED": "authenticated",
}
_STATES = {
    "": ("", GRAY),
    "CONFIG_UNLOCKED": ("unlocked", GRAY),
    "CONFIG_LOCKED": ("locked", NOTABLE),
    "RUN": ("run", GOOD),
    "ERROR": ("error", BAD),
}
_LEVELS = {"debug": GRAY, "info": NOTABLE, "warning": WARNING, "error": BAD}


class Facts(msgspec.Struct, frozen=True):
    """What does not change while a server runs.

    Attributes:
        name: the profile's.
        description: of it, in a few words.
        device: what it has, in a few words.
        listeners: addresses, side by side.
    """

    name: str
    description: str
    device: str
    listeners: str


class _Part(NamedTuple):
    """A section: how many rows it has, and who draws it into so many columns and rows."""

    rows: int
    draw: "Callable[[Live, float, int, int], list[Line]]"


def page(
    live: Live, facts: Facts, now: float, size: tuple[int, int], footer: str = ""
) -> list[Line]:
    """The whole view.

    Args:
        live: what is shown.
        facts: of the server.
        now: virtual time in seconds.
        size: columns and rows of the terminal.
        footer: the last line.

    Returns:
        As many lines as there are rows, each as wide as there are columns.
    """
    width, height = size
    lines = _header(live, facts, now, width)
    rows = height - _HEADER - _FOOTER
    if rows > 0:
        columns = _columns(live, rows) if width >= _WIDE else [_stacked(live, rows)]
        lines += _drawn(columns, live, now, width)
    lines = lines[: max(height - 1, 0)]
    return [*lines, row(width, Cell(f" {footer}", 0, GRAY))][:height]


def _columns(live: Live, rows: int) -> list[list[_Part]]:
    """Two columns: exchanges on the right, all the rest on the left."""
    below = []
    if live.devices or live.functions:
        below.append(_Part(1 + max(2, rows // 8), _devices))
    if live.faults:
        below.append(_Part(1 + min(max(2, len(live.faults)), max(2, rows // 3)), _faults))
    below.append(_Part(1 + max(2, rows // 5), _notes))
    while below and sum(part.rows for part in below) > rows - _LEAST:
        below.pop()
    left = rows - sum(part.rows for part in below)
    return [[_Part(left, _connections), *below], [_Part(rows, _exchanges)]]


def _stacked(live: Live, rows: int) -> list[_Part]:
    """One column; where there is no room for all, what comes last gives way."""
    connections = _Part(1 + max(3, rows // 5), _connections)
    below = []
    if live.faults:
        below.append(_Part(1 + min(max(1, len(live.faults)), max(2, rows // 6)), _faults))
    if live.devices or live.functions:
        below.append(_Part(1 + max(1, rows // 12), _devices))
    below.append(_Part(1 + max(2, rows // 8), _notes))
    while below and connections.rows + sum(part.rows for part in below) > rows - _LEAST:
        below.pop()
    if connections.rows > rows - _LEAST:
        return [_Part(rows, _exchanges)]
    left = rows - connections.rows - sum(part.rows for part in below)
    return [connections, _Part(left, _exchanges), *below]


def _drawn(columns: list[list[_Part]], live: Live, now: float, width: int) -> list[Line]:
    """The sections, those of each column one below the other."""
    if len(columns) == 1:
        return _pile(columns[0], live, now, width)
    half = (width - 3) // 2
    left = _pile(columns[0], live, now, half)
    right = _pile(columns[1], live, now, width - 3 - half)
    return [(*one, (" │ ", GRAY), *other) for one, other in zip(left, right, strict=True)]


def _pile(parts: list[_Part], live: Live, now: float, width: int) -> list[Line]:
    lines: list[Line] = []
    for part in parts:
        drawn = part.draw(live, now, width, part.rows)
        lines += [*drawn, *(row(width) for _ in range(part.rows - len(drawn)))]
    return lines


def _header(live: Live, facts: Facts, now: float, width: int) -> list[Line]:
    up = f" up {duration_text(now)} "
    title = f" spdm-responder  {facts.name}  {facts.description}"
    spark = live.rate.history(now, min(max(width - 60, 5), 60))
    traffic = [
        Cell(f" {counted(live.requests, 'request')}", 20, STRONG),
        Cell(f"{live.rate.per_second(now):,.1f}/s", 9, right=True),
        Cell(bars(spark), len(spark), NOTABLE),
        Cell(counted(live.errors, "error"), 13, BAD if live.errors else GRAY, right=True),
        Cell(f"{live.lost.total():,} lost", 11, BAD if live.lost else GRAY, right=True),
    ]
    return [
        row(width, Cell(fitted(title, width - len(up)) + up, 0, TITLE)),
        row(width, Cell(f" {facts.listeners}", 0, NOTABLE)),
        row(width, Cell(f" {facts.device}", 0, GRAY)),
        row(width, *traffic),
    ]


def _latest(items: Iterable[T], count: int) -> list[T]:
    """The last ``count`` of them, in their order."""
    return list(items)[-count:] if count > 0 else []


def _connections(live: Live, now: float, width: int, rows: int) -> list[Line]:
    count = len(live.connections)
    more = f"{count:,} open, {live.arrived:,} so far"
    lines = [rule(width, "Connections", more)]
    if rows > _LEAST + 2:
        head = ["#", "peer", "SPDM", "phase", "asked", "errors", "quiet", "sessions"]
        lines.append(_connection_row(width, head, [GRAY] * len(head)))
    # Those that are open keep their places; what room is left shows who has left.
    opened = _latest(live.connections.values(), rows - len(lines))
    lines += [_open_row(one, now, width) for one in opened]
    ended = _latest(live.ended, rows - len(lines))
    return lines + [_ended_row(one, width) for one in reversed(ended)]


def _open_row(one: Connection, now: float, width: int) -> Line:
    room = max(width - 70, 8)
    texts = [
        f"#{one.ordinal}",
        one.peer,
        one.version,
        _PHASES.get(one.phase, one.phase.lower()),
        f"{one.requests:,}",
        f"{one.errors:,}",
        span_text(now - one.active),
        _sessions_text(list(one.sessions.values()), room),
    ]
    styles = ["", "", "", "", "", "", GRAY, NOTABLE]
    styles[3] = GOOD if one.phase == "AUTHENTICATED" else ""
    styles[5] = BAD if one.errors else GRAY
    return _connection_row(width, texts, styles)


def _connection_row(width: int, texts: Sequence[str], styles: Sequence[str]) -> Line:
    widths = (6, 21, 4, 13, 6, 6, 6, 0)
    right = (True, False, False, False, True, True, True, False)
    return row(width, *map(Cell, texts, widths, styles, right))


def _ended_row(one: Connection, width: int) -> Line:
    texts = (f"#{one.ordinal}", one.peer, f"left: {one.left}")
    return row(width, *map(Cell, texts, (6, 21, 0), [GRAY] * 3, (True, False, False)))


def _sessions_text(sessions: Sequence[Session], room: int) -> str:
    """Kind and id of each, or what of that there is room for."""
    kinds = [one.kind if one.established else f"{one.kind} opens" for one in sessions]
    ids = (f"{kind} {one.session_id:08x}" for kind, one in zip(kinds, sessions, strict=True))
    for text in (", ".join(ids), ", ".join(kinds)):
        if len(text) <= room:
            return text
    return counted(len(sessions), "session")


def _exchanges(live: Live, now: float, width: int, rows: int) -> list[Line]:
    del now
    lines = [rule(width, "Exchanges", "s in a session, ! error, * fault")]
    if rows > _LEAST + 2:
        cells = ("time", "#", "request", "bytes", "", "response", "bytes", "")
        lines.append(row(width, *_exchange_cells(width, cells, [GRAY] * len(cells))))
    latest = _latest(live.exchanges, rows - len(lines))
    return lines + [_exchange_row(one, width) for one in latest]


def _exchange_row(one: Exchange, width: int) -> Line:
    texts = [
        seconds_text(one.time),
        f"#{one.connection}",
        one.request or "(unasked)",
        f"{one.request_size:,}" if one.request else "",
        "s" if one.secured else "",
        one.response,
        f"{one.response_size:,}" if one.response else "",
        "",
    ]
    styles = [GRAY, GRAY, "", GRAY, NOTABLE, "", GRAY, STRUCK]
    cells = _exchange_cells(width, texts, styles)
    faults = f"* {', '.join(one.faults)}" if one.faults else ""
    if not one.error:
        return row(width, *cells[:-1], Cell(faults, 0, STRUCK))
    wrong = f"! {one.error}"
    if faults:
        return row(
            width, *cells[:5], Cell(wrong, cells[5].width, BAD), cells[6], Cell(faults, 0, STRUCK)
        )
    text = f"{wrong}, {one.response_size:,} B: {one.reason}"
    return row(width, *cells[:5], Cell(text, 0, BAD))


def _exchange_cells(width: int, texts: Sequence[str], styles: Sequence[str]) -> list[Cell]:
    more = min(max(width - 80, 0) // 4, 10)
    widths = (9, 5, 20 + more, 5, 1, 18 + more, 5, 0)
    right = (True, True, False, True, False, False, True, False)
    return list(map(Cell, texts, widths, styles, right))


def _devices(live: Live, now: float, width: int, rows: int) -> list[Line]:
    del now
    lines = [rule(width, "Devices", counted(live.functions, "function"))]
    for key, functions in _latest(live.devices.items(), rows - 1):
        cells = [Cell(f" {key}", max(6, len(key) + 1))]
        for number, state in functions.items():
            word, style = _STATES.get(state, (state.lower(), ""))
            cells += [Cell(str(number), 3, GRAY, right=True), Cell(word, 8, style)]
        lines.append(row(width, *cells))
    return lines


def _faults(live: Live, now: float, width: int, rows: int) -> list[Line]:
    struck = [one for one in live.faults.items() if one[1].count]
    more = f"{len(struck)} of {len(live.faults)} struck"
    lines = [rule(width, "Faults in force", more)]
    # Where there is no room for all, those that struck come first; each group keeps its order.
    shown = list(live.faults.items())
    if len(shown) > rows - 1:
        shown = [*struck, *(one for one in shown if not one[1].count)][: rows - 1]
    for fault, strikes in shown:
        times = f"{strikes.count:,} x" if strikes.count else "not yet"
        ago = span_text(now - strikes.time) if strikes.count else ""
        style = STRUCK if strikes.count else GRAY
        cells = (
            Cell(f" {fault}", 30 if width < _ROOMY else 36, style),
            Cell(times, 8, style, right=True),
            Cell(ago, 7, GRAY, right=True),
            Cell(strikes.what),
        )
        lines.append(row(width, *cells))
    return lines


def _notes(live: Live, now: float, width: int, rows: int) -> list[Line]:
    del now
    lines = [rule(width, "Events")]
    for note in _latest(live.notes, rows - 1):
        where = f"#{note.connection}" if note.connection else ""
        cells = (
            Cell(seconds_text(note.time), 9, GRAY, right=True),
            Cell(where, 5, GRAY, right=True),
            Cell(note.text, 0, _LEVELS[note.level]),
        )
        lines.append(row(width, *cells))
    return lines
