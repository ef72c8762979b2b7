"""Connections that speak the spdm-emu socket protocol, as QEMU and spdm-utils do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from responder.server.connection import PeerConnection
from responder.server.host import Host
from responder.transport.binding import binding_of
from responder.transport.carried import Binding, Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import (
    SERVER_HELLO,
    Command,
    SocketFrame,
    SocketFramer,
    TransportType,
    wrap_frame,
)
from responder.transport.uri import Endpoint

if TYPE_CHECKING:
    from responder.server.storage_port import StoragePort
    from responder.server.transport_answers import FrameKind
    from responder.transport.storage import StorageRecords

_STORAGE_COMMANDS = (Command.IF_SEND, Command.IF_RECV)
_SCSI = 3
"""QEMU's number for it, with those two commands only."""
_STORAGE = ("spdm-emu", "storage")


class EmuConnection(PeerConnection):
    """A spdm-emu peer; each of its frames says how the payload is bound."""

    def __init__(self, host: Host, listener: Endpoint) -> None:
        super().__init__(host, listener, SocketFramer(host.limits.max_frame))
        self._pinned = listener.transport
        self._bound: Binding | None = None
        self._transport_type = 0
        self._storage: StoragePort | None = None

    def send(self, message: bytes, *, secured: bool) -> None:
        """As of any connection; a response to a storage command waits until it is fetched."""
        if self._storage is not None and self._binding() is self._storage.binding:
            self._storage.respond(message, secured=secured)
        else:
            super().send(message, secured=secured)

    def answered(self) -> None:
        """As of any connection; a request that nothing came of leaves nothing to fetch."""
        super().answered()
        if self._storage is not None and not self._waits():
            self._storage.done()

    # What storage commands ask for.

    def put_storage(self, command: Command, data: bytes, kind: "FrameKind") -> None:
        """Write a frame of that command."""
        self._put(wrap_frame(command, self._transport_type, data), kind, _STORAGE)

    def submit_storage(self, carried: Carried, records: "StorageRecords") -> None:
        """Hand a message or record to the endpoint."""
        self._busy = True
        secured = records if carried.kind is Kind.SECURED else None
        self._attached().submit(self, carried.message, 0, secured)

    # What frames ask for.

    def _handle(self, frame: SocketFrame) -> None:
        if frame.command != Command.TEST:
            self._begin()
        if self._pinned is not None and _bound_to(frame) != self._pinned:
            wanted = self._pinned.name
            raise FramingError(f"transport type {frame.transport} on a port for {wanted} only")
        self._transport_type = frame.transport
        self._COMMANDS.get(frame.command, EmuConnection._unknown)(self, frame)

    def _binding(self) -> Binding:
        if self._bound is None:
            raise FramingError("the peer has not said which transport it uses")
        return self._bound

    def _enclose(self, payload: bytes) -> bytes:
        return wrap_frame(Command.NORMAL, self._transport_type, payload)

    def _framing(self) -> tuple[str, str]:
        number = self._transport_type
        return "spdm-emu", binding_of(number).name if number in set(TransportType) else "none"

    def _normal(self, frame: SocketFrame) -> None:
        if frame.transport == TransportType.STORAGE:
            raise FramingError(f"transport type 0x{frame.transport:x} has storage commands only")
        if self._bound is None or self._bound.transport != frame.transport:
            self._bound = binding_of(frame.transport)
        self._carry(self._bound, frame.payload)

    def _storage_command(self, frame: SocketFrame) -> None:
        if _bound_to(frame) != TransportType.STORAGE:
            self._unknown(frame)
            return
        if self._storage is None:
            from responder.server.storage_port import StoragePort  # noqa: PLC0415 - rare

            self._storage = StoragePort(self, self._host.storage, self._host.capabilities)
        self._bound = self._storage.binding
        self._storage.command(frame.command, frame.transport, frame.payload)

    def _test(self, frame: SocketFrame) -> None:
        """Whatever the hello says: peers differ in it, and the reference does not look."""
        self._put(wrap_frame(Command.TEST, frame.transport, SERVER_HELLO), "command")

    def _key_update(self, frame: SocketFrame) -> None:
        """The device is to update its key, in the session that the payload names."""
        self._attached().want("key-update", int.from_bytes(frame.payload, "little"))
        self._echo(frame)

    def _endpoint_info(self, frame: SocketFrame) -> None:
        """The device is to ask for endpoint information."""
        self._attached().want("endpoint-info", None)
        self._echo(frame)

    def _continue(self, frame: SocketFrame) -> None:
        self.keeps_listening = True
        self._echo(frame)
        self.close("the peer asked to continue with another connection")

    def _shutdown(self, frame: SocketFrame) -> None:
        self._echo(frame)
        self.close("the peer asked for shutdown")

    def _unknown(self, frame: SocketFrame) -> None:
        self._put(wrap_frame(Command.UNKNOWN, frame.transport), "command")
        self.close(f"command {_name(frame.command)} is not known")

    def _echo(self, frame: SocketFrame) -> None:
        self._put(wrap_frame(frame.command, frame.transport), "command")

    _COMMANDS: ClassVar[dict[int, Callable[["EmuConnection", SocketFrame], None]]] = {
        Command.NORMAL: _normal,
        Command.IF_SEND: _storage_command,
        Command.IF_RECV: _storage_command,
        Command.TEST: _test,
        Command.OOB_ENCAP_KEY_UPDATE: _key_update,
        Command.OOB_ENCAP_ENDPOINT_INFO: _endpoint_info,
        Command.CONTINUE: _continue,
        Command.SHUTDOWN: _shutdown,
    }


def _bound_to(frame: SocketFrame) -> int:
    """The TransportType that a frame means."""
    scsi = frame.command in _STORAGE_COMMANDS and frame.transport == _SCSI
    return TransportType.STORAGE if scsi else frame.transport


def _name(command: int) -> str:
    return Command(command).name if command in set(Command) else f"0x{command:x}"
