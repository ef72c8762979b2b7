"""Large messages in chunks (DSP0274 1.2 "Large SPDM message transfer mechanism").

ChunkSeqNo has 16 bits before 1.4 and is followed by 16 reserved ones in the messages that carry a
chunk; from 1.4 on it has 32 bits.
"""

from typing import Any

from construct import IfThenElse

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.sessions import ChunkAckAttributes, ChunkAttributes
from responder.spec.versions import V14
from responder.wire.fields import (
    Blob,
    Int8ul,
    Int16ul,
    Int32ul,
    LengthOf,
    Rest,
    When,
    since,
    wire_of,
)
from responder.wire.message import Message, wire

CHUNK_HEADER_SIZE = 12
"""Bytes before a chunk, in every version; the first has LargeMessageSize besides."""
LARGE_MESSAGE_SIZE_SIZE = 4
ACK_HEADER_SIZE, ACK_HEADER_SIZE_V14 = 6, 8
"""Bytes of CHUNK_SEND_ACK before the response to the large request."""

_SEQUENCE_NUMBER = IfThenElse(since(V14), Int32ul, Int16ul)


def _reserved(context: Any) -> bool:
    return wire_of(context).version < V14


def _first(context: Any) -> bool:
    return bool(context.chunk_seq_no == 0)


class _Chunk(Message):
    """What CHUNK_SEND and CHUNK_RESPONSE have in common: 12 bytes, 16 in the first, and a chunk.

    ``large_message_size`` is the length in bytes of the whole message.
    """

    attributes: int = wire(Int8ul, default=0, show=ChunkAttributes)
    handle: int = wire(Int8ul)
    chunk_seq_no: int = wire(_SEQUENCE_NUMBER)
    reserved: int | None = wire(When(_reserved, Int16ul), default=None)
    chunk_size: int | None = wire(LengthOf("spdm_chunk", Int32ul), default=None)
    large_message_size: int | None = wire(When(_first, Int32ul), default=None)
    spdm_chunk: bytes = wire(Blob(lambda c: c.chunk_size), default=b"")

    @property
    def last(self) -> bool:
        """Param1 bit 0: no chunk follows."""
        return bool(self.attributes & ChunkAttributes.LAST_CHUNK)


class ChunkSend(_Chunk, code=RequestCode.CHUNK_SEND):
    """A piece of a large request."""


class ChunkSendAck(Message, code=ResponseCode.CHUNK_SEND_ACK):
    """Takes a piece; behind the last one, or an early error, comes the response itself."""

    attributes: int = wire(Int8ul, default=0, show=ChunkAckAttributes)
    handle: int = wire(Int8ul)
    chunk_seq_no: int = wire(_SEQUENCE_NUMBER)
    response_to_large_request: bytes = wire(Rest(), default=b"")


class ChunkGet(Message, code=RequestCode.CHUNK_GET):
    """Asks for a piece of a large response; 6 bytes, 8 from 1.4 on."""

    param1: int = wire(Int8ul, default=0)
    handle: int = wire(Int8ul)
    chunk_seq_no: int = wire(_SEQUENCE_NUMBER)


class ChunkResponse(_Chunk, code=ResponseCode.CHUNK_RESPONSE):
    """A piece of a large response."""
