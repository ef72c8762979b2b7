"""PSK_FINISH and PSK_FINISH_RSP (DSP0274, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.versions import V14
from responder.wire.fields import Blob, Int8ul, Int16ul, LengthOf, When, negotiated, since
from responder.wire.finish import opaque_size
from responder.wire.message import Message, wire
from responder.wire.opaque import OpaqueData


class _WithOpaqueData(Message):
    """What request and response have in common; the opaque data is there from 1.4 on."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    opaque_data_length: int | None = wire(
        When(since(V14), LengthOf("opaque_data", Int16ul)), default=None
    )
    opaque_data: bytes = wire(Blob(opaque_size), default=b"", view=OpaqueData)


class PskFinish(_WithOpaqueData, code=RequestCode.PSK_FINISH):
    """Ends the handshake of a PSK session: the requester's HMAC."""

    requester_verify_data: bytes = wire(Blob(negotiated("hash_size")), default=b"")


class PskFinishRsp(_WithOpaqueData, code=ResponseCode.PSK_FINISH_RSP):
    """Its acknowledgement; 4 bytes, from 1.4 on 6 and the opaque data."""
