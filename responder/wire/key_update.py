"""KEY_UPDATE and KEY_UPDATE_ACK (DSP0274, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.sessions import KeyOperation
from responder.wire.fields import Int8ul
from responder.wire.message import Message, wire


class KeyUpdate(Message, code=RequestCode.KEY_UPDATE):
    """Changes the session's data keys, or shows that the new ones work; 4 bytes."""

    key_operation: int = wire(Int8ul, show=KeyOperation)
    tag: int = wire(Int8ul, default=0)


class KeyUpdateAck(Message, code=ResponseCode.KEY_UPDATE_ACK):
    """Its acknowledgement, with the same operation and tag; 4 bytes."""

    key_operation: int = wire(Int8ul, show=KeyOperation)
    tag: int = wire(Int8ul, default=0)
