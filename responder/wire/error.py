"""ERROR and its extended data (DSP0274 "ERROR response message")."""

from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.timing import RDT_EXPONENT, RDTM
from responder.wire.fields import Int8ul, Rest
from responder.wire.message import Message, Record, wire


class Error(Message, code=ResponseCode.ERROR):
    """A refusal: error code, error data, and extended error data of at most 32 bytes."""

    error_code: int = wire(Int8ul, show=ErrorCode)
    error_data: int = wire(Int8ul, default=0)
    extended_error_data: bytes = wire(Rest(), default=b"")


class ResponseNotReadyData(Record):
    """Extended data of ResponseNotReady, 4 bytes.

    The response is ready in 2**rdt_exponent microseconds; ``rdtm``, at least 2, times that bounds
    how long it stays ready.
    """

    rdt_exponent: int = wire(Int8ul, default=RDT_EXPONENT)
    request_code: int = wire(Int8ul, show=RequestCode)
    token: int = wire(Int8ul)
    rdtm: int = wire(Int8ul, default=RDTM)
