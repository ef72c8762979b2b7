"""Simpler versions of a fault: fewer steps, actions and conditions, and smaller edits.

Each is a guess: whoever asks tries it. A fault is a table here, as ``faults.written`` makes it.
"""

from collections.abc import Iterator
from typing import Any

from responder.campaign.smaller import fewer, fewer_bits, nearer, sooner

Table = dict[str, Any]
Simpler = tuple[Table, str]
"""A table, and what was done to it."""

_CONDITIONS = (
    "probability", "nth", "skip", "times", "until", "after", "phase", "connection", "scope",
    "response", "request", "algorithm", "version", "binding",
)  # fmt: skip
"""What may go: the fault then strikes where it did, and perhaps elsewhere too."""
_LISTS = ("message", "inside", "purpose", "space", "kind", "version", "algorithm", "after", "until")
"""What may have fewer entries, and not none."""
_PLACES = frozenset(
    {"do", "field", "part", "at", "of", "source", "other", "message", "slot", "index", "name",
     "how", "key", "key_pair", "through", "what", "table", "address", "becomes", "value", "mask",
     "by", "to", "code", "values", "file", "connection", "nth", "type", "subject", "take"}
)  # fmt: skip
"""Keys of actions without which they do something else, and not less."""
_MASKED = frozenset({"xor", "set-bits", "clear-bits"})
_LEAST = {"times": 1, "by": 1, "size": 1, "count": 1, "seconds": 0, "after": 0, "rdt_exponent": 0}
"""The simplest value of numbers that may be made smaller."""
_SIZES = (1, 4, 16, 64)
"""Bytes to cut off or to add, instead of a size to reach."""
_VALUED = frozenset({"set", "extend", "insert", "measure"})
"""Actions whose value may be the word ``zeros``."""
_TEXTS = frozenset({"value", "extended"})


def simpler_faults(fault: Table) -> Iterator[Simpler]:
    """Simpler versions of a fault, the boldest first."""
    if "step" in fault:
        yield from _fewer_steps(fault)
    for number, rule in enumerate(fault.get("step", [fault]), 1):
        where = f"step {number}: " if "step" in fault else ""
        for simpler, text in _simpler_rules(rule):
            yield _with_rule(fault, number - 1, simpler), where + text


def named(fault: Table) -> Table:
    """The fault with a name for each step, since a step's number changes when others go."""
    if "step" not in fault:
        return fault
    steps = [{"name": str(number), **step} for number, step in enumerate(fault["step"], 1)]
    return {**fault, "step": steps}


def without_names(fault: Table) -> Table:
    """The fault without the names of steps that no step speaks of."""
    steps = fault.get("step", [])
    told = {event for step in steps for key in ("after", "until") for event in step.get(key, ())}
    kept = [{k: v for k, v in step.items() if k != "name" or f"step:{v}" in told} for step in steps]
    return {**fault, "step": kept} if steps else fault


def _fewer_steps(fault: Table) -> Iterator[Simpler]:
    steps = fault["step"]
    for kept, gone in fewer(steps):
        text = ", ".join(f"step {steps[number]['name']}" for number in gone)
        if len(kept) > 1:
            yield {**fault, "step": kept}, text
        else:
            (rule,) = kept
            rest = {key: value for key, value in fault.items() if key != "step"}
            yield {**rest, **{k: v for k, v in rule.items() if k != "name"}}, text


def _with_rule(fault: Table, number: int, rule: Table) -> Table:
    if "step" not in fault:
        return rule
    steps = fault["step"]
    return {**fault, "step": [*steps[:number], rule, *steps[number + 1 :]]}


def _simpler_rules(rule: Table) -> Iterator[Simpler]:
    actions = rule["action"]
    for kept, gone in fewer(actions):
        yield {**rule, "action": kept}, "actions: " + ", ".join(actions[n]["do"] for n in gone)
    for key in _CONDITIONS:
        if key in rule:
            yield {k: v for k, v in rule.items() if k != key}, f"the condition {key}"
    for key in _LISTS:
        for kept, gone in fewer(rule.get(key, ())):
            names = ", ".join(str(rule[key][n]) for n in gone)
            yield {**rule, key: kept}, f"{key}: {names}"
    for key in ("request", "response"):
        for name in rule.get(key, ()) if len(rule.get(key, ())) > 1 else ():
            rest = {k: v for k, v in rule[key].items() if k != name}
            yield {**rule, key: rest}, f"the condition {key}.{name}"
    for number, action in enumerate(actions):
        for simpler, text in _simpler_actions(action):
            changed = [*actions[:number], simpler, *actions[number + 1 :]]
            yield {**rule, "action": changed}, f"{action['do']}: {text}"


def _simpler_actions(action: Table) -> Iterator[Simpler]:
    for key in action:
        if key not in _PLACES:
            yield {k: v for k, v in action.items() if k != key}, key
    if action["do"] in _MASKED:
        yield from _smaller_masks(action)
    yield from _smaller_sizes(action)
    for key in sorted(_TEXTS & action.keys()):
        for value in _simpler_values(action[key], zeros=action["do"] in _VALUED):
            yield {**action, key: value}, f"{key} {_short(action[key])} -> {_short(value)}"


def _smaller_masks(action: Table) -> Iterator[Simpler]:
    mask = action["mask"]
    if action["do"] == "xor":
        place = {key: value for key, value in action.items() if key in {"field", "part"}}
        yield {**place, "do": "flip"}, f"mask {_short(mask)} -> one bit"
    if isinstance(mask, int):
        for smaller in fewer_bits(mask):
            yield {**action, "mask": smaller}, f"mask {mask:#x} -> {smaller:#x}"


def _smaller_sizes(action: Table) -> Iterator[Simpler]:
    if action["do"] in {"truncate", "extend"} and "to" in action:
        rest = {key: value for key, value in action.items() if key != "to"}
        for size in _SIZES:
            yield {**rest, "by": size}, f"to {action['to']} -> by {size}"
    for key, least in _LEAST.items():
        value = action.get(key)
        for smaller in _smaller_numbers(value, least):
            yield {**action, key: smaller}, f"{key} {value} -> {smaller}"


def _smaller_numbers(value: Any, least: int) -> Iterator[int | float]:
    if isinstance(value, int):
        yield from nearer(value, least if value > 0 else -least)
    elif isinstance(value, float):
        yield from sooner(value)


def _simpler_values(value: Any, *, zeros: bool) -> Iterator[Any]:
    if isinstance(value, int):
        yield from nearer(value, 0)
    elif isinstance(value, list):
        yield from (kept for kept, _ in fewer(value))
    elif isinstance(value, str):
        if zeros and value != "zeros":
            yield "zeros"
        yield from _shorter_texts(value)


def _shorter_texts(value: str) -> Iterator[str]:
    """Hexadecimal text with zeros for its bytes, and with fewer of them."""
    try:
        data = bytes.fromhex(value)
    except ValueError:
        return
    if any(data):
        yield bytes(len(data)).hex()
    yield from (data[:size].hex() for size in nearer(len(data), 1))


def _short(value: Any) -> str:
    """A value in a few characters."""
    text = hex(value) if isinstance(value, int) else str(value)
    return text if len(text) <= 20 else f"{text[:16]}..."
