"""The message that an answer carries, or that chunks after it make up."""

from collections.abc import Sequence
from dataclasses import replace

from responder.campaign.run import Exchanged
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.wire.chunk import ChunkResponse, ChunkSendAck
from responder.wire.context import WireContext
from responder.wire.errors import WireError

_LARGE = bytes((ResponseCode.ERROR, ErrorCode.LARGE_RESPONSE))


def carried(exchanges: Sequence[Exchanged], number: int) -> Exchanged:
    """An exchange with the response that its answer stands for.

    That is what CHUNK_SEND_ACK carries, and what the chunks make up that LargeResponse tells of;
    chunks themselves are what they are.
    """
    exchange = exchanges[number]
    response = exchange.response or b""
    if exchange.request[1] == RequestCode.CHUNK_SEND:
        response = _acknowledged(response)
    if response[1:3] == _LARGE:
        response = _made_up(exchanges[number + 1 :])
    changed = exchange.response is not None and response != exchange.response
    return replace(exchange, response=response) if changed else exchange


def _acknowledged(response: bytes) -> bytes:
    """What an acknowledgement carries; itself if that is nothing."""
    if response[1:2] != bytes([ResponseCode.CHUNK_SEND_ACK]):
        return response
    try:
        ack, _ = ChunkSendAck.read(response, WireContext(version=response[0]))
    except WireError:
        return response
    return ack.response_to_large_request or response


def _made_up(exchanges: Sequence[Exchanged]) -> bytes:
    """The message of the chunks that come next."""
    message = b""
    for exchange in exchanges:
        response = exchange.response or b""
        if response[1:2] != bytes([ResponseCode.CHUNK_RESPONSE]):
            break
        try:
            chunk, _ = ChunkResponse.read(response, WireContext(version=response[0]))
        except WireError:
            break
        message += chunk.spdm_chunk
    return message
