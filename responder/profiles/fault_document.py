"""The JSON Schema of a ``[[fault]]`` table, and its actions as tables for people."""

from collections.abc import Iterator
from typing import Any

import msgspec

from responder.faults.domains import DOMAINS, describe_domain
from responder.faults.edits import Edit, Resize
from responder.faults.rule import ACTIONS, FaultSpec, Range, Rule
from responder.profiles.docstrings import documented
from responder.profiles.toml_text import toml_value

_PLACEHOLDER = "Placeholder"
_DEMANDED = ("id", "description", "duty", "basis", "source")
_OPENED = frozenset({"integer", "number", "boolean"})
"""Types whose value a variable of ``each`` may stand for; a text may hold it anyway."""


def fault_definitions() -> dict[str, Any]:
    """The definitions of a JSON Schema in which ``FaultSpec`` is one fault.

    Numbers, words and flags may also be ``{name}``, a variable of ``each``. A fault that extends
    another needs nothing but what it changes.
    """
    definitions: dict[str, Any] = msgspec.json.schema(FaultSpec)["$defs"]
    classes: tuple[type[msgspec.Struct], ...] = (FaultSpec, Rule, Range, *ACTIONS)
    for cls in classes:
        definition = definitions[cls.__name__]
        describe_keys(definition, cls)
        if cls is not Range:
            definition["properties"] = {
                name: prop if name in {"do", "each"} else _opened(prop)
                for name, prop in definition["properties"].items()
            }
    fault = definitions[FaultSpec.__name__]
    fault.pop("required")
    fault["if"] = {"not": {"required": ["extends"]}}
    fault["then"] = {
        "required": list(_DEMANDED),
        "anyOf": [{"required": ["hook", "action"]}, {"required": ["step"]}],
    }
    definitions[_PLACEHOLDER] = {
        "title": _PLACEHOLDER,
        "description": "A variable of `each`, in braces: its value in each case.",
        "type": "string",
        "pattern": "^\\{[^{}]+\\}$",
    }
    return definitions


def describe_keys(definition: dict[str, Any], cls: Any) -> None:
    """Put what the docstring of a class says into its JSON Schema."""
    told = documented(cls)
    definition["description"] = told.summary
    for name, prop in definition["properties"].items():
        if name in told.keys:
            prop["description"] = told.keys[name]


def _opened(prop: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema that also lets a variable stand in the place of a value."""
    prop = dict(prop)
    if "items" in prop:
        return {**prop, "items": _opened(prop["items"])}
    kept: dict[str, Any] = {key: prop.pop(key) for key in ("description", "default") if key in prop}
    choices = [one for one in prop.get("anyOf", [prop]) if one.get("type") != "null"]
    if all("$ref" in one for one in choices):
        return {**prop, **kept}
    if any(_is_text(one) for one in choices) or not any(_is_typed(one) for one in choices):
        return {**kept, **({"anyOf": choices} if len(choices) > 1 else choices[0])}
    return {**kept, "anyOf": [*choices, {"$ref": f"#/$defs/{_PLACEHOLDER}"}]}


def _is_text(prop: dict[str, Any]) -> bool:
    return prop.get("type") == "string" and "enum" not in prop


def _is_typed(prop: dict[str, Any]) -> bool:
    return "enum" in prop or prop.get("type") in _OPENED


def edit_rows() -> Iterator[list[str]]:
    """The actions on bytes: name, what it does, keys of its own."""
    common = {*Resize.__struct_fields__, *Edit.__struct_fields__}
    for cls in ACTIONS:
        if issubclass(cls, Edit):
            follows = " Lengths follow." if issubclass(cls, Resize) else ""
            summary = documented(cls).summary + follows
            yield [f"`{action_name(cls)}`", summary, _keys_text(cls, common)]


def other_rows() -> Iterator[list[str]]:
    """The other actions: name, hooks, what it does, keys."""
    for cls in ACTIONS:
        if not issubclass(cls, Edit):
            places, _, does = documented(cls).summary.partition(": ")
            does = does[:1].upper() + does[1:]
            yield [
                f"`{action_name(cls)}`",
                places.removeprefix("At "),
                does,
                _keys_text(cls, set()),
            ]


def common_rows() -> Iterator[list[str]]:
    """The keys that the actions on bytes share."""
    for name, text in documented(Resize).keys.items():
        yield [f"`{name}`", text]


def condition_rows() -> Iterator[list[str]]:
    """The keys of a rule."""
    for name, text in documented(Rule).keys.items():
        yield [f"`{name}`", text]


def domain_rows() -> Iterator[list[str]]:
    """The domains that a variable may run over."""
    for name in DOMAINS:
        yield [f"`{name}`", describe_domain(name)]


def action_name(cls: Any) -> str:
    """The word that ``do`` has for an action."""
    return str(cls.__struct_config__.tag)


def _keys_text(cls: Any, common: set[str]) -> str:
    told = documented(cls).keys
    fields = [one for one in msgspec.structs.fields(cls) if one.encode_name not in common]
    return "<br>".join(f"{_key_text(one)}: {told[one.encode_name]}" for one in fields)


def _key_text(field: Any) -> str:
    default = field.default
    if field.required or default is None or default in {"", msgspec.NODEFAULT}:
        return f"`{field.encode_name}`"
    return f"`{field.encode_name}` (`{toml_value(default)}`)"
