"""From [[fault]] tables and names of catalogue faults to faults that can strike.

The engine takes what is here as it is: every message, field, version and word is looked up now, and
a mistake is told at its line.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from responder.core.connection import STATE_CHANGES, Phase
from responder.core.hooks import PURPOSES, Access, Agreement, Derivation, Sealing
from responder.core.session import SESSION_CHANGES
from responder.errors import ConfigError, suggest
from responder.faults import actions as act
from responder.faults import device_actions as dev
from responder.faults import edits
from responder.faults.address import AddressError, addresses, check_address
from responder.faults.cases import cases
from responder.faults.catalogue import tables, unknown
from responder.faults.choice import chosen
from responder.faults.controls import AT_ONCE
from responder.faults.edits import Action
from responder.faults.inside import NAMES
from responder.faults.outgoing import error_code
from responder.faults.rule import MAILBOX_EVENTS, OBJECTS, FaultSpec, Rule
from responder.faults.signing import SignatureHalves
from responder.faults.structs import FIELDS
from responder.profiles import names
from responder.profiles.lookup import Lookup
from responder.profiles.source import KeyPath
from responder.spec.algorithms import (
    AEADS,
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEMS,
    MEASUREMENT_HASHES,
    PQC_ASYM,
)
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.frames import LAYERS
from responder.wire.message import Record
from responder.wire.raw import RawMessage
from responder.wire.registry import BY_CODE
from responder.wire.secured import Plaintext, SecuredRecord
from responder.wire.tdisp import InterfaceReport

_MESSAGES = {code.name: int(code) for code in (*RequestCode, *ResponseCode)}
_IN_MAILBOX = frozenset({*OBJECTS, *(code.name for code in RequestCode)})
"""What can be in a mailbox when its registers are accessed."""
_ALGORITHMS = {
    row.name
    for table in (BASE_ASYM, PQC_ASYM, BASE_HASHES, MEASUREMENT_HASHES, DHE_GROUPS, KEMS, AEADS)
    for row in table
}
_PARTS = frozenset(
    {
        *_MESSAGES,
        "certificate chain hash",
        "requester certificate chain hash",
        "encapsulated DIGESTS",
        *(f"{name} signature" for name in ("KEY_EXCHANGE_RSP", "FINISH")),
        *(
            f"{name} verify data"
            for name in (
                "KEY_EXCHANGE_RSP",
                "FINISH",
                "FINISH_RSP",
                "PSK_EXCHANGE_RSP",
                "PSK_FINISH",
            )
        ),
    }
)
"""Parts of transcripts: messages, and what a session's transcript holds besides."""
_PHASES = (*Phase.__members__, *SESSION_CHANGES, *STATE_CHANGES)
_SIGNED = ("CHALLENGE_AUTH", "MEASUREMENTS", "KEY_EXCHANGE_RSP", "ENDPOINT_INFO")
"""Responses that a responder signs."""
_EDITS = edits.Edit
_OUTCOMES = (
    act.Error,
    act.Silence,
    act.Replay,
    act.Answer,
    act.CloseLink,
    act.Reset,
)
_LATER = (act.Delay, act.Hold, act.Speak, act.Again)
"""What becomes of an answer that there is."""
DOES: Mapping[str, tuple[type[Action], ...]] = {
    "connection": (act.CloseLink, act.Write, act.Hang, act.Refuse),
    "request": (_EDITS, act.NotReady, act.Forget, *_OUTCOMES),
    "device": (act.Slot, act.Measure, act.Fill, act.ContentChanged, act.Csr, *AT_ONCE),
    "certificate": (act.Defect,),
    "draft": (_EDITS, act.Error, act.Answer),
    "pre_sign": (_EDITS, act.LeaveOut, act.PutIn, act.DoublePart, act.Sign),
    "post_sign": (_EDITS, act.Forge),
    "message": (_EDITS, act.Carry, act.Chunk, act.Forget, *_OUTCOMES, *_LATER),
    "frame": (
        _EDITS,
        act.Silence,
        act.Delay,
        act.Drip,
        act.Slice,
        act.Again,
        act.Write,
        act.CloseLink,
        act.Hang,
    ),
    "transition": (act.Suppress,),
    "agree": (_EDITS, act.Reuse),
    "derive": (_EDITS, act.LeaveOut, act.PutIn, act.DoublePart),
    "encap": (_EDITS, act.Suppress, act.Answer),
    "seal": (_EDITS, act.Keys),
    "record": (_EDITS, act.Again, act.Silence, act.Replay, act.Answer),
    "register": (_EDITS, act.Suppress, act.SignalInterrupt),
}
"""What can be done at each hook."""
_LEAST_SECONDS = 0.001
"""Of what is said again and again."""
_KEYS = re.compile(r"|issuer|root|attacker|slot:[0-7]")
_HEXADECIMAL: Mapping[str, frozenset[str]] = {
    "value": frozenset({"zeros", "ones", "random"}),
    "mask": frozenset(),
    "extended": frozenset(),
}
"""Keys whose text is hexadecimal, and the words that may stand there instead."""
_WORDS_OF: Mapping[type[Action], frozenset[str]] = {
    edits.Set: frozenset({"zeros", "ones", "random", "shuffled", "reversed"}),
    act.PutIn: frozenset({"last-request", "last-response", "stale", "earlier"}),
    act.Answer: frozenset({"request", "random"}),
    act.Speak: frozenset({"again"}),
    act.Measure: frozenset({"none", "same", "random", "counter", "mode-debug"}),
    act.Write: frozenset(),
    dev.WriteMemory: frozenset(),
}
"""The words of actions that have others."""
_STRUCTS: Mapping[str, type] = {
    "agree": Agreement,
    "derive": Derivation,
    "seal": Sealing,
    "register": Access,
}
_EVENTS = ("sent", "received", "fired", "step", "phase", "mailbox")
_SIGNING = ("context", "version", "base_hash", "scheme")


def build_faults(
    wanted: Sequence[str], written: Sequence[Mapping[str, Any]], lookup: Lookup
) -> list[FaultSpec]:
    """The faults of a profile: those it names, then those it writes itself.

    Raises:
        ConfigError: something in them is unknown or can never strike, or an id is there twice.
    """
    found: list[FaultSpec] = []
    for position, name in enumerate(wanted):
        try:
            found += chosen([name])
        except ConfigError as error:
            raise lookup.source.error(
                ("faults", position), error.reason, error.suggestion
            ) from None
    for position, table in enumerate(written):
        path: KeyPath = ("fault", position)
        for fault in _cases(path, table, lookup):
            if fault.id in [other.id for other in found]:
                raise lookup.source.error((*path, "id"), f"fault {fault.id!r} is there twice")
            check_fault(path, fault, lookup)
            found.append(fault)
    return found


def _cases(path: KeyPath, table: Mapping[str, Any], lookup: Lookup) -> list[FaultSpec]:
    base = table.get("extends")
    if base is not None:
        if not isinstance(base, str) or base not in tables():
            error = unknown(str(base))
            raise lookup.source.error((*path, "extends"), error.reason, error.suggestion)
        table = {**tables()[base], **table}
    try:
        return cases(table)
    except msgspec.ValidationError as error:
        from responder.profiles.explain import explain_table  # noqa: PLC0415 - for mistakes only

        raise explain_table(str(error), path, lookup.source) from None
    except ConfigError as error:
        raise lookup.source.error((*path, "each"), error.reason, error.suggestion) from None


def check_fault(path: KeyPath, fault: FaultSpec, lookup: Lookup) -> None:
    """See that every word of a fault is known, and that it can strike.

    Raises:
        ConfigError: it is not, or cannot.
    """
    if fault.step and (fault.hook or fault.action):
        reason = f"fault {fault.id!r} has steps; hook and action belong into these"
        raise lookup.source.error((*path, "step"), reason)
    for number, rule in enumerate(fault.rules):
        place = (*path, "step", number) if fault.step else path
        _check_rule(place, rule, fault, lookup)


def _check_rule(path: KeyPath, rule: Rule, fault: FaultSpec, lookup: Lookup) -> None:
    if rule.hook is None:
        raise lookup.source.error((*path, "hook"), f"fault {fault.id!r} lacks the key 'hook'")
    if not rule.action:
        raise lookup.source.error((*path, "action"), f"fault {fault.id!r} does nothing")
    at_register = rule.hook == "register"
    messages = _IN_MAILBOX if at_register else _MESSAGES
    _known((*path, "message"), rule.message, messages, "message", lookup)
    _known((*path, "inside"), rule.inside, NAMES, "message inside", lookup)
    _known((*path, "version"), rule.version, names.VERSIONS, "SPDM version", lookup)
    _known((*path, "phase"), rule.phase, _PHASES, "phase", lookup)
    _known((*path, "purpose"), rule.purpose, PURPOSES, "purpose", lookup)
    _known((*path, "algorithm"), rule.algorithm, _ALGORITHMS, "algorithm", lookup)
    _check_events(path, rule, fault, lookup)
    _check_signed(path, rule, lookup)
    if not at_register:
        _check_elsewhere(path, rule, lookup)
        _check_conditions(path, rule, lookup)
    fit = DOES[rule.hook]
    if len({isinstance(action, AT_ONCE) for action in rule.action}) > 1 and rule.hook == "device":
        reason = "a rule changes what a request finds, or the device itself: steps can do both"
        raise lookup.source.error((*path, "action"), reason)
    if len({isinstance(action, _EDITS) for action in rule.action}) > 1 and rule.hook == "request":
        reason = "a request is taken for another one, or not handled: steps can do both"
        raise lookup.source.error((*path, "action"), reason)
    for position, action in enumerate(rule.action):
        here = (*path, "action", position)
        if not isinstance(action, fit):
            reason = f"{_tag(action)!r} does nothing at {rule.hook}"
            raise lookup.source.error(here, reason)
        _check_action(here, rule, action, lookup)


def _check_events(path: KeyPath, rule: Rule, fault: FaultSpec, lookup: Lookup) -> None:
    own = {one.name or str(number) for number, one in enumerate(fault.rules, 1)}
    for key in ("after", "until"):
        for position, event in enumerate(getattr(rule, key)):
            kind, _, name = event.partition(":")
            here = (*path, key, position)
            if kind not in _EVENTS:
                reason = f"{event!r} is no event"
                raise lookup.source.error(here, reason, suggest(kind, _EVENTS))
            if kind in {"sent", "received"} and name not in {*_MESSAGES, *NAMES}:
                known = [*_MESSAGES, *sorted(NAMES)]
                raise lookup.source.error(here, f"unknown message {name!r}", suggest(name, known))
            if kind == "phase" and name not in Phase.__members__:
                reason = f"unknown phase {name!r}"
                raise lookup.source.error(here, reason, suggest(name, Phase.__members__))
            if kind == "mailbox" and (event not in MAILBOX_EVENTS or rule.hook != "register"):
                reason = f"{rule.hook} hears of no event {event!r}"
                raise lookup.source.error(here, reason, suggest(event, MAILBOX_EVENTS))
            if kind == "step" and name not in own:
                raise lookup.source.error(here, f"there is no step {name!r}", suggest(name, own))


def _check_signed(path: KeyPath, rule: Rule, lookup: Lookup) -> None:
    """A rule about signatures that can never strike would let every requester pass."""
    if rule.hook not in {"pre_sign", "post_sign"}:
        return
    for position, name in enumerate(rule.message):
        response = ResponseCode(_MESSAGES[name] & 0x7F).name if _is_request(name) else name
        if response not in _SIGNED:
            reason = f"{name} has no signature, so {rule.hook} never comes"
            raise lookup.source.error((*path, "message", position), reason)


def _check_elsewhere(path: KeyPath, rule: Rule, lookup: Lookup) -> None:
    """Conditions that only accesses to registers meet."""
    about = {
        "space": bool(rule.space),
        "access": rule.access == "write",
        "scope": rule.scope == "exchange",
    }
    for key, given in about.items():
        if given:
            reason = f"{key} is for accesses to registers, and {rule.hook} sees none"
            raise lookup.source.error((*path, key), reason)


def _check_conditions(path: KeyPath, rule: Rule, lookup: Lookup) -> None:
    requests = [_class(name) for name in rule.message if _is_request(name)]
    responses = [_class(name) for name in rule.message if not _is_request(name)]
    answered = [
        _class(RequestCode(_MESSAGES[n] | 0x80).name)
        for n in rule.message
        if not _is_request(n) and _MESSAGES[n] | 0x80 in set(RequestCode)
    ]
    for name in rule.request:
        _check_address((*path, "request", name), name, requests or answered, lookup)
    for name in rule.response:
        _check_address((*path, "response", name), name, responses, lookup)


def _check_action(path: KeyPath, rule: Rule, action: Action, lookup: Lookup) -> None:
    if isinstance(action, act.Refuse) != (rule.hook == "connection" and rule.event == "listen"):
        raise lookup.source.error(path, f"{_tag(action)!r} does nothing at event {rule.event!r}")
    if isinstance(action, act.Error):
        try:
            error_code(action.code)
        except ConfigError as error:
            raise lookup.source.error((*path, "code"), error.reason) from None
    _check_values(path, rule, action, lookup)
    if isinstance(action, act.Defect):
        _check_word(path, "name", action.name, "defect", lookup)
    if isinstance(action, act.Forge):
        _check_word(path, "how", action.how, "forgery", lookup)
    if isinstance(action, act.LeaveOut | act.DoublePart):
        wanted = [part for part in action.part if part != "*"]
        _known((*path, "part"), wanted, _PARTS, "message", lookup)
    if isinstance(action, dev.Switch):
        _check_switch(path, action, lookup)
    if isinstance(action, edits.Edit):
        _check_edit(path, rule, action, lookup)


def _check_values(path: KeyPath, rule: Rule, action: Action, lookup: Lookup) -> None:
    """Hexadecimal text, keys, versions and files, which are only used when the fault strikes."""
    for key, usual in _HEXADECIMAL.items():
        text = getattr(action, key, None)
        words = _WORDS_OF.get(type(action), usual)
        if isinstance(text, str) and text not in words and not _names_value(rule, action, key):
            lookup.hex((*path, key), text)
    if isinstance(action, act.Speak) and 0 < action.seconds < _LEAST_SECONDS:
        reason = f"seconds are 0, or at least {_LEAST_SECONDS}"
        raise lookup.source.error((*path, "seconds"), reason)
    if isinstance(action, act.Sign) and not _KEYS.fullmatch(action.key):
        reason = (
            f"there is no key {action.key!r}; keys are slot:0 to slot:7, issuer, root, attacker"
        )
        raise lookup.source.error((*path, "key"), reason)
    if isinstance(action, act.Replay) and action.file:
        file = lookup.source.file((*path, "file"), action.file)
        if not file.is_file():
            raise lookup.source.error((*path, "file"), f"no such file: {file}")
        if action.message or action.connection != "this":
            reason = "a file is replayed as it is: message and connection do not matter"
            raise lookup.source.error((*path, "file"), reason)


def _names_value(rule: Rule, action: Action, key: str) -> bool:
    """Whether a value is the name of something: a field of a signature is set to text."""
    return (
        key == "value"
        and isinstance(action, edits.Set)
        and not action.part
        and (rule.hook in {"pre_sign", "derive", "seal"})
    )


def _check_edit(path: KeyPath, rule: Rule, action: edits.Edit, lookup: Lookup) -> None:
    classes = _classes(path, rule, action, lookup)
    for key in ("field", "other", "at"):
        address = getattr(action, key, "")
        if not isinstance(address, str) or not address:
            continue
        if rule.hook == "frame":
            layer, _, rest = address.partition(".")
            record = lookup.one((*path, key), layer, LAYERS, "layer")
            _check_address((*path, key), rest, [record], lookup)
        elif rule.hook == "pre_sign" and not action.part:
            lookup.one((*path, key), address, dict.fromkeys(_SIGNING, 1), "field of a signature")
        elif rule.hook in _STRUCTS and not action.part:
            _check_struct((*path, key), address, _STRUCTS[rule.hook], lookup)
        else:
            _check_address((*path, key), address, classes, lookup)
    if isinstance(action, edits.Copy) and action.of in {"request", "earlier"} and action.message:
        wanted = [action.message] if isinstance(action.message, str) else action.message
        _known((*path, "message"), wanted, _MESSAGES, "message", lookup)


def _check_switch(path: KeyPath, action: dev.Switch, lookup: Lookup) -> None:
    """Each switch is one of the table, with a value that it can have."""
    from responder.device.pcie.controls import TABLES  # noqa: PLC0415 - only if it is asked for

    kind = TABLES[action.table]
    for name, value in action.values.items():
        here = (*path, "values", name)
        lookup.one(
            here, name, dict.fromkeys(kind.__struct_fields__, 1), f"switch of {action.table}"
        )
        try:
            msgspec.convert({name: value}, kind)
        except msgspec.ValidationError as error:
            raise lookup.source.error(here, f"{action.table}.{name}: {error}") from None


def _check_struct(path: KeyPath, address: str, struct: type, lookup: Lookup) -> None:
    field, dot, inside = address.partition(".")
    lookup.one(path, field, dict.fromkeys(FIELDS[struct], 1), f"field of a {struct.__name__}")
    if dot:
        _check_address(path, inside, [Plaintext] if field == "plaintext" else [RawMessage], lookup)


def _classes(path: KeyPath, rule: Rule, action: edits.Edit, lookup: Lookup) -> list[type[Record]]:
    """What an edit can meet at its hook."""
    if rule.hook == "post_sign":
        return [SignatureHalves]
    if rule.hook == "record":
        return [SecuredRecord]
    if rule.hook == "device":
        lookup.one((*path, "part"), action.part, {"report": 1}, "part of a device")
        return [InterfaceReport]
    if action.part and action.part != "*":
        _known((*path, "part"), [action.part], _PARTS, "message", lookup)
        return [_class(action.part)] if action.part in _MESSAGES else [RawMessage]
    if rule.hook in {"request", "encap"}:
        asked = [_class(name) for name in rule.message if _is_request(name)]
        return asked or ([RawMessage] if rule.hook == "encap" else _requests())
    responses = [name for name in rule.message if not _is_request(name)]
    return [_class(name) for name in responses] or [
        kind for code, kind in BY_CODE.items() if code < 0x80 or action.part
    ]


def _check_address(
    path: KeyPath, address: str, classes: Iterable[type[Record]], lookup: Lookup
) -> None:
    """At least one of the classes must have the address."""
    errors = []
    candidates = list(classes)
    for record in candidates:
        try:
            check_address(record, address)
        except AddressError as error:
            errors.append(error)
        else:
            return
    if errors:
        known = {one for record in candidates for one in addresses(record)}
        near = suggest(address, known) or suggest(errors[0].name, errors[0].known)
        raise lookup.source.error(path, str(errors[0]), near)


def _check_word(path: KeyPath, key: str, word: str, what: str, lookup: Lookup) -> None:
    from responder.crypto.forgery import FORGERIES  # noqa: PLC0415 - only if it is asked for
    from responder.pki.defects import DEFECTS  # noqa: PLC0415 - X.509 is heavy

    known = set(DEFECTS if what == "defect" else FORGERIES)
    if word not in known:
        reason = f"there is no {what} {word!r}"
        raise lookup.source.error((*path, key), reason, suggest(word, known))


def _known(
    path: KeyPath, words: Sequence[str], table: Iterable[str], what: str, lookup: Lookup
) -> None:
    """The words must be there exactly: the engine compares them as they are."""
    for position, word in enumerate(words):
        if word not in table:
            reason = f"unknown {what} {word!r}"
            raise lookup.source.error((*path, position), reason, suggest(word, table))


def _is_request(name: str) -> bool:
    return _MESSAGES[name] >= 0x80


def _requests() -> list[type[Record]]:
    return [kind for code, kind in BY_CODE.items() if code >= 0x80]


def _class(name: str) -> type[Record]:
    return BY_CODE.get(_MESSAGES[name], RawMessage)


def _tag(action: Action) -> str:
    return str(action.__struct_config__.tag)
