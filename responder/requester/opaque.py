"""The opaque data of CHALLENGE_AUTH and MEASUREMENTS (DSP0274 "General opaque data format")."""

from responder.requester.conversation import Conversation
from responder.spec.algorithms import OPAQUE_FORMAT_1
from responder.spec.limits import MAX_OPAQUE_SIZE
from responder.spec.registries import VENDOR_ID_SIZES, StandardId
from responder.spec.versions import V12
from responder.wire.errors import WireError
from responder.wire.opaque import OpaqueData


def check_opaque(c: Conversation, message: str, data: bytes) -> None:
    """Size, format and, in format 1, the elements; ``message`` begins the ids of the checks.

    Before 1.2 opaque data is the vendor's own.
    """
    if c.agreed.version >= V12 and data:
        chosen = c.agreed.opaque_format
        c.require(f"{message}.opaque-format", chosen, f"{len(data)} bytes without a format")
        if chosen == OPAQUE_FORMAT_1:
            check_elements(c, message, data)
            return
    _check_size(c, message, data)


def check_elements(c: Conversation, message: str, data: bytes) -> None:
    """Size and elements, where there is no other format: in what opens and ends a handshake."""
    _check_size(c, message, data)
    fault = _fault(c, data) if data else ""
    c.require(f"{message}.opaque-elements", not fault, fault)


def _check_size(c: Conversation, message: str, data: bytes) -> None:
    c.require(f"{message}.opaque-size", len(data) <= MAX_OPAQUE_SIZE, f"{len(data)} bytes")


def _fault(c: Conversation, data: bytes) -> str:
    """What is wrong with the elements, empty if nothing is."""
    try:
        elements = OpaqueData.parse(data, c.agreed.wire()).parsed_elements()
    except WireError as error:
        return str(error)
    if not elements:
        return "no element"
    for element in elements:
        if element.id not in list(StandardId):
            return f"element of the unknown registry {element.id}"
        if len(element.vendor) not in VENDOR_ID_SIZES[StandardId(element.id)]:
            return f"a vendor id of {len(element.vendor)} bytes in registry {element.id}"
    return ""
