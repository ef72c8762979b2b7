"""The page of the control socket: each command with its arguments, and what it answers."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from fault_docs import table

from responder.profiles.docstrings import documented
from responder.profiles.document import value_text
from responder.profiles.toml_text import toml_value
from responder.server.control.arguments import ARGUMENTS
from responder.server.control.commands import HANDLERS
from responder.server.control.errors import ERRORS
from responder.server.control.results import Nothing

_HEAD = """# The control socket

[control.md](../control.md) says how it is used; `query-commands` gives the schema of all arguments.

## Errors

"""


def control() -> str:
    """The page."""
    errors = table(["`class`", "Meaning"], [[f"`{name}`", text] for name, text in ERRORS.items()])
    commands = "\n".join(_command(name) for name in ARGUMENTS)
    answers = "\n".join(_answer(cls) for cls in _answers())
    return f"{_HEAD}{errors}\n## Commands\n\n{commands}\n## Answers\n\n{answers}"


def _command(name: str) -> str:
    cls = ARGUMENTS[name]
    told = documented(cls)
    rows = [
        [f"`{key}`", _value(cls, key), _default(field), told.keys[key]]
        for key, field in _fields(cls).items()
    ]
    text = f"### {name}\n\n{told.summary}\n\n"
    if rows:
        text += table(["Argument", "Value", "Default", "Meaning"], rows) + "\n"
    gives = HANDLERS[name].gives if name in HANDLERS else Nothing
    return f"{text}Answers with {_link(gives)}.\n"


def _answer(cls: Any) -> str:
    told = documented(cls)
    rows = [[f"`{key}`", _value(cls, key), told.keys.get(key, "")] for key in _fields(cls)]
    text = f"### {cls.__name__}\n\n{told.summary}\n"
    return text + ("\n" + table(["Key", "Value", "Meaning"], rows) if rows else "")


def _answers() -> list[Any]:
    """All that is answered, each followed by what is in it."""
    found: dict[Any, None] = {}
    for row in HANDLERS.values():
        for cls in _below(row.gives):
            found[cls] = None
    return list(found)


def _below(cls: Any) -> Iterator[Any]:
    yield cls
    for field in _fields(cls).values():
        for inner in get_args(field.type):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from _below(inner)


def _fields(cls: Any) -> dict[str, Any]:
    return {field.encode_name: field for field in msgspec.structs.fields(cls)}


def _value(cls: Any, key: str) -> str:
    (field,) = [field for name, field in _fields(cls).items() if name == key]
    inner = [one for one in get_args(field.type) if isinstance(one, type)]
    if inner and issubclass(inner[0], msgspec.Struct):
        return f"list of {_link(inner[0])}"
    schema = msgspec.json.schema(cls)["$defs"][cls.__name__]["properties"][key]
    return value_text(schema).replace("table", "object")


def _link(cls: Any) -> str:
    return f"[{cls.__name__}](#{cls.__name__.lower()})"


def _default(field: Any) -> str:
    if field.required:
        return "required"
    return "" if field.default in (None, msgspec.NODEFAULT) else f"`{toml_value(field.default)}`"
