"""What a message is called, of other protocols that are inside of SPDM as well."""

from responder.core.events import RequestReceived, ResponseSent
from responder.spec.codes import RequestCode, ResponseCode, name_of_code, name_of_error
from responder.spec.versions import V14

_VENDOR_DEFINED = frozenset(
    {RequestCode.VENDOR_DEFINED_REQUEST, ResponseCode.VENDOR_DEFINED_RESPONSE}
)
_FIXED = 7
"""Bytes before the VendorID: header, StandardID, its length."""


def message_name(event: RequestReceived | ResponseSent) -> str:
    """The specification's name, such as ``CHALLENGE`` or ``TDISP LOCK_INTERFACE_REQUEST``."""
    inner = _inner_name(event.message) if event.code in _VENDOR_DEFINED else ""
    return inner or name_of_code(event.code)


def detail_of(message: bytes) -> str:
    """Of an ERROR its error code, of VENDOR_DEFINED messages what they carry; else nothing."""
    code = message[1] if len(message) > 1 else None
    if code == ResponseCode.ERROR:
        return error_name(message)
    return _inner_name(message) if code in _VENDOR_DEFINED else ""


def error_name(message: bytes) -> str:
    """The error code of an ERROR in the specification's words, such as ``InvalidRequest``."""
    return name_of_error(message[2] if len(message) > 2 else 0)


def _inner_name(message: bytes) -> str:
    """The name of what a VENDOR_DEFINED message carries; nothing if nobody knows it."""
    # Not at the top: it is for devices with IDE or TDISP.
    from responder.wire.errors import WireError  # noqa: PLC0415
    from responder.wire.vendor_defined import LARGE_PAYLOAD  # noqa: PLC0415
    from responder.wire.vendor_payload import protocol_of  # noqa: PLC0415

    if len(message) < _FIXED:
        return ""
    vendor_ends = _FIXED + message[6]
    large = message[0] >= V14 and message[2] & LARGE_PAYLOAD
    payload = message[vendor_ends + (6 if large else 2) :]
    standard_id = int.from_bytes(message[4:6], "little")
    protocol = protocol_of(standard_id, message[_FIXED:vendor_ends], payload)
    if protocol is None:
        return ""
    try:
        return f"{protocol.name} {protocol.raw.parse(payload[1:]).name}"
    except WireError:
        return ""
