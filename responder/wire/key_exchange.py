"""KEY_EXCHANGE and KEY_EXCHANGE_RSP (DSP0274, clause of that name)."""

from typing import Any

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import RANDOM_SIZE
from responder.spec.sessions import MutAuthRequested, SessionPolicy
from responder.wire.fields import Blob, Int8ul, Int16ul, LengthOf, negotiated, wire_of
from responder.wire.message import Message, wire
from responder.wire.names import SummaryType, seconds, slot
from responder.wire.opaque import OpaqueData


class KeyExchange(Message, code=RequestCode.KEY_EXCHANGE):
    """Begins a session; 42 bytes, the exchange data and the opaque data.

    ``exchange_data`` is the requester's public value, or its encapsulation key (KEM, 1.4).
    ``session_policy`` is reserved in 1.1.
    """

    measurement_summary_hash_type: int = wire(Int8ul, default=0, show=SummaryType)
    slot_id: int = wire(Int8ul, default=0, show=slot)
    req_session_id: int = wire(Int16ul)
    session_policy: int = wire(Int8ul, default=0, show=SessionPolicy)
    reserved: int = wire(Int8ul, default=0)
    random_data: bytes = wire(Blob(RANDOM_SIZE))
    exchange_data: bytes = wire(Blob(negotiated("exchange_request_size")))
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)


def summary_size(context: Any) -> int:
    """Bytes of MeasurementSummaryHash, which is there if the request asked for it."""
    wire_context = wire_of(context)
    return wire_context.hash_size if wire_context.summary else 0


def _verify_size(context: Any) -> int:
    wire_context = wire_of(context)
    return 0 if wire_context.handshake_in_the_clear else wire_context.hash_size


class KeyExchangeRsp(Message, code=ResponseCode.KEY_EXCHANGE_RSP):
    """The responder's share of the session, its signature and its HMAC.

    ``exchange_data`` is the responder's public value, or the ciphertext (KEM, 1.4). The HMAC comes
    with FINISH_RSP instead if the handshake is in the clear.
    """

    heartbeat_period: int = wire(Int8ul, default=0, show=seconds)
    param2: int = wire(Int8ul, default=0)
    rsp_session_id: int = wire(Int16ul)
    mut_auth_requested: int = wire(Int8ul, default=0, show=MutAuthRequested)
    slot_id_param: int = wire(Int8ul, default=0, show=slot)
    random_data: bytes = wire(Blob(RANDOM_SIZE))
    exchange_data: bytes = wire(Blob(negotiated("exchange_response_size")))
    measurement_summary_hash: bytes = wire(Blob(summary_size), default=b"")
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)
    signature: bytes = wire(Blob(negotiated("signature_size")), default=b"")
    responder_verify_data: bytes = wire(Blob(_verify_size), default=b"")
