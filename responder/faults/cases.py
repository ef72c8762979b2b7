"""From a fault as it is written to its cases: one for each combination of its variables."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from responder.errors import ConfigError, suggest
from responder.faults.domains import DOMAINS
from responder.faults.rule import FaultSpec, Range

Table = Mapping[str, Any]
"""A fault as TOML has it."""
Chosen = dict[str, int | str]
_MOST_CASES = 10_000


def cases(table: Table) -> list[FaultSpec]:
    """The cases of a fault; a fault without variables is its only one.

    The id of a case is that of the fault and the values of its variables, with colons.

    Raises:
        ValidationError: a key or value is none of a fault's.
        ConfigError: a variable runs over a domain that does not exist, or is not used.
    """
    each = table.get("each") or {}
    if not each:
        return [msgspec.convert(table, FaultSpec)]
    each = msgspec.convert(each, dict[str, list[int | str] | Range | str])
    rest = {key: value for key, value in table.items() if key not in {"each", "without"}}
    without = tuple(f":{case}" for case in msgspec.convert(table.get("without", []), list[str]))
    found: list[FaultSpec] = []
    for chosen in _combinations(each, {}):
        name = ":".join([str(table.get("id", "")), *(_label(value) for value in chosen.values())])
        if without and name.endswith(without):
            continue
        case = {**_filled(rest, chosen), "id": name}
        found.append(msgspec.convert(case, FaultSpec))
        if len(found) > _MOST_CASES:
            raise ConfigError(f"more than {_MOST_CASES} cases")
    if not found:
        raise ConfigError("no case is left")
    return found


def _label(value: int | str) -> str:
    return str(value)


def _combinations(each: Mapping[str, Any], chosen: Chosen) -> Iterator[Chosen]:
    if not each:
        yield chosen
        return
    (name, values), *others = each.items()
    for value in _values(values, chosen):
        yield from _combinations(dict(others), {**chosen, name: value})


def _values(values: Any, chosen: Chosen) -> list[int | str]:
    if isinstance(values, Range):
        numbers = range(values.first, values.last + 1, values.step)
        if len(numbers) > _MOST_CASES:
            raise ConfigError(f"more than {_MOST_CASES} cases")
        return list(numbers)
    if isinstance(values, str):
        if values not in DOMAINS:
            raise ConfigError(f"there is no domain {values!r}", suggestion=suggest(values, DOMAINS))
        return list(DOMAINS[values](chosen))
    return list(values)


def _filled(value: Any, chosen: Chosen) -> Any:
    """``value`` with each ``{name}`` replaced; a text that is nothing else becomes the value."""
    if isinstance(value, Mapping):
        return {key: _filled(one, chosen) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, chosen) for one in value]
    if not isinstance(value, str):
        return value
    for name, choice in chosen.items():
        if value == f"{{{name}}}":
            return choice
        value = value.replace(f"{{{name}}}", str(choice))
    return value
