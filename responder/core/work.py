"""How long the device works on a request, and what it says meanwhile.

A response is due within ST1, or where cryptography is needed within CT (DSP0274 "Timing
requirements"). Work that takes longer is answered ResponseNotReady; what takes less is a wait.
"""

import msgspec

from responder.core.connection import Connection
from responder.core.effects import Effect, Send
from responder.core.errors import ProtocolError
from responder.core.hooks import Defer, Exchange
from responder.core.interfaces import TimingPolicy
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.timing import CRYPTOGRAPHIC, SIGNED_ON_REQUEST, ST1

_MICROSECOND = 1e-6
_ALWAYS_HEARD = frozenset(
    {
        RequestCode.GET_VERSION,
        RequestCode.RESPOND_IF_READY,
        RequestCode.CHUNK_SEND,
        RequestCode.CHUNK_GET,
    }
)
"""A chunk is no work; the request that chunks make up is looked at when it is whole."""


def check_idle(timing: TimingPolicy, connection: Connection, exchange: Exchange) -> None:
    """See that the device has nothing else to do, if that matters.

    Raises:
        ProtocolError: Busy: it still works on a request that it has put off.
    """
    deferred = connection.deferred
    if not timing.busy or deferred is None or exchange.request.code in _ALWAYS_HEARD:
        return
    if exchange.now < deferred.ready_at:
        raise ProtocolError(ErrorCode.BUSY, f"at work on {deferred.request.name}")


def deferral(timing: TimingPolicy, ct_exponent: int, exchange: Exchange) -> Defer | None:
    """How a request is put off that takes longer than a requester has to wait, else ``None``."""
    code = exchange.request.code
    work = timing.ready_after.get(code)
    if work is not None:
        return Defer(work)
    takes = timing.takes.get(code, 0)
    return Defer(takes) if takes > _limit(ct_exponent, exchange) else None


def later(effect: Effect, seconds: float) -> Effect:
    """The effect, with whatever it sends so much later."""
    if not isinstance(effect, Send):
        return effect
    return msgspec.structs.replace(effect, delay=effect.delay + seconds)


def wait(timing: TimingPolicy, code: int) -> float:
    """Seconds that the response of a request takes which is not put off."""
    return timing.takes.get(code, 0) * _MICROSECOND


def _limit(ct_exponent: int, exchange: Exchange) -> int:
    """Microseconds within which the response is due."""
    code = exchange.request.code
    if code in CRYPTOGRAPHIC or (code in SIGNED_ON_REQUEST and exchange.wire.signed):
        return 1 << ct_exponent
    return ST1
