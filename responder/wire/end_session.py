"""END_SESSION and END_SESSION_ACK (DSP0274, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.sessions import EndSessionAttributes
from responder.wire.fields import Int8ul
from responder.wire.message import Message, wire


class EndSession(Message, code=RequestCode.END_SESSION):
    """Ends the session it comes in; 4 bytes."""

    attributes: int = wire(Int8ul, default=0, show=EndSessionAttributes)
    param2: int = wire(Int8ul, default=0)


class EndSessionAck(Message, code=ResponseCode.END_SESSION_ACK):
    """Its acknowledgement, the last message of the session; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
