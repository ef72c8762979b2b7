"""What numbers mean, for the dissector: the texts that ``describe`` gives, as tables."""

import re
from collections.abc import Callable
from enum import EnumType, IntFlag
from typing import Any

import msgspec

from responder.spec.algorithms import TABLE_ALGORITHMS
from responder.wire.names import key_usage, version_entry
from responder.wire.tdisp import function_id_text

TABULATED_WIDTH = 1
"""Bytes of numbers whose texts a function makes: all of them are tabulated."""
WIDE: dict[Callable[[int], str], str] = {
    version_entry: "version_entry",
    key_usage: "key_usage",
    function_id_text: "function_id_text",
}
"""Functions of wider numbers, and their namesakes in ``runtime``."""


class Shown(msgspec.Struct, frozen=True):
    """How a number is shown; none of these: in decimal.

    Attributes:
        values: the text of each value.
        bits: the name of each bit.
        closed: that a value without a text is unknown, and worth saying so.
        function: the function of ``runtime`` that makes the text.
    """

    values: dict[int, str] = {}
    bits: dict[int, str] = {}
    closed: bool = False
    function: str = ""


def shown(show: Any, width: int) -> Shown:
    """How a field is shown that is declared with ``show``.

    Args:
        show: an enumeration or flags class, a table of algorithms, a function, or ``None``.
        width: bytes of the field.

    Raises:
        ValueError: a function of a number of several bytes is not in ``WIDE``.
    """
    if show is None:
        return Shown()
    if isinstance(show, tuple):
        return Shown(bits={row.bit: row.name for row in show})
    if isinstance(show, EnumType):
        members: dict[str, Any] = dict(show.__members__)
        names = {int(member): name for name, member in members.items()}
        return Shown(bits=names) if issubclass(show, IntFlag) else Shown(names, closed=True)
    if width == TABULATED_WIDTH:
        return Shown({value: show(value) for value in range(1 << 8)})
    if show not in WIDE:
        raise ValueError(f"{show.__name__} has no namesake in the dissector")
    return Shown(function=WIDE[show])


def bits_by_type() -> dict[int, Shown]:
    """How AlgSupported is shown for each AlgType."""
    return {int(kind): shown(table, 0) for kind, table in TABLE_ALGORITHMS.items()}


def slug(name: str) -> str:
    """A name as a part of a display filter."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
