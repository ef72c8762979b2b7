"""A fault in words: where it strikes, and what it does there."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from responder.faults.edits import Action
from responder.faults.rule import FaultSpec, Rule
from responder.faults.words import BASES, DUTIES
from responder.profiles.docstrings import documented
from responder.profiles.toml_text import toml_value

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "connection": "when a peer comes or goes",
        "request": "when a request has been read, before it is handled",
        "device": "in the device that a request finds",
        "certificate": "in the certificate chain of a slot",
        "draft": "in the response, before it is signed",
        "pre_sign": "before the signature is made: in its key, context or transcript",
        "post_sign": "in the signature",
        "message": "in the response, as it is sent",
        "frame": "in the transport frame",
        "transition": "when the state is about to change",
        "agree": "when an ephemeral key is drawn",
        "derive": "when a key is derived",
        "encap": "when an encapsulated request is chosen",
        "seal": "before a record is sealed",
        "record": "in the sealed record",
        "register": "at a register access",
    }
)
_SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "exchange": "in an exchange of the mailbox",
        "session": "in a session",
        "connection": "in a connection",
        "device": "on a device",
        "process": "in a process",
    }
)
_EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "listen": "the server begins to listen",
        "accepted": "a transport connection is accepted",
        "opened": "a peer says its first message",
        "closed": "a peer leaves",
    }
)
_TWO = 2


def duty_text(fault: FaultSpec) -> str:
    """What a conforming requester must do, and what else is as good."""
    text = f"{fault.duty}: {DUTIES[fault.duty]}"
    also = ", ".join(fault.allows)
    return f"{text}; as good: {also}" if also else text


def basis_text(basis: str) -> str:
    """Whose word the duty is."""
    return f"{basis}: {BASES[basis]}"


def rule_texts(fault: FaultSpec) -> Iterator[str]:
    """Where the fault strikes and what it does, a line each; steps are numbered."""
    for number, rule in enumerate(fault.rules, 1):
        head = f"step {rule.name or number}: " if fault.step else ""
        yield head + place_text(rule)
        yield from (f"  {text}" for text in map(action_text, rule.action))


def place_text(rule: Rule) -> str:
    """Where a rule strikes, in one line."""
    parts = [f"{PLACES[rule.hook]} ({rule.hook})"]
    for name, words in _CONDITIONS.items():
        value = getattr(rule, name)
        if value != _default(name):
            parts.append(words(value))
    if rule.hook == "connection":
        parts.append(f"when {_EVENTS[rule.event]}")
    parts += _counting(rule)
    return ", ".join(parts)


def action_text(action: Action) -> str:
    """What an action does: its name, the keys that are given, and what its kind does."""
    told = documented(type(action))
    fields = {field.encode_name: field for field in msgspec.structs.fields(type(action))}
    given = [
        f"{name} = {toml_value(getattr(action, name))}"
        for name in told.keys
        if fields[name].required or getattr(action, name) != fields[name].default
    ]
    name = str(type(action).__struct_config__.tag)
    summary = told.summary
    does = summary.partition(": ")[2] if summary.startswith("At `") else summary
    keys = f" ({', '.join(given)})" if given else ""
    return f"{name}{keys}: {does[:1].lower()}{does[1:]}"


def _listed(values: list[Any]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} or {last}" if most else last


def _fields_text(conditions: Mapping[str, Any]) -> str:
    return " and ".join(
        f"{name} is {_listed(value) if isinstance(value, list) else value}"
        for name, value in conditions.items()
    )


_CONDITIONS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "message": lambda names: f"of {_listed(names)}",
        "inside": lambda names: f"that carries {_listed(names)}",
        "session": lambda inside: "inside a session" if inside else "outside of sessions",
        "version": lambda versions: f"in SPDM {_listed(versions)}",
        "algorithm": lambda names: f"with {_listed(names)}",
        "request": lambda fields: f"if in the request {_fields_text(fields)}",
        "response": lambda fields: f"if in the response {_fields_text(fields)}",
        "phase": lambda names: f"to {_listed(names)}",
        "kind": lambda kinds: f"of a frame that carries {_listed(kinds)}",
        "binding": lambda names: f"over {_listed(names)}",
        "space": lambda names: f"of {_listed(names)}",
        "access": lambda access: f"at a {access}",
        "connection": lambda numbers: f"on connection {_listed(numbers)}",
        "after": lambda events: f"after {_listed(events)}",
        "until": lambda events: f"before {_listed(events)}",
        "probability": lambda chance: f"with probability {chance}",
    }
)


def _default(name: str) -> Any:
    field = next(one for one in msgspec.structs.fields(Rule) if one.name == name)
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _counting(rule: Rule) -> Iterator[str]:
    if rule.nth:
        yield f"time {_listed(rule.nth)} {_SCOPES[rule.scope]}"
    if rule.skip:
        yield f"after {rule.skip} that are let pass {_SCOPES[rule.scope]}"
    if rule.times is not None:
        often = {1: "once", _TWO: "twice"}.get(rule.times, f"{rule.times} times")
        yield f"at most {often} {_SCOPES[rule.scope]}"
