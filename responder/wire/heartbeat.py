"""HEARTBEAT and HEARTBEAT_ACK (DSP0274, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.fields import Int8ul
from responder.wire.message import Message, wire


class Heartbeat(Message, code=RequestCode.HEARTBEAT):
    """Keeps a session alive; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


class HeartbeatAck(Message, code=ResponseCode.HEARTBEAT_ACK):
    """Its acknowledgement; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
