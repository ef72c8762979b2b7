"""A stream socket that carries one request and one answer at a time."""

import asyncio
import socket
from collections import deque
from typing import Any, Generic, TypeVar, cast

from responder.client.channel import ChannelError
from responder.errors import system_reason
from responder.transport.errors import FramingError
from responder.transport.framer import Framer
from responder.transport.uri import Endpoint

FrameT = TypeVar("FrameT")


class Stream(asyncio.Protocol, Generic[FrameT]):
    """Cuts what arrives into frames, and hands them to whoever waits.

    Each frame is sent in one piece without Nagle's delay, and TCP_QUICKACK is set again after
    every receive: peers that send a frame in several segments would lose 40 ms each time.

    Attributes:
        dropped: frames that nobody had asked for, and that no later request may take for its
            answer.
        note: what went wrong while closing, for people.
    """

    def __init__(self, framer: Framer[FrameT], timeout: float) -> None:
        self.dropped = 0
        self.note = ""
        self._framer = framer
        self._timeout = timeout
        self._frames: deque[FrameT] = deque()
        self._failure: ChannelError | None = None
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._gone = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(
        cls, endpoint: Endpoint, framer: Framer[FrameT], seconds: float
    ) -> "Stream[FrameT]":
        """Connect to an endpoint; ``seconds`` hold for this and for every request.

        Raises:
            ChannelError: nobody accepts there, or not in time.
        """
        stream = cls(framer, seconds)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                if endpoint.path:
                    await loop.create_unix_connection(lambda: stream, endpoint.path)
                else:
                    await loop.create_connection(lambda: stream, endpoint.host, endpoint.port)
        except TimeoutError:
            reason = f"{endpoint} does not accept within {seconds} s"
            raise ChannelError("timeout", reason) from None
        except OSError as error:
            raise ChannelError("closed", f"{endpoint}: {system_reason(error)}") from error
        return stream

    @property
    def open(self) -> bool:
        """Whether the peer may still be spoken to."""
        return self._failure is None and self._transport is not None

    async def request(self, data: bytes) -> FrameT:
        """Send ``data`` and wait for the next frame; one deadline covers both.

        Raises:
            ChannelError: the peer is gone, is silent, or sends what is no frame.
        """
        self.dropped += len(self._frames)
        self._frames.clear()
        if self._failure is not None or self._transport is None:
            raise self._failure or ChannelError("closed", "not connected")
        self._transport.write(data)
        return await self.receive()

    async def receive(self) -> FrameT:
        """The next frame, one that has arrived already or one that is waited for.

        Raises:
            ChannelError: as ``request``.
        """
        try:
            async with asyncio.timeout(self._timeout):
                while not self._frames:
                    if self._failure is not None:
                        raise self._failure
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
        except TimeoutError:
            error = ChannelError("timeout", f"no answer within {self._timeout} s{self._pending()}")
            self._fail(error)  # an answer that comes late would answer the next request
            raise error from None
        finally:
            self._waiter = None
        return self._frames.popleft()

    async def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self._failure = self._failure or ChannelError("closed", "closed by us")
        if self._transport is not None:
            self._transport.close()
            if self._transport.get_write_buffer_size():
                self._transport.abort()  # a peer that reads nothing must not hold us
            await self._gone

    def _pending(self) -> str:
        size = self._framer.pending
        return f", {size} bytes of a frame" if size else ""

    def _fail(self, error: ChannelError) -> None:
        self._failure = self._failure or error
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _quick_ack(self) -> None:
        sock: Any = self._transport.get_extra_info("socket") if self._transport else None
        if sock is not None and sock.family != socket.AF_UNIX and hasattr(socket, "TCP_QUICKACK"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio sets TCP_NODELAY on its stream sockets itself."""
        self._transport = cast("asyncio.Transport", transport)
        self._quick_ack()

    def data_received(self, data: bytes) -> None:
        """Keep whole frames; what is no frame ends the connection."""
        try:
            self._frames += self._framer.feed(data)
        except FramingError as error:
            self._frames += error.frames
            self._fail(ChannelError("framing", error.reason))
            return
        self._quick_ack()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone, or we are."""
        reason = f"the peer closed the connection{self._pending()}"
        if exc is not None:
            reason += f": {exc}"
        self._failure = self._failure or ChannelError("closed", reason)
        if not self._gone.done():
            self._gone.set_result(None)
        self._wake()
