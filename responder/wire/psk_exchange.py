"""PSK_EXCHANGE and PSK_EXCHANGE_RSP (DSP0274, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.sessions import SessionPolicy
from responder.wire.fields import Blob, Int8ul, Int16ul, LengthOf, negotiated
from responder.wire.key_exchange import summary_size
from responder.wire.message import Message, wire
from responder.wire.names import SummaryType, seconds
from responder.wire.opaque import OpaqueData


class PskExchange(Message, code=RequestCode.PSK_EXCHANGE):
    """Begins a session with a pre-shared key, which the hint names; 12 bytes and three fields.

    ``session_policy`` is reserved in 1.1.
    """

    measurement_summary_hash_type: int = wire(Int8ul, default=0, show=SummaryType)
    session_policy: int = wire(Int8ul, default=0, show=SessionPolicy)
    req_session_id: int = wire(Int16ul)
    psk_hint_length: int | None = wire(LengthOf("psk_hint", Int16ul), default=None)
    requester_context_length: int | None = wire(
        LengthOf("requester_context", Int16ul), default=None
    )
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    psk_hint: bytes = wire(Blob(lambda c: c.psk_hint_length), default=b"")
    requester_context: bytes = wire(Blob(lambda c: c.requester_context_length), default=b"")
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)


class PskExchangeRsp(Message, code=ResponseCode.PSK_EXCHANGE_RSP):
    """The responder's share of the session, and its HMAC.

    Without a responder context (PSK_CAP 1) the session is established by it.
    """

    heartbeat_period: int = wire(Int8ul, default=0, show=seconds)
    param2: int = wire(Int8ul, default=0)
    rsp_session_id: int = wire(Int16ul)
    reserved: int = wire(Int16ul, default=0)
    responder_context_length: int | None = wire(
        LengthOf("responder_context", Int16ul), default=None
    )
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    measurement_summary_hash: bytes = wire(Blob(summary_size), default=b"")
    responder_context: bytes = wire(Blob(lambda c: c.responder_context_length), default=b"")
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)
    responder_verify_data: bytes = wire(Blob(negotiated("hash_size")), default=b"")
