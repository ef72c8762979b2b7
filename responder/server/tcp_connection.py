"""Connections that speak DSP0287, SPDM over TCP, without any wrapper."""

from responder.server.connection import PeerConnection
from responder.server.host import Host
from responder.transport.carried import Binding
from responder.transport.dsp0287 import Dsp0287Binding, Dsp0287Framer, MessageType, header_only
from responder.transport.uri import Endpoint


class TcpConnection(PeerConnection):
    """A DSP0287 peer."""

    def __init__(self, host: Host, listener: Endpoint) -> None:
        super().__init__(host, listener, Dsp0287Framer(host.limits.max_frame))
        self._tcp = Dsp0287Binding()

    def _handle(self, frame: bytes) -> None:
        self._begin()
        self._carry(self._tcp, frame)

    def _binding(self) -> Binding:
        return self._tcp

    def _enclose(self, payload: bytes) -> bytes:
        return payload

    def _framing(self) -> tuple[str, str]:
        return "dsp0287", self._tcp.name

    def _error_frame(self) -> bytes:
        return header_only(MessageType.NOT_SUPPORTED)
