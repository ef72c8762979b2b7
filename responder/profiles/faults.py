"""Checks the words in [[fault]] tables; the engine takes them as they are."""

from collections.abc import Sequence

from responder.faults.rule import FaultSpec, Recall
from responder.profiles import names
from responder.profiles.lookup import Lookup
from responder.profiles.source import KeyPath
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.message import wire_fields
from responder.wire.raw import RawMessage
from responder.wire.registry import BY_CODE

_REQUESTS = {code.name: code for code in RequestCode}
_RESPONSES = {code.name: code for code in ResponseCode}


def check_faults(faults: Sequence[FaultSpec], lookup: Lookup) -> None:
    """See that every message, version and field that a fault names exists.

    Raises:
        ConfigError: it does not, or two faults have the same id.
    """
    for position, fault in enumerate(faults):
        path: KeyPath = ("fault", position)
        if fault.id in [other.id for other in faults[:position]]:
            raise lookup.source.error((*path, "id"), f"fault {fault.id!r} is there twice")
        lookup.all((*path, "message"), fault.message, _RESPONSES, "response")
        lookup.all((*path, "version"), fault.version, names.VERSIONS, "SPDM version")
        if fault.nth is not None and fault.nth < 1:
            raise lookup.source.error((*path, "nth"), "nth counts from 1")
        for step, action in enumerate(fault.action):
            if isinstance(action, Recall):
                _check_recall((*path, "action", step), action, lookup)


def _check_recall(path: KeyPath, action: Recall, lookup: Lookup) -> None:
    codes = lookup.all((*path, "of"), action.of, _REQUESTS, "request")
    for code in codes:
        fields = wire_fields(BY_CODE.get(code, RawMessage))
        if action.field not in fields:
            reason = f"{code.name} has no field {action.field!r}"
            raise lookup.source.error((*path, "field"), reason, names.suggest(action.field, fields))
