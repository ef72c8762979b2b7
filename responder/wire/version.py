"""GET_VERSION and VERSION (DSP0274 "GET_VERSION request and VERSION response messages")."""

from construct import Array

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.fields import Int8ul, Int16ul, LengthOf
from responder.wire.message import Message, wire


class GetVersion(Message, code=RequestCode.GET_VERSION):
    """Asks for the supported versions; 4 bytes, SPDMVersion always 0x10."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


class Version(Message, code=ResponseCode.VERSION):
    """The supported versions, 16 bits each: major, minor, update and alpha nibbles."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    reserved: int = wire(Int8ul, default=0)
    version_number_entry_count: int | None = wire(
        LengthOf("version_number_entry", Int8ul), default=None
    )
    version_number_entry: list[int] = wire(
        Array(lambda c: c.version_number_entry_count or len(c.version_number_entry), Int16ul)
    )
