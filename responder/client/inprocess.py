"""A channel to a responder in the same process, on a clock of its own."""

import heapq
from collections import deque
from itertools import count
from math import inf
from typing import TYPE_CHECKING

from responder.client.channel import ChannelError
from responder.core.effects import ArmTimer, Close, Effect, Emit, Run, Send, Wish
from responder.core.responder import Responder
from responder.requester.steps import OtherKind
from responder.spec.codes import RequestCode
from responder.transport.records import records_of
from responder.transport.socket_frame import TransportType

if TYPE_CHECKING:
    from collections.abc import Callable

    from responder.core.events import Event

_ALIGNMENT = 4
DEFAULT_TIMEOUT = 10.0


_WISHES: dict[int, Wish] = {
    RequestCode.KEY_UPDATE: "key-update",
    RequestCode.GET_ENDPOINT_INFO: "endpoint-info",
}


class InProcessChannel:
    """Carries messages to a ``Responder`` and carries out its effects in virtual time.

    As on a socket, what came before a request was sent is never its answer, and the first message
    that comes after it is, whichever request that was meant for. Unlike a socket, which is given up
    then, this can be used after a timeout, as by a requester that asks again on the same wire: what
    is late may come before the next answer, and is taken for it.

    Attributes:
        padding: bytes that this channel may add to messages.
        records: how it carries the records of sessions.
        now: the virtual time in seconds; waiting for an answer and ``sleep`` move it.
        events: everything that was emitted, in order.
        unasked: messages that were the answer to no exchange.
    """

    def __init__(
        self,
        responder: Responder,
        *,
        padding: int = 0,
        records: TransportType = TransportType.PCI_DOE,
        timeout: float = DEFAULT_TIMEOUT,
        now: float = 0.0,
        observer: "Callable[[float, Event], None] | None" = None,
    ) -> None:
        """Attach to a responder.

        Args:
            responder: the one that answers.
            padding: with 3 messages are padded as on DOE.
            records: whose records sessions have.
            timeout: seconds that an answer may take; ``inf`` waits as long as anything is still
                to happen.
            now: the virtual time at which this begins.
            observer: told each event and its time.
        """
        self.padding = padding
        self.records = records_of(records)
        self.now = now
        self.events: list[Event] = []
        self.unasked: list[bytes] = []
        self._responder = responder
        self._timeout = timeout
        self._observer = observer
        self._timers: dict[str, float] = {}
        self._coming: list[tuple[float, int, Send | Close]] = []
        self._order = count()
        self._arrived: deque[Send] = deque()
        self._end = ""
        self._detached = False
        responder.opened()

    async def prompt(self, request: int, session_id: int | None) -> None:
        """As ``Channel.prompt``: the device is told at once."""
        wish = _WISHES.get(request)
        if wish is not None:
            self._responder.want(wish, session_id)

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """Send one message, or record; the first thing that comes back is its answer.

        Raises:
            ChannelError: ``closed``, or ``timeout`` when so much time has passed.
        """
        self._check_open()
        effects = self._responder.receive(
            self._padded(message),
            self.now,
            padding=self.padding,
            secured=self.records if secured else None,
        )
        self._carry_out(effects)
        deadline = self.now + self._timeout
        while not self._arrived:
            self._check_open()
            if not self._proceed(deadline):
                self.now = self.now if deadline == inf else deadline
                raise ChannelError("timeout", f"no answer within {self._timeout:g} s")
        response = self._arrived.popleft()
        self._drop_arrived()
        message = self._padded(response.message)
        return message if response.secured is secured else OtherKind(message)

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass: hand this to ``drive``."""
        end = self.now + seconds
        while self._proceed(end):
            self._drop_arrived()
        self.now = end

    async def close(self) -> None:
        """Detach from the responder."""
        self._end = self._end or "closed by us"
        if not self._detached:
            self._detached = True
            self._responder.closed()

    def _padded(self, message: bytes) -> bytes:
        return message + bytes(-len(message) % _ALIGNMENT if self.padding else 0)

    def _check_open(self) -> None:
        if self._end:
            raise ChannelError("closed", self._end)

    def _drop_arrived(self) -> None:
        """What nobody has asked for must not answer the next request."""
        self.unasked += [response.message for response in self._arrived]
        self._arrived.clear()

    def _proceed(self, until: float) -> bool:
        """Move on to what happens next, if that is not after ``until``."""
        timer = min(((at, name) for name, at in self._timers.items()), default=(inf, ""))
        coming = self._coming[0][0] if self._coming else inf
        at = min(timer[0], coming)
        if at > until or at == inf:
            return False
        self.now = max(self.now, at)
        if coming <= timer[0]:
            self._arrive(heapq.heappop(self._coming)[2])
        else:
            del self._timers[timer[1]]
            self._carry_out(self._responder.expire(timer[1], self.now))
        return True

    def _arrive(self, effect: Send | Close) -> None:
        if self._end:
            return
        if isinstance(effect, Send):
            self._arrived.append(effect)
        else:
            self._end = effect.reason or "the responder closed the connection"

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send() | Close():
                    if effect.delay:
                        at = self.now + effect.delay
                        heapq.heappush(self._coming, (at, next(self._order), effect))
                    else:
                        self._arrive(effect)
                case Emit():
                    self.events.append(effect.event)
                    if self._observer is not None:
                        self._observer(self.now, effect.event)
                case ArmTimer():
                    self._timers[effect.name] = effect.at
                case Run():
                    self._carry_out(self._responder.complete(effect.job, effect.work(), self.now))
