"""Channels over TCP and Unix sockets: the protocol of spdm-emu, and plain DSP0287."""

from dataclasses import dataclass
from typing import Any, ClassVar

from responder.client.channel import ChannelError
from responder.client.stream import Stream
from responder.errors import ConfigError
from responder.requester.steps import OtherKind
from responder.spec.codes import RequestCode
from responder.transport.binding import Carried, Kind, binding_of
from responder.transport.doe import DISCOVERY, SPDM_OBJECTS, DiscoveryRequest, DiscoveryResponse
from responder.transport.dsp0287 import Dsp0287Framer, message_type
from responder.transport.errors import FramingError
from responder.transport.framer import Framer
from responder.transport.records import records_of
from responder.transport.socket_frame import (
    CLIENT_HELLO,
    SERVER_HELLO,
    Command,
    SocketFrame,
    SocketFramer,
    TransportType,
    wrap_frame,
)
from responder.transport.uri import Endpoint, parse_uri

MAX_PAYLOAD = 1 << 20
"""The largest frame taken, in bytes: a data object of 2^18 DW."""
_PROMPTS: dict[int, Command] = {
    RequestCode.KEY_UPDATE: Command.OOB_ENCAP_KEY_UPDATE,
    RequestCode.GET_ENDPOINT_INFO: Command.OOB_ENCAP_ENDPOINT_INFO,
}
DEFAULT_BINDING = TransportType.MCTP
"""What an endpoint that takes any binding is spoken to with."""


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """What to do beside carrying messages; all but ``timeout`` are for spdm-emu's protocol only.

    Attributes:
        timeout: seconds for connecting, and for each message until its response is whole.
        hello: send TEST first, and expect the server's hello.
        discover: on DOE walk the discovery first, and refuse a device that lists no SPDM; with
            storage commands refuse one that does not carry messages.
        farewell: a command to send when closing. SHUTDOWN ends a server that obeys it; the
            reference responder ends whenever a peer leaves without CONTINUE.
    """

    timeout: float = 5.0
    hello: bool = False
    discover: bool = False
    farewell: Command | None = None


class SocketChannel:
    """A connection that speaks spdm-emu's protocol; a ``Channel``.

    Attributes:
        padding: 3 on DOE, else 0.
        records: those of the binding.
    """

    _SPDM_OBJECT: ClassVar[tuple[int, int]] = SPDM_OBJECTS[1]

    def __init__(self, stream: Stream[Any], endpoint: Endpoint, options: SocketOptions) -> None:
        transport = DEFAULT_BINDING if endpoint.transport is None else endpoint.transport
        self._binding = binding_of(transport)
        self._stream = stream
        self._options = options
        self.padding = self._binding.padding
        self.records = records_of(transport)

    @staticmethod
    def framer() -> Framer[Any]:
        """What cuts this protocol's stream into frames."""
        return SocketFramer(MAX_PAYLOAD)

    async def prepare(self) -> None:
        """Say hello and walk the discovery, if that was asked for; ``ChannelError`` if it fails."""
        await self._greet()
        if self._options.discover and self._binding.transport == TransportType.PCI_DOE:
            found = await self._discover()
            if self._SPDM_OBJECT not in found:
                raise ChannelError("framing", f"discovery lists no SPDM, but {found}")

    async def _greet(self) -> None:
        if self._options.hello:
            answer = await self._command(Command.TEST, CLIENT_HELLO)
            if answer != SERVER_HELLO:
                raise ChannelError("framing", f"TEST is answered with {answer!r}")

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """As ``Channel.exchange``; on DOE the answer keeps its padding."""
        kind = Kind.SECURED if secured else Kind.SPDM
        carried = await self._exchange(message, kind)
        return carried.message if carried.kind is kind else OtherKind(carried.message)

    async def prompt(self, request: int, session_id: int | None) -> None:
        """As ``Channel.prompt``, by the commands that spdm-emu has for it."""
        command = _PROMPTS.get(request)
        if command is not None:
            payload = b"" if session_id is None else session_id.to_bytes(4, "little")
            await self._command(command, payload)

    async def close(self) -> None:
        """Say farewell, if that was asked for, and close."""
        farewell = self._options.farewell
        if farewell is not None and self._stream.open:
            try:
                await self._command(farewell, b"")
            except ChannelError as error:
                self._stream.note = f"no answer to {farewell.name}: {error.reason}"
        await self._stream.close()

    async def _exchange(self, message: bytes, kind: Kind) -> Carried:
        try:
            payload = self._binding.wrap(message, kind)
            answer = await self._carry(payload)
            carried = self._binding.unwrap(answer)
        except FramingError as error:
            raise ChannelError("framing", error.reason) from error
        if carried.kind is not kind and Kind.OTHER in (carried.kind, kind):
            raise ChannelError("framing", self._odd_kind(carried.header, carried.kind))
        return carried

    def _odd_kind(self, header: bytes, kind: Kind) -> str:
        return f"the answer is {kind.value}" + (f", header {header.hex()}" if header else "")

    async def _carry(self, payload: bytes) -> bytes:
        return await self._command(Command.NORMAL, payload)

    async def _command(self, command: Command, payload: bytes) -> bytes:
        """Send a command; the payload of the answer, which names the same command."""
        transport = self._binding.transport
        frame = await self._stream.request(wrap_frame(command, transport, payload))
        return self._payload(frame, command, command)

    def _payload(self, frame: SocketFrame, wanted: Command, command: Command) -> bytes:
        """The payload of a frame that must be the answer to ``command``."""
        transport = self._binding.transport
        if frame.command != wanted:
            raise ChannelError("framing", f"command 0x{frame.command:x} answers {command.name}")
        if frame.transport != transport:
            number = f"0x{frame.transport:x}"
            raise ChannelError("framing", f"transport type {number} answers {transport.name}")
        return frame.payload

    async def _discover(self) -> list[tuple[int, int]]:
        """The (VendorID, Type) of every object, index 0 first."""
        found: list[tuple[int, int]] = []
        asked: set[int] = set()
        index = 0
        while index not in asked:
            asked.add(index)
            carried = await self._exchange(DiscoveryRequest(index).encode(), Kind.OTHER)
            try:
                entry = DiscoveryResponse.decode(carried.message)
            except FramingError as error:
                raise ChannelError("framing", error.reason) from error
            found.append((entry.vendor_id, entry.type))
            if entry.next_index == 0:
                return found
            index = entry.next_index
        raise ChannelError("framing", f"discovery of {DISCOVERY} returns to index {index}")


class TcpChannel(SocketChannel):
    """A connection that speaks plain DSP0287; a ``Channel``."""

    @staticmethod
    def framer() -> Framer[Any]:
        """What cuts this protocol's stream into frames."""
        return Dsp0287Framer(MAX_PAYLOAD)

    async def prepare(self) -> None:
        """There is nothing to say first."""

    async def prompt(self, request: int, session_id: int | None) -> None:
        """There is no way to that."""

    async def close(self) -> None:
        """Close."""
        await self._stream.close()

    def _odd_kind(self, header: bytes, kind: Kind) -> str:
        return f"the peer answers {message_type(header).name}" if header else f"{kind.value} came"

    async def _carry(self, payload: bytes) -> bytes:
        answer: bytes = await self._stream.request(payload)
        return answer


def _kind_of(endpoint: Endpoint) -> type[SocketChannel]:
    if endpoint.transport == TransportType.STORAGE:
        from responder.client.storage import StorageChannel  # noqa: PLC0415 - it imports this

        return StorageChannel
    return SocketChannel if endpoint.framing == "spdm-emu" else TcpChannel


async def open_channel(
    uri: str,
    timeout: float | None = None,  # noqa: ASYNC109 - not of this call alone
    options: SocketOptions | None = None,
) -> SocketChannel:
    """Connect to the responder at ``uri``.

    Args:
        uri: such as ``spdm-emu+doe://127.0.0.1:2323``; without a binding MCTP is spoken.
        timeout: seconds, instead of that of the options.
        options: what to do beside carrying messages.

    Raises:
        ConfigError: the URI names no endpoint.
        ChannelError: nobody answers there, or not as the options demand.
    """
    endpoint = parse_uri(uri)
    if endpoint.framing == "vfio-user":
        raise ConfigError(f"{uri}: a virtual machine connects there; ask the device in it")
    options = options or SocketOptions()
    seconds = options.timeout if timeout is None else timeout
    kind = _kind_of(endpoint)
    stream = await Stream.connect(endpoint, kind.framer(), seconds)
    channel = kind(stream, endpoint, options)
    try:
        await channel.prepare()
    except ChannelError:
        await stream.close()
        raise
    return channel
