"""Rows of the live view: cells of a fixed width, colours, and numbers for people."""

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

Line = tuple[tuple[str, str], ...]
"""Texts with the style of each, in rich's words; side by side they are a line."""

GRAY, GOOD, BAD, WARNING, STRUCK, NOTABLE = (
    *("color(243)", "color(28)", "color(160)", "color(130)", "color(163)", "color(30)"),
)
"""Each can be told from a white background as well as from a black one."""
STRONG, TITLE = "bold", "bold reverse"
_BARS = " ▁▂▃▄▅▆▇█"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MOST_FRACTIONS = 100_000


class Cell(NamedTuple):
    """Part of a row; ``width`` 0 is what the cells before have left of it."""

    text: str
    width: int = 0
    style: str = ""
    right: bool = False


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly ``width`` columns; if it is too long, it ends with an ellipsis."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    return " " * (width - size) + text if right else text + " " * (width - size)


def row(width: int, *cells: Cell) -> Line:
    """The cells side by side, with a space between them, in exactly ``width`` columns."""
    parts, left = [], width
    for cell in cells:
        room = min(cell.width or left, left)
        left -= room
        between = " " if left else ""
        left -= len(between)
        text = fitted(cell.text, room, right=cell.right)
        parts += [(text, cell.style), (between, "")]
    return (*parts, (" " * left, ""))


def rule(width: int, title: str, more: str = "") -> Line:
    """A line that begins a section, with a few words about it at its end."""
    room = width - len(title) - 4
    if room < 0:
        return row(width, Cell(title, 0, STRONG))
    tail = f" {more} ──" if more else ""
    if len(tail) >= room:
        tail = ""
    return (("── ", GRAY), (title, STRONG), (f" {'─' * (room - len(tail))}{tail}", GRAY))


def bars(counts: list[int]) -> str:
    """A character for each count, the higher the more."""
    most = max([1, *counts])
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in counts)


def seconds_text(seconds: float) -> str:
    """A time since the start, in seconds; at most 9 characters for the first months."""
    return f"{seconds:.3f}" if seconds < _MOST_FRACTIONS else f"{seconds:.1f}"


def span_text(seconds: float) -> str:
    """How long something is ago: whole units, so that it does not change all the time."""
    if seconds < 1:
        return "now"
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def duration_text(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def counted(count: int, what: str) -> str:
    """The count and what is counted, in the plural but for one."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
