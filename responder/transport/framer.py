"""What the framers of byte streams share: collect a header, learn the size, collect the rest."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from responder.transport.errors import FramingError

FrameT = TypeVar("FrameT")


class Framer(ABC, Generic[FrameT]):
    """Cuts a byte stream into frames, in time linear in the bytes whatever their portions.

    Nothing is reserved for a size that a header merely claims: only what arrived is kept. After an
    error the stream has lost its place, so every later ``feed`` raises the same error.
    """

    HEADER_SIZE: ClassVar[int]
    """Bytes needed to know the size of a frame."""
    PAYLOAD_START: ClassVar[int]
    """Where the payload, which the limit counts, begins in a frame."""

    def __init__(self, max_payload: int) -> None:
        self._max_payload = max_payload
        self._buffer = bytearray()
        self._needed = self.HEADER_SIZE
        self._failure = ""

    @property
    def pending(self) -> int:
        """Bytes kept of a frame that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray | memoryview) -> list[FrameT]:
        """The frames that ``data`` completes, in order.

        Raises:
            FramingError: a header is wrong or its payload over the limit; the error's ``frames``
                are those before it, and nothing is kept.
        """
        if self._failure:
            raise FramingError(self._failure)
        self._buffer += data
        if len(self._buffer) < self._needed:
            return []
        frames: list[FrameT] = []
        try:
            self._cut(frames)
        except FramingError as error:
            self._buffer = bytearray()
            self._failure = error.reason
            raise FramingError(error.reason, frames=frames) from error
        return frames

    def eof(self) -> None:
        """The peer sends no more.

        Raises:
            FramingError: a frame is cut short.
        """
        if self._buffer:
            raise FramingError(
                f"the stream ends after {len(self._buffer)} of {self._needed} bytes"
                f" of a {'frame' if len(self._buffer) >= self.HEADER_SIZE else 'frame header'}"
            )

    def _cut(self, frames: list[FrameT]) -> None:
        """Move every whole frame from the buffer to ``frames``."""
        buffer = self._buffer
        start = 0
        while True:
            have = len(buffer) - start
            self._needed = self.HEADER_SIZE
            if have < self._needed:
                break
            header = bytes(buffer[start : start + self.HEADER_SIZE])
            self._needed = self._checked_size(header)
            if have < self._needed:
                break
            end = start + self._needed
            frames.append(self._frame(header, bytes(buffer[start + self.PAYLOAD_START : end])))
            start = end
        # Once per feed: after each frame, a buffer of small frames would move again and again.
        del buffer[:start]

    def _checked_size(self, header: bytes) -> int:
        size = self._size(header)
        payload = size - self.PAYLOAD_START
        if payload > self._max_payload:
            raise FramingError(
                f"a payload of {payload} bytes is over the limit of {self._max_payload}"
            )
        return size

    @abstractmethod
    def _size(self, header: bytes) -> int:
        """Bytes of the whole frame; FramingError if the header is wrong."""

    @abstractmethod
    def _frame(self, header: bytes, payload: bytes) -> FrameT:
        """The frame made of ``header`` and ``payload``."""
