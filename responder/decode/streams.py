"""The frames of SPDM in the TCP connections of a capture."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from responder.decode.capture_file import Packet
from responder.decode.payload import Payload
from responder.decode.tcp import Connection, Piece
from responder.observe.summary import summary_of_frame
from responder.observe.wire_frames import DSP0287, WireFrames
from responder.transport.dsp0287 import MessageType, message_type
from responder.transport.errors import FramingError
from responder.transport.socket_frame import Command, SocketFrame
from responder.transport.uri import SOCKET_PORT, TCP_PORT

SOCKET = "spdm-emu"
_FRAMINGS = {SOCKET_PORT: SOCKET, TCP_PORT: DSP0287}
_HEAD_SIZE = 4
"""Bytes that tell the framings apart: a socket command, or all of a DSP0287 header."""


class SpdmStreams:
    """Both directions of a TCP connection.

    Attributes:
        framing: what they are cut by; empty if they carry no SPDM, ``None`` until that is known.
        responder: the responder's side, as an index of ``Connection.ends``.
    """

    def __init__(self, connection: Connection, framing: str = "") -> None:
        """Find out the framing, unless it is given."""
        self.framing: str | None = None
        self.responder = 1
        self._connection = connection
        self._given = framing
        self._first: list[Piece] = []
        self._sides: tuple[_Side, _Side] | None = None

    def take(self, piece: Piece, packet: Packet) -> Iterator[Payload]:
        """The payloads of the frames that end in a piece, which came in a packet."""
        if self.framing is None:
            self._first.append(piece)
            self._recognise()
            if self.framing is None:
                return
            pieces, self._first = self._first, []
        else:
            pieces = [piece]
        if self._sides is not None:
            for one in pieces:
                place = self._place(one.side, packet)
                yield from self._sides[one.side].take(one, packet.comment, place)

    def end(self) -> Iterator[Payload]:
        """The capture is over."""
        for number, side in enumerate(self._sides or ()):
            problem = side.unfinished
            if problem:
                place = self._place(number, Packet(0, 0, None, b"", 0))
                yield replace(place, problem=problem)

    def _place(self, side: int, packet: Packet) -> Payload:
        """An empty payload of that side."""
        return Payload(
            b"",
            connection=self._connection.number,
            received=side != self.responder,
            time=packet.time,
            frame=packet.number,
        )

    def _recognise(self) -> None:
        """Tell the framing by the first bytes of whoever speaks first, and who is who by them."""
        side = self._first[0].side
        head = b"".join(one.data for one in self._first if one.side == side)[:_HEAD_SIZE]
        if len(head) < _HEAD_SIZE:
            return
        ports = [port for _, port in self._connection.ends]
        known = next((port for port in ports if port in _FRAMINGS), None)
        self.framing = self._given or _FRAMINGS.get(known or 0) or _framing_of(head)
        if known is not None:
            self.responder = ports.index(known)
        elif self.framing == DSP0287 and _is_role_inquiry(head):
            self.responder = side
        if self.framing:
            self._sides = _Side(self.framing), _Side(self.framing)


class _Side:
    """One direction: frames, and the comments of the packets that the one at hand came in."""

    def __init__(self, framing: str) -> None:
        self._framing = framing
        self._frames = WireFrames(framing)
        self._out_of_step = False
        self._comments: list[str] = []

    @property
    def unfinished(self) -> str:
        """What is missing at the end; empty if nothing is."""
        pending = self._frames.pending
        return f"{pending} bytes of a frame that has no end" if pending else ""

    def take(self, piece: Piece, comment: str, place: Payload) -> Iterator[Payload]:
        """The payloads that end in a piece, each made of ``place``."""
        if piece.lost:
            # There is no frame before the next piece that begins like one.
            self._out_of_step, self._frames = True, WireFrames(self._framing)
            self._comments.clear()
        if self._out_of_step and _framing_of(piece.data) != self._framing:
            return
        self._out_of_step = False
        if comment:
            self._comments.append(comment)
        had_problem = bool(self._frames.problem)
        frames = self._frames.feed(piece.data)
        comment = _remarks(self._comments, frames) if frames else ""
        for frame in frames:
            yield replace(
                place,
                data=frame.payload,
                command=frame.command,
                transport=frame.transport,
                comment=comment,
            )
            self._comments.clear()
            comment = ""
        if self._frames.problem and not had_problem:
            yield replace(place, problem=f"no frame: {self._frames.problem}")


def _remarks(comments: Sequence[str], frames: Sequence[SocketFrame]) -> str:
    """What comments say beyond what can be seen."""
    seen = {summary_of_frame(frame) for frame in frames}
    lines = [line for comment in comments for line in comment.splitlines()]
    return "\n".join(line for line in lines if line not in seen)


def _framing_of(head: bytes) -> str:
    """The framing of a stream that begins so; nothing if it is none of SPDM."""
    if int.from_bytes(head[:_HEAD_SIZE], "big") in Command.__members__.values():
        return SOCKET
    try:
        message_type(head)
    except FramingError:
        return ""
    return DSP0287


def _is_role_inquiry(head: bytes) -> bool:
    """Whether whoever sends this wants to know if the other side is a requester."""
    return _framing_of(head) == DSP0287 and message_type(head) is MessageType.ROLE_INQUIRY
