"""What a fault changed in a case of a campaign, byte by byte, for the page."""

from itertools import groupby
from operator import itemgetter

from responder.campaign.reports.page import Change
from responder.campaign.result import Result, Strike
from responder.campaign.settings import SETTINGS
from responder.cli.fault_bytes import pairs_of
from responder.cli.fault_explain import layers_in
from responder.cli.side_by_side import Row, changed_fields, rows
from responder.core.events import FaultFired
from responder.wire.context import WireContext
from responder.wire.follow import Conversation

_STRIKES = 4
"""Of a case; a fault that strikes at each message does so hundreds of times."""
_ROWS = 64
"""Of bytes, of one strike."""
_FIELDS = 12
_LARGEST = 16_384
_CUT = 4096
"""Of more bytes than ``_LARGEST`` only the first ``_CUT`` are compared: it takes its time."""


def changes_of(result: Result) -> list[Change]:
    """What each of the first strikes changed, with the names of the fields."""
    strikes = result.observed.wire.strikes[:_STRIKES]
    contexts = _contexts(result)
    return [_change(result, strike, contexts) for strike in strikes]


def _change(result: Result, strike: Strike, contexts: list[WireContext]) -> Change:
    before, after = strike.before, strike.after
    large = max(len(before), len(after)) > _LARGEST
    if large:
        before, after = before[:_CUT], after[:_CUT]
    fired = FaultFired(result.case, strike.hook, strike.detail, strike.message, before, after)
    setting = SETTINGS.get(result.setting)
    layers = layers_in(setting, fired) if setting else ()
    context = contexts[min(strike.exchange, len(contexts) - 1)]
    pairs = pairs_of(fired, context, layers)
    fields = changed_fields(pairs)
    more = [f"{len(fields) - _FIELDS} more"] if len(fields) > _FIELDS else []
    shown = [_joined(row) for row in rows(pairs)]
    left = [[(f"  ... {len(shown) - _ROWS} rows more", False)]] if len(shown) > _ROWS else []
    if large:
        sizes = f"{len(strike.before)} and {len(strike.after)}"
        left.append([(f"  only the first {_CUT} of {sizes} bytes were compared", False)])
    return Change(rows=[*shown[:_ROWS], *left], fields=[*fields[:_FIELDS], *more])


def _joined(row: Row) -> Row:
    """The same row in as few pieces as there can be."""
    return [
        ("".join(text for text, _ in pieces), changed)
        for changed, pieces in groupby(filter(itemgetter(0), row), key=itemgetter(1))
    ]


def _contexts(result: Result) -> list[WireContext]:
    """What the answer of each exchange is read with; one for none."""
    conversation = Conversation()
    found = []
    for exchange in result.observed.wire.exchanges:
        found.append(conversation.feed(exchange.request))
        conversation.feed(exchange.response)
    return found or [WireContext()]
