"""``KEY=VALUE``: changes to a profile on a command line, or by whoever steers a server."""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from responder.errors import ConfigError

_WORD = re.compile(r"[A-Za-z_][\w.+/:-]*")
"""A value of this form is text, though TOML would want quotes; not ``true`` and ``inf``."""


def parse_overrides(texts: Sequence[str], where: str = "--set") -> dict[str, Any]:
    """The tables that overrides of a profile mean; of the same key the last one counts.

    Args:
        texts: each a dotted key, ``=``, and a value as in TOML; a bare word is text.
        where: what they were given with, for errors.

    Raises:
        ConfigError: one of them has no key or no value, or sets a table and a value of one name.
    """
    overrides: dict[str, Any] = {}
    for text in texts:
        keys, value = parse_override(text, where)
        table = overrides
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{text!r}: {key} has a value already", where=where)
        table[keys[-1]] = value
    return overrides


def parse_override(text: str, where: str = "--set") -> tuple[list[str], Any]:
    """The key of one override, step by step, and its value.

    Raises:
        ConfigError: as ``parse_overrides``.
    """
    key, equals, value = text.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise ConfigError(f"{text!r} is not KEY=VALUE, such as spdm.ct_exponent=12", where=where)
    return parse_key(key.strip(), text, where), _value(value.strip(), text, where)


def parse_key(key: str, text: str, where: str = "--set") -> list[str]:
    """The steps of a dotted key; ``text`` is what it was found in.

    Raises:
        ConfigError: it is no key of TOML, or none that can be changed.
    """
    try:
        inner: Any = tomllib.loads("" if "\n" in key else f"{key} = 0")
    except tomllib.TOMLDecodeError:
        inner = {}
    if not inner:
        raise ConfigError(f"{text!r}: {key!r} is no key of TOML", where=where)
    if "extends" in inner:
        raise ConfigError(f"what to extend is said by PROFILE, not by {where}", where=where)
    keys = []
    while isinstance(inner, dict):
        ((name, inner),) = inner.items()
        keys.append(name)
    return keys


def _value(value: str, text: str, where: str) -> Any:
    try:
        document = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        document = {"value": value} if _WORD.fullmatch(value) else {}
    if list(document) != ["value"]:
        reason = f"{text!r}: {value!r} is no value of TOML; text with spaces goes in quotes"
        raise ConfigError(reason, where=where)
    return document["value"]
