"""GET_CERTIFICATE and CERTIFICATE (DSP0274, clause of that name)."""

from typing import Any

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.versions import V14
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, LengthOf, When, wire_of
from responder.wire.message import Message, wire
from responder.wire.names import CertificateRequest, certificate_model, slot

LARGE_CERT_CHAIN = 1 << 7
"""Param1 bit 7 (1.4): the 32-bit offset and length are used."""
SLOT_SIZE_REQUESTED = CertificateRequest.SLOT_SIZE_REQUESTED.value
"""Request Param2 bit 0 (1.3): only the size of the slot's storage is asked for."""


def _large(context: Any) -> bool:
    return bool(context.slot & LARGE_CERT_CHAIN and wire_of(context).version >= V14)


class GetCertificate(Message, code=RequestCode.GET_CERTIFICATE):
    """Asks for a portion of a slot's chain; 8 bytes, 16 with large offsets (1.4)."""

    slot: int = wire(Int8ul, show=slot)
    attributes: int = wire(Int8ul, default=0, show=CertificateRequest)
    offset: int = wire(Int16ul, default=0)
    length: int = wire(Int16ul, default=0)
    large_offset: int | None = wire(When(_large, Int32ul), default=None)
    large_length: int | None = wire(When(_large, Int32ul), default=None)

    @property
    def slot_id(self) -> int:
        """Bits 3:0 of Param1."""
        return self.slot & 0xF

    @property
    def large(self) -> bool:
        """Whether the 32-bit offset and length count (1.4)."""
        return self.large_offset is not None


def _small(context: Any) -> bool:
    return not _large(context)


def _portion(context: Any) -> int:
    return int(context.large_portion_length if _large(context) else context.portion_length)


class Certificate(Message, code=ResponseCode.CERTIFICATE):
    """A portion of a slot's certificate chain structure and how many bytes remain after it."""

    slot: int = wire(Int8ul, show=slot)
    certificate_info: int = wire(Int8ul, default=0, show=certificate_model)
    portion_length: int | None = wire(LengthOf("cert_chain", Int16ul, applies=_small), default=None)
    remainder_length: int = wire(Int16ul, default=0)
    large_portion_length: int | None = wire(
        When(_large, LengthOf("cert_chain", Int32ul)), default=None
    )
    large_remainder_length: int | None = wire(When(_large, Int32ul), default=None)
    cert_chain: bytes = wire(Blob(_portion), default=b"")

    @property
    def slot_id(self) -> int:
        """Bits 3:0 of Param1."""
        return self.slot & 0xF
