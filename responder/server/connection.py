"""What all connections share: limits, one frame after the other, reasons, prompt ACKs."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import deque
from typing import Any, Protocol, cast

from responder.core.events import Event, InternalError
from responder.server.clock import Clock, Handle
from responder.server.endpoint import SpdmEndpoint
from responder.server.events import PeerArrived, PeerIgnored
from responder.server.limits import Limits
from responder.server.transport_answers import answer
from responder.spec.flags import Cap
from responder.transport.carried import Binding, Kind
from responder.transport.dsp0287 import MessageType, header_only
from responder.transport.errors import FramingError
from responder.transport.framer import Framer
from responder.transport.uri import Endpoint

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_GONE = "the peer closed the connection"


class Host(Protocol):
    """What a connection asks of its server.

    Attributes:
        capabilities: the flags that the profile's responder claims.
    """

    limits: Limits
    clock: Clock
    capabilities: Cap

    def admit(self, connection: "PeerConnection") -> str:
        """Count a new connection; the reason to refuse it, or nothing."""

    def number(self) -> int:
        """The ordinal of a connection that asks for something for the first time."""

    def attach(self, connection: "PeerConnection") -> SpdmEndpoint:
        """The endpoint that a connection speaks to."""

    def left(self, connection: "PeerConnection", reason: str) -> None:
        """A connection ended."""

    def emit(self, ordinal: int, event: Event) -> None:
        """Tell the observers."""


class PeerConnection(asyncio.Protocol, ABC):
    """One connection, whatever its framing; handles one frame at a time, in order.

    Attributes:
        peer: address of the other side, for the log.
        ordinal: 0 until the peer asks for something.
        endpoint: the SPDM endpoint, from the first SPDM message on.
        keeps_listening: the peer asked for the server to go on after this connection.
    """

    def __init__(self, host: Host, listener: Endpoint, framer: Framer[Any]) -> None:
        self.peer = ""
        self.ordinal = 0
        self.endpoint: SpdmEndpoint | None = None
        self.keeps_listening = False
        self._host = host
        self._listener = listener
        self._framer = framer
        self._frames: deque[Any] = deque()
        self._busy = False
        self._turning = False
        self._scheduled = False
        self._write_full = False
        self._reading = True
        self._end_after = ""
        self._greeting = b""
        self._farewell = b""
        self._reason = ""
        self._last_frame = self._frame_start = host.clock.now()
        self._watch: Handle | None = None
        self._watch_at = 0.0

    @abstractmethod
    def _handle(self, frame: Any) -> None:
        """Answer one frame; FramingError closes the connection."""

    @abstractmethod
    def _binding(self) -> Binding:
        """What messages to this peer are wrapped in."""

    @abstractmethod
    def _enclose(self, payload: bytes) -> bytes:
        """The frame around what the binding wrapped."""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer connected."""
        self._transport = cast("asyncio.Transport", transport)  # selector loop: sockets only
        self._loop = asyncio.get_running_loop()
        self._socket = transport.get_extra_info("socket")
        is_tcp = self._socket.family != socket.AF_UNIX
        self._quick = _QUICKACK if is_tcp else None
        if is_tcp:  # asyncio does so only for sockets whose protocol number was given
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = _name_of(transport.get_extra_info("peername"))
        refusal = self._host.admit(self)
        if refusal:
            self.close(refusal)
            return
        if self._greeting:
            self._write(self._greeting)
        self._acknowledge_at_once()
        if self._host.limits.idle_timeout:
            self._watch_by(self._last_frame + self._host.limits.idle_timeout)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._end_after or self._reason:
            return
        was_pending = self._framer.pending
        try:
            frames = self._framer.feed(data)
        except FramingError as error:
            frames = list(error.frames)
            self._end_after = f"bad frame: {error.reason}"
            self._farewell = self._error_frame()
        if frames or not was_pending:
            self._frame_start = self._host.clock.now()
        if frames:
            self._last_frame = self._frame_start
            self._frames.extend(frames)
        if self._framer.pending and self._host.limits.frame_time:
            self._watch_by(self._frame_start + self._host.limits.frame_time)
        self._pump()
        self._acknowledge_at_once()

    def eof_received(self) -> bool:
        """The peer sends no more; it still gets the answers to what it sent."""
        reason = _GONE
        try:
            self._framer.eof()
        except FramingError as error:
            reason = f"{_GONE}: {error.reason}"
        self.finish(reason)
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
        if self._watch is not None:
            self._watch.cancel()
        self._frames.clear()
        reason = self._reason or self._end_after or (f"{_GONE}: {exc}" if exc else _GONE)
        self._reason = reason
        self._host.left(self, reason)

    # What an endpoint calls.

    def send(self, message: bytes, *, secured: bool) -> None:
        """Write one SPDM message, or secured record, in a single piece."""
        payload = self._binding().wrap(message, Kind.SECURED if secured else Kind.SPDM)
        frame = self._enclose(payload)
        for piece in [frame] if self.endpoint is None else self.endpoint.hooks.frame(frame):
            self._write(piece)

    def close(self, reason: str) -> None:
        """End the connection after what was written; the first reason counts."""
        if self._reason:
            return
        self._reason = reason
        self._frames.clear()
        self._transport.close()
        if self._host.limits.frame_time and self._transport.get_write_buffer_size():
            self._watch_until(self._host.clock.now() + self._host.limits.frame_time)

    def emit(self, event: Event) -> None:
        """Tell the observers."""
        self._host.emit(self.ordinal, event)

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
        self._greeting = header_only(MessageType.ROLE_INQUIRY)

    def finish(self, reason: str) -> None:
        """End the connection once the frames that have arrived are answered."""
        self._end_after = self._end_after or reason
        self._pump()

    def abort(self, reason: str) -> None:
        """End the connection now."""
        self._reason = self._reason or reason
        self._transport.abort()

    # What framings use.

    def _begin(self) -> None:
        """The peer asks for something: it counts now."""
        if not self.ordinal:
            self.ordinal = self._host.number()
            self.emit(PeerArrived(self.peer, str(self._listener)))

    def _carry(self, binding: Binding, payload: bytes) -> None:
        """Answer the payload of a frame."""
        carried = binding.unwrap(payload)
        if carried.kind is Kind.SPDM:
            if self.endpoint is None:
                self.endpoint = self._host.attach(self)
            self._busy = True
            self.endpoint.submit(self, carried.message, binding.padding)
            return
        reply, note = answer(binding, carried, self._host.capabilities)
        if note:
            self.emit(PeerIgnored(note))
        if reply is not None:
            self._write(self._enclose(reply))

    def _error_frame(self) -> bytes:
        """What a framing can say to a peer whose stream has lost its place."""
        return b""

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            self.emit(PeerIgnored(f"{len(data)} bytes for a connection that is closed"))
        else:
            self._transport.write(data)

    # Inside.

    def _pump(self) -> None:
        """Handle the next frame; the one after that waits for its turn in the loop."""
        if self._frames and self._idle():
            self._turn(self._frames.popleft())
        if self._frames and self._idle():
            self._schedule()
        if self._end_after and not (self._frames or self._busy or self._reason):
            if self._farewell:
                self._write(self._farewell)
            self.close(self._end_after)
        self._read_if_nothing_waits()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._scheduled_pump)

    def _scheduled_pump(self) -> None:
        self._scheduled = False
        self._pump()
        self._acknowledge_at_once()

    def _idle(self) -> bool:
        return not (self._busy or self._write_full or self._reason)

    def _turn(self, frame: Any) -> None:
        self._turning = True
        try:
            self._handle(frame)
        except FramingError as error:
            self.close(f"bad payload: {error.reason}")
        except Exception as error:  # noqa: BLE001 - a defect must not end the process
            import traceback  # noqa: PLC0415 - for defects only

            self.emit(InternalError(0, "".join(traceback.format_exception(error))))
            self.close(f"internal error: {type(error).__name__}: {error}")
        finally:
            self._turning = False

    def _read_if_nothing_waits(self) -> None:
        """Take no more from a peer that has frames waiting: memory stays bounded."""
        want = not (self._frames or self._write_full)
        if want != self._reading and not self._reason:
            self._reading = want
            if want:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _acknowledge_at_once(self) -> None:
        """Ask for an ACK without delay for what comes next.

        Requesters send a frame in four small segments and wait for the ACK of each (Nagle);
        delayed, that costs 40 ms. The kernel forgets the option when we write, so it is set again.
        """
        if self._quick is not None and not self._reason:
            self._socket.setsockopt(socket.IPPROTO_TCP, self._quick, 1)

    def _watch_by(self, at: float) -> None:
        """See to it that ``_look`` runs no later than ``at``; it asks again by itself."""
        if self._watch is None or at < self._watch_at:
            self._watch_until(at)

    def _watch_until(self, at: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch_at = at
        self._watch = self._host.clock.call_at(at, self._look)

    def _look(self) -> None:
        """A time limit may be over: close, or find out when to look next."""
        self._watch = None
        if self._reason:
            self._transport.abort()
            return
        due = self._limits_in_force()
        if not due:
            return
        at, reason = min(due)
        if at <= self._host.clock.now():
            self.close(reason)
        else:
            self._watch_by(at)

    def _limits_in_force(self) -> list[tuple[float, str]]:
        """When this connection is to be closed if nothing more arrives, and why."""
        limits = self._host.limits
        due = []
        if limits.frame_time and self._framer.pending:
            reason = f"a frame was not complete after {limits.frame_time:g} s"
            due.append((self._frame_start + limits.frame_time, reason))
        if limits.idle_timeout:
            start = self._host.clock.now() if self._busy else self._last_frame
            due.append((start + limits.idle_timeout, f"idle for {limits.idle_timeout:g} s"))
        return due


def _name_of(address: Any) -> str:
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return str(address) if address else "unix"
