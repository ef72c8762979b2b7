"""Large messages in chunks, laid out and put together by hand from DSP0274."""

import struct
from dataclasses import dataclass, field

from core.dialogue import STATES, Dialogue
from core.fakes import CERT, CHAL, CHUNK, MEAS_SIG, policy, responder
from core.in_session import InSession

SMALLEST = 42
LARGE_ENOUGH = 0x20000
CHUNKING = CERT | CHAL | MEAS_SIG | CHUNK
CHUNK_SEND, CHUNK_GET, LARGE_RESPONSE = 0x85, 0x86, 0x0F


def number_of(version, number):
    """ChunkSeqNo, and the reserved bytes that follow it before 1.4."""
    return struct.pack(
        "<I" if version >= 0x14 else "<HH", *([number] if version >= 0x14 else [number, 0])
    )


def chunk_send(version, handle, number, data, *, last=False, size=None, whole=None):
    """CHUNK_SEND; ``whole`` is there in the first, ``size`` may lie."""
    size = len(data) if size is None else size
    head = bytes([version, CHUNK_SEND, last, handle]) + number_of(version, number)
    head += struct.pack("<I", size)
    return head + (b"" if whole is None else struct.pack("<I", whole)) + data


def chunk_get(version, handle, number):
    """6 bytes, 8 in 1.4."""
    form = "<I" if version >= 0x14 else "<H"
    return bytes([version, CHUNK_GET, 0, handle]) + struct.pack(form, number)


def in_pieces(version, message, limit=SMALLEST, handle=7):
    """The CHUNK_SENDs of a large request, each of at most ``limit`` bytes."""
    room, pieces, at = limit - 16, [], 0
    while at < len(message):
        pieces.append(message[at : at + room])
        at, room = at + room, limit - 12
    for number, piece in enumerate(pieces):
        whole = len(message) if number == 0 else None
        last = number == len(pieces) - 1
        yield chunk_send(version, handle, number, piece, last=last, whole=whole)


def ack_head(version, handle, number, *, early=False):
    """What CHUNK_SEND_ACK begins with: 6 bytes, 8 in 1.4."""
    form = "<I" if version >= 0x14 else "<H"
    return bytes([version, 0x05, early, handle]) + struct.pack(form, number)


@dataclass(frozen=True)
class Piece:
    """A CHUNK_RESPONSE cut by hand."""

    last: bool
    handle: int
    number: int
    whole: int | None
    data: bytes


def cut(message):
    """The fields of a CHUNK_RESPONSE; every byte is accounted for."""
    version, code, attributes, handle = message[:4]
    assert code == 0x06
    number, size = struct.unpack("<II", message[4:12])
    assert version >= 0x14 or number < 1 << 16, "the reserved bytes are zero"
    data, whole = message[12:], None
    if number == 0:
        whole, data = struct.unpack("<I", data[:4])[0], data[4:]
    assert len(data) == size
    return Piece(attributes == 1, handle, number, whole, data)


class SayInPieces:
    """Says large requests and fetches large responses, by ``say_one``.

    Attributes:
        version: of the connection.
        limit: the requester's DataTransferSize, and what it sends at most.
        carried: CHUNK_SEND and CHUNK_GET that it took so far.
        handle: of the latest large request.
    """

    def say(self, request):
        """A message and its answer, in as many pieces as they need."""
        if len(request) <= self.limit:
            return self.fetched(self.say_one(request))
        return self.say_pieces(request)

    def say_pieces(self, request):
        """The answer to a request that goes out in pieces."""
        self.handle += 1
        *pieces, last = in_pieces(self.version, request, self.limit, self.handle)
        for number, piece in enumerate(pieces):
            answer = self.say_one(piece)
            assert answer == ack_head(self.version, self.handle, number), answer.hex()
        answer = self.say_one(last)
        head = ack_head(self.version, self.handle, len(pieces))
        assert answer.startswith(head), answer.hex()
        self.carried += [CHUNK_SEND] * (len(pieces) + 1)
        return self.fetched(answer[len(head) :])

    def fetched(self, answer, *, any_size=False):
        """The answer, or the large one that it says is to be fetched."""
        if answer[1:3] != bytes([0x7F, LARGE_RESPONSE]):
            return answer
        assert len(answer) == 5
        assert answer[3] == 0
        whole, size, number, last = b"", None, 0, False
        while not last:
            piece = cut(self.say_one(chunk_get(self.version, answer[4], number)))
            assert (piece.handle, piece.number) == (answer[4], number)
            size = piece.whole if number == 0 else size
            whole, last, number = whole + piece.data, piece.last, number + 1
            self.carried.append(CHUNK_GET)
        assert len(whole) == size
        assert any_size or size > self.limit - len(ack_head(self.version, 0, 0))
        return whole


@dataclass
class InPieces(SayInPieces, Dialogue):
    """A requester with small buffers: what is longer goes and comes in chunks."""

    limit: int = SMALLEST
    carried: list = field(default_factory=list)
    handle: int = 0

    def __post_init__(self):
        self.offer = {
            "flags": CHUNKING,
            "transfer": self.limit,
            "size": LARGE_ENOUGH,
        } | self.offer

    def say_one(self, request, **kwargs):
        """One message and its answer, neither larger than is allowed."""
        may_be_larger = STATES.index(self.state) < STATES.index("capabilities")
        assert may_be_larger or len(request) <= self.limit
        answer = Dialogue.say(self, request, **kwargs)
        assert may_be_larger or len(answer) <= self.limit, f"{len(answer)} bytes"
        return answer

    def say(self, request, *, padding=0):
        """A message and its answer, in as many pieces as they need."""
        early = STATES.index(self.state) < STATES.index("capabilities")
        if early or len(request) <= self.limit:
            return self.fetched(self.say_one(request, padding=padding))
        return self.say_pieces(request)


class SessionInPieces(SayInPieces, InSession):
    """The same within a session of such a requester."""

    def __init__(self, dialogue, session_id=0xFFFF_0001):
        InSession.__init__(self, dialogue, session_id)
        self.version, self.limit = dialogue.version, dialogue.limit
        self.carried, self.handle = [], 0

    def say_one(self, request):
        """One message and its answer, neither larger than is allowed."""
        assert len(request) <= self.limit
        answer = InSession.say(self, request)
        assert len(answer) <= self.limit, f"{len(answer)} bytes"
        return answer


def meet(version, *, state="negotiated", hooks=None, device=None, limit=SMALLEST, **rest):
    """A requester with small buffers at a responder that knows chunks."""
    its_policy = policy(**{"flags": CHUNKING, "max_spdm_msg_size": LARGE_ENOUGH} | rest)
    return InPieces(responder(device, its_policy, hooks=hooks), version, limit=limit).reach(state)
