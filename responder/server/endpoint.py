"""One SPDM endpoint on the server: hands requests to the core and does what it wants done."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from responder.core.effects import ArmTimer, Close, Effect, Emit, Run, Send
from responder.core.events import Event, InternalError
from responder.server.clock import Clock, Timers

if TYPE_CHECKING:
    from responder.core.hooks import Hooks


class Core(Protocol):
    """What is used of ``responder.core.responder.Responder``."""

    def opened(self) -> None:
        """A peer arrived."""

    def closed(self) -> None:
        """The peer left."""

    def receive(self, data: bytes, now: float, *, padding: int = 0) -> Sequence[Effect]:
        """A message arrived."""

    def expire(self, name: str, now: float) -> Sequence[Effect]:
        """The timer ``name`` expired."""

    def complete(self, job: int, result: Any, now: float) -> Sequence[Effect]:
        """The work of ``Run(job)`` is done."""


class PeerPort(Protocol):
    """What an endpoint sees of a connection."""

    def send(self, message: bytes, *, secured: bool) -> None:
        """Write one message; does nothing once the connection is closing."""

    def close(self, reason: str) -> None:
        """End the connection after what was written."""

    def emit(self, event: Event) -> None:
        """Tell the observers."""

    def answered(self) -> None:
        """All that the last submitted request leads to has been done."""


class SpdmEndpoint:
    """A ``Responder`` with its time, threads and peers.

    One request is handled at a time; those of other peers wait while a job runs in its thread.
    """

    def __init__(
        self, responder: Core, hooks: "Hooks", clock: Clock, emit: Callable[[Event], None]
    ) -> None:
        self.hooks = hooks
        self._responder = responder
        self._clock = clock
        self._emit_alone = emit
        self._timers = Timers(clock, self._expired)
        self._waiting: deque[tuple[PeerPort, bytes, int]] = deque()
        self._jobs = 0
        self._peers: list[PeerPort] = []
        self._latest: PeerPort | None = None

    def attach(self, peer: PeerPort) -> None:
        """A peer arrived; what a timer sends goes to it until another one asks for something."""
        self._peers.append(peer)
        self._latest = self._latest or peer
        self._responder.opened()

    def detach(self, peer: PeerPort, *, final: bool) -> None:
        """A peer left; ``final`` if nobody will find this endpoint again."""
        self._peers.remove(peer)
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not peer)
        if self._latest is peer:
            self._latest = None
        if final:
            self.end()
        try:
            self._responder.closed()
        except Exception as error:  # noqa: BLE001 - a defect must not end the process
            self._broken(error, 0, None)

    def end(self) -> None:
        """Nobody will find this endpoint again: let no timer fire."""
        self._timers.cancel_all()

    def submit(self, peer: PeerPort, message: bytes, padding: int) -> None:
        """Handle one SPDM message; ``peer.answered`` is called when that is done.

        ``padding`` is how many trailing bytes the transport may have added.
        """
        self._waiting.append((peer, message, padding))
        self._work()

    def _work(self) -> None:
        while self._waiting and not self._jobs:
            peer, message, padding = self._waiting.popleft()
            self._latest = peer
            try:
                effects = self._responder.receive(message, self._clock.now(), padding=padding)
                self._do(effects, peer)
            except Exception as error:  # noqa: BLE001 - as in detach
                self._broken(error, message[1] if len(message) > 1 else 0, peer)
            if not self._jobs:
                peer.answered()

    def _expired(self, name: str) -> None:
        try:
            self._do(self._responder.expire(name, self._clock.now()), self._latest)
        except Exception as error:  # noqa: BLE001 - as in detach
            self._broken(error, 0, self._latest)

    def _completed(self, asker: PeerPort | None, job: int, future: "asyncio.Future[Any]") -> None:
        self._jobs -= 1
        if future.cancelled():
            return
        peer = asker if asker in self._peers else None
        try:
            self._do(self._responder.complete(job, future.result(), self._clock.now()), peer)
        except Exception as error:  # noqa: BLE001 - as in detach
            self._broken(error, 0, peer)
        if not self._jobs and peer is not None:
            peer.answered()
        self._work()

    def _do(self, effects: Sequence[Effect], peer: PeerPort | None) -> None:
        emit = peer.emit if peer is not None else self._emit_alone
        broken = False
        # First what observers are told: what a peer has seen is then always in the journal.
        for effect in effects:
            if isinstance(effect, Emit):
                emit(effect.event)
        for effect in effects:
            match effect:
                case Send(message, secured) if peer is not None:
                    peer.send(message, secured=secured)
                case ArmTimer(name, at):
                    self._timers.arm(name, at)
                case Run(job, work):
                    self._jobs += 1
                    future = asyncio.get_running_loop().run_in_executor(None, work)
                    future.add_done_callback(partial(self._completed, peer, job))
                case Close(reason) if peer is not None:
                    peer.close(reason)
                case Emit(InternalError()) if peer is not None:
                    broken = True
        if broken and peer is not None:
            peer.close("internal error")

    def _broken(self, error: Exception, code: int, peer: PeerPort | None) -> None:
        """A defect of this program: say so, and give up the connection but not the process."""
        import traceback  # noqa: PLC0415 - for defects only

        event = InternalError(code, "".join(traceback.format_exception(error)))
        if peer is None:
            self._emit_alone(event)
        else:
            peer.emit(event)
            peer.close(f"internal error: {type(error).__name__}: {error}")
