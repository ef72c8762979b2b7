"""A message of a code that no declaration knows: never an exception, always its bytes."""

from responder.wire.fields import Int8ul, Rest
from responder.wire.message import Message, wire


class RawMessage(Message):
    """Header and body of an unknown message."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    body: bytes = wire(Rest(), default=b"")
