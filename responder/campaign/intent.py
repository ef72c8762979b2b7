"""Whether a fault changed what its declaration says, and nothing else.

The places of fields are looked up in the healthy message; only bytes are compared afterwards, since
a message with a lie in it need not be readable.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from responder.campaign.run import Exchanged
from responder.core.events import FaultFired
from responder.faults import edits
from responder.faults.edits import Edit
from responder.faults.rule import Rule
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import LengthOf, When
from responder.wire.follow import Conversation
from responder.wire.message import Message, spans, wire_fields
from responder.wire.registry import BY_CODE

Span = tuple[int, int]
_HOOKS = frozenset({"draft", "message"})


def unintended(
    event: FaultFired, rules: Sequence[Rule], healthy: Sequence[Exchanged]
) -> Iterator[str]:
    """What a strike changed beside what was meant.

    Args:
        event: the only evidence of its exchange.
        rules: the rules of the fault at that hook.
        healthy: the exchanges of the healthy run up to this one.
    """
    actions = [action for rule in rules for action in rule.action]
    fields = [action for action in actions if isinstance(action, Edit)]
    if not fields or len(fields) != len(actions) or any(action.part for action in fields):
        return
    if all(action.field for action in fields) and event.hook in _HOOKS:
        yield from _of_fields(event, fields, healthy)
    elif len(fields) == 1 and not fields[0].field:
        check = _WHOLE.get(type(fields[0]))
        if check is not None and not check(event.before, event.after):
            yield f"{event.hook}: {event.detail}: that is not what happened"


def _one_bit(before: bytes, after: bytes) -> bool:
    different = int.from_bytes(before, "big") ^ int.from_bytes(after, "big")
    return len(before) == len(after) and different.bit_count() == 1


def _cut(before: bytes, after: bytes) -> bool:
    return len(after) < len(before) and before.startswith(after)


def _more(before: bytes, after: bytes) -> bool:
    return len(after) > len(before) and after.startswith(before)


_WHOLE: Mapping[type[Edit], Callable[[bytes, bytes], bool]] = MappingProxyType(
    {edits.Flip: _one_bit, edits.Truncate: _cut, edits.Extend: _more}
)


def _of_fields(
    event: FaultFired, actions: Sequence[Edit], healthy: Sequence[Exchanged]
) -> Iterator[str]:
    cls = BY_CODE.get(event.before[1]) if len(event.before) > 1 else None
    if cls is None:
        return
    context = _context(healthy)
    if event.hook == "draft":
        context = context.replace(signature_size=0)
    places = _places(cls, event.before, context)
    meant: list[Span] = []
    for address in (one for action in actions for one in _addresses(action)):
        found = _found(cls, address, places)
        if not found:
            return  # a field that the healthy message has not got
        meant += found
    if not _kept(event.before, event.after, sorted(meant)):
        yield f"{event.hook}: {event.detail}: other bytes changed as well"
    if len(actions) == 1 and not _is_set(actions[0], event, places):
        yield f"{event.hook}: {event.detail}: that is not its value"


def _addresses(action: Edit) -> list[str]:
    other = action.other if isinstance(action, edits.Swap) else ""
    return [address for address in (action.field, other) if address]


def _context(healthy: Sequence[Exchanged]) -> WireContext:
    """The context of the last response of these exchanges."""
    followed = Conversation()
    context = followed.context
    for exchange in healthy:
        followed.feed(exchange.request)
        context = followed.feed(exchange.response or b"")
    return context


def _places(cls: type[Message], data: bytes, context: WireContext) -> dict[str, Span]:
    found: dict[str, Span] = {}
    try:
        for span in spans(cls, data, context):
            found[span.path] = (span.start, span.end)
    except WireError:
        return found
    return found


def _found(cls: type[Message], address: str, places: Mapping[str, Span]) -> list[Span]:
    """The place of a field, or of the one that it is a part of; and of the lengths that follow."""
    name = address.partition(".")[0].partition("[")[0]
    place = places.get(address) or places.get(name)
    if place is None:
        return []
    lengths = [field for field, info in wire_fields(cls).items() if _speaks_of(info, name)]
    return [place, *(places[field] for field in lengths if field in places)]


def _speaks_of(info: object, name: str) -> bool:
    construct = getattr(info, "construct", None)
    while isinstance(construct, When):
        construct = construct.subcon
    return isinstance(construct, LengthOf) and construct.target == name


def _kept(before: bytes, after: bytes, meant: Sequence[Span]) -> bool:
    """Whether all that is outside of the places that were meant stayed as it was."""
    begin, end = meant[0][0], max(stop for _, stop in meant)
    if len(before) != len(after):
        tail = before[end:]
        return after[:begin] == before[:begin] and after.endswith(tail)
    inside = {at for start, stop in meant for at in range(start, stop)}
    return all(before[at] == after[at] for at in range(len(before)) if at not in inside)


def _is_set(action: Edit, event: FaultFired, places: Mapping[str, Span]) -> bool:
    """Whether a number that was set is there."""
    place = places.get(action.field)
    if not isinstance(action, edits.Set) or not isinstance(action.value, int) or place is None:
        return True
    start, stop = place
    if len(event.before) != len(event.after):
        return True
    return int.from_bytes(event.after[start:stop], "little") == action.value
