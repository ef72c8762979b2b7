"""What the docstrings of declarations say, as data: documents for people are made of it."""

import inspect
import re
from typing import Any

import msgspec

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*)$")
_ATTRIBUTES = "\n\nAttributes:\n"


class Documented(msgspec.Struct, frozen=True):
    """The docstring of a class.

    Attributes:
        summary: the text before its attributes.
        keys: what it says of each attribute; those of the classes above it come last.
    """

    summary: str
    keys: dict[str, str]


def documented(cls: Any) -> Documented:
    """What a class and those above it say of themselves."""
    keys: dict[str, str] = {}
    for one in cls.__mro__:
        for name, text in _keys(_text(one)).items():
            keys.setdefault(name, text)
    summary, _, _ = _text(cls).partition(_ATTRIBUTES)
    return Documented(" ".join(summary.split()), keys)


def _text(cls: Any) -> str:
    return inspect.cleandoc(vars(cls).get("__doc__") or "").replace("``", "`")


def _keys(text: str) -> dict[str, str]:
    _, _, attributes = text.partition(_ATTRIBUTES)
    keys: dict[str, str] = {}
    name = ""
    for line in attributes.splitlines():
        if match := _ATTRIBUTE.match(line):
            name = match[1]
            keys[name] = match[2]
        elif name and line.strip():
            keys[name] += f" {line.strip()}"
    return keys
