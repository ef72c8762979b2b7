"""Example messages, one file each: ``<MESSAGE>/<name>.hex``.

The first line is a comment that says in which context the message is read, the second where it
comes from; the rest is the message in hexadecimal. Files named ``bad-*`` must be refused.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from responder.wire.context import WireContext
from responder.wire.fields import Rest
from responder.wire.message import Record, wire_fields

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """One example message.

    Attributes:
        name: its file below this folder.
        message: the name of the message, which is its folder.
    """

    name: str
    message: str
    data: bytes
    context: WireContext
    bad: bool


@cache
def examples() -> tuple[Example, ...]:
    """All examples, good and bad."""
    return tuple(_read(file) for file in sorted(HERE.glob("*/*.hex")))


def good_examples() -> list[Example]:
    """The examples that parse."""
    return [example for example in examples() if not example.bad]


def open_ended(message: type[Record]) -> bool:
    """Whether the last field is all that is left: no length says where it ends."""
    return isinstance(list(wire_fields(message).values())[-1].construct, Rest)


def _read(file: Path) -> Example:
    context, _, *lines = file.read_text().splitlines()
    return Example(
        name=f"{file.parent.name}/{file.stem}",
        message=file.parent.name,
        data=bytes.fromhex("".join(lines)),
        context=_context(context.removeprefix("# ").split()),
        bad=file.name.startswith("bad-"),
    )


def _context(words: list[str]) -> WireContext:
    """``version=12 hash_size=48 signed``: numbers by name, and the flags that are set."""
    values: dict[str, int | bool] = {}
    for word in words:
        name, _, number = word.partition("=")
        base = 16 if name == "version" else 10
        values[name] = int(number, base) if number else True
    return WireContext(**values)
