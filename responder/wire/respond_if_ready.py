"""RESPOND_IF_READY (DSP0274 "RESPOND_IF_READY request message format")."""

from responder.spec.codes import RequestCode
from responder.wire.fields import Int8ul
from responder.wire.message import Message, wire


class RespondIfReady(Message, code=RequestCode.RESPOND_IF_READY):
    """Asks again for the response to a request that was answered ResponseNotReady; 4 bytes."""

    original_request_code: int = wire(Int8ul, show=RequestCode)
    token: int = wire(Int8ul)
