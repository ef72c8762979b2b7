"""Turns the words of a profile into values, and complains at the right line."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from responder.errors import suggest
from responder.profiles.source import KeyPath, Source, path_text

Value = TypeVar("Value")


def find(name: str, table: Mapping[str, Value]) -> Value | None:
    """The value of a word, without regard to case."""
    if name in table:
        return table[name]
    lowered = name.lower()
    return next((value for key, value in table.items() if key.lower() == lowered), None)


class Lookup:
    """Looks words of one profile up."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def one(self, path: KeyPath, name: str, table: Mapping[str, Value], what: str) -> Value:
        """The value of the word ``name`` that stands at ``path``.

        Raises:
            ConfigError: ``table`` does not have it.
        """
        value = find(name, table)
        if value is None:
            raise self.source.error(path, f"unknown {what} {name!r}", suggest(name, table))
        return value

    def all(
        self, path: KeyPath, names: Sequence[str], table: Mapping[str, Value], what: str
    ) -> list[Value]:
        """The values of a list of words.

        Raises:
            ConfigError: one of them is unknown, or is there twice.
        """
        values: list[Value] = []
        for position, name in enumerate(names):
            value = self.one((*path, position), name, table, what)
            if value in values:
                raise self.source.error((*path, position), f"{name!r} is there twice")
            values.append(value)
        return values

    def hex(self, path: KeyPath, text: str) -> bytes:
        """Bytes written in hexadecimal, with or without spaces.

        Raises:
            ConfigError: it is not hexadecimal.
        """
        try:
            return bytes.fromhex(text)
        except ValueError as error:
            reason = f"{path_text(path)} is not hexadecimal: {text[:40]!r}"
            raise self.source.error(path, reason) from error
