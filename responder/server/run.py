"""A server in the foreground: start, say so, wait for a signal, drain."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import msgspec

from responder.core.ownership import Reset
from responder.errors import UnavailableError, system_reason
from responder.server.events import Observer
from responder.server.listener import Listener
from responder.server.ready import notify_manager, ready_lines
from responder.server.server import Emulated, Server, ServerOptions
from responder.transport.uri import Endpoint

Control = Callable[[Server, Callable[[bool], None]], AbstractAsyncContextManager[object]]
"""Lets somebody steer a server while it is entered; gets what stops the server, which is called
with whether to give up what is going on."""


class Foreground(msgspec.Struct, frozen=True):
    """The surroundings of a server process.

    Attributes:
        observer: is told everything.
        announce: gets the endpoints and the ready lines, once all of them can be reached.
        warn: gets what a person should know and no event tells.
        environ: the process's environment, for the service manager.
        controls: by which it is steered, from before READY until everything else is over.
    """

    observer: Observer
    announce: Callable[[Sequence[Endpoint], Sequence[str]], None]
    warn: Callable[[str], None]
    environ: Mapping[str, str]
    controls: Sequence[Control] = ()


def run_server(
    profile: Emulated,
    options: ServerOptions,
    listeners: Sequence[Listener],
    foreground: Foreground,
    calls: Sequence[Endpoint] = (),
) -> None:
    """Serve until SIGTERM, SIGINT, or the end of what ``once`` and ``calls`` ask for.

    The first signal drains, the second gives up what is still going on. SIGHUP resets the device.

    Raises:
        UnavailableError: a requester in ``calls`` cannot be reached.
    """
    asyncio.run(_serve(profile, options, listeners, foreground, calls))


async def _serve(
    profile: Emulated,
    options: ServerOptions,
    listeners: Sequence[Listener],
    foreground: Foreground,
    calls: Sequence[Endpoint],
) -> None:
    server = Server(profile, options, foreground.observer)
    signals = _Signals(server)
    endpoints = await server.start(listeners)
    async with AsyncExitStack() as stack:
        for control in foreground.controls:
            await stack.enter_async_context(control(server, signals.shut_down))
        for call in calls:
            try:
                await server.call(call)
            except OSError as error:
                await server.stop("a call failed")
                raise UnavailableError(f"cannot call {call}: {system_reason(error)}") from error
        pid = os.getpid()
        reachable = [*endpoints, *calls]
        foreground.announce(reachable, ready_lines(reachable, profile.name, pid))
        _notify(foreground, f"READY=1\nMAINPID={pid}\nSTATUS=profile {profile.name}\n")
        server.prepare()
        reason = await signals.first_reason_to_stop()
        _notify(foreground, "STOPPING=1\n")
        await server.stop(reason)


def _notify(foreground: Foreground, state: str) -> None:
    trouble = notify_manager(foreground.environ, state)
    if trouble:
        foreground.warn(trouble)


class _Signals:
    """SIGTERM and SIGINT: the first is a reason to stop, the next ends all connections.

    SIGHUP resets the device.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        loop = asyncio.get_running_loop()
        self._reason: asyncio.Future[str] = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._received, number)
        loop.add_signal_handler(signal.SIGHUP, server.reset, Reset.CONVENTIONAL)

    def _received(self, number: signal.Signals) -> None:
        if self._reason.done():
            self._server.abort(f"{number.name} came again")
        else:
            self._reason.set_result(f"{number.name} was received")

    def shut_down(self, now: bool) -> None:
        """A controller wants the server to stop; ``now`` gives up what is going on."""
        reason = "a controller asked for it"
        if not self._reason.done():
            self._reason.set_result(reason)
        if now:
            self._server.abort(reason)

    async def first_reason_to_stop(self) -> str:
        """Wait for a signal or for the server to have nothing left to do."""
        finished: asyncio.Task[Any] = asyncio.ensure_future(self._server.finished())
        await asyncio.wait([self._reason, finished], return_when=asyncio.FIRST_COMPLETED)
        finished.cancel()
        if not self._reason.done():
            self._reason.set_result("all that was asked for is done")
        return self._reason.result()
