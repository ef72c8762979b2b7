"""A responder that takes and sends large messages in chunks, with places to tamper at."""

from dataclasses import dataclass
from typing import Any

from requester.peer import FLAGS, Peer, error

from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.sessions import ChunkAckAttributes, ChunkAttributes
from responder.spec.versions import V14
from responder.wire.algorithms import AlgorithmOffer, AlgorithmStructure
from responder.wire.capabilities import SUPPORTED_ALGORITHMS
from responder.wire.chunk import ChunkGet, ChunkResponse, ChunkSend, ChunkSendAck

FIXED, LARGE = 12, 4
SUPPORTED = AlgorithmOffer(
    algorithm_structure_count=4,
    measurement_specification=1,
    other_params_support=2,
    base_asym_algo=0xFFFF,
    base_hash_algo=0xFFFF,
    mel_specification=1,
    trailer=b"".join(
        AlgorithmStructure(alg_type=kind, alg_supported=0xFFFF).build() for kind in (2, 3, 4, 5)
    ),
).build()


@dataclass
class ChunkPeer(Peer):
    """Chunks whatever exceeds its, or the requester's, DataTransferSize.

    Attributes:
        transfer: its DataTransferSize.
        theirs: the requester's.
        large: the response that is fetched, and how much of it has been.
        growing: the request that is arriving.
    """

    flags: Cap = FLAGS | Cap.CHUNK
    transfer: int = 0x1200
    theirs: int = 0x1200
    large: bytes = b""
    growing: bytes = b""
    inner: Any = bytes
    asked: bool = False

    def capabilities(self, request: bytes) -> bytes:
        self.asked = bool(request[2] & SUPPORTED_ALGORITHMS)
        self.theirs = int.from_bytes(request[12:16], "little")
        return super().capabilities(request)

    def build(self, message: Any) -> bytes:
        if message.code == ResponseCode.CAPABILITIES:
            message.data_transfer_size, message.max_spdm_msg_size = self.transfer, 0x10000
            if self.asked:
                message.param1, message.supported_algorithms = SUPPORTED_ALGORITHMS, SUPPORTED
        return super().build(message)

    def answer(self, request: bytes) -> bytes:
        if request[1] == RequestCode.CHUNK_GET:
            self.requests.append(request)
            return self.first_or(request, self.next_chunk)
        if request[1] == RequestCode.CHUNK_SEND:
            self.requests.append(request)
            return self.first_or(request, self.take_chunk)
        return self.small(super().answer(request))

    def first_or(self, request: bytes, otherwise: Any) -> bytes:
        waiting = self.first.get(request[1])
        if waiting:
            return waiting.pop(0)
        response = otherwise(request)
        return self.raw.get(response[1], bytes)(response)

    def small(self, response: bytes) -> bytes:
        """The response, or LargeResponse in its place."""
        if len(response) <= self.theirs:
            return response
        self.large = self.inner(response)
        return error(response[0], ErrorCode.LARGE_RESPONSE, 0, b"\x07")

    def next_chunk(self, request: bytes) -> bytes:
        asked = ChunkGet.parse(request, self.context)
        first = asked.chunk_seq_no == 0
        room = self.theirs - FIXED
        start = 0 if first else room - LARGE + (asked.chunk_seq_no - 1) * room
        chunk = self.large[start : start + room - (LARGE if first else 0)]
        last = start + len(chunk) == len(self.large)
        message = ChunkResponse(
            spdm_version=request[0],
            attributes=ChunkAttributes.LAST_CHUNK if last else 0,
            handle=asked.handle,
            chunk_seq_no=asked.chunk_seq_no,
            reserved=None if request[0] >= V14 else 0,
            large_message_size=len(self.large) if first else None,
            spdm_chunk=chunk,
        )
        return self.build(message)

    def take_chunk(self, request: bytes) -> bytes:
        asked = ChunkSend.parse(request, self.context)
        assert len(request) <= self.transfer
        self.growing = (
            asked.spdm_chunk if asked.chunk_seq_no == 0 else self.growing + asked.spdm_chunk
        )
        response = b""
        if asked.last:
            response = self.small(super().answer(self.growing))
            self.requests.pop()
        message = ChunkSendAck(
            spdm_version=request[0],
            attributes=0,
            handle=asked.handle,
            chunk_seq_no=asked.chunk_seq_no,
            response_to_large_request=response,
        )
        return self.build(message)


EARLY = ChunkAckAttributes.EARLY_ERROR_DETECTED
