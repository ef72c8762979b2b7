"""Serves metrics over HTTP, in threads of its own."""

import socket
import threading
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from responder.errors import ConfigError, UnavailableError, system_reason

_MOST = 8
"""Scrapes at a time; more are closed unanswered."""
_PATIENCE = 10.0
"""Seconds that a client may take for its next bytes."""


class _Handler(WSGIRequestHandler):
    """Answers one client, who has not all the time in the world, and says nothing of it."""

    timeout = _PATIENCE

    def log_message(self, *_: Any) -> None:
        """No access log: stderr belongs to the responder."""


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each of a few clients."""

    daemon_threads = True

    def __init__(self, family: socket.AddressFamily, address: tuple[str, int]) -> None:
        self.address_family = family
        self._places = threading.BoundedSemaphore(_MOST)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind, without looking for a name of the address, which may take long."""
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread if there is a place for one more."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left or was too slow is none of our trouble; all else is printed."""
        import sys  # noqa: PLC0415 - for mistakes only

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class MetricsServer:
    """An HTTP server for one registry.

    Attributes:
        url: where the metrics are, with the real port.
    """

    def __init__(
        self, registry: CollectorRegistry, host: str, port: int, *, allow_remote: bool
    ) -> None:
        """Listen, and begin to serve.

        Args:
            registry: what is collected for each scrape.
            host: name or address.
            port: 0 for any free one.
            allow_remote: other machines may reach it.

        Raises:
            ConfigError: the address is not loopback, and has to be.
            UnavailableError: it cannot be had.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            family, _, _, _, address = found[0]
            bare = str(address[0])
            if not (allow_remote or bare.startswith("127.") or bare == "::1"):
                raise ConfigError(
                    f"metrics on {host} can be reached from other machines; if that is wanted, "
                    "say --allow-remote"
                )
            self._server = _Server(family, (bare, port))
        except OSError as error:
            raise UnavailableError(f"metrics on {host}:{port}: {system_reason(error)}") from error
        self._server.set_app(make_wsgi_app(registry))
        shown = f"[{bare}]" if ":" in bare else bare
        self.url = f"http://{shown}:{self._server.server_port}/metrics"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="spdm-metrics-http", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
