"""GET_VERSION and VERSION (DSP0274 "GET_VERSION request and VERSION response messages")."""

from typing import Any

from construct import Array

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.fields import Int8ul, Int16ul, LengthOf
from responder.wire.message import Message, wire
from responder.wire.names import version_entry


def _entries(context: Any) -> int:
    """As many as the count says when parsed, as many as given when built: the count may lie."""
    if context._building:  # noqa: SLF001 - construct's name for it
        return len(context.version_number_entry)
    return int(context.version_number_entry_count)


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
    version_number_entry: list[int] = wire(Array(_entries, Int16ul), show=version_entry)
