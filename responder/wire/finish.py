"""FINISH and FINISH_RSP (DSP0274, clause of that name)."""

from typing import Any

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.sessions import FinishAttributes
from responder.spec.versions import V14
from responder.wire.fields import (
    Blob,
    Int8ul,
    Int16ul,
    LengthOf,
    When,
    negotiated,
    since,
    wire_of,
)
from responder.wire.message import Message, wire
from responder.wire.names import slot
from responder.wire.opaque import OpaqueData


def opaque_size(context: Any) -> int:
    """Bytes of the opaque data, which the messages that end a handshake have from 1.4 on."""
    return int(context.opaque_data_length or 0)


def _signature_size(context: Any) -> int:
    included = context.attributes & FinishAttributes.SIGNATURE_INCLUDED
    return wire_of(context).requester_signature_size if included else 0


def _verify_size(context: Any) -> int:
    wire_context = wire_of(context)
    return wire_context.hash_size if wire_context.handshake_in_the_clear else 0


class Finish(Message, code=RequestCode.FINISH):
    """Ends the handshake: the requester's HMAC, and its signature in mutual authentication."""

    attributes: int = wire(Int8ul, default=0, show=FinishAttributes)
    req_slot_id: int = wire(Int8ul, default=0, show=slot)
    opaque_data_length: int | None = wire(
        When(since(V14), LengthOf("opaque_data", Int16ul)), default=None
    )
    opaque_data: bytes = wire(Blob(opaque_size), default=b"", view=OpaqueData)
    signature: bytes = wire(Blob(_signature_size), default=b"")
    requester_verify_data: bytes = wire(Blob(negotiated("hash_size")), default=b"")

    @property
    def signature_included(self) -> bool:
        """Param1 bit 0."""
        return bool(self.attributes & FinishAttributes.SIGNATURE_INCLUDED)


class FinishRsp(Message, code=ResponseCode.FINISH_RSP):
    """Its acknowledgement; with the responder's HMAC if the handshake is in the clear."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    opaque_data_length: int | None = wire(
        When(since(V14), LengthOf("opaque_data", Int16ul)), default=None
    )
    opaque_data: bytes = wire(Blob(opaque_size), default=b"", view=OpaqueData)
    responder_verify_data: bytes = wire(Blob(_verify_size), default=b"")
