"""The socket at which one function waits for a machine to be plugged into."""

import asyncio
from collections.abc import Callable

from responder.errors import system_reason
from responder.server.events import PeerIgnored, PeerLeft
from responder.server.listener import Listener
from responder.server.peer_socket import name_of
from responder.server.vfio_user.connection import ClientConnection
from responder.server.vfio_user.interfaces import FunctionHost, Service
from responder.server.watch import Watch

MAX_CLIENTS = 8
"""Connections at a time, of which one has the function and the others have said nothing yet."""
_RETRY_TIME = 1.0
"""Seconds before connections are accepted again after that has failed."""


class FunctionPort:
    """Accepts clients, and gives the function to one at a time, the next when that has left.

    Args:
        listener: a Unix socket; belongs to the port now.
        host: the function.
        service: the server.
        left: called when the client has left that had the function.
        arrives: called before a client is accepted; it may have the port ``serve`` another one.
    """

    def __init__(
        self,
        listener: Listener,
        host: FunctionHost,
        service: Service,
        left: Callable[[], None] = lambda: None,
        arrives: Callable[[], None] = lambda: None,
    ) -> None:
        self._listener = listener
        self._host = host
        self._service = service
        self._left = left
        self._arrives = arrives
        self._clients: set[ClientConnection] = set()
        self._owner: ClientConnection | None = None
        self._stopped = False
        self._loop = asyncio.get_running_loop()
        self._pause = Watch(service.clock, self._accept_again)
        self._accept_again()

    @property
    def occupied(self) -> bool:
        """Whether a client has the function."""
        return self._owner is not None

    @property
    def listener(self) -> str:
        """Where clients connect to."""
        return str(self._listener.endpoint)

    def serve(self, host: FunctionHost) -> None:
        """Give the next client another function; those that wait for this one have to leave."""
        self._host = host
        for client in list(self._clients):
            client.close("the device is another one now")

    def stop(self, reason: str) -> None:
        """Stop listening, and part with the clients."""
        self._pause.cancel()
        if not self._stopped:
            self._stopped = True
            self._loop.remove_reader(self._listener.socket)
            self._listener.close()
        for client in list(self._clients):
            client.close(reason)

    def _accept_again(self) -> None:
        self._loop.add_reader(self._listener.socket, self._accept)

    def _accept(self) -> None:
        try:
            sock, address = self._listener.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:  # such as no descriptor left
            self._service.emit(0, PeerIgnored(f"a client waits: {system_reason(error)}"))
            self._loop.remove_reader(self._listener.socket)
            self._pause.by(self._service.clock.now() + _RETRY_TIME)
            return
        self._arrives()
        if len(self._clients) < MAX_CLIENTS:
            endpoint = str(self._listener.endpoint)
            self._clients.add(
                ClientConnection(sock, endpoint, self._host, self._service, self._plug, self._gone)
            )
        else:
            sock.close()
            reason = f"refused: {MAX_CLIENTS} others are connected"
            self._service.emit(0, PeerLeft(name_of(address), reason))

    def _plug(self, client: ClientConnection) -> bool:
        """Give a client the function if nobody has it."""
        if self._owner is None:
            self._owner = client
        return self._owner is client

    def _gone(self, client: ClientConnection) -> None:
        self._clients.discard(client)
        if self._owner is client:
            self._owner = None
            self._left()
