"""Puts large messages together that crossed the wire in chunks, as an onlooker sees them."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.chunk import ChunkResponse, ChunkSend
from responder.wire.context import WireContext
from responder.wire.errors import WireError

CARRIERS: dict[int, type[ChunkSend | ChunkResponse]] = {
    RequestCode.CHUNK_SEND: ChunkSend,
    ResponseCode.CHUNK_RESPONSE: ChunkResponse,
}


class LargeMessages:
    """Collects the chunks of one connection, each direction apart."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._sizes: dict[int, int] = {}

    def feed(self, message: bytes, context: WireContext) -> bytes:
        """Take the next message of any kind; return the large message that it completes, if any."""
        code = message[1] if len(message) > 1 else 0
        carrier = CARRIERS.get(code)
        if carrier is None:
            return b""
        try:
            chunk = carrier.read(message, context)[0]
        except WireError:
            return b""
        if chunk.large_message_size is not None:
            self._pieces[code], self._sizes[code] = b"", chunk.large_message_size
        self._pieces[code] = self._pieces.get(code, b"") + chunk.spdm_chunk
        if not chunk.last:
            return b""
        whole = self._pieces.pop(code)
        return whole if self._sizes.pop(code, None) == len(whole) else b""
