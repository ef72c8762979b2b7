"""Cuts the bytes of connections into frames again, whatever pieces they were seen in."""

from collections.abc import Sequence

from responder.transport.dsp0287 import Dsp0287Framer
from responder.transport.errors import FramingError
from responder.transport.socket_frame import Command, SocketFrame, SocketFramer, TransportType

MAILBOX, DSP0287 = "mailbox", "dsp0287"
"""Framings; any other name stands for the socket protocol of spdm-emu."""
_MAX_FRAME = 1 << 20


class WireFrames:
    """One direction of a connection, as a sequence of frames of the socket protocol.

    What has another framing is put into such frames: a message of DSP0287, a data object.

    Attributes:
        problem: why there will be no more frames; empty while all is well.
    """

    def __init__(self, framing: str, max_frame: int = _MAX_FRAME) -> None:
        """Begin a stream; a frame has ``max_frame`` bytes of payload at most."""
        self.problem = ""
        self._framing = framing
        self._framer: Dsp0287Framer | SocketFramer
        framer = Dsp0287Framer if framing == DSP0287 else SocketFramer
        self._framer = framer(max_frame)

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not whole."""
        return self._framer.pending

    def feed(self, data: bytes) -> Sequence[SocketFrame]:
        """The frames that end in ``data``; of a mailbox it is one data object."""
        if self._framing == MAILBOX:
            return [SocketFrame(Command.NORMAL, TransportType.PCI_DOE, data)]
        if self.problem:
            return []
        frames: Sequence[SocketFrame | bytes]
        try:
            frames = self._framer.feed(data)
        except FramingError as error:
            self.problem = error.reason
            frames = error.frames
        return [_framed(frame) for frame in frames]


def _framed(frame: SocketFrame | bytes) -> SocketFrame:
    if isinstance(frame, SocketFrame):
        return frame
    return SocketFrame(Command.NORMAL, TransportType.TCP, frame)
