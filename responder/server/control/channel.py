"""The control socket: controllers connect to it, each has a channel of its own."""

import asyncio
import select
import socket
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from responder import __version__
from responder.server.control.commands import Commands, encoded
from responder.server.control.errors import CommandError
from responder.server.control.steered import Scene
from responder.server.events import ControllerArrived, ControllerLeft
from responder.server.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

PROTOCOL = 1
"""Of what is spoken here: grows when a controller must be changed, not when one may be."""
MAX_LINE = 1 << 20
"""Bytes of a request, its newline included."""
MAX_UNREAD = 1 << 20
"""Bytes that may wait for a controller to read them when more is to be said."""
MAX_CONTROLLERS = 16
STALL_TIME = 30.0
"""Virtual seconds in which a controller must have read what it was told."""
_QUEUED_LINES = 64
_FLUSH_TIME = 1.0
"""Seconds that a stop waits for controllers to read what they were told."""


class Subscription(Protocol):
    """Events on their way to somebody."""

    def close(self, timeout: float) -> bool:
        """Hand over what is on its way, for at most ``timeout`` seconds; whether all of it was."""


class Source(Protocol):
    """Where events come from."""

    def subscribe(
        self, name: str, take: "Callable[[Sequence[dict[str, Any]]], None]", kinds: Sequence[str]
    ) -> Subscription:
        """Let ``take`` have events as JSON objects, in a thread of its own.

        Raises:
            CommandError: there is no such kind.
        """


class ControlSocket:
    """Listens for controllers.

    Args:
        sock: a Unix socket that listens.
        scene: what it is all about.
        commands: carries out what they ask for.
        source: gives them events.
    """

    def __init__(
        self, sock: socket.socket, scene: Scene, commands: Commands, source: Source
    ) -> None:
        self.scene = scene
        self.commands = commands
        self.source = source
        self._socket = sock
        self._channels: set[Channel] = set()
        self._numbered = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Accept controllers."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: Channel(self), sock=self._socket)

    async def close(self, reason: str) -> None:
        """Accept no more, tell those that are there what is on its way, and part with them."""
        if self._server is not None:
            self._server.close()
        channels = list(self._channels)
        for channel in channels:
            channel.finish(reason)
        if channels:
            await asyncio.wait([channel.gone for channel in channels], timeout=_FLUSH_TIME)
        for channel in channels:
            channel.abort(reason)

    # What channels call.

    def admit(self, channel: "Channel") -> int:
        """The number of a new controller; 0 if there are too many."""
        if len(self._channels) >= MAX_CONTROLLERS:
            return 0
        self._channels.add(channel)
        self._numbered += 1
        return self._numbered

    def left(self, channel: "Channel") -> None:
        """A controller has left."""
        self._channels.discard(channel)


class Channel(asyncio.Protocol):
    """One controller; implements ``Controller``. Its requests are answered one after the other.

    Attributes:
        gone: done when the channel has ended.
    """

    def __init__(self, owner: ControlSocket) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = owner
        self._name = ""
        self._reason = ""
        self._partial = bytearray()
        self._lines: deque[bytes] = deque()
        self._last = False
        self._answering: asyncio.Task[None] | None = None
        self._read = asyncio.Event()
        self._read.set()
        self._subscription: Subscription | None = None
        self._subscribed = 0
        self._stalled = Watch(owner.scene.server.clock, self._too_late)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A controller connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # whatever waits to be read counts
        number = self._owner.admit(self)
        self._name = f"controller {number}" if number else "one more controller"
        if not number:
            reason = f"{MAX_CONTROLLERS} controllers are connected already"
            self._end(reason, CommandError("NotPossible", reason))
            return
        scene = self._owner.scene
        scene.server.emit(0, ControllerArrived(self._name))
        about = {
            "protocol": PROTOCOL,
            "version": __version__,
            "profile": scene.server.profile.name,
            "instance": scene.instance,
        }
        self._say({"spdm-responder": about})

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: whole lines are requests; empty ones are passed over."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._partial += line
            if len(self._partial) >= MAX_LINE:
                break
            if self._partial.strip():
                self._lines.append(bytes(self._partial))
            self._partial.clear()
        else:
            self._partial += rest
        if len(self._partial) >= MAX_LINE:
            reason = f"a line of more than {MAX_LINE} bytes"
            self._lines.clear()
            self._end(reason, CommandError("BadRequest", reason))
            return
        self._answer()
        if len(self._lines) > _QUEUED_LINES:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The controller says no more; if it still listens, it gets its answers."""
        if _hung_up(self._transport.get_extra_info("socket")):
            return False
        self._last = True
        self._answer()
        return True

    def pause_writing(self) -> None:
        """The controller does not read what it is told."""
        self._read.clear()
        clock = self._owner.scene.server.clock
        self._stalled.by(clock.now() + STALL_TIME)

    def resume_writing(self) -> None:
        """It has read enough of it."""
        self._stalled.cancel()
        self._read.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel has ended."""
        self._reason = self._reason or (str(exc) if exc else "it left")
        self._stalled.cancel()
        self.unsubscribe()
        if self._answering is not None:
            self._answering.cancel()
        self._owner.left(self)
        self._owner.scene.server.emit(0, ControllerLeft(self._name, self._reason))
        self.gone.set_result(None)

    # What commands call.

    def subscribe(self, kinds: Sequence[str]) -> None:
        """Send events, of these kinds or of all, in the place of those before."""
        loop = asyncio.get_running_loop()
        number = self._subscribed + 1

        def take(events: Sequence[dict[str, Any]]) -> None:
            lines = b"".join(encoded({"event": event}) for event in events)
            loop.call_soon_threadsafe(self._told, number, lines)

        subscription = self._owner.source.subscribe(self._name, take, kinds)
        self.unsubscribe()
        self._subscription, self._subscribed = subscription, number

    def unsubscribe(self) -> None:
        """Send no more events."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close(0.0)

    # What the socket calls.

    def finish(self, reason: str) -> None:
        """Send the events that are on their way, then end."""
        self._reason = self._reason or reason
        if self._subscription is not None:
            self._subscription.close(_FLUSH_TIME)
        asyncio.get_running_loop().call_soon(self._transport.close)

    def abort(self, reason: str) -> None:
        """End at once."""
        self._reason = self._reason or reason
        self._transport.abort()

    # Inside.

    def _answer(self) -> None:
        if self._answering is None and (self._lines or self._last):
            self._answering = asyncio.ensure_future(self._answer_all())

    async def _answer_all(self) -> None:
        while self._lines:
            line = self._lines.popleft()
            if len(self._lines) == _QUEUED_LINES:
                self._transport.resume_reading()
            answer = await self._owner.commands.answer(line, self)
            await self._read.wait()
            self._transport.write(answer)
        self._answering = None
        if self._last:
            self._end("it has said all")

    def _told(self, number: int, lines: bytes) -> None:
        """Events arrived from their thread; those of an earlier subscription come too late."""
        if self._subscription is None or number != self._subscribed:
            return
        unread = self._transport.get_write_buffer_size()
        if unread > MAX_UNREAD:
            self.abort(f"it does not read: {unread} bytes wait")
        else:
            self._transport.write(lines)

    def _too_late(self) -> None:
        self.abort(f"it has not read for {STALL_TIME:g} s")

    def _say(self, document: dict[str, Any]) -> None:
        self._transport.write(encoded(document))

    def _end(self, reason: str, error: CommandError | None = None) -> None:
        self._reason = self._reason or reason
        if error is not None:
            self._say({"error": error.document()})
        self._transport.close()


def _hung_up(sock: socket.socket) -> bool:
    """Whether the other side of a Unix socket is gone, and not only done with sending."""
    poll = select.poll()
    poll.register(sock.fileno(), 0)
    return bool(poll.poll(0))
