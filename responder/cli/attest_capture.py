"""``attest --capture``: what the requester sends and gets, as a capture."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from responder import __version__
from responder.observe.pcapng import PcapngWriter
from responder.observe.summary import summary_of_frame
from responder.requester.steps import OtherKind
from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import Command, SocketFrame, TransportType, wrap_frame
from responder.transport.uri import SOCKET_PORT, TCP_PORT, Endpoint

if TYPE_CHECKING:
    from responder.client.channel import Channel
    from responder.requester.records import RecordFormat
    from responder.transport.pci_address import PciAddress

_DSP0287 = "dsp0287"
_PROGRAM = f"spdm-responder {__version__}"


@contextmanager
def captured(
    channel: "Channel", uri: "Endpoint | PciAddress", transport: TransportType, path: Path
) -> Iterator["Channel"]:
    """A channel whose messages are written to a file as well.

    Args:
        channel: carries them.
        uri: where it leads.
        transport: what it wraps them in.
        path: of the file.

    Raises:
        OSError: the file cannot be written.
    """
    alone = isinstance(uri, Endpoint) and uri.framing == _DSP0287
    with path.open("wb") as file:
        port = TCP_PORT if alone else SOCKET_PORT
        writer = PcapngWriter(file, _PROGRAM, port, begin=time.time_ns())
        writer.opened(0.0, 1, comment=f"to {uri}")
        yield _CapturedChannel(channel, writer, transport, alone=alone)
        writer.close()


class _CapturedChannel:
    """Writes messages and records in frames made anew; a ``Channel``."""

    def __init__(
        self,
        channel: "Channel",
        writer: PcapngWriter,
        transport: TransportType,
        *,
        alone: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = channel
        self._writer = writer
        self._transport = transport
        self._alone = alone
        self._clock = clock
        self._begin = clock()
        self.padding = channel.padding

    @property
    def records(self) -> "RecordFormat":
        """As the channel's."""
        return self._channel.records

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """As the channel's."""
        self._write(message, received=True, secured=secured)
        answer = await self._channel.exchange(message, secured=secured)
        other = isinstance(answer, OtherKind)
        self._write(answer, received=False, secured=secured != other)
        return answer

    async def prompt(self, request: int, session_id: int | None) -> None:
        """As the channel's."""
        await self._channel.prompt(request, session_id)

    async def close(self) -> None:
        """As the channel's."""
        await self._channel.close()

    def _write(self, message: bytes, *, received: bool, secured: bool) -> None:
        kind = Kind.SECURED if secured else Kind.SPDM
        try:
            frame = self._frame(message, kind, received=received)
        except FramingError:  # the channel cannot carry it either, and says so
            return
        data = frame.payload
        if not self._alone:
            data = wrap_frame(frame.command, frame.transport, data)
        time_passed = self._clock() - self._begin
        comment = summary_of_frame(frame)
        self._writer.message(time_passed, 1, data, received=received, comment=comment)

    def _frame(self, message: bytes, kind: Kind, *, received: bool) -> SocketFrame:
        if self._transport == TransportType.STORAGE and not received:
            from responder.transport.storage import fetched  # noqa: PLC0415 - rare

            return SocketFrame(Command.IF_RECV, self._transport, fetched(message, kind))
        storage = self._transport == TransportType.STORAGE
        command = Command.IF_SEND if storage else Command.NORMAL
        return SocketFrame(
            command, self._transport, binding_of(self._transport).wrap(message, kind)
        )
