"""Writes nested tables as TOML, for people to read; Python's ``tomllib`` only reads."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MAX_WIDTH = 100


def toml_text(data: Mapping[str, Any], *, empty: bool = False) -> str:
    """The document; ``None`` is left out, as TOML has no word for nothing.

    Args:
        data: nested tables.
        empty: tables with nothing in them are written too, as some say something by being there.
    """
    return "\n".join(_table("", data, empty=empty)).strip() + "\n"


def fault_lines(table: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a fault as profiles write it: a key in each, and steps as tables."""
    yield "[[fault]]"
    steps: Sequence[Mapping[str, Any]] = ()
    for key, value in table.items():
        if key == "step":
            steps = value
        else:
            yield f"{key} = {toml_value(value)}"
    for step in steps:
        yield from ("", "[[fault.step]]")
        yield from (f"{key} = {toml_value(value)}" for key, value in step.items())


def _table(path: str, data: Mapping[str, Any], *, empty: bool) -> Iterator[str]:
    below: list[tuple[str, Any]] = []
    for key, value in data.items():
        if isinstance(value, Mapping) or _is_table_list(value):
            below.append((key, value))
        elif value is not None:
            yield _assignment(key, value)
    for key, value in below:
        inner = f"{path}.{_key(key)}".lstrip(".")
        if isinstance(value, Mapping):
            if value or empty:
                yield from ("", f"[{inner}]", *_table(inner, value, empty=empty))
            continue
        for element in value:
            yield from ("", f"[[{inner}]]", *_table(inner, element, empty=empty))


def _assignment(key: str, value: Any) -> str:
    line = f"{_key(key)} = {toml_value(value)}"
    if isinstance(value, list) and len(line) > _MAX_WIDTH:
        elements = "".join(f"  {toml_value(element)},\n" for element in value)
        return f"{_key(key)} = [\n{elements}]"
    return line


def _is_table_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def toml_value(value: Any) -> str:
    """A value, a list of them, or an inline table."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return json.dumps(value, ensure_ascii=False)
