"""One SPDM endpoint on the server: hands requests to the core and does what it wants done."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from responder.core.effects import ArmTimer, Close, Effect, Emit, Ignore, Keep, Run, Send, Wish
from responder.core.events import Event, InternalError, RequestReceived
from responder.core.hooks import Hooks, is_default
from responder.core.interfaces import RecordFormat
from responder.core.ownership import Reset
from responder.server.clock import Clock, Timers

if TYPE_CHECKING:
    from responder.core.connection import Connection
    from responder.server.control.gate import Gate

Ending = Literal["fin", "rst", "half"]
"""As in ``Close.how``."""


class Core(Protocol):
    """What is used of ``responder.core.responder.Responder``.

    Attributes:
        connection: the state of its SPDM connection.
    """

    connection: "Connection"

    def opened(self) -> None:
        """A peer arrived."""

    def closed(self) -> None:
        """The peer left."""

    def receive(
        self, data: bytes, now: float, *, padding: int = 0, secured: RecordFormat | None = None
    ) -> Sequence[Effect]:
        """A message or record arrived."""

    def want(self, what: Wish, session_id: int | None) -> None:
        """Something outside wants an encapsulated request to be made."""

    def expire(self, name: str, now: float) -> Sequence[Effect]:
        """The timer ``name`` expired."""

    def complete(self, job: int, result: Any, now: float) -> Sequence[Effect]:
        """The work of ``Run(job)`` is done."""

    def use(self, hooks: Hooks) -> None:
        """Another peer speaks now: its hooks take the place of those before."""

    def reset(self, reset: Reset) -> Sequence[Effect]:
        """The device was reset."""


class PeerPort(Protocol):
    """What an endpoint sees of a connection.

    Attributes:
        hooks: where faults take hold of what this peer asks for.
        ordinal: its number among those that asked for something.
    """

    hooks: Hooks

    @property
    def ordinal(self) -> int:
        """From 1; 0 before it has asked for anything."""

    def send(self, message: bytes, *, secured: bool) -> None:
        """Write one message; does nothing once the connection is closing."""

    def close(self, reason: str, how: Ending = "fin") -> None:
        """End the connection after what was written."""

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Call ``action`` in ``delay`` seconds, unless the connection has ended by then."""

    def emit(self, event: Event, at: float | None = None) -> None:
        """Tell the observers, of something that was ``at`` if it is not now."""

    def ignored(self) -> None:
        """Nothing is said to what the peer sent."""

    def answered(self) -> None:
        """All that the last submitted request leads to has been done."""


class _Submitted(NamedTuple):
    """A request that waits for its turn."""

    peer: PeerPort
    message: bytes
    padding: int
    secured: RecordFormat | None


class SpdmEndpoint:
    """A ``Responder`` with its time, threads and peers.

    One request is handled at a time; those of other peers wait while a job runs in its thread.
    Each is handled with the hooks of its peer; the responder has none of its own.
    """

    def __init__(
        self,
        responder: Core,
        clock: Clock,
        emit: Callable[[Event], None],
        keep: Callable[[tuple[bytes, ...]], None] | None = None,
        settle: Callable[[], None] = lambda: None,
        gate: "Gate | None" = None,
    ) -> None:
        """Begin without peers.

        Args:
            responder: the core.
            clock: its time.
            emit: told what happens while no peer is there.
            keep: keeps the negotiated state (``Keep``), if anybody does.
            settle: called when something was done, which may have changed the device.
            gate: may hold requests back; ``None`` if nobody can shut it.
        """
        self._responder = responder
        self._hooks: Hooks | None = None
        self._clock = clock
        self._emit_alone = emit
        self._keep = keep
        self._settle = settle
        self._gate = gate
        self._timers = Timers(clock, self._expired)
        self._armed_for: dict[str, PeerPort] = {}
        self._waiting: deque[_Submitted] = deque()
        self._jobs = 0
        self._peers: list[PeerPort] = []
        self._latest: PeerPort | None = None

    def attach(self, peer: PeerPort) -> None:
        """A peer arrived.

        What a timer sends goes to the peer whose request armed it; if that has left, to the one
        that asked last, or before any has to the first.
        """
        self._peers.append(peer)
        self._latest = self._latest or peer
        self._listen_to(peer)
        self._responder.opened()

    def detach(self, peer: PeerPort, *, final: bool) -> None:
        """A peer left; ``final`` if nobody will find this endpoint again."""
        self._peers.remove(peer)
        if self._gate is not None:
            self._gate.forget(peer)
        self._waiting = deque(one for one in self._waiting if one.peer is not peer)
        if self._latest is peer:
            self._latest = None
        if final:
            self.end()
        try:
            self._listen_to(peer)
            self._responder.closed()
        except Exception as error:  # noqa: BLE001 - a defect must not end the process
            self._broken(error, 0, None)

    def end(self) -> None:
        """Nobody will find this endpoint again: let no timer fire."""
        self._timers.cancel_all()

    def reset(self, reset: Reset) -> None:
        """The device was reset."""
        self._do(self._responder.reset(reset), self._latest)

    def submit(
        self,
        peer: PeerPort,
        message: bytes,
        padding: int,
        secured: RecordFormat | None = None,
    ) -> None:
        """Handle one SPDM message, or record; ``peer.answered`` is called when that is done.

        Args:
            peer: who sent it.
            message: the message, or the secured record.
            padding: how many trailing bytes the transport may have added.
            secured: what the transport puts into records, if it is one.
        """
        one = _Submitted(peer, message, padding, secured)
        if self._gate is not None and self._gate.paused:
            self._hold(self._gate, one)
        else:
            self._take(one)

    @property
    def connection(self) -> "Connection":
        """The state of the SPDM connection, to look at."""
        return self._responder.connection

    def want(self, what: Wish, session_id: int | None) -> None:
        """Something outside wants the device to make an encapsulated request."""
        self._responder.want(what, session_id)

    def _hold(self, gate: "Gate", one: _Submitted) -> None:
        from responder.server.control.gate import Held  # noqa: PLC0415 - if somebody steps

        go = partial(self._take, one)
        gate.hold(Held(self, one.peer, one.message, one.secured is not None, go))

    def _take(self, one: _Submitted) -> None:
        self._waiting.append(one)
        self._work()

    def _answered(self, peer: PeerPort) -> None:
        peer.answered()
        if self._gate is not None:
            self._gate.answered(peer)

    def _work(self) -> None:
        while self._waiting and not self._jobs:
            one = self._waiting.popleft()
            self._latest = peer = one.peer
            message, now = one.message, self._clock.now()
            try:
                self._listen_to(peer)
                effects = self._responder.receive(
                    message, now, padding=one.padding, secured=one.secured
                )
                self._do(effects, peer, now)
            except Exception as error:  # noqa: BLE001 - as in detach
                self._broken(error, message[1] if len(message) > 1 else 0, peer)
            if not self._jobs:
                self._answered(peer)

    def _listen_to(self, peer: PeerPort) -> None:
        """Let the responder meet the hooks of the peer on whose behalf it is called next."""
        hooks = peer.hooks
        if hooks is self._hooks or (self._hooks is None and is_default(hooks)):
            return
        self._hooks = hooks
        self._responder.use(hooks)

    def _expired(self, name: str) -> None:
        armed_for = self._armed_for.pop(name, None)
        peer = armed_for if armed_for in self._peers else self._latest
        try:
            if armed_for is not None:
                self._listen_to(armed_for)
            self._do(self._responder.expire(name, self._clock.now()), peer)
        except Exception as error:  # noqa: BLE001 - as in detach
            self._broken(error, 0, peer)

    def _completed(self, asker: PeerPort | None, job: int, future: "asyncio.Future[Any]") -> None:
        self._jobs -= 1
        if future.cancelled():
            return
        peer = asker if asker in self._peers else None
        try:
            if asker is not None:
                self._listen_to(asker)
            self._do(self._responder.complete(job, future.result(), self._clock.now()), peer)
        except Exception as error:  # noqa: BLE001 - as in detach
            self._broken(error, 0, peer)
        if not self._jobs and peer is not None:
            self._answered(peer)
        self._work()

    def _do(
        self, effects: Sequence[Effect], peer: PeerPort | None, began: float | None = None
    ) -> None:
        """Carry out what the core wants done; a request was received when it ``began``."""
        broken = False
        # First what observers are told: what a peer has seen is then always in the journal, and
        # what it relies on is kept.
        for effect in effects:
            if isinstance(effect, Emit):
                self._emit(effect.event, peer, began)
            elif isinstance(effect, Keep) and self._keep is not None:
                self._keep(effect.state)
        for effect in effects:
            match effect:
                case Send() | Ignore() | Close() if peer is not None:
                    _tell(peer, effect)
                case ArmTimer(name, at):
                    self._arm(name, at, peer)
                case Run(job, work):
                    self._jobs += 1
                    future = asyncio.get_running_loop().run_in_executor(None, work)
                    future.add_done_callback(partial(self._completed, peer, job))
                case Emit(InternalError()) if peer is not None:
                    broken = True
        if broken and peer is not None:
            peer.close("internal error")
        self._settle()

    def _emit(self, event: Event, peer: PeerPort | None, began: float | None) -> None:
        if peer is None:
            self._emit_alone(event)
        else:
            peer.emit(event, began if isinstance(event, RequestReceived) else None)

    def _arm(self, name: str, at: float, peer: PeerPort | None) -> None:
        self._armed_for.pop(name, None)
        if peer is not None:
            self._armed_for[name] = peer
        self._timers.arm(name, at)

    def _broken(self, error: Exception, code: int, peer: PeerPort | None) -> None:
        """A defect of this program: say so, and give up the connection but not the process."""
        import traceback  # noqa: PLC0415 - for defects only

        event = InternalError(code, "".join(traceback.format_exception(error)))
        if peer is None:
            self._emit_alone(event)
        else:
            peer.emit(event)
            peer.close(f"internal error: {type(error).__name__}: {error}")


def _tell(peer: PeerPort, effect: Send | Ignore | Close) -> None:
    """Do what concerns the peer's connection."""
    match effect:
        case Send(message, secured, delay):
            _in(delay, peer, partial(peer.send, message, secured=secured))
        case Ignore():
            peer.ignored()
        case Close(reason, how, delay):
            _in(delay, peer, partial(peer.close, reason, how))


def _in(delay: float, peer: PeerPort, action: Callable[[], None]) -> None:
    """Do something for a peer, at once unless it is to wait."""
    if delay > 0:
        peer.later(delay, action)
    else:
        action()
