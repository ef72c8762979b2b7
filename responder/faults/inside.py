"""Which message of IDE_KM, TDISP and their like a VENDOR_DEFINED message carries, by name."""

from collections.abc import Callable
from typing import Any

from responder.wire.errors import WireError
from responder.wire.message import wire_fields
from responder.wire.vendor_payload import PROTOCOLS, protocol_of

Field = Callable[[str], Any]
"""Gives the value of a message's field; ``None`` if it has none."""


def inside(field: Field) -> str:
    """The name of the message in a message; empty if it carries none that is known."""
    standard_id, vendor_id, payload = (field(n) for n in ("standard_id", "vendor_id", "payload"))
    if standard_id is None or vendor_id is None or not payload:
        return ""
    protocol = protocol_of(standard_id, vendor_id, payload)
    if protocol is None:
        return ""
    try:
        return _NAMES.get(protocol.class_of(payload[1:]), "")
    except WireError:
        return ""


def _name(kind: Any) -> str:
    return str(wire_fields(kind)[kind.CODE_FIELD].show(kind.CODE).name)


_NAMES = {kind: _name(kind) for family in PROTOCOLS.values() for kind in family.messages}

NAMES = frozenset(_NAMES.values())
"""All of them."""
