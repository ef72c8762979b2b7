"""What all connections share: limits, one frame after the other, reasons, prompt ACKs."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from responder.core.effects import Close
from responder.core.events import Event, InternalError
from responder.core.hooks import Frame, Hooks, Write, is_default
from responder.server.deeds import Later
from responder.server.endpoint import Ending, SpdmEndpoint
from responder.server.events import (
    BytesReceived,
    BytesSent,
    PeerArrived,
    PeerIgnored,
    WireClosed,
    WireOpened,
)
from responder.server.host import Host
from responder.server.link import HookedLink
from responder.server.peer_socket import PeerSocket, name_of
from responder.server.watch import Watch
from responder.transport.carried import Binding, Kind
from responder.transport.errors import FramingError
from responder.transport.framer import Framer
from responder.transport.records import records_of
from responder.transport.uri import Endpoint

if TYPE_CHECKING:
    from responder.server.transport_answers import FrameKind

_GONE = "the peer closed the connection"
_BARE = ("dsp0287", "tcp")
_LATE_ENOUGH = 64
"""So many answers may wait for their time before the next request does."""


class PeerConnection(asyncio.Protocol, ABC):
    """One connection, whatever its framing; handles one frame at a time, in order.

    Attributes:
        peer: address of the other side, for the log.
        listener: where it came in.
        ordinal: 0 until the peer asks for something.
        endpoint: the SPDM endpoint, from the first SPDM message on.
        hooks: where faults take hold, on this connection and of what its requests lead to.
        keeps_listening: the peer asked for the server to go on after this connection.
    """

    hooks: Hooks
    # What few connections ever set takes no room in the others.
    _over = ""
    _half_closed = ""
    _overheard = False
    _left_at: float | None = None
    _wire = 0
    _greeting = b""
    _farewell = b""
    _link: HookedLink | None = None
    _later: Later | None = None

    def __init__(self, host: Host, listener: Endpoint, framer: Framer[Any]) -> None:
        self.peer = ""
        self.ordinal = 0
        self.endpoint: SpdmEndpoint | None = None
        self.keeps_listening = False
        self._host = host
        self.listener = listener
        self._framer = framer
        self._frames: deque[Any] = deque()
        self._busy = False
        self._turning = False
        self._scheduled = False
        self._write_full = False
        self._held = False
        self._reading = True
        self._deaf = False
        self._end_after = ""
        self._reason = ""
        self._last_frame = self._frame_start = host.clock.now()
        self._watch = Watch(host.clock, self._look)

    @abstractmethod
    def _handle(self, frame: Any) -> None:
        """Answer one frame; FramingError closes the connection."""

    @abstractmethod
    def _binding(self) -> Binding:
        """What messages to this peer are wrapped in."""

    @abstractmethod
    def _enclose(self, payload: bytes) -> bytes:
        """The frame around what the binding wrapped."""

    @abstractmethod
    def _framing(self) -> tuple[str, str]:
        """Framing and binding, as hooks know them, of what is written now."""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer connected."""
        self._transport = cast("asyncio.Transport", transport)  # selector loop: sockets only
        self._loop = asyncio.get_running_loop()
        self._socket = PeerSocket(transport.get_extra_info("socket"))
        self.peer = name_of(transport.get_extra_info("peername"))
        if self._host.wire is not None:
            self._wire = self._host.wire()
            listener = self.listener
            self.emit(WireOpened(self._wire, listener.framing, self.peer, str(listener)))
        refusal = self._host.admit(self)
        if refusal:
            self.close(refusal)
            return
        self._turn(self._meet)
        self._acknowledge_at_once()
        if self._host.limits.idle_timeout:
            self._watch.by(self._last_frame + self._host.limits.idle_timeout)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._wire:
            self.emit(BytesReceived(self._wire, data))
        if self._deaf:
            if self._half_closed and not self._overheard:
                self._overheard = True
                self.emit(PeerIgnored(f"{len(data)} bytes that came after our end of the stream"))
            return
        was_pending = self._framer.pending
        try:
            frames = self._framer.feed(data)
        except FramingError as error:
            frames = list(error.frames)
            self._end_after = f"bad frame: {error.reason}"
            self._deaf = True
            self._farewell = self._error_frame()
        if frames or not was_pending:
            self._frame_start = self._host.clock.now()
        if frames:
            self._last_frame = self._frame_start
            self._frames.extend(frames)
        if self._framer.pending and self._host.limits.frame_time:
            self._watch.by(self._frame_start + self._host.limits.frame_time)
        self._pump()
        self._acknowledge_at_once()

    def eof_received(self) -> bool:
        """The peer sends no more; it still gets the answers to what it sent."""
        reason = _GONE
        try:
            self._framer.eof()
        except FramingError as error:
            reason = f"{_GONE}: {error.reason}"
        self.finish(self._half_closed or reason)
        self._left_at = self._host.clock.now()
        self._bound_waiting()
        return True

    def pause_writing(self) -> None:
        """The peer does not take what is written: stop taking what it sends."""
        self._write_full = True

    def resume_writing(self) -> None:
        """The peer has taken enough of it."""
        self._write_full = False
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        reason = self._reason or self._over or self._end_after
        self._reason = reason or (f"{_GONE}: {exc}" if exc else _GONE)
        self._forget()
        self._watch.cancel()
        if self._wire:
            self.emit(WireClosed(self._wire, self._reason))
        self._host.left(self, self._reason)

    # What an endpoint calls.

    def send(self, message: bytes, *, secured: bool) -> None:
        """Write one SPDM message, or secured record, in a single piece."""
        kind = Kind.SECURED if secured else Kind.SPDM
        frame = self._enclose(self._binding().wrap(message, kind))
        self._put(frame, "secured" if secured else "spdm")

    def ignored(self) -> None:
        """Nothing is said to the peer, but where a transport has a frame for that."""
        if self._binding().name == "doe":
            from responder.server.transport_answers import NO_OBJECT  # noqa: PLC0415 - as _carry

            self._put(self._enclose(NO_OBJECT), "command")

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Call ``action`` in ``delay`` seconds, unless the connection has ended by then."""
        if self._reason:
            self.emit(PeerIgnored("what was to come later, for a connection that is closed"))
            return
        if self._later is None:
            self._later = Later(self._host.clock, self._turn_later)
        self._later.call(delay, action)
        self._weigh()

    def close(self, reason: str, how: Ending = "fin") -> None:
        """End the connection after what is to be written; the first reason counts."""
        if self._over or self._reason:
            return
        if how == "fin":
            self._over = reason
            self._deaf = True
            self._frames.clear()
            self._end_if_done()
        elif self._link is not None and self._link.pending:
            self._link.close(Close(reason, how))
        else:
            self._end(reason, how)

    def emit(self, event: Event, at: float | None = None) -> None:
        """Tell the observers, of something that was ``at`` if it is not now."""
        self._host.emit(self.ordinal, event, at)

    def answered(self) -> None:
        """The endpoint is done with the request."""
        self._busy = False
        self._last_frame = self._host.clock.now()
        if not self._turning:
            self._schedule()

    # What the server calls.

    def inquire_role(self) -> None:
        """Begin with a role inquiry: the peer accepted the connection and is to be requester.

        It stands alone even before the spdm-emu protocol, as the reference emulator has it.
        """
        from responder.transport import dsp0287  # noqa: PLC0415 - start-up time matters

        self._greeting = dsp0287.header_only(dsp0287.MessageType.ROLE_INQUIRY)

    def finish(self, reason: str) -> None:
        """End the connection once the frames that have arrived are answered.

        Nobody is kept waiting for answers to a peer that had said before that it sends no more.
        """
        if self._left_at is not None:
            self._drop()
        self._end_after = self._end_after or reason
        self._deaf = True
        self._pump()

    def abort(self, reason: str) -> None:
        """End the connection now."""
        self._reason = self._reason or reason
        self._forget()
        self._transport.abort()

    # What framings use.

    def _begin(self) -> None:
        """The peer asks for something: it counts now."""
        if not self.ordinal:
            self.ordinal = self._host.number()
            self.emit(PeerArrived(self.peer, str(self.listener)))

    def _carry(self, binding: Binding, payload: bytes) -> None:
        """Answer the payload of a frame."""
        carried = binding.unwrap(payload)
        if carried.kind is not Kind.OTHER:
            secured = records_of(binding.transport) if carried.kind is Kind.SECURED else None
            self._busy = True
            self._attached().submit(self, carried.message, binding.padding, secured)
            return
        from responder.server.transport_answers import answer  # noqa: PLC0415 - start-up time

        reply = answer(binding, carried, self._host.capabilities)
        if reply.note:
            self.emit(PeerIgnored(reply.note))
        if reply.payload is not None:
            self._put(self._enclose(reply.payload), reply.kind)

    def _attached(self) -> SpdmEndpoint:
        """The endpoint, which is found at the first message."""
        self.endpoint = self.endpoint or self._host.attach(self)
        return self.endpoint

    def _error_frame(self) -> bytes:
        """What a framing can say to a peer whose stream has lost its place."""
        return b""

    def _put(self, frame: bytes, kind: "FrameKind", framing: tuple[str, str] | None = None) -> None:
        """Write a frame, past the hooks if there are any."""
        if self._link is None:
            self._write(frame)
        else:
            self._link.write(Frame(*(framing or self._framing()), kind, frame))
            self._weigh()

    # Inside.

    def _meet(self) -> None:
        """Greet the peer, past the hooks of this connection, which are made now."""
        self.hooks = self._host.hooks()
        if not is_default(self.hooks):
            host = self._host
            link = HookedLink(self.hooks, host.clock, self.emit, self._do, self._turn_later)
            self._link = link
            link.accepted()
            self._weigh()
        if self._greeting and not self._reason:
            self._put(self._greeting, "command", _BARE)

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing() or self._half_closed:
            self.emit(PeerIgnored(f"{len(data)} bytes for a connection that is closed"))
            return
        if self._wire:
            self.emit(BytesSent(self._wire, data))
        self._transport.write(data)

    def _do(self, deed: Write | Close) -> None:
        """Carry out what a hook wants done."""
        if isinstance(deed, Write):
            self._write(deed.data)
        else:
            self._end(deed.reason, deed.how)

    def _pump(self) -> None:
        """Handle the next frame; the one after that waits for its turn in the loop."""
        if self._frames and self._idle():
            self._turn(partial(self._handle, self._frames.popleft()))
        if self._frames and self._idle():
            self._schedule()
        if self._end_after or self._over:
            self._end_if_done()
        self._read_if_nothing_waits()

    def _end_if_done(self) -> None:
        """End the connection if that was asked for and nothing is left to do before."""
        if self._reason or (self._link is not None and self._link.pending):
            return
        if self._over:
            self._end(self._over, "fin")
        elif self._end_after and not (self._frames or self._busy or self._later):
            farewell, self._farewell = self._farewell, b""
            if farewell:
                self._put(farewell, "command")
            self.close(self._half_closed or self._end_after)

    def _end(self, reason: str, how: Ending) -> None:
        """End the connection, or this side of it, at once."""
        if self._reason:
            return
        if how == "half":
            self._half_closed = self._half_closed or reason
            self._deaf = True
            self._frames.clear()
            self._send_fin()
            return
        self._reason = reason
        self._forget()
        if how == "rst":
            self._socket.reset_when_closed()
            self._transport.abort()
            return
        self._send_fin()  # or a close with requests left unread would be a reset
        self._transport.close()
        if self._host.limits.frame_time and self._transport.get_write_buffer_size():
            self._watch.until(self._host.clock.now() + self._host.limits.frame_time)

    def _send_fin(self) -> None:
        # A peer that has reset the connection meanwhile: connection_lost is on its way.
        with suppress(OSError):
            self._transport.write_eof()

    def _forget(self) -> None:
        """The connection has ended: nothing may come of it any more."""
        self._deaf = True
        self._frames.clear()
        self._drop()
        if self._link is not None:
            self._link.end()

    def _drop(self) -> None:
        """Give up what was to be done later."""
        dropped = self._link.drop() if self._link is not None else 0
        dropped += self._later.drop() if self._later is not None else 0
        if dropped:
            self.emit(PeerIgnored(f"{dropped} writes or answers that were to come later"))

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._scheduled_pump)

    def _scheduled_pump(self) -> None:
        self._scheduled = False
        self._pump()
        self._acknowledge_at_once()

    def _idle(self) -> bool:
        return not (self._busy or self._write_full or self._held or self._reason)

    def _turn(self, action: Callable[[], None]) -> None:
        """Do something whose defects, and whose peer's, must reach nothing but this connection."""
        self._turning = True
        try:
            action()
        except FramingError as error:
            self.close(f"bad payload: {error.reason}")
        except Exception as error:  # noqa: BLE001 - a defect must not end the process
            import traceback  # noqa: PLC0415 - for defects only

            self.emit(InternalError(0, "".join(traceback.format_exception(error))))
            self.close(f"internal error: {type(error).__name__}: {error}")
        finally:
            self._turning = False

    def _turn_later(self, action: Callable[[], None]) -> None:
        """Do something that had to wait for its time."""
        self._turn(action)
        self._last_frame = self._host.clock.now()
        self._weigh()
        self._schedule()

    def _waits(self) -> bool:
        """Whether something is still to be done for this peer when its time comes."""
        return bool(self._later) or (self._link is not None and self._link.pending)

    def _hangs(self) -> bool:
        return self._link is not None and self._link.hangs

    def _weigh(self) -> None:
        """Hold up requests while too much waits for its time, or the peer is not read from."""
        late = self._later is not None and len(self._later) >= _LATE_ENOUGH
        full = self._link is not None and self._link.enough
        self._held = late or full or self._hangs()
        if self._held:
            self._read_if_nothing_waits()
        self._bound_waiting()

    def _bound_waiting(self) -> None:
        """A peer that sends no more has probably gone: it is not waited for as others are."""
        limit = self._host.limits.drain_time
        if self._left_at is not None and limit and self._waits():
            self._watch.by(self._left_at + limit)

    def _read_if_nothing_waits(self) -> None:
        """Take no more from a peer that has frames waiting: memory stays bounded."""
        want = not (self._frames or self._write_full or (self._held and self._hangs()))
        if want != self._reading and not self._reason:
            self._reading = want
            if want:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _acknowledge_at_once(self) -> None:
        if not self._reason:
            self._socket.acknowledge_at_once()

    def _look(self) -> None:
        """A time limit may be over: close, or find out when to look next."""
        if self._reason:
            self._transport.abort()
            return
        due = self._limits_in_force()
        if not due:
            return
        at, reason = min(due)
        if at <= self._host.clock.now():
            if self._left_at is not None:
                self._drop()
            self.close(reason)
            self._end_if_done()
        else:
            self._watch.by(at)

    def _limits_in_force(self) -> list[tuple[float, str]]:
        """When this connection is to be closed if nothing more arrives, and why."""
        hung = 0.0 if self._link is None else self._link.hung_until
        if self._host.gate is not None:  # what was kept waiting by a controller is not late
            hung = max(hung, self._host.gate.held_until)
        working = self._busy or self._waits()
        return self._host.limits.in_force(
            frame=max(self._frame_start, hung) if self._framer.pending else None,
            quiet=self._host.clock.now() if working else max(self._last_frame, hung),
            left=self._left_at if self._waits() else None,
            left_because=self._end_after,
        )
