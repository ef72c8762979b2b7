"""One client of a function: VERSION, then its requests, and the function's way to its machine."""

import errno
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from responder.core.events import Event, InternalError
from responder.core.ownership import Reset
from responder.server.events import PeerArrived, PeerIgnored, PeerLeft
from responder.server.peer_socket import name_of
from responder.server.vfio_user import codec
from responder.server.vfio_user.codec import (
    NO_REPLY,
    TYPE_MASK,
    TYPE_REPLY,
    Command,
    Header,
    RequestError,
    command_name,
)
from responder.server.vfio_user.dma import Dma
from responder.server.vfio_user.interfaces import FunctionHost, Service
from responder.server.vfio_user.interrupts import Interrupts
from responder.server.vfio_user.memory import MemoryMap
from responder.server.vfio_user.requests import Requests
from responder.server.vfio_user.stream import Message, MessageStream


class ClientConnection:
    """A virtual machine monitor that has, or is to get, a function; implements ``Bus``.

    With VERSION the function is plugged in. When the client has left, whatever made it leave, its
    memory and eventfds are let go of, and the function finds itself as after a conventional reset:
    the machine around it is gone.

    Args:
        sock: connected; belongs to this object now.
        listener: where the client connected to, for the log.
        host: the function.
        service: the server.
        plug: asks whether this client gets the function.
        left: called when the client has left and the function, if it had it, was reset.
    """

    def __init__(
        self,
        sock: socket.socket,
        listener: str,
        host: FunctionHost,
        service: Service,
        plug: Callable[["ClientConnection"], bool],
        left: Callable[["ClientConnection"], None],
    ) -> None:
        self._listener = listener
        self._host = host
        self._service = service
        self._plug = plug
        self._left = left
        self._peer = name_of("")
        self._ordinal = 0
        self._plugged = False
        self._memory = MemoryMap()
        self._interrupts = Interrupts(host.msix_vectors)
        self._requests = Requests(host, self._memory, self._interrupts)
        self._stream = MessageStream(
            sock, service.clock, service.limits.frame_time, self._received, self._ended
        )
        self._dma = Dma(self._memory, service.clock, self._stream.write, self._emit)

    @property
    def ordinal(self) -> int:
        """The client's, for observers."""
        return self._ordinal

    def close(self, reason: str) -> None:
        """Part with the client."""
        self._stream.close(reason)

    # What the function calls; see ``Bus``.

    def interrupt(self, vector: int) -> None:
        """Signal an MSI-X vector."""
        self._interrupts.signal(vector)

    def memory_read(self, address: int, size: int, done: Callable[[bytes | None], None]) -> None:
        """Read the machine's memory."""
        self._dma.read(address, size, partial(self._guard, done))

    def memory_write(self, address: int, data: bytes, done: Callable[[bool], None]) -> None:
        """Write the machine's memory."""
        self._dma.write(address, data, partial(self._guard, done))

    # What the stream calls.

    def _received(self, message: Message) -> None:
        if not self._ordinal:
            self._ordinal = self._service.number()
            self._emit(PeerArrived(self._peer, self._listener))
        self._guard(self._handle, message)

    def _ended(self, reason: str) -> None:
        self._interrupts.close()
        self._memory.close()
        self._dma.close()
        if self._plugged:
            self._host.bus = None
            self._guard(self._host.reset, Reset.CONVENTIONAL)
        self._emit(PeerLeft(self._peer, reason))
        self._left(self)

    # Inside.

    def _handle(self, message: Message) -> None:
        header = message.header
        kind = header.flags & TYPE_MASK
        try:
            if kind == TYPE_REPLY:
                self._dma.replied(header, message.payload)
            elif kind:
                self._refuse(header, RequestError(f"type {kind} is neither request nor reply"))
            elif self._plugged:
                self._answer(message)
            else:
                self._plug_in(message)
        except RequestError as error:
            self._refuse(header, error)

    def _answer(self, message: Message) -> None:
        header, payload, descriptors = message
        answer, after = self._requests.answer(header.command, payload, descriptors)
        if not header.flags & NO_REPLY:
            self._stream.write(codec.reply(header, answer))
        if after is not None:
            after()

    def _plug_in(self, message: Message) -> None:
        """VERSION, which comes first and once."""
        if message.header.command != Command.VERSION:
            raise RequestError("it comes before VERSION")
        message.descriptors.check(0)
        theirs = codec.parse_version(message.payload)
        if not self._plug(self):
            raise RequestError("the function has a client already", errno.EBUSY)
        self._plugged = True
        self._dma.max_data = min(codec.MAX_DATA, theirs.max_data_xfer_size)
        self._host.bus = self
        self._stream.write(codec.reply(message.header, codec.version()))

    def _refuse(self, header: Header, error: RequestError) -> None:
        reason = f"{command_name(header.command)}: {error.reason}"
        is_reply = header.flags & TYPE_MASK == TYPE_REPLY
        if not is_reply and not header.flags & NO_REPLY:
            self._stream.write(codec.error_reply(header, error.number))
        if self._plugged or is_reply:
            self._emit(PeerIgnored(reason))
        else:
            self.close(f"refused: {reason}")

    def _emit(self, event: Event) -> None:
        self._service.emit(self._ordinal, event)

    def _guard(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do something whose defects must reach nothing but this client."""
        try:
            action(*arguments)
        except Exception as error:  # noqa: BLE001 - a defect must not end the process
            import traceback  # noqa: PLC0415 - for defects only

            self._emit(InternalError(0, "".join(traceback.format_exception(error))))
            self.close(f"internal error: {type(error).__name__}: {error}")
