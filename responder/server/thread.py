"""A server in a thread of its own, for programs that block while they use it."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from responder.server.events import Observer
from responder.server.listener import Listener, open_listeners
from responder.server.server import Emulated, Server, ServerOptions
from responder.transport.uri import Endpoint


class ServerThread:
    """A context in which a profile is served.

    Args:
        profile: what is served.
        options: how.
        listen: where; what listens already is closed at the end.
        observer: is told what happens, in that thread.

    Attributes:
        endpoints: what listens, with the real ports; known inside the context.
    """

    def __init__(
        self,
        profile: Emulated,
        options: ServerOptions,
        listen: Sequence[Endpoint | Listener],
        observer: Observer,
    ) -> None:
        self.endpoints: list[Endpoint] = []
        self._profile = profile
        self._options = options
        self._listen = listen
        self._observer = observer
        self._started: Future[list[Endpoint]] = Future()
        self._thread = threading.Thread(target=self._run, name="spdm-responder", daemon=True)

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            ConfigError: an address is not loopback.
            UnavailableError: an address cannot be had.
        """
        self._thread.start()
        try:
            self.endpoints = self._started.result()
        except BaseException:
            self._thread.join()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drain, close, and wait for the thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # raised again in the thread that waits
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = Server(self._profile, self._options, self._observer)
        wanted = [one for one in self._listen if isinstance(one, Endpoint)]
        listeners = [one for one in self._listen if isinstance(one, Listener)]
        listeners += open_listeners(wanted, allow_remote=False)
        self._started.set_result(await server.start(listeners))
        server.prepare()
        await self._stop.wait()
        await server.stop("the server was stopped")
