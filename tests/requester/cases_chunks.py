"""Lies in CHUNK_RESPONSE and CHUNK_SEND_ACK."""

from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from requester.cases import Case, Change, draft, put
from requester.chunk_peer import EARLY, ChunkPeer
from requester.peer import converse, default_options, error

from responder.requester import chunks
from responder.requester.options import Offer
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V12, V13

CAPABILITIES = ResponseCode.CAPABILITIES
CHUNK, ACK = ResponseCode.CHUNK_RESPONSE, ResponseCode.CHUNK_SEND_ACK
LARGE_RESPONSE = error(V12, ErrorCode.LARGE_RESPONSE, 0, b"\x09")


@dataclass(frozen=True)
class ChunkCase(Case):
    """A case against a ``ChunkPeer``; it may be chunked in both directions."""

    own: int = 128
    theirs: int = 0x1200

    def run(self, *without: str) -> Any:
        first = {code: list(found) for code, found in self.peer.get("first", {}).items()}
        peer = ChunkPeer(**{**self.peer, "first": first, "transfer": self.theirs})
        offer = Offer(
            flags=Cap.CHUNK | Cap.CERT | Cap.CHAL, data_transfer_size=self.own, **self.options
        )
        options = default_options(offer=offer, without=frozenset(without))
        return converse(peer, options), peer


def got(check: str, change: Change, *, at: int | None = None, **options: Any) -> ChunkCase:
    """A lie in CHUNK_RESPONSE; ``at`` says in which one."""

    def lie(message: Any) -> Any:
        return change(message) if at in (None, message.chunk_seq_no) else message

    return ChunkCase(check, "CHUNK_GET", {"draft": {CHUNK: lie}}, options)


def sent(check: str, change: Change) -> ChunkCase:
    """A lie in CHUNK_SEND_ACK."""
    return ChunkCase(check, "CHUNK_SEND", {"draft": {ACK: change}}, own=0x1200, theirs=44)


def cut(message: Any) -> Any:
    return message.replace(spdm_chunk=message.spdm_chunk[:20])


class WrapCase(ChunkCase):
    """A case in which ChunkSeqNo has hardly any bits."""

    def run(self, *without: str) -> Any:
        with patch.object(chunks, "_LAST_SEQUENCE", 2):
            return super().run(*without)


def one_bit_wrong(block: bytes) -> bytes:
    """The supported algorithms with a structure more than there are."""
    return bytes((block[0] + 1,)) + block[1:]


def without_algorithms(block: bytes) -> bytes:
    """The supported algorithms without signatures and hashes."""
    return block[:6] + bytes(8) + block[14:]


def told(check: str, step: str, change: Change, **peer: Any) -> ChunkCase:
    """A lie about the supported algorithms, which CAPABILITIES tells when asked (1.3)."""
    arguments = {"versions": (V13,), **draft(CAPABILITIES, change), **peer}
    return ChunkCase(check, step, arguments, {"ask_algorithms": True})


ANNOUNCED = [
    told("cap.block-missing", "GET_CAPABILITIES", put(param1=0, supported_algorithms=b"")),
    told(
        "cap.block-structures",
        "GET_CAPABILITIES",
        lambda m: m.replace(supported_algorithms=one_bit_wrong(m.supported_algorithms)),
    ),
    told(
        "alg.announced",
        "NEGOTIATE_ALGORITHMS",
        lambda m: m.replace(supported_algorithms=without_algorithms(m.supported_algorithms)),
    ),
]

CHUNKS = [
    *ANNOUNCED,
    WrapCase("chk.wrap", "CHUNK_GET"),
    ChunkCase(
        "chk.large-handle",
        "GET_CERTIFICATE",
        {"first": {RequestCode.GET_CERTIFICATE: [error(V12, ErrorCode.LARGE_RESPONSE)]}},
    ),
    ChunkCase("chk.nested", "CHUNK_GET", {"first": {RequestCode.CHUNK_GET: [LARGE_RESPONSE]}}),
    got("chk.handle", put(handle=0x55)),
    got("chk.sequence", put(chunk_seq_no=3), at=1),
    got("chk.total-limit", put(large_message_size=0xFFFFFFFF), max_message_size=0x10000),
    got("chk.total-small", put(large_message_size=42)),
    got("chk.empty", put(spdm_chunk=b""), at=1),
    got("chk.minimum", cut, at=1),
    got("chk.overrun", put(large_message_size=100)),
    got("chk.sum", put(attributes=1), at=1),
    got("chk.last", put(attributes=0)),
    ChunkCase("chk.inner", "GET_CERTIFICATE", {"inner": lambda r: r[:1] + bytes((CHUNK,)) + r[2:]}),
    sent("chk.ack-handle", lambda m: m.replace(handle=m.handle ^ 0x55)),
    sent("chk.ack-sequence", lambda m: m.replace(chunk_seq_no=m.chunk_seq_no + 1)),
    sent("chk.early-error", put(attributes=EARLY)),
    sent(
        "chk.early-error-large",
        put(attributes=EARLY, response_to_large_request=LARGE_RESPONSE),
    ),
    sent("chk.early-response", put(response_to_large_request=bytes.fromhex("12630000"))),
    sent("chk.response-missing", put(response_to_large_request=b"")),
]
