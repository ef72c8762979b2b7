"""The socket at which one function waits for a machine to be plugged into."""

import asyncio
import errno
import socket
from collections.abc import Callable

from responder.errors import system_reason
from responder.server.events import PeerIgnored, PeerLeft
from responder.server.listener import Listener
from responder.server.peer_socket import name_of
from responder.server.vfio_user.connection import ClientConnection
from responder.server.vfio_user.interfaces import FunctionHost, Service
from responder.server.watch import Watch

_NOTHING_LEFT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_RETRY_TIME = 1.0
"""Seconds before connections are accepted again that could not be, for want of descriptors."""


class FunctionPort:
    """Accepts the clients of one function: one at a time, the next when it has left.

    Args:
        listener: a Unix socket; belongs to the port now.
        host: the function.
        service: the server.
        left: called when a client has left.
    """

    def __init__(
        self,
        listener: Listener,
        host: FunctionHost,
        service: Service,
        left: Callable[[], None] = lambda: None,
    ) -> None:
        self._listener = listener
        self._host = host
        self._service = service
        self._left = left
        self._client: ClientConnection | None = None
        self._stopped = False
        self._loop = asyncio.get_running_loop()
        self._pause = Watch(service.clock, self._accept_again)
        self._accept_again()

    @property
    def occupied(self) -> bool:
        """Whether a client is connected."""
        return self._client is not None

    def stop(self, reason: str) -> None:
        """Stop listening, and part with the client."""
        self._pause.cancel()
        if not self._stopped:
            self._stopped = True
            self._loop.remove_reader(self._listener.socket)
            self._listener.close()
        if self._client is not None:
            self._client.close(reason)

    def _accept_again(self) -> None:
        self._loop.add_reader(self._listener.socket, self._accept)

    def _accept(self) -> None:
        try:
            sock, address = self._listener.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _NOTHING_LEFT:
                raise
            self._service.emit(0, PeerIgnored(f"a client waits: {system_reason(error)}"))
            self._loop.remove_reader(self._listener.socket)
            self._pause.by(self._service.clock.now() + _RETRY_TIME)
            return
        if self._client is None:
            self._client = self._serve(sock)
        else:
            sock.close()
            reason = f"refused: {self._listener.endpoint} has a client already"
            self._service.emit(0, PeerLeft(name_of(address), reason))

    def _serve(self, sock: socket.socket) -> ClientConnection:
        endpoint = str(self._listener.endpoint)
        return ClientConnection(sock, endpoint, self._host, self._service, self._gone)

    def _gone(self) -> None:
        self._client = None
        self._left()
