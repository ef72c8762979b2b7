"""Checks the words in [[fault]] tables; the engine takes them as they are."""

from collections.abc import Sequence

from responder.errors import suggest
from responder.faults.rule import FaultSpec, Flip, HookName, Recall
from responder.profiles import names
from responder.profiles.lookup import Lookup
from responder.profiles.source import KeyPath
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.message import wire_fields
from responder.wire.raw import RawMessage
from responder.wire.registry import BY_CODE

_REQUESTS = {code.name: code for code in RequestCode}
_RESPONSES = {code.name: code for code in ResponseCode}
_ACTIONS: dict[HookName, type[Flip | Recall]] = {"pre_sign": Recall, "post_sign": Flip}
"""What a hook can do; anything else there would never strike."""
_SIGNED = ("CHALLENGE_AUTH", "MEASUREMENTS", "KEY_EXCHANGE_RSP", "ENDPOINT_INFO")
"""Responses that a responder signs."""


def check_faults(faults: Sequence[FaultSpec], lookup: Lookup) -> None:
    """See that every message, version and field that a fault names exists, and that it can strike.

    Raises:
        ConfigError: it does not or cannot, or two faults have the same id.
    """
    for position, fault in enumerate(faults):
        path: KeyPath = ("fault", position)
        if fault.id in [other.id for other in faults[:position]]:
            raise lookup.source.error((*path, "id"), f"fault {fault.id!r} is there twice")
        lookup.all((*path, "message"), fault.message, _RESPONSES, "response")
        lookup.all((*path, "version"), fault.version, names.VERSIONS, "SPDM version")
        if fault.nth is not None and fault.nth < 1:
            raise lookup.source.error((*path, "nth"), "nth counts from 1")
        _check_place(path, fault, lookup)
        for step, action in enumerate(fault.action):
            if isinstance(action, Recall):
                _check_recall((*path, "action", step), action, lookup)


def _check_place(path: KeyPath, fault: FaultSpec, lookup: Lookup) -> None:
    """A fault that can never strike would let every requester pass."""
    if not fault.action:
        raise lookup.source.error((*path, "action"), f"fault {fault.id!r} does nothing")
    for place, name in enumerate(fault.message):
        if name not in _SIGNED:
            reason = f"{name} has no signature, so {fault.hook} never comes"
            raise lookup.source.error((*path, "message", place), reason)
    for step, action in enumerate(fault.action):
        fit = _ACTIONS[fault.hook]
        if not isinstance(action, fit):
            reason = f"the action of {fault.hook} is {fit.__struct_config__.tag!r}"
            raise lookup.source.error((*path, "action", step), reason)


def _check_recall(path: KeyPath, action: Recall, lookup: Lookup) -> None:
    codes = lookup.all((*path, "of"), action.of, _REQUESTS, "request")
    for code in codes:
        fields = wire_fields(BY_CODE.get(code, RawMessage))
        if action.field not in fields:
            reason = f"{code.name} has no field {action.field!r}"
            raise lookup.source.error((*path, "field"), reason, suggest(action.field, fields))
