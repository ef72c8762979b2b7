"""The encapsulated requests by which a responder asks (DSP0274 "GET_ENCAPSULATED_REQUEST").

An embedded message is a whole SPDM message with its own header. A transport's padding, where there
is any, ends up behind it: only its own declaration says where it ends.
"""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import HEADER_SIZE
from responder.spec.sessions import PayloadType
from responder.spec.versions import V12
from responder.wire.fields import Blob, Int8ul, Rest, When, since
from responder.wire.message import Message, wire

ACK_HEADER_SIZE = 8
ACK_RESERVED_SIZE = 3


class GetEncapsulatedRequest(Message, code=RequestCode.GET_ENCAPSULATED_REQUEST):
    """Asks what the responder wants to ask; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


class EncapsulatedRequest(Message, code=ResponseCode.ENCAPSULATED_REQUEST):
    """The responder's request; 4 bytes before it."""

    request_id: int = wire(Int8ul)
    param2: int = wire(Int8ul, default=0)
    encapsulated_request: bytes = wire(Rest(), default=b"")


class DeliverEncapsulatedResponse(Message, code=RequestCode.DELIVER_ENCAPSULATED_RESPONSE):
    """The requester's response; 4 bytes before it."""

    request_id: int = wire(Int8ul)
    param2: int = wire(Int8ul, default=0)
    encapsulated_response: bytes = wire(Rest(), default=b"")


class EncapsulatedResponseAck(Message, code=ResponseCode.ENCAPSULATED_RESPONSE_ACK):
    """Takes the response, and perhaps asks on; 4 bytes (1.1) or 8 before the next request.

    ``encapsulated_request`` is the requester's slot, 1 byte, if the payload type says so.
    """

    request_id: int = wire(Int8ul, default=0)
    payload_type: int = wire(Int8ul, default=int(PayloadType.ABSENT), show=PayloadType)
    ack_request_id: int | None = wire(When(since(V12), Int8ul), default=None)
    reserved: bytes | None = wire(When(since(V12), Blob(ACK_RESERVED_SIZE)), default=None)
    encapsulated_request: bytes = wire(Rest(), default=b"")


def embedded_in(message: bytes, version: int) -> bytes:
    """The SPDM message that ``message`` carries, with a transport's padding; empty if none."""
    if len(message) < HEADER_SIZE:
        return b""
    match message[1]:
        case ResponseCode.ENCAPSULATED_REQUEST | RequestCode.DELIVER_ENCAPSULATED_RESPONSE:
            return message[HEADER_SIZE:]
        case ResponseCode.ENCAPSULATED_RESPONSE_ACK:
            if message[3] == PayloadType.ENCAPSULATED_REQUEST:
                return message[ACK_HEADER_SIZE if version >= V12 else HEADER_SIZE :]
    return b""
