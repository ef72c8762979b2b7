"""CHUNK_SEND and CHUNK_GET: large messages in pieces."""

from responder.core.chunking import EarlyError
from responder.core.context import Context, Reply, Whole
from responder.core.errors import unsupported
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.wire.chunk import ChunkGet, ChunkSend, ChunkSendAck


def chunk_send(request: ChunkSend, context: Context) -> Reply | Whole:
    """Take a piece of a large request; the last one has the request answered."""
    connection, policy = context.connection, context.policy
    if not connection.common(Cap.CHUNK):
        raise unsupported(RequestCode.CHUNK_SEND, "CHUNK_CAP is not on both sides")
    size = len(context.raw_request)
    if size > policy.data_transfer_size:
        reason = f"{size} bytes are over DataTransferSize {policy.data_transfer_size}"
        raise EarlyError(reason, request.handle, request.chunk_seq_no)
    whole = connection.chunking.take(request, context.session_id, policy.max_spdm_msg_size)
    acknowledgement = ChunkSendAck(
        spdm_version=request.spdm_version,
        handle=request.handle,
        chunk_seq_no=request.chunk_seq_no,
    )
    return Reply(acknowledgement) if whole is None else Whole(whole, acknowledgement)


def chunk_get(request: ChunkGet, context: Context) -> Reply:
    """Give the next piece of a large response."""
    chunking = context.connection.chunking
    return Reply(chunking.give(request, context.session_id, context.transfer_limit))
