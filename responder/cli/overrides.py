"""``--set KEY=VALUE``: changes to a profile on the command line."""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from responder.errors import ConfigError

_WHERE = "--set"
_WORD = re.compile(r"[A-Za-z_][\w.+/:-]*")
"""A value of this form is text, though TOML would want quotes; not ``true`` and ``inf``."""


def parse_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """The tables that overrides of a profile mean; of the same key the last one counts.

    Args:
        texts: each a dotted key, ``=``, and a value as in TOML; a bare word is text.

    Raises:
        ConfigError: one of them has no key or no value, or sets a table and a value of one name.
    """
    overrides: dict[str, Any] = {}
    for text in texts:
        keys, value = _parsed(text)
        table = overrides
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{text!r}: {key} has a value already", where=_WHERE)
        table[keys[-1]] = value
    return overrides


def _parsed(text: str) -> tuple[list[str], Any]:
    key, equals, value = text.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise ConfigError(f"{text!r} is not KEY=VALUE, such as spdm.ct_exponent=12", where=_WHERE)
    return _keys(key.strip(), text), _value(value.strip(), text)


def _keys(key: str, text: str) -> list[str]:
    try:
        inner: Any = tomllib.loads("" if "\n" in key else f"{key} = 0")
    except tomllib.TOMLDecodeError:
        inner = {}
    if not inner:
        raise ConfigError(f"{text!r}: {key!r} is no key of TOML", where=_WHERE)
    if "extends" in inner:
        raise ConfigError("what to extend is said by PROFILE, not by --set", where=_WHERE)
    keys = []
    while isinstance(inner, dict):
        ((name, inner),) = inner.items()
        keys.append(name)
    return keys


def _value(value: str, text: str) -> Any:
    try:
        document = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        document = {"value": value} if _WORD.fullmatch(value) else {}
    if list(document) != ["value"]:
        reason = f"{text!r}: {value!r} is no value of TOML; text with spaces goes in quotes"
        raise ConfigError(reason, where=_WHERE)
    return document["value"]
