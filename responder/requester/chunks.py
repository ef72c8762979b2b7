"""CHUNK_SEND and CHUNK_GET: messages too large for one transfer (DSP0274 1.2, same clauses).

Transcripts never see a chunk: what goes in is a message, and what comes out is one.
"""

from typing import TYPE_CHECKING

from responder.spec.codes import ErrorCode, RequestCode, ResponseCode, name_of_code
from responder.spec.flags import Cap
from responder.spec.limits import HEADER_SIZE, MIN_DATA_TRANSFER_SIZE
from responder.spec.sessions import ChunkAckAttributes, ChunkAttributes
from responder.spec.versions import V12, V14
from responder.wire.chunk import ChunkGet, ChunkResponse, ChunkSend, ChunkSendAck

if TYPE_CHECKING:
    from responder.requester.conversation import Conversation, Flow

_FIXED_SIZE = 12
"""Bytes of CHUNK_SEND and CHUNK_RESPONSE before the chunk."""
_LARGE_SIZE = 4
"""Bytes of LargeMessageSize, in the first chunk only."""
_LAST_SEQUENCE = 0xFFFF
_LAST_SEQUENCE_V14 = 0xFFFFFFFF


def must_be_chunked(c: "Conversation", message: bytes) -> bool:
    """Whether a request is too large for the responder's DataTransferSize, and may be chunked."""
    agreed, transfer = c.agreed, _transfer_size(c)
    if transfer is None or len(message) <= transfer:
        return False
    chunked = agreed.version >= V12 and agreed.both(Cap.CHUNK)
    limit = agreed.message_size if chunked else transfer
    fits = chunked and len(message) <= (agreed.message_size or 0)
    c.require("any.request-fits", fits, f"a request of {len(message)} bytes, limit {limit}")
    return chunked


def _transfer_size(c: "Conversation") -> int | None:
    """DataTransferSize of the responder, in a session at most what fits a record."""
    size, session = c.agreed.transfer_size, c.session
    return size if size is None or session is None else min(size, session.largest_message)


def must_be_fetched(c: "Conversation", request: bytes, raw: bytes) -> bool:
    """Whether an answer is ERROR LargeResponse, and chunks have been agreed on or are being.

    CAPABILITIES with the supported algorithms may be too large, before the two sides know.
    """
    offered = c.agreed.own_flags & Cap.CHUNK
    first = request[1] == RequestCode.GET_CAPABILITIES and c.options.offer.ask_algorithms
    able = offered if first else c.agreed.both(Cap.CHUNK)
    return is_large_response(raw) and bool(able)


def is_large_response(raw: bytes) -> bool:
    """Whether an answer is ERROR LargeResponse."""
    return raw[1] == ResponseCode.ERROR and raw[2] == ErrorCode.LARGE_RESPONSE


def send(c: "Conversation", message: bytes) -> "Flow[bytes]":
    """Send a request in chunks; the response that the last CHUNK_SEND_ACK carries."""
    version, handle = c.agreed.version, c.next_handle()
    transfer = _transfer_size(c) or MIN_DATA_TRANSFER_SIZE
    sent = sequence = 0
    while True:
        first = sequence == 0
        room = transfer - _FIXED_SIZE - (_LARGE_SIZE if first else 0)
        chunk = message[sent : sent + room]
        sent += len(chunk)
        last = sent == len(message)
        request = ChunkSend(
            spdm_version=version,
            attributes=ChunkAttributes.LAST_CHUNK if last else 0,
            handle=handle,
            chunk_seq_no=sequence,
            reserved=None if version >= V14 else 0,
            large_message_size=len(message) if first else None,
            spdm_chunk=chunk,
        ).build(c.agreed.wire())
        raw = yield from c.recover(request, c.transmit)
        if raw[1] == ResponseCode.ERROR:
            return raw
        response = _read_ack(c, request, raw, last=last)
        if last or response:
            return response.ljust(HEADER_SIZE, b"\0")
        sequence += 1


def _read_ack(c: "Conversation", request: bytes, raw: bytes, *, last: bool) -> bytes:
    """Check the CHUNK_SEND_ACK to a CHUNK_SEND; the response in it, if there is one."""
    step, c.checks.step = c.checks.step, "CHUNK_SEND"
    c.check_header(request, raw)
    sent = ChunkSend.parse(request, c.agreed.wire())
    ack, _ = c.read(ChunkSendAck, raw, c.agreed.wire())
    c.require("chk.ack-handle", ack.handle == sent.handle, f"{ack.handle}, sent {sent.handle}")
    told, due = ack.chunk_seq_no, sent.chunk_seq_no
    c.require("chk.ack-sequence", told == due, f"ChunkSeqNo {told}, sent {due}")
    response = ack.response_to_large_request
    if ack.attributes & ChunkAckAttributes.EARLY_ERROR_DETECTED:
        is_error = len(response) >= HEADER_SIZE and response[1] == ResponseCode.ERROR
        c.require("chk.early-error", is_error, "EarlyErrorDetected without an ERROR")
        large = is_error and is_large_response(response)
        c.require("chk.early-error-large", not large, "LargeResponse as an early error")
        c.require("err.refused", condition=False, detail=f"the transfer ended at {due}")
    c.require("chk.early-response", last or not response, "a response before the last chunk")
    whole = len(response) >= HEADER_SIZE
    c.require("chk.response-missing", whole or not last, "no response to the last chunk")
    c.checks.step = step
    return response


def get(c: "Conversation", error: bytes) -> "Flow[bytes]":
    """Get the large response that an ERROR LargeResponse told of."""
    step = c.checks.step
    c.require("chk.large-handle", len(error) > HEADER_SIZE, "LargeResponse without a handle")
    handle = error[HEADER_SIZE] if len(error) > HEADER_SIZE else 0
    c.checks.step = "CHUNK_GET"
    message, total, sequence = bytearray(), 0, 0
    while True:
        request = ChunkGet(
            spdm_version=c.agreed.version, handle=handle, chunk_seq_no=sequence
        ).build(c.agreed.wire())
        raw = yield from c.recover(request, c.transmit)
        if raw[1] == ResponseCode.ERROR:
            c.require("chk.nested", not is_large_response(raw), "LargeResponse to CHUNK_GET")
            c.require("err.refused", condition=False, detail=f"ERROR at chunk {sequence}")
        c.check_header(request, raw)
        chunk, _ = c.read(ChunkResponse, raw, c.agreed.wire())
        if sequence == 0:
            total = chunk.large_message_size or 0
            _check_total(c, total)
        message += _checked(c, chunk, handle, sequence, total - len(message))
        if chunk.last or len(message) >= total:
            break
        sequence += 1
    c.require("chk.sum", len(message) == total, f"{len(message)} bytes of {total}")
    c.require("chk.last", chunk.last, "all bytes are there, but not the last chunk")
    c.checks.step = step
    c.padding = 0
    whole = bytes(message)
    _check_inner(c, whole)
    return whole.ljust(HEADER_SIZE, b"\0")


def _check_total(c: "Conversation", total: int) -> None:
    limit = c.options.offer.max_message_size
    c.require("chk.total-limit", total <= limit, f"LargeMessageSize {total}, limit {limit}")
    least = MIN_DATA_TRANSFER_SIZE
    c.require("chk.total-small", total > least, f"LargeMessageSize {total}, at most {least}")
    room = (c.options.offer.data_transfer_size - _FIXED_SIZE) * (_last_sequence(c) + 1)
    told = f"LargeMessageSize {total}, chunks carry {room - _LARGE_SIZE}"
    c.require("chk.wrap", total <= room - _LARGE_SIZE, told)


def _last_sequence(c: "Conversation") -> int:
    return _LAST_SEQUENCE_V14 if c.agreed.version >= V14 else _LAST_SEQUENCE


def _checked(
    c: "Conversation", chunk: ChunkResponse, handle: int, sequence: int, left: int
) -> bytes:
    """The bytes of one chunk, whose header fits what was asked for."""
    c.require("chk.handle", chunk.handle == handle, f"handle {chunk.handle}, asked for {handle}")
    told = chunk.chunk_seq_no
    c.require("chk.sequence", told == sequence, f"ChunkSeqNo {told}, asked for {sequence}")
    c.require(
        "chk.wrap", chunk.last or sequence < _last_sequence(c), f"more than {sequence + 1} chunks"
    )
    size = len(chunk.spdm_chunk)
    c.require("chk.empty", size, f"an empty chunk, {left} bytes are left")
    full = _FIXED_SIZE + (0 if sequence else _LARGE_SIZE) + size >= MIN_DATA_TRANSFER_SIZE
    c.require("chk.minimum", chunk.last or full, f"only {size} bytes, and more to come")
    c.require("chk.overrun", size <= left, f"{size} bytes, {left} are left")
    return chunk.spdm_chunk


def _check_inner(c: "Conversation", message: bytes) -> None:
    """What came in chunks is no chunk itself, nor a message that never is large."""
    code = message[1] if len(message) > 1 else 0
    never = (ResponseCode.CHUNK_SEND_ACK, ResponseCode.CHUNK_RESPONSE, ResponseCode.VERSION)
    c.require("chk.inner", code not in never, f"{name_of_code(code)} in chunks")
