"""A fault as a table of TOML: what is not said is as it is without being said."""

from collections.abc import Mapping
from typing import Any

import msgspec

from responder.faults.edits import Action
from responder.faults.rule import FaultSpec

Table = dict[str, Any]
_FIRST = (
    "id", "extends", "description", "duty", "allows", "basis", "source", "importance", "setting",
    "surfaces",
)  # fmt: skip
"""What a fault is comes before where it strikes, and what it does comes last."""
_LAST = ("step", "action")


def written(fault: FaultSpec) -> Table:
    """The ``[[fault]]`` table of a fault; ``faults.cases.cases`` reads the same fault from it."""
    return _ordered({key: _value(value) for key, value in _given(fault)})


def _ordered(table: Table) -> Table:
    first = {key: table[key] for key in _FIRST if key in table}
    last = {key: table[key] for key in _LAST if key in table}
    return {**first, **{key: table[key] for key in table if key not in last}, **last}


def _given(struct: msgspec.Struct) -> list[tuple[str, Any]]:
    """The keys whose values are not those that they have anyway."""
    found = []
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        made = field.default_factory
        usual = field.default if made is msgspec.NODEFAULT else made()
        if field.required or value != usual:
            found.append((field.encode_name, value))
    return found


def _value(value: Any) -> Any:
    if isinstance(value, Action):
        tag = str(value.__struct_config__.tag)
        return {"do": tag, **{key: _value(one) for key, one in _given(value)}}
    if isinstance(value, msgspec.Struct):
        return _ordered({key: _value(one) for key, one in _given(value)})
    if isinstance(value, Mapping):
        return {key: _value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_value(one) for one in value]
    return value
