"""SET_CERTIFICATE and SET_CERTIFICATE_RSP (DSP0274, clause of that name; 1.2 and later)."""

from io import BytesIO
from typing import Any

from construct import Construct, StreamError

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import SLOT_MASK
from responder.spec.versions import V13
from responder.wire.certificate_chain import CertificateChain
from responder.wire.chain import LENGTH_SIZE
from responder.wire.fields import Int8ul, When, wire_of
from responder.wire.message import Message, wire
from responder.wire.names import CERTIFICATE_MODEL_MASK, set_certificate_slot, slot

ERASE = 1 << 7
"""Param1 bit 7 (1.3): the slot's chain is erased, and none follows."""
MODEL_SHIFT = 4


class _WholeChain(Construct):  # type: ignore[misc]
    """A certificate chain structure, whose own Length says where it ends."""

    def _parse(self, stream: BytesIO, context: Any, path: str) -> bytes:
        del context
        head = stream.read(LENGTH_SIZE)
        length = int.from_bytes(head, "little")
        data = head + stream.read(max(0, length - LENGTH_SIZE))
        if len(data) != length or length < LENGTH_SIZE:
            raise StreamError(f"Length says {length} bytes, {len(data)} are there", path)
        return data

    def _build(self, obj: bytes, stream: BytesIO, context: Any, path: str) -> bytes:
        del context, path
        stream.write(obj)
        return obj


def _writes(context: Any) -> bool:
    return not (context.slot & ERASE and wire_of(context).version >= V13)


class SetCertificate(Message, code=RequestCode.SET_CERTIFICATE):
    """Writes a slot's certificate chain structure, or erases it (1.3); then no chain follows."""

    slot: int = wire(Int8ul, show=set_certificate_slot)
    key_pair_id: int = wire(Int8ul, default=0)
    cert_chain: bytes = wire(When(_writes, _WholeChain(), b""), default=b"", view=CertificateChain)

    @property
    def slot_id(self) -> int:
        """Bits 3:0 of Param1."""
        return self.slot & SLOT_MASK

    @property
    def model(self) -> int:
        """Bits 6:4 of Param1: the certificate model (1.3)."""
        return self.slot >> MODEL_SHIFT & CERTIFICATE_MODEL_MASK

    @property
    def erase(self) -> bool:
        """Bit 7 of Param1 (1.3)."""
        return bool(self.slot & ERASE)


class SetCertificateRsp(Message, code=ResponseCode.SET_CERTIFICATE_RSP):
    """The chain is written, or erased; 4 bytes."""

    slot: int = wire(Int8ul, show=slot)
    param2: int = wire(Int8ul, default=0)
