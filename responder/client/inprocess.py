"""A channel to a responder in the same process, on a clock of its own: for tests."""

from typing import TYPE_CHECKING

from responder.client.channel import ChannelError
from responder.core.effects import ArmTimer, Close, Effect, Emit, Run, Send
from responder.core.responder import Responder

if TYPE_CHECKING:
    from responder.core.events import Event

_ALIGNMENT = 4


class InProcessChannel:
    """Carries messages to a ``Responder`` and carries out its effects at once.

    Attributes:
        padding: bytes that this channel may add to messages.
        now: the virtual time in seconds; ``sleep`` moves it, and timers run out meanwhile.
        events: everything that was emitted, in order.
        unasked: messages that came beside the response of an exchange.
    """

    def __init__(self, responder: Responder, *, padding: int = 0) -> None:
        """Attach to a responder; with ``padding`` 3 messages are padded as on DOE."""
        self.padding = padding
        self.now = 0.0
        self.events: list[Event] = []
        self.unasked: list[bytes] = []
        self._responder = responder
        self._timers: dict[str, float] = {}
        self._closed = ""
        responder.opened()

    async def exchange(self, message: bytes) -> bytes:
        """Send one message; the first one that comes back is its response."""
        self._check_open()
        effects = self._responder.receive(self._padded(message), self.now, padding=self.padding)
        sent = self._carry_out(effects)
        if not sent:
            self._check_open()
            raise ChannelError("timeout", "the responder says nothing")
        self.unasked += sent[1:]
        return self._padded(sent[0])

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass: hand this to ``drive``."""
        end = self.now + seconds
        while due := [(at, name) for name, at in self._timers.items() if at <= end]:
            self.now, name = min(due)
            del self._timers[name]
            self.unasked += self._carry_out(self._responder.expire(name, self.now))
        self.now = end

    async def close(self) -> None:
        """Detach from the responder."""
        if not self._closed:
            self._closed = "closed by us"
            self._responder.closed()

    def _padded(self, message: bytes) -> bytes:
        return message + bytes(-len(message) % _ALIGNMENT if self.padding else 0)

    def _check_open(self) -> None:
        if self._closed:
            raise ChannelError("closed", self._closed)

    def _carry_out(self, effects: list[Effect]) -> list[bytes]:
        """Carry out effects; the messages among them."""
        sent: list[bytes] = []
        for effect in effects:
            match effect:
                case Send():
                    sent.append(effect.message)
                case Emit():
                    self.events.append(effect.event)
                case ArmTimer():
                    self._timers[effect.name] = effect.at
                case Close():
                    self._closed = effect.reason or "the responder closed the connection"
                case Run():
                    done = self._responder.complete(effect.job, effect.work(), self.now)
                    sent += self._carry_out(done)
        return sent
