"""What a fault changed in a case of a campaign, byte by byte, for the page."""

from collections.abc import Iterator

from responder.campaign.reports.page import Change
from responder.campaign.result import Result, Strike
from responder.campaign.settings import SETTINGS
from responder.cli.fault_bytes import pairs_of
from responder.cli.fault_explain import layers_in
from responder.cli.side_by_side import changed_fields, rows
from responder.core.events import FaultFired
from responder.wire.context import WireContext
from responder.wire.follow import Conversation

_STRIKES = 4
"""Of a case; a fault that strikes at each message does so hundreds of times."""
_ROWS = 64
"""Of bytes, of one strike."""
_FIELDS = 12


def changes_of(result: Result) -> list[Change]:
    """What each of the first strikes changed, with the names of the fields."""
    strikes = result.observed.wire.strikes[:_STRIKES]
    contexts = list(_contexts(result))
    return [_change(result, strike, contexts) for strike in strikes]


def _change(result: Result, strike: Strike, contexts: list[WireContext]) -> Change:
    fired = FaultFired(
        result.case, strike.hook, strike.detail, strike.message, strike.before, strike.after
    )
    setting = SETTINGS.get(result.setting)
    layers = layers_in(setting, fired) if setting else ()
    context = contexts[min(strike.exchange, len(contexts) - 1)]
    pairs = pairs_of(fired, context, layers)
    fields = changed_fields(pairs)
    more = [f"{len(fields) - _FIELDS} more"] if len(fields) > _FIELDS else []
    shown = list(rows(pairs))
    left = [[(f"  ... {len(shown) - _ROWS} rows more", False)]] if len(shown) > _ROWS else []
    return Change(rows=[*shown[:_ROWS], *left], fields=[*fields[:_FIELDS], *more])


def _contexts(result: Result) -> Iterator[WireContext]:
    """What the answer of each exchange is read with; one for none."""
    conversation = Conversation()
    yield_one = True
    for exchange in result.observed.wire.exchanges:
        yield_one = False
        yield conversation.feed(exchange.request)
        conversation.feed(exchange.response)
    if yield_one:
        yield WireContext()
