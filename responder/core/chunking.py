"""Large messages in chunks (DSP0274 1.2 "Large SPDM message transfer mechanism").

One transfer at a time, in one direction; while it lasts, only its own requests and GET_VERSION are
taken. Transcripts know the messages that it carries and nothing of the transfer.
"""

import msgspec

from responder.core.errors import ProtocolError, invalid, unexpected
from responder.spec.codes import RequestCode
from responder.spec.limits import MIN_DATA_TRANSFER_SIZE
from responder.spec.sessions import ChunkAckAttributes, ChunkAttributes
from responder.spec.versions import V14
from responder.wire.chunk import (
    CHUNK_HEADER_SIZE,
    LARGE_MESSAGE_SIZE_SIZE,
    ChunkGet,
    ChunkResponse,
    ChunkSend,
    ChunkSendAck,
)
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.message import Message


class EarlyError(ProtocolError):
    """A large request is given up: the ERROR comes inside CHUNK_SEND_ACK."""

    def __init__(self, reason: str, handle: int, number: int) -> None:
        error = invalid(reason)
        super().__init__(error.code, reason)
        self.handle = handle
        self.number = number

    def acknowledgement(self, error: Message) -> ChunkSendAck:
        """The acknowledgement that says so."""
        return ChunkSendAck(
            spdm_version=error.spdm_version,
            attributes=int(ChunkAckAttributes.EARLY_ERROR_DETECTED),
            handle=self.handle,
            chunk_seq_no=self.number,
            response_to_large_request=error.build(),
        )


class LargeRequest(msgspec.Struct):
    """A request on its way in: its chunks so far.

    Attributes:
        handle: names the transfer.
        size: bytes of the whole.
        session_id: the session that its chunks come in; ``None`` outside of all.
        data: what has come.
        number: how many chunks that were.
    """

    handle: int
    size: int
    session_id: int | None
    data: bytearray
    number: int = 0


class LargeResponse(msgspec.Struct):
    """A response on its way out; ``session_id`` and ``number`` as in a ``LargeRequest``.

    Attributes:
        handle: names the transfer.
        data: the whole message.
        piece: bytes of it in one chunk, at most; 0 for as many as fit.
        sent: bytes of it that have been sent.
    """

    handle: int
    data: bytes
    session_id: int | None
    piece: int = 0
    sent: int = 0
    number: int = 0


class Chunking:
    """The large message transfer of one connection, if there is one.

    Attributes:
        request, response: what is transferred.
        piece: ``LargeResponse.piece`` of the next response, and of no other.
    """

    def __init__(self) -> None:
        self.request: LargeRequest | None = None
        self.response: LargeResponse | None = None
        self.piece = 0
        self._handles = 0

    def excludes(self, code: int) -> bool:
        """Whether a request has to wait until the transfer has ended."""
        if self.response is not None:
            return code != RequestCode.CHUNK_GET
        return self.request is not None and code != RequestCode.CHUNK_SEND

    def end(self, session_id: int) -> None:
        """A session ends, and with it what was transferred in it."""
        if self.request is not None and self.request.session_id == session_id:
            self.request = None
        if self.response is not None and self.response.session_id == session_id:
            self.response = None

    def give_up(self) -> None:
        """The large request will not be completed."""
        self.request = None

    def take(self, chunk: ChunkSend, session_id: int | None, limit: int) -> bytes | None:
        """Take a chunk of a large request; return the whole once it is complete.

        Args:
            chunk: the chunk.
            session_id: the session that it came in.
            limit: the largest message, in bytes, that is taken.

        Raises:
            EarlyError: it is not what has to come next.
            ProtocolError: UnexpectedRequest: the transfer takes place in another session.
        """
        if self.request is None:
            reason = _bad_first(chunk, limit)
            begun = LargeRequest(
                chunk.handle, chunk.large_message_size or 0, session_id, bytearray()
            )
        else:
            begun = self.request
            if begun.session_id != session_id:
                raise unexpected("the transfer takes place in another session")
            reason = _bad_next(chunk, begun)
        reason = reason or _bad_size(chunk, begun)
        if reason:
            raise EarlyError(reason, chunk.handle, chunk.chunk_seq_no)
        begun.data += chunk.spdm_chunk
        begun.number += 1
        self.request = None if chunk.last else begun
        return bytes(begun.data) if chunk.last else None

    def offer(self, message: bytes, session_id: int | None) -> int:
        """Keep a large response for CHUNK_GET; return the handle of its transfer."""
        self._handles = (self._handles + 1) & 0xFF
        self.response = LargeResponse(self._handles, message, session_id, self.piece)
        self.piece = 0
        return self._handles

    def give(self, request: ChunkGet, session_id: int | None, limit: int) -> ChunkResponse:
        """The chunk that a request asks for; the last one ends the transfer.

        Args:
            request: the request.
            session_id: the session that it came in.
            limit: bytes of the largest message that may be sent.

        Raises:
            ProtocolError: UnexpectedRequest: nothing is to be had in that session; InvalidRequest:
                it asks for another chunk than the next. The transfer goes on.
        """
        response = self.response
        if response is None or response.session_id != session_id:
            raise unexpected("no chunked response is pending")
        if request.handle != response.handle:
            raise invalid(f"handle {request.handle}, not {response.handle}")
        if request.chunk_seq_no != response.number:
            raise invalid(f"chunk {request.chunk_seq_no}, not {response.number}")
        chunk = _next_chunk(response, request.spdm_version, limit)
        if chunk.last:
            self.response = None
        return chunk


def _next_chunk(response: LargeResponse, version: int, limit: int) -> ChunkResponse:
    first = response.number == 0
    room = limit - CHUNK_HEADER_SIZE - (LARGE_MESSAGE_SIZE_SIZE if first else 0)
    room = min(room, response.piece or room)
    data = response.data[response.sent : response.sent + room]
    chunk = ChunkResponse(
        spdm_version=version,
        handle=response.handle,
        chunk_seq_no=response.number,
        reserved=0 if version < V14 else None,
        large_message_size=len(response.data) if first else None,
        spdm_chunk=data,
    )
    response.sent += len(data)
    response.number += 1
    if response.sent == len(response.data):
        chunk.attributes = int(ChunkAttributes.LAST_CHUNK)
    return chunk


def largest_piece(requester: int, own: int) -> int:
    """Bytes of the largest message that goes to a requester in one piece; 0 for any.

    Args:
        requester: its DataTransferSize, 0 if its version has none.
        own: the size of the responder's transmit buffer, 0 for any.
    """
    return min(requester, own or requester)


def most_in_chunks(version: int, limit: int) -> int:
    """Bytes of the largest message that chunks can carry.

    Args:
        version: the connection's.
        limit: bytes of the largest message that carries a chunk.
    """
    chunks = 1 << (32 if version >= V14 else 16)  # as many as ChunkSeqNo can number
    return (limit - CHUNK_HEADER_SIZE) * chunks - LARGE_MESSAGE_SIZE_SIZE


def _bad_first(chunk: ChunkSend, limit: int) -> str:
    """What is wrong with the first chunk of a transfer, empty if nothing is."""
    size = chunk.large_message_size
    if size is None:
        return f"the first chunk has number {chunk.chunk_seq_no}"
    if not MIN_DATA_TRANSFER_SIZE < size <= limit:
        return f"a large message of {size} bytes"
    return "the first chunk is the last" if chunk.last else ""


def _bad_next(chunk: ChunkSend, begun: LargeRequest) -> str:
    if chunk.handle != begun.handle:
        return f"handle {chunk.handle}, not {begun.handle}"
    if chunk.chunk_seq_no != begun.number:
        return f"chunk {chunk.chunk_seq_no}, not {begun.number}"
    return ""


def _bad_size(chunk: ChunkSend, begun: LargeRequest) -> str:
    """Every message but the last has at least 42 bytes, and all add up to the whole."""
    size = len(chunk.spdm_chunk)
    head = CHUNK_HEADER_SIZE + (LARGE_MESSAGE_SIZE_SIZE if begun.number == 0 else 0)
    if not chunk.last and head + size < MIN_DATA_TRANSFER_SIZE:
        return f"a chunk of {size} bytes, and not the last"
    have = len(begun.data) + size
    if (have != begun.size) if chunk.last else (have >= begun.size):
        return f"{have} bytes of {begun.size}"
    return ""


def malformed(data: bytes, version: int, reason: str) -> ProtocolError:
    """How a CHUNK_SEND is refused that cannot be read: as a chunk, if it tells its number."""
    if len(data) < CHUNK_HEADER_SIZE:
        return invalid(reason)
    head = data[:CHUNK_HEADER_SIZE] + bytes(LARGE_MESSAGE_SIZE_SIZE)
    try:
        chunk, _ = ChunkGet.read(head, WireContext(version=version))
    except WireError:
        return invalid(reason)
    return EarlyError(reason, chunk.handle, chunk.chunk_seq_no)
