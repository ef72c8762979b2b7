"""Arguments that people write in another way than controllers do."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from responder.errors import ConfigError, UnavailableError, system_reason
from responder.profiles.overrides import parse_overrides

_SUFFIX = ".toml"


def with_tables(items: Sequence[str]) -> list[str | dict[str, Any]]:
    """The items, with the [[fault]] tables of a file in the place of its name.

    Raises:
        UsageError: a file has no such tables.
        UnavailableError: it cannot be read.
    """
    found: list[str | dict[str, Any]] = []
    for item in items:
        found += _tables(Path(item)) if item.endswith(_SUFFIX) else [item]
    return found


def slot_content(words: Sequence[str]) -> int | dict[str, Any]:
    """What a slot is to hold: the number of another one, or KEY=VALUE words as a table.

    Raises:
        UsageError: a word is neither.
    """
    if len(words) == 1 and words[0].isdecimal():
        return int(words[0])
    try:
        return parse_overrides(words, "CONTENT")
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


def _tables(path: Path) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnavailableError(f"{path}: {system_reason(error)}") from error
    except ValueError as error:
        raise click.UsageError(f"{path}: {error}") from None
    tables = document.get("fault")
    if not isinstance(tables, list):
        raise click.UsageError(f"{path}: there is no [[fault]] in it")
    return tables
