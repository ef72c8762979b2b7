"""What was seen on the wire, made of a journal or of a conversation in this process."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from responder.campaign.result import Exchange, Strike, Wire
from responder.campaign.run import Run
from responder.core.events import (
    FaultFired,
    FaultMissed,
    RecordDropped,
    RequestReceived,
    ResponseSent,
)
from responder.observe.entry import Entry
from responder.server.events import PeerLeft
from responder.spec.codes import name_of_code

MAX_EXCHANGES = 400
"""More of a conversation is not kept; a chain read by single bytes has thousands."""
MAX_STRIKES = 20
_MAX_REACTION = 12
_RECOVERY = frozenset(
    {"retry", "RESPOND_IF_READY", "GET_VERSION", "END_SESSION", "close", "nothing"}
)


def wire_of_run(run: Run) -> Wire:
    """The wire of a conversation whose requester is in this process, as that has seen it."""
    numbers = run.struck()
    struck = set(numbers)
    exchanges: list[Exchange] = []
    begin = 0
    for number, one in enumerate(run.exchanges):
        seen = run.journal[begin : one.end]
        begin = one.end
        requests = [e.event for e in seen if isinstance(e.event, RequestReceived)]
        exchanges.append(
            Exchange(
                connection=one.attestation + 1,
                request=bytes(one.request),
                response=bytes(one.response or b""),
                session=requests[0].session_id if requests else None,
                struck=number in struck,
                time=_rounded(seen[0].time) if seen else 0.0,
                took=_rounded(seen[-1].time - seen[0].time) if seen else 0.0,
            )
        )
    strikes = [_strike(number, e) for number, e in zip(numbers, run.evidence, strict=True)]
    return _wire(exchanges, strikes, closed=True, nearest="; ".join(run.missed))


def wire_of_journal(entries: Iterable[Entry], missed: Iterable[object] = ()) -> Wire:
    """The wire as a responder's journal has it.

    Args:
        entries: all of the journal.
        missed: ``FaultMissed`` events of faults that never struck.
    """
    exchanges: list[Exchange] = []
    strikes: list[Strike] = []
    last: dict[int, int] = {}
    begin: float | None = None
    closed = False
    for entry in entries:
        event, connection = entry.event, entry.connection
        begin = entry.time if begin is None else begin
        time = _rounded(entry.time - begin)
        if isinstance(event, RequestReceived | RecordDropped):
            last[connection] = len(exchanges)
            readable = isinstance(event, RequestReceived)
            message = event.message if isinstance(event, RequestReceived) else b""
            session = event.session_id if isinstance(event, RequestReceived) and readable else None
            exchanges.append(
                Exchange(connection=connection, request=message, session=session, time=time)
            )
        elif isinstance(event, ResponseSent):
            number = last.get(connection)
            if number is not None and not exchanges[number].response:
                took = _rounded(time - exchanges[number].time)
                exchanges[number] = replace(exchanges[number], response=event.message, took=took)
        elif isinstance(event, FaultFired):
            number = last.get(connection, len(exchanges))
            strikes.append(_strike(number, event))
        elif isinstance(event, PeerLeft):
            closed = True
    for strike in strikes:
        if strike.exchange < len(exchanges):
            exchanges[strike.exchange] = replace(exchanges[strike.exchange], struck=True)
    nearest = "; ".join(one.nearest for one in missed if isinstance(one, FaultMissed))
    return _wire(exchanges, strikes, closed=closed, nearest=nearest)


def _strike(number: int, event: FaultFired) -> Strike:
    return Strike(
        exchange=number,
        hook=event.hook,
        detail=event.detail,
        message=event.message,
        before=event.before,
        after=event.after,
    )


def _rounded(seconds: float) -> float:
    """Whole microseconds."""
    return round(seconds, 6)


def _wire(
    exchanges: Sequence[Exchange], strikes: Sequence[Strike], *, closed: bool, nearest: str
) -> Wire:
    reaction = _reaction(exchanges, strikes, closed=closed) if strikes else []
    return Wire(
        exchanges=tuple(exchanges[:MAX_EXCHANGES]),
        count=len(exchanges),
        strikes=tuple(strikes[:MAX_STRIKES]),
        connections=len({one.connection for one in exchanges}),
        reaction=tuple(reaction[:_MAX_REACTION]),
        went_on=tuple(name for name in reaction[:_MAX_REACTION] if name not in _RECOVERY),
        nearest="" if strikes else nearest,
    )


def _reaction(
    exchanges: Sequence[Exchange], strikes: Sequence[Strike], *, closed: bool
) -> list[str]:
    """What came after the first strike: names of requests, and how it ended."""
    first = strikes[0].exchange
    struck = exchanges[first].request if first < len(exchanges) else b""
    after = exchanges[first + 1 :]
    found = ["retry" if struck and one.request == struck else _name(one) for one in after]
    return [*found, "close" if closed else "nothing"] if len(found) < _MAX_REACTION else found


def _name(exchange: Exchange) -> str:
    code = exchange.request[1:2]
    return name_of_code(code[0]) if code else "unreadable"
