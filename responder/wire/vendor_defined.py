"""VENDOR_DEFINED_REQUEST and VENDOR_DEFINED_RESPONSE (DSP0274, clause of that name)."""

from typing import Any

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.registries import StandardId
from responder.spec.versions import V14
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, LengthOf, When, wire_of
from responder.wire.message import Message, wire

LARGE_PAYLOAD = 1 << 7
"""Param1 bit 7 (1.4): 2 reserved bytes and a 32-bit length replace the 16-bit length."""


def _large(context: Any) -> bool:
    return bool(context.param1 & LARGE_PAYLOAD and wire_of(context).version >= V14)


def _small(context: Any) -> bool:
    return not _large(context)


def _size(context: Any) -> int:
    return int(context.large_payload_length if _large(context) else context.payload_length)


class _VendorDefined(Message):
    """The body that request and response share; lengths in bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    standard_id: int = wire(Int16ul, show=StandardId)
    vendor_id_length: int | None = wire(LengthOf("vendor_id", Int8ul), default=None)
    vendor_id: bytes = wire(Blob(lambda c: c.vendor_id_length), default=b"")
    payload_length: int | None = wire(When(_small, LengthOf("payload", Int16ul)), default=None)
    reserved: int | None = wire(When(_large, Int16ul), default=None)
    large_payload_length: int | None = wire(
        When(_large, LengthOf("payload", Int32ul)), default=None
    )
    payload: bytes = wire(Blob(_size), default=b"")


class VendorDefinedRequest(_VendorDefined, code=RequestCode.VENDOR_DEFINED_REQUEST):
    """A request of another standards body or vendor."""


class VendorDefinedResponse(_VendorDefined, code=ResponseCode.VENDOR_DEFINED_RESPONSE):
    """Its answer, with the same StandardID and VendorID."""
