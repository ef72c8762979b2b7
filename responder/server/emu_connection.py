"""Connections that speak the spdm-emu socket protocol, as QEMU and spdm-utils do."""

from collections.abc import Callable
from typing import ClassVar

from responder.server.connection import Host, PeerConnection
from responder.transport.binding import binding_of
from responder.transport.carried import Binding
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


class EmuConnection(PeerConnection):
    """A spdm-emu peer; each of its frames says how the payload is bound."""

    def __init__(self, host: Host, listener: Endpoint) -> None:
        super().__init__(host, listener, SocketFramer(host.limits.max_frame))
        self._pinned = listener.transport
        self._bound: Binding | None = None
        self._transport_type = 0

    def _handle(self, frame: SocketFrame) -> None:
        if frame.command != Command.TEST:
            self._begin()
        if self._pinned is not None and frame.transport != self._pinned:
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
        if self._bound is None or self._bound.transport != frame.transport:
            self._bound = binding_of(frame.transport)
        self._carry(self._bound, frame.payload)

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
        Command.TEST: _test,
        Command.OOB_ENCAP_KEY_UPDATE: _key_update,
        Command.OOB_ENCAP_ENDPOINT_INFO: _endpoint_info,
        Command.CONTINUE: _continue,
        Command.SHUTDOWN: _shutdown,
    }


def _name(command: int) -> str:
    return Command(command).name if command in set(Command) else f"0x{command:x}"
