"""What becomes of an answer: the actions of the hooks ``request`` and ``message`` beside edits."""

from collections.abc import Callable
from typing import Literal

import msgspec

from responder.core.effects import ArmTimer, Close, Effect, Send
from responder.core.errors import ProtocolError, unexpected
from responder.core.hooks import Defer, Exchange
from responder.core.ownership import Reset
from responder.errors import ConfigError
from responder.faults import actions as act
from responder.faults.editing import Draws
from responder.faults.edits import Action
from responder.faults.match import Armed
from responder.faults.memory import ConnectionMemory, FaultMemory
from responder.faults.place import NoSuchPlace
from responder.spec.codes import ErrorCode, name_of_code, response_code_of
from responder.spec.timing import ST1
from responder.wire.error import Error

TIMER = "fault:"
"""Names of the timers of faults begin with this."""

_RESETS = {
    "get-version": Reset.GET_VERSION,
    "function-level": Reset.FUNCTION_LEVEL,
    "conventional": Reset.CONVENTIONAL,
    "power-cycle": Reset.POWER_CYCLE,
}
_ERRORS = {code.name.replace("_", "").lower(): int(code) for code in ErrorCode}

ReadFile = Callable[[str], bytes]


class Outgoing(msgspec.Struct):
    """An answer on its way, as far as the faults have changed it.

    Attributes:
        message: its bytes; ``None`` is silence.
        name: what it is.
        delay: seconds to wait before it is sent.
        before, after: what is done besides.
        through: what carries it; see ``core.effects.Send``.
    """

    message: bytes | None
    name: str
    delay: float = 0.0
    before: list[Effect] = msgspec.field(default_factory=list)
    after: list[Effect] = msgspec.field(default_factory=list)
    through: int | Literal["request", "clear"] = "request"

    def copy(self) -> "Outgoing":
        """The answer as it is now; what is changed later does not show in it."""
        same = Outgoing(self.message, self.name, self.delay, [*self.before], [*self.after])
        same.through = self.through
        return same

    def effects(self) -> list[Effect]:
        """What is to be done, in order."""
        if self.message is None:
            return [*self.before, *self.after]
        sent = Send(self.message, delay=self.delay, through=self.through)
        return [*self.before, sent, *self.after]


class Outcomes:
    """Carries the actions out for one connection."""

    def __init__(self, memory: FaultMemory, own: ConnectionMemory, read_file: ReadFile) -> None:
        self._memory = memory
        self._own = own
        self._read_file = read_file

    def carry_out(
        self, out: Outgoing, action: Action, armed: Armed, exchange: Exchange, draws: Draws
    ) -> str:
        """Carry one action out; return what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
        """
        match action:
            case act.Error() | act.Replay() | act.Answer():
                return self._replace(out, action, exchange, draws)
            case act.Silence():
                out.message = None
                return "nothing is sent"
            case act.Hold():
                return self._hold(out, action)
            case act.Speak():
                return self._speak(out, action, armed, exchange.now)
            case act.Reset():
                exchange.connection.reset(_RESETS[action.kind])
                return f"{action.kind} reset"
        return self._surround(out, action, armed, exchange, draws)

    def _replace(
        self,
        out: Outgoing,
        action: act.Error | act.Replay | act.Answer,
        exchange: Exchange,
        draws: Draws,
    ) -> str:
        match action:
            case act.Error():
                out.message = error_answer(action, exchange).build()
                return f"ERROR 0x{out.message[2]:02x} is the answer"
            case act.Replay():
                out.message = self.replayed(action, out.name)
                return f"an earlier {action.message or out.name} is the answer"
        out.message = answer_of(action, out.message or b"", exchange, draws)
        return "other bytes are the answer"

    def _surround(
        self, out: Outgoing, action: Action, armed: Armed, exchange: Exchange, draws: Draws
    ) -> str:
        match action:
            case act.Delay():
                out.delay += delay_of(action, self._own.ct_exponent, draws)
                return f"{out.delay:g} s late"
            case act.CloseLink():
                out.after.append(Close(armed.fault.id, action.how, action.seconds))
                return f"the connection is closed ({action.how})"
            case act.Chunk():
                self._own.in_chunks = True
                exchange.connection.chunking.piece = action.size
                return "it goes out in chunks"
            case act.Again():
                out.after += [Send(out.message or b"")] * action.times
                return f"it is sent {action.times} times more"
            case act.Carry():
                out.through = _another_way(action, exchange)
                return "in the clear" if out.through == "clear" else f"in session {out.through:#x}"
            case act.Forget():
                return _forget(exchange, armed)
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at message")

    def replayed(self, action: act.Replay, name: str) -> bytes:
        """The earlier message that an action means.

        Raises:
            NoSuchPlace: there is none yet.
        """
        if action.file:
            return self._read_file(action.file)
        wanted = action.message or name
        found = self._memory.earlier(self._own, action.connection, [wanted], action.nth)
        if found is None:
            raise NoSuchPlace(f"no earlier {wanted} ({action.connection} connection)")
        return found.data

    def release(self, out: Outgoing) -> None:
        """Send what was held back, around this answer."""
        held, self._own.held = self._own.held, []
        for message, order in held:
            (out.after if order == "after" else out.before).append(Send(message))

    def _hold(self, out: Outgoing, action: act.Hold) -> str:
        if out.message is None:
            raise NoSuchPlace("there is no answer to hold back")
        self._own.held.append((out.message, action.order))
        out.message = None
        return "the answer is held back"

    def _speak(self, out: Outgoing, action: act.Speak, armed: Armed, now: float) -> str:
        message = out.message or b"" if action.value == "again" else bytes.fromhex(action.value)
        if action.first:
            out.before += [Send(message)] * max(1, action.times)
            return "something is said before the answer"
        if not action.seconds:
            out.after += [Send(message)] * max(1, action.times)
            return "something more is said"
        self._own.repeated[armed.key] = message
        self._own.spoken[armed.key] = 0
        out.after.append(ArmTimer(TIMER + armed.key, now + action.seconds))
        return f"something is said unasked after {action.seconds:g} s"


def fate(
    action: Action,
    exchange: Exchange,
    outcomes: Outcomes,
    own: ConnectionMemory,
    armed: Armed,
    draws: Draws,
) -> tuple[Defer | ProtocolError | list[Effect], str]:
    """What an action at ``request`` makes of the request, and that in words.

    Raises:
        NoSuchPlace: it cannot be done here.
    """
    name = response_name(exchange)
    match action:
        case act.Error() if action.version is None:
            error = error_answer(action, exchange)
            code, data = error.error_code, error.error_data
            refusal = ProtocolError(
                code, armed.fault.id, data=data, extended=error.extended_error_data
            )
            return refusal, f"ERROR 0x{code:02x}"
        case act.NotReady():
            return _not_ready(action, exchange, own)
        case act.Reset():
            exchange.connection.reset(_RESETS[action.kind])
            return unexpected(armed.fault.id), f"{action.kind} reset"
    out = Outgoing(b"", name)
    text = outcomes.carry_out(out, action, armed, exchange, draws)
    if isinstance(action, act.CloseLink | act.Forget):
        out.message = None
    return out.effects(), text


def _another_way(action: act.Carry, exchange: Exchange) -> int | Literal["clear"]:
    if action.through == "clear":
        if exchange.session_id is None:
            raise NoSuchPlace("it goes in the clear anyway")
        return "clear"
    for session_id in reversed(exchange.connection.sessions):
        if session_id != exchange.session_id:
            return session_id
    raise NoSuchPlace("there is no other session")


def _forget(exchange: Exchange, armed: Armed) -> str:
    session = exchange.connection.sessions.get(exchange.session_id or 0)
    if session is None:
        raise NoSuchPlace("there is no session to lose")
    exchange.connection.end_session(session, armed.fault.id)
    return "the session is lost"


def _not_ready(
    action: act.NotReady, exchange: Exchange, own: ConnectionMemory
) -> tuple[Defer | ProtocolError, str]:
    deferred = exchange.connection.deferred
    if exchange.request.name == "RESPOND_IF_READY" and deferred is None:
        raise NoSuchPlace("nothing is deferred")
    own.not_ready = action
    told = f"ResponseNotReady, {action.after} us"
    defer = Defer(action.after, action.rdt_exponent, action.token, action.rdtm)
    if exchange.request.name != "RESPOND_IF_READY" or deferred is None:
        return defer, told
    refusal = exchange.connection.defer(
        deferred.request,
        deferred.raw,
        exchange.now + action.after / 1_000_000,
        exchange.now,
        rdt_exponent=action.rdt_exponent,
        token=action.token,
        rdtm=action.rdtm,
        session_id=deferred.session_id,
    )
    return refusal, told


def poll(own: ConnectionMemory, exchange: Exchange) -> ProtocolError | None:
    """What a RESPOND_IF_READY gets that comes too early or too late for its fault."""
    deferred, how = exchange.connection.deferred, own.not_ready
    if exchange.request.name != "RESPOND_IF_READY" or deferred is None or how is None:
        return None
    if how.early == "unexpected" and exchange.now < deferred.ready_at:
        return unexpected("asked before it was ready")
    if how.forget is not None and exchange.now > deferred.ready_at + how.forget / 1_000_000:
        exchange.connection.resume()
        return unexpected("the answer was dropped")
    return None


def response_name(exchange: Exchange) -> str:
    """The name of the response that answers a request."""
    return name_of_code(response_code_of(exchange.request.code))


def error_code(code: int | str) -> int:
    """An ErrorCode by number or name; case and underscores do not matter.

    Raises:
        ConfigError: there is no such name.
    """
    if isinstance(code, int):
        return code
    plain = code.replace("_", "").replace("-", "").lower()
    if plain not in _ERRORS:
        raise ConfigError(f"there is no error {code!r}")
    return _ERRORS[plain]


def error_answer(action: act.Error, exchange: Exchange) -> Error:
    """The ERROR that an action means."""
    extended = action.extended
    version = exchange.connection.header_version
    if exchange.request.name == "GET_VERSION":
        version = 0x10
    return Error(
        spdm_version=version if action.version is None else action.version,
        error_code=error_code(action.code) & 0xFF,
        error_data=exchange.request.code if action.data == "request" else action.data & 0xFF,
        extended_error_data=bytes(extended)
        if isinstance(extended, int)
        else bytes.fromhex(extended),
    )


def answer_of(action: act.Answer, message: bytes, exchange: Exchange, draws: Draws) -> bytes:
    """The bytes that an action gives as the answer."""
    if action.value == "request":
        return exchange.raw_request
    if action.value == "random":
        return message[:2] + draws.bytes(max(0, len(message) - 2))
    return bytes.fromhex(action.value)


def delay_of(action: act.Delay, ct_exponent: int, draws: Draws) -> float:
    """Seconds that an answer comes late; never less than none."""
    seconds: float = action.seconds
    if action.timeout:
        seconds += (2.0**ct_exponent if action.timeout == "ct" else ST1) / 1_000_000
    if action.jitter:
        seconds += action.jitter * int.from_bytes(draws.bytes(4), "big") / (1 << 32)
    return max(0.0, seconds)
