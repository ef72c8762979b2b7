"""Whether evidence of keys and records is what was on the wire, byte by byte.

What passed the hooks was watched (``watching``): what the core gave is what the healthy run has,
what faults made of it is what they say, and what was sent follows from it and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from responder.campaign import recomputed
from responder.campaign.mask import signature_to_mask
from responder.campaign.rehearsal import Rehearsal
from responder.campaign.run import Run
from responder.campaign.said import as_said
from responder.campaign.watching import AnySeen
from responder.core.events import FaultFired
from responder.core.hooks import Derivation, Sealing
from responder.crypto.aead import AeadError
from responder.faults import structs
from responder.faults.rule import Rule

HOOKS = ("agree", "derive", "seal", "record")
_OPENING = frozenset({"key", "iv", "sequence", "aead", "big_endian"})
"""Fields without which a record does not open."""
_UNSEEN = frozenset({"requester verify data", "export master secret"})
"""What is derived for the requester's records, or for nobody here: no hook sees it used."""
_OF_RECORDS = tuple(
    f"{kind} {it}" for kind in ("handshake", "data", "update") for it in ("key", "iv")
)
"""What is used only if a record follows, and not seen at all on the requester's side."""
_EXCHANGE_DATA = 40
"""Where ExchangeData begins, in KEY_EXCHANGE and in its response."""
_MAX_PADDING = 3


def contradictions_of_sessions(rehearsal: Rehearsal) -> Iterator[str]:
    """What is wrong with the evidence of keys and records; nothing if it is true.

    On a socket nothing is watched.
    """
    if rehearsal.setting.listen:
        return
    for name, run in (("healthy", rehearsal.healthy), ("faulted", rehearsal.faulted)):
        yield from (f"{name} run, {text}" for text in _not_sent(run))
    for hook in HOOKS:
        events = [event for event in rehearsal.faulted.evidence if event.hook == hook]
        changed = [
            n
            for n, one in enumerate(rehearsal.faulted.watched)
            if one.hook == hook and one.before != one.after
        ]
        if len(events) != len(changed):
            yield f"{hook}: {len(events)} strikes, and {len(changed)} changes"
            continue
        rules = [rule for rule in rehearsal.fault.rules if rule.hook == hook]
        for event, place in zip(events, changed, strict=True):
            yield from (f"{hook}: {text}" for text in _of_strike(rehearsal, event, place, rules))
    yield from _first(rehearsal)


def _first(rehearsal: Rehearsal) -> Iterator[str]:
    """What the first strike changed is what the healthy run has at that place."""
    runs = (rehearsal.faulted, rehearsal.healthy)
    watched, healthy = ([one for one in run.watched if one.hook in HOOKS] for run in runs)
    random = rehearsal.kem or signature_to_mask(rehearsal.algorithm)
    first = next((n for n, one in enumerate(watched) if one.before != one.after), None)
    earlier = rehearsal.faulted.struck()[:1]
    if first is None or random or earlier != [watched[first].exchange]:
        return
    if first >= len(healthy) or healthy[first].before != watched[first].before:
        yield f"{watched[first].hook}: what it changed is not what the healthy run has"


def _of_strike(
    rehearsal: Rehearsal, event: FaultFired, place: int, rules: Sequence[Rule]
) -> Iterator[str]:
    run = rehearsal.faulted
    seen = run.watched[place]
    if (event.before, event.after) != _difference(seen):
        yield "the bytes are not those that were changed"
    if not any(as_said(rule.action, seen, run) for rule in rules):
        yield f"{event.detail}: that is not what happened"
    yield from _EFFECTS[seen.hook](run, place)


def _difference(seen: AnySeen) -> tuple[bytes, bytes]:
    if seen.hook == "record":
        return b"".join(seen.before), b"".join(seen.after)
    return structs.difference(seen.before, seen.after)


def _not_sent(run: Run) -> Iterator[str]:
    """Records are what was sealed, and what came is what was sent."""
    sealings = run.passed("seal")
    records = run.passed("record")
    made = [one for one in sealings if _record_of(one.after)]
    if len(made) != len(records):
        yield f"{len(records)} records of {len(made)} that were sealed"
        return
    for sealing, record in zip(made, records, strict=True):
        if [_record_of(sealing.after)] != record.before:
            yield f"exchange {record.exchange}: the record is not what was sealed"
    numbers = [one.exchange for one in records]
    for record in records:
        if numbers.count(record.exchange) > 1 or record.exchange >= len(run.exchanges):
            continue
        came = run.exchanges[record.exchange].record
        if came and record.after and not _is(came, record.after[0]):
            yield f"exchange {record.exchange}: another record came than was sent"


def _record_of(sealing: Sealing) -> bytes:
    """What a sealing comes to; empty if its key is none of the cipher's."""
    try:
        return recomputed.sealed(sealing)
    except AeadError:
        return b""


def _is(came: bytes, sent: bytes) -> bool:
    """Whether a record came as it was sent, apart from a transport's padding."""
    padding = came[len(sent) :]
    return came.startswith(sent) and not any(padding) and len(padding) <= _MAX_PADDING


def _agreed(run: Run, place: int) -> Iterator[str]:
    """ExchangeData and the secret of the handshake come from the seed."""
    seen = run.watched[place]
    exchange = run.exchanges[seen.exchange]
    size = seen.after.exchange.request_size
    peer_data = exchange.request[_EXCHANGE_DATA : _EXCHANGE_DATA + size]
    right = recomputed.agreed(seen.after, peer_data)
    told = (exchange.response or b"")[_EXCHANGE_DATA:]
    if not told.startswith(right.exchange_data):
        yield "ExchangeData is not that of the seed"
    secrets = [one.before.secret for one in _later(run, place) if one.hook == "derive"]
    if right.secret not in secrets[:1]:
        yield "the handshake goes on with another secret"


def _derived(run: Run, place: int) -> Iterator[str]:
    """What was derived is used, in the place of what would have been."""
    seen = run.watched[place]
    purpose = seen.after.purpose
    if purpose in _UNSEEN:
        return
    used = {value for one in _later(run, place) for value in _inputs(one)}
    told = run.exchanges[seen.exchange].response or b""
    new, old = recomputed.derived(seen.after), recomputed.derived(seen.before)
    if new not in used and not told.endswith(new) and not purpose.endswith(_OF_RECORDS):
        yield f"{purpose}: it is not used"
    if new != old and (old in used or told.endswith(old)):
        yield f"{purpose}: the right one is used all the same"


def _later(run: Run, place: int) -> list[AnySeen]:
    return run.watched[place + 1 :]


def _inputs(seen: AnySeen) -> tuple[bytes, ...]:
    """What a derivation or a record is made with."""
    match seen.before:
        case Derivation():
            return seen.before.secret, seen.before.salt
        case Sealing():
            return seen.before.key, seen.before.iv
    return ()


def _sealed(run: Run, place: int) -> Iterator[str]:
    """The record opens as it was sealed, and not as it should have been."""
    seen = run.watched[place]
    record = _record_of(seen.after)
    if not record:
        return
    if not recomputed.opens(record, seen.after):
        yield "the record does not open as it was sealed"
    changed = any(getattr(seen.before, one) != getattr(seen.after, one) for one in _OPENING)
    if changed and recomputed.opens(record, seen.before):
        yield "the record opens as if nothing had been changed"


_EFFECTS: Mapping[str, Callable[[Run, int], Iterator[str]]] = MappingProxyType(
    {
        "agree": _agreed,
        "derive": _derived,
        "seal": _sealed,
        "record": lambda _run, _place: iter(()),
    }
)
