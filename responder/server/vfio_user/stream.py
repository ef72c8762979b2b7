"""A client's socket: whole messages with their descriptors, one for each turn of the loop.

asyncio's transports lose descriptors, so the socket is read and written here.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import NamedTuple

from responder.errors import system_reason
from responder.server.clock import Clock
from responder.server.vfio_user.codec import (
    HEADER_SIZE,
    MAX_DESCRIPTORS,
    MAX_MESSAGE,
    TYPE_MASK,
    Header,
    error_reply,
)
from responder.server.vfio_user.descriptors import Descriptors
from responder.server.watch import Watch
from responder.transport.errors import FramingError

GONE = "the client closed the connection"
_ANCILLARY = socket.CMSG_SPACE(MAX_DESCRIPTORS * 4)
_FLAGS = socket.MSG_CMSG_CLOEXEC
_CUT = int(socket.MSG_CTRUNC)
_PORTION = 1 << 18
_ENOUGH_WAITS = 4 * MAX_MESSAGE
"""Bytes that wait to be written, before nothing more is read: they stay bounded."""


class Message(NamedTuple):
    """A message that arrived; its descriptors are closed after it was handled."""

    header: Header
    payload: bytes
    descriptors: Descriptors


class MessageStream:
    """The messages of one client.

    Args:
        sock: connected; belongs to the stream now.
        clock: where the time comes from.
        message_time: seconds from the first byte of a message to its last, and for the first
            message from now on; 0 for no bound.
        received: called with each message.
        ended: called once with the reason when the stream has ended, after it was closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        clock: Clock,
        message_time: float,
        received: Callable[[Message], None],
        ended: Callable[[str], None],
    ) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._message_time = message_time
        self._received = received
        self._ended = ended
        self._buffer = bytearray()
        self._header: Header | None = None
        self._descriptors = Descriptors()
        self._unsent = bytearray()
        self._reading = True
        self._open = True
        self._too_late = ""
        self._watch = Watch(clock, lambda: self.close(self._too_late))
        self._expect(f"it asked for nothing in {message_time:g} s")
        self._loop.add_reader(sock, self._readable)

    def write(self, data: bytes) -> None:
        """Write a message, as far as the client takes it now, and the rest when it does."""
        if not self._open:
            return
        if not self._unsent:
            sent = self._send(data)
            if sent == len(data):
                return
            data = data[sent:]
            self._loop.add_writer(self._socket, self._writable)
        self._unsent += data
        if self._reading and len(self._unsent) > _ENOUGH_WAITS:
            self._reading = False
            self._loop.remove_reader(self._socket)
            self._expect(f"it did not take what was written in {self._message_time:g} s")

    def close(self, reason: str) -> None:
        """End the connection; the first reason counts."""
        if not self._open:
            return
        self._open = False
        self._watch.cancel()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._descriptors.close()
        self._unsent.clear()
        self._ended(reason)

    def _send(self, data: bytes | bytearray) -> int:
        """Bytes that the client took; all of them, for nobody, once it has gone."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:  # later: who writes may be in the middle of something
            self._loop.call_soon(self.close, f"{GONE}: {system_reason(error)}")
            return len(data)

    def _writable(self) -> None:
        del self._unsent[: self._send(self._unsent)]
        if not self._open or self._unsent:
            return
        self._loop.remove_writer(self._socket)
        if not self._reading:
            self._reading = True
            self._watch.cancel()
            self._loop.add_reader(self._socket, self._readable)
            self._readable()  # part of a message may be here already, and has its time too

    def _readable(self) -> None:
        """Handle the message of which the rest has arrived."""
        try:
            message = self._receive()
        except BlockingIOError:
            if self._header or self._buffer:
                self._expect(f"a message was not complete after {self._message_time:g} s")
            return
        except FramingError as error:
            self.close(f"bad message: {error.reason}")
            return
        except OSError as error:
            self.close(f"{GONE}: {system_reason(error)}")
            return
        if message is None:
            inside = self._header or self._buffer
            self.close(GONE + (" in the middle of a message" if inside else ""))
            return
        self._watch.cancel()
        try:
            self._received(message)
        finally:
            message.descriptors.close()

    def _receive(self) -> Message | None:
        """The next message; ``None`` if the stream ends before it is whole.

        Raises:
            BlockingIOError: more of it is to come.
            FramingError: its size is none; the client has been told.
        """
        if self._header is None:
            if not self._fill(HEADER_SIZE):
                return None
            self._header = self._checked(Header.parse(self._buffer))
            self._buffer.clear()
        header, descriptors = self._header, self._descriptors
        if not self._fill(header.size - HEADER_SIZE):
            return None
        message = Message(header, bytes(self._buffer), descriptors)
        self._header, self._descriptors = None, Descriptors()
        self._buffer.clear()
        return message

    def _fill(self, size: int) -> bool:
        """Receive until the buffer holds ``size`` bytes; False if the stream ends before.

        Never more, so that descriptors belong to the message with whose bytes they come.
        """
        while len(self._buffer) < size:
            wanted = min(size - len(self._buffer), _PORTION)
            data, ancillary, flags, _ = self._socket.recvmsg(wanted, _ANCILLARY, _FLAGS)
            if ancillary or flags & _CUT:
                self._descriptors.receive(ancillary, flags)
            if not data:
                return False
            self._buffer += data
        return True

    def _checked(self, header: Header) -> Header:
        try:
            header.check_size()
        except FramingError:
            if not header.flags & TYPE_MASK:
                self.write(error_reply(header, errno.EINVAL))
            raise
        return header

    def _expect(self, otherwise: str) -> None:
        """Close for that reason if nothing changes in time; a time that is set already holds."""
        if self._message_time:
            self._too_late = otherwise
            self._watch.by(self._clock.now() + self._message_time)
