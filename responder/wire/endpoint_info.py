"""GET_ENDPOINT_INFO and ENDPOINT_INFO (DSP0274 1.3, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import NONCE_SIZE, SLOT_MASK
from responder.spec.registries import StandardId
from responder.wire.fields import Blob, Int8ul, Int32ul, LengthOf, Rest, When, wire_of
from responder.wire.message import Message, Record, wire
from responder.wire.names import EndpointInfoRequest, EndpointInfoSubCode, slot

SIGNATURE_REQUESTED = EndpointInfoRequest.SIGNATURE_REQUESTED.value
"""RequestAttributes bit 0."""


class SubIdentifier(Record):
    """One part of a device class: its length, one byte, and its value."""

    length: int | None = wire(LengthOf("identifier", Int8ul), default=None)
    identifier: bytes = wire(Blob(lambda c: c.length))


class DeviceClass(Record):
    """A device class as one standards body names it: whose it is, and its parts."""

    id: int = wire(Int8ul, default=StandardId.DMTF, show=StandardId)
    vendor_length: int | None = wire(LengthOf("vendor", Int8ul), default=None)
    vendor: bytes = wire(Blob(lambda c: c.vendor_length), default=b"")
    number_of_sub_identifiers: int = wire(Int8ul, default=0)
    sub_identifiers: bytes = wire(Rest(), default=b"", view=SubIdentifier)


class DeviceClassIdentifier(Record):
    """An element of EPInfo: its length, one byte that does not count itself, and the class."""

    length: int | None = wire(LengthOf("device_class", Int8ul), default=None)
    device_class: bytes = wire(Blob(lambda c: c.length), view=DeviceClass)


class DeviceClassIdentifiers(Record):
    """EPInfo of the sub code for device class identifiers: a count, 3 bytes, the elements."""

    number_of_identifiers: int = wire(Int8ul)
    reserved: bytes = wire(Blob(3), default=bytes(3))
    identifiers: bytes = wire(Rest(), default=b"", view=DeviceClassIdentifier)


def _signature_requested(context: object) -> bool:
    return bool(context.request_attributes & SIGNATURE_REQUESTED)  # type: ignore[attr-defined]


class GetEndpointInfo(Message, code=RequestCode.GET_ENDPOINT_INFO):
    """Asks what the endpoint is; 8 bytes, 40 with a signature, for which a slot is named."""

    sub_code: int = wire(
        Int8ul, default=EndpointInfoSubCode.DEVICE_CLASS_IDENTIFIER, show=EndpointInfoSubCode
    )
    slot: int = wire(Int8ul, default=0, show=slot)
    request_attributes: int = wire(Int8ul, default=0, show=EndpointInfoRequest)
    reserved: bytes = wire(Blob(3), default=bytes(3))
    nonce: bytes = wire(When(_signature_requested, Blob(NONCE_SIZE), b""), default=b"")

    @property
    def signature_requested(self) -> bool:
        """RequestAttributes bit 0."""
        return bool(self.request_attributes & SIGNATURE_REQUESTED)

    @property
    def slot_id(self) -> int:
        """Bits 3:0 of Param2; 0xF is the provisioned public key."""
        return self.slot & SLOT_MASK


def _signed(context: object) -> bool:
    return wire_of(context).signed


class EndpointInfo(Message, code=ResponseCode.ENDPOINT_INFO):
    """What the endpoint is; with a nonce and the signature over IL1 when that was asked for."""

    param1: int = wire(Int8ul, default=0)
    slot: int = wire(Int8ul, default=0, show=slot)
    reserved: bytes = wire(Blob(4), default=bytes(4))
    nonce: bytes = wire(When(_signed, Blob(NONCE_SIZE), b""), default=b"")
    ep_info_length: int | None = wire(LengthOf("ep_info", Int32ul), default=None)
    ep_info: bytes = wire(
        Blob(lambda c: c.ep_info_length), default=b"", view=DeviceClassIdentifiers
    )
    signature: bytes = wire(
        Blob(lambda c: wire_of(c).signature_size if wire_of(c).signed else 0), default=b""
    )
