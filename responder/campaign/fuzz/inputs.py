"""An input of the fuzzer: a few rules, which are one fault that a profile can hold as it is."""

from hashlib import sha256

import msgspec
from msgspec.structs import replace

from responder.faults.rule import FaultSpec, Rule
from responder.faults.written import Table, written

Input = tuple[Rule, ...]
"""The rules, in the order in which they are tried at each hook."""

MAX_RULES = 6
_DIGEST_DIGITS = 12
_KEYS = Rule.__struct_fields__
_UNNAMED = ("do", "field", "value", "by")
"""What an action does, and to what, needs no name."""


def digest_of(rules: Input) -> str:
    """The name of an input: 12 hexadecimal digits, the same for the same rules."""
    return sha256(msgspec.json.encode(rules)).hexdigest()[:_DIGEST_DIGITS]


def fault_of(rules: Input) -> FaultSpec:
    """The fault that an input is.

    What a requester should do about it is not known, but that it must come to an end is: the duty
    is ``bounded``.
    """
    fault = FaultSpec(
        id=f"fuzz.{digest_of(rules)}",
        description="",
        duty="bounded",
        basis="judgement",
        source="campaign fuzz",
        step=list(rules),
    )
    if len(rules) == 1:
        fault = replace(fault, step=[], **{name: getattr(rules[0], name) for name in _KEYS})
    table = written(fault)
    return replace(fault, description=f"{'; '.join(map(_text, table.get('step', [table])))}.")


def input_of(fault: FaultSpec) -> Input:
    """The rules of a fault, each a rule and nothing more."""
    return tuple(Rule(**{name: getattr(rule, name) for name in _KEYS}) for rule in fault.rules)


def _text(rule: Table) -> str:
    """What a rule does, in a few words: ``CERTIFICATE 2: add portion_length 1``."""
    which = f" {'/'.join(map(str, rule['nth']))}" if "nth" in rule else ""
    return f"{' '.join(rule['message'])}{which}: {', '.join(map(_deed, rule['action']))}"


def _deed(action: Table) -> str:
    named = [f"{key} {value}" for key, value in action.items() if key not in _UNNAMED]
    return " ".join([*(str(action[key]) for key in _UNNAMED if key in action), *named])
