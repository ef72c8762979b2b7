"""What there is to see of a case that was run: for people, and as JSON."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from responder.campaign.capture import message_name
from responder.campaign.replayed import Replayed
from responder.campaign.reports.printable import printable
from responder.campaign.result import Exchange, Process, Strike
from responder.cli.fault_bytes import pairs_of
from responder.cli.fault_explain import Change
from responder.cli.fault_page import change_lines, message_lines
from responder.cli.fault_words import basis_text, duty_text
from responder.core.events import FaultFired
from responder.wire.context import WireContext
from responder.wire.describe import describe, text_of
from responder.wire.follow import Conversation
from responder.wire.frames import layers_of
from responder.wire.names import header_version

_TAIL = 12
"""Lines that are shown of the end of what a requester wrote."""
_NEAR = 12
"""Exchanges that are shown before the first strike, and after the last; the rest is counted."""
_SHOWN = 3
"""Strikes whose bytes are shown."""


def page(found: Replayed, *, colour: bool = False) -> Iterator[str]:
    """The lines to print; on a terminal (``colour``) what changed is red."""
    case, result = found.case, found.result
    yield f"{case.id}  {case.fault.description}"
    yield f"{case.setting.name}: {case.setting.text}"
    yield ""
    yield from exchange_lines(found, colour=colour)
    if result.observed.process is not None:
        yield from ("", *_process_lines(result.observed.process))
    yield ""
    yield from verdict_lines(found)


def verdict_lines(found: Replayed) -> Iterator[str]:
    """Verdict and duty."""
    fault, result = found.case.fault, found.result
    weight = f" ({result.weight})" if result.weight else ""
    yield f"verdict  {result.verdict}{weight}: {result.text}"
    yield f"duty     {duty_text(fault)}"
    yield f"basis    {basis_text(fault.basis)}"
    yield f"source   {fault.source}"


def exchange_lines(found: Replayed, *, colour: bool = False) -> Iterator[str]:
    """The exchanges, then what the fault did to the bytes."""
    wire = found.result.observed.wire
    if not wire.exchanges:
        yield f"nothing was asked; {wire.nearest}".rstrip("; ")
        return
    yield f"  {'':4} {'request':<34}{'bytes':>6}   {'response':<34}{'bytes':>6}"
    near = _near([one.struck for one in wire.exchanges])
    for shown, group in groupby(enumerate(wire.exchanges), key=lambda item: item[0] in near):
        rows = [_row(number, exchange) for number, exchange in group]
        yield from rows if shown else [f"       ... {len(rows)} exchanges"]
    if wire.count > len(wire.exchanges):
        yield f"       ... {wire.count - len(wire.exchanges)} exchanges"
    if not wire.strikes:
        yield f"  the fault did not strike; what came nearest: {wire.nearest or 'nothing'}"
        return
    for strike in wire.strikes[:_SHOWN]:
        yield from ("", *_strike_lines(found, strike, colour=colour))
    if len(wire.strikes) > _SHOWN:
        yield f"  {len(wire.strikes) - _SHOWN} strikes more"
    yield f"  then the requester did: {', '.join(wire.reaction) or 'nothing'}"


def field_lines(found: Replayed) -> Iterator[str]:
    """The request and the response of each exchange that was struck, field by field."""
    exchanges = found.result.observed.wire.exchanges
    for number, exchange in enumerate(exchanges):
        if not exchange.struck:
            continue
        context = _context(exchanges, number)
        for word, message in (("request", exchange.request), ("response", exchange.response)):
            yield from ("", f"{word} {number + 1}")
            if message:
                yield from (f"  {line}" for line in text_of(describe(message, context)))
            else:
                yield "  nothing"


def document(found: Replayed) -> dict[str, Any]:
    """As JSON-able values; bytes are hexadecimal."""
    case, result = found.case, found.result
    observed, fault = result.observed, case.fault
    wire, process = observed.wire, observed.process
    return {
        "case": case.id,
        "description": fault.description,
        "setting": case.setting.name,
        "verdict": result.verdict,
        "failed": result.failed,
        "text": result.text,
        "weight": result.weight,
        "duty": fault.duty,
        "allows": fault.allows,
        "basis": fault.basis,
        "source": fault.source,
        "reasons": list(observed.reasons),
        "said": observed.text,
        "transport": found.transport,
        "exchanges": [_exchange_document(one) for one in wire.exchanges],
        "count": wire.count,
        "strikes": [
            {"exchange": strike.exchange, **_change(found, strike).document()}
            for strike in wire.strikes
        ],
        "reaction": list(wire.reaction),
        "nearest": wire.nearest,
        "process": _process_document(process) if process is not None else None,
    }


def _exchange_document(exchange: Exchange) -> dict[str, Any]:
    return {
        "connection": exchange.connection,
        "session": exchange.session,
        "request": {"name": message_name(exchange.request), "bytes": exchange.request.hex()},
        "response": {"name": message_name(exchange.response), "bytes": exchange.response.hex()},
        "struck": exchange.struck,
    }


def _process_document(process: Process) -> dict[str, Any]:
    return {name: getattr(process, name) for name in process.__struct_fields__}


def _near(struck: Sequence[bool]) -> set[int]:
    """The exchanges to show: all of a short conversation, else those around strikes."""
    size = len(struck)
    places = [number for number, one in enumerate(struck) if one] or [size - 1]
    near = range(places[0] - _NEAR, places[0] + _NEAR + 1)
    return {number for number in range(size) if number in near or number in places}


def _row(number: int, exchange: Exchange) -> str:
    mark = "*" if exchange.struck else " "
    request, response = _label(exchange.request), _label(exchange.response)
    inside = f"   session 0x{exchange.session:08x}" if exchange.session is not None else ""
    sizes = [len(exchange.request), len(exchange.response)]
    row = f"{mark} {number + 1:>4} {request:<34}{sizes[0]:>6}   {response:<34}{sizes[1]:>6}{inside}"
    return row.rstrip()


def _label(message: bytes) -> str:
    version = f" {header_version(message[0])}" if message else ""
    return f"{message_name(message)}{version}"


def _strike_lines(found: Replayed, strike: Strike, *, colour: bool) -> Iterator[str]:
    exchanges = found.result.observed.wire.exchanges
    if strike.exchange < len(exchanges):
        yield from message_lines(
            f"request {strike.exchange + 1}", exchanges[strike.exchange].request
        )
    yield from change_lines(_change(found, strike), colour=colour)


def _change(found: Replayed, strike: Strike) -> Change:
    """A strike with the names of the fields that it changed."""
    fired = FaultFired(
        found.case.id, strike.hook, strike.detail, strike.message, strike.before, strike.after
    )
    exchanges = found.result.observed.wire.exchanges
    known = strike.exchange < len(exchanges)
    context = _context(exchanges, strike.exchange) if known else WireContext()
    frame = strike.hook == "frame"
    layers = layers_of(*_link(found), strike.message or "spdm") if frame else ()
    return Change(fired, pairs_of(fired, context, layers))


def _context(exchanges: Sequence[Exchange], number: int) -> WireContext:
    """What the response of an exchange is read with."""
    conversation, struck = Conversation(), exchanges[number]
    for one in exchanges[:number]:
        for message in (one.request, one.response):
            if one.connection == struck.connection:
                conversation.feed(message)
    return conversation.feed(struck.request)


def _link(found: Replayed) -> tuple[str, str]:
    """Framing and binding."""
    if found.transport == "dsp0287":
        return "dsp0287", "tcp"
    if found.case.setting.mailbox:
        return "mailbox", found.transport
    return "spdm-emu", found.transport


def _process_lines(process: Process) -> Iterator[str]:
    """How it ended, and the end of what it wrote."""
    end = process.signal or f"exit code {process.exit}"
    yield f"the requester ended with {end} after {process.seconds:.1f} s, and wrote:"
    written = [*process.stdout.splitlines(), *process.stderr.splitlines()]
    if len(written) > _TAIL:
        yield f"    ... {len(written) - _TAIL} lines"
    yield from (f"    {printable(line)}" for line in written[-_TAIL:])
