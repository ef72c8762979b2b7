"""What can be done to a place in a message: each mutator makes one action of a fault."""

from collections.abc import Callable
from random import Random
from typing import Literal, get_args

import msgspec

from responder.campaign.fuzz.sites import Kind, Site
from responder.faults import actions as act
from responder.faults import edits
from responder.faults.rule import AnyAction
from responder.spec.codes import ErrorCode, ResponseCode

Make = Callable[[Site, Random], AnyAction]
Lengths = Literal["follow", "keep"]

_BITS = 8
_LARGEST = 1 << 16
"""Bytes or entries that a message grows to at most."""
_NUMBERS: frozenset[Kind] = frozenset({"length", "number"})
_LENGTHS: frozenset[Kind] = frozenset({"length"})
_CONTENT: frozenset[Kind] = frozenset({"bytes", "list", "element"})
_BYTES: frozenset[Kind] = frozenset({"bytes", "element"})
_ELEMENTS: frozenset[Kind] = frozenset({"element"})
_WHOLE: frozenset[Kind] = frozenset({"message"})
_WAITING = frozenset({ErrorCode.RESPONSE_NOT_READY})
"""After these a requester waits as it was told to, which would look as if it hung."""
_CODES = tuple(int(code) for code in ResponseCode)
_ERRORS = tuple(int(code) for code in ErrorCode if code not in _WAITING)
_LIMITS: tuple[Literal["transfer-size", "message-size"], ...] = ("transfer-size", "message-size")
_BOTH: tuple[Lengths, ...] = get_args(Lengths)


class Mutator(msgspec.Struct, frozen=True):
    """A way to change a place.

    Attributes:
        name: in a few words.
        kinds: of the places where it can be used.
        make: gives the action; draws what there is to choose.
        sweep: how early it is tried at each place before anything is left to chance, 0 first;
            ``None`` leaves it to chance.
    """

    name: str
    kinds: frozenset[Kind]
    make: Make
    sweep: int | None = None


def _add(by: int) -> Make:
    return lambda site, _: edits.Add(field=site.address, by=by)


def _set(value: Callable[[int], int]) -> Make:
    """Sets a number; ``value`` is given how many bits it has."""

    def make(site: Site, random: Random) -> AnyAction:
        del random
        return edits.Set(field=site.address, value=value(_BITS * site.width))

    return make


def _near_power(site: Site, random: Random) -> AnyAction:
    power = 1 << random.randrange(1, _BITS * site.width)
    return edits.Set(field=site.address, value=power + random.choice((-1, 0, 1)))


def _add_some(site: Site, random: Random) -> AnyAction:
    by = random.choice((2, 3, 4, 8, 16, 64, 256)) * random.choice((-1, 1))
    return edits.Add(field=site.address, by=by)


def _anything(site: Site, random: Random) -> AnyAction:
    return edits.Set(field=site.address, value=random.getrandbits(_BITS * site.width))


def _flip(site: Site, random: Random) -> AnyAction:
    return edits.Flip(field=site.address, bit=random.randrange(_BITS * max(1, site.size)))


def _lengths(random: Random) -> Lengths:
    return random.choice(_BOTH)


def _cut(site: Site, random: Random) -> AnyAction:
    by = min(random.choice((1, 1, 2, 4, 8, 64)), max(1, site.size - 1))
    return edits.Truncate(field=site.address, by=by, lengths=_lengths(random))


def _grow(site: Site, random: Random) -> AnyAction:
    by = random.choice((1, 1, 2, 4, 16, 256, 1 << 12))
    value = random.choice(("zeros", "ones", "random"))
    return edits.Extend(field=site.address, by=by, value=value, lengths=_lengths(random))


def _one_more(site: Site, random: Random) -> AnyAction:
    del random
    return edits.Extend(field=site.address, by=1)


def _grow_to_limit(site: Site, random: Random) -> AnyAction:
    power = 1 << random.randrange(5, _LARGEST.bit_length())
    to: int | Literal["transfer-size", "message-size"] = power + random.choice((-1, 0, 1))
    if random.random() < 0.2:
        to = random.choice(_LIMITS)
    return edits.Extend(field=site.address, to=to, lengths=_lengths(random))


def _insert(site: Site, random: Random) -> AnyAction:
    at = random.randrange(max(1, site.size // (site.width or 1)))
    value = random.choice(("zeros", "ones", "random"))
    lengths = _lengths(random)
    by = random.choice((1, 2, 4, 16))
    return edits.Insert(field=site.address, at=at, value=value, by=by, lengths=lengths)


def _delete_some(site: Site, random: Random) -> AnyAction:
    at = random.randrange(max(1, site.size // (site.width or 1)))
    size = random.choice((1, 1, 2, 4, 16))
    return edits.Delete(field=site.address, at=at, size=size, lengths=_lengths(random))


def _empty(lengths: Lengths) -> Make:
    return lambda site, _: edits.Truncate(field=site.address, to=0, lengths=lengths)


def _take_out(lengths: Lengths) -> Make:
    return lambda site, _: edits.Delete(field=site.address, lengths=lengths)


def _double(times: int, lengths: Lengths = "follow") -> Make:
    return lambda site, _: edits.Double(field=site.address, times=times, lengths=lengths)


def _fill(value: str) -> Make:
    return lambda site, _: edits.Set(field=site.address, value=value)


def _write_random(site: Site, random: Random) -> AnyAction:
    size = min(site.size, 64) or 1
    return edits.Set(field=site.address, value=random.randbytes(size).hex())


def _as_earlier(site: Site, random: Random) -> AnyAction:
    nth = random.choice((1, -1))
    return edits.Copy(of="earlier", field=site.address, nth=nth, otherwise="zeros")


def _replay(site: Site, random: Random) -> AnyAction:
    del site
    return act.Replay(message="*", nth=random.choice((1, 2, 3, -1, -2, -3)))


def _code(site: Site, random: Random) -> AnyAction:
    del site
    return edits.Set(field="code", value=random.choice((*_CODES, random.getrandbits(_BITS))))


def _error(site: Site, random: Random) -> AnyAction:
    del site
    return act.Error(code=random.choice(_ERRORS), data=random.getrandbits(_BITS))


def _header_only(site: Site, random: Random) -> AnyAction:
    del site, random
    return edits.Truncate(to=4)


MUTATORS: tuple[Mutator, ...] = (
    Mutator("one more", _LENGTHS, _add(1), 0),
    Mutator("zero", _LENGTHS, _set(lambda _: 0), 0),
    Mutator("all ones", _LENGTHS, _set(lambda bits: (1 << bits) - 1), 0),
    Mutator("emptied, lengths follow", _CONTENT, _empty("follow"), 0),
    Mutator("one more, lengths follow", _CONTENT, _one_more, 0),
    Mutator("one less", _LENGTHS, _add(-1), 1),
    Mutator("taken out, lengths stay", _CONTENT, _take_out("keep"), 1),
    Mutator("doubled, lengths follow", _CONTENT, _double(1), 1),
    Mutator("header only", _WHOLE, _header_only, 1),
    Mutator("sign bit", _LENGTHS, _set(lambda bits: 1 << bits - 1), 1),
    Mutator("all ones", _NUMBERS - _LENGTHS, _set(lambda bits: (1 << bits) - 1), 1),
    Mutator("zero", _NUMBERS - _LENGTHS, _set(lambda _: 0), 1),
    Mutator("one more", _NUMBERS - _LENGTHS, _add(1), 2),
    Mutator("often", _ELEMENTS, _double(300), 2),
    Mutator("zeros", _BYTES, _fill("zeros"), 2),
    Mutator("an earlier message", _WHOLE, _replay, 2),
    Mutator("another code", _WHOLE, _code, 2),
    Mutator("one less than all ones", _NUMBERS, _set(lambda bits: (1 << bits) - 2), 3),
    Mutator("one", _NUMBERS, _set(lambda _: 1), 3),
    Mutator("largest signed", _NUMBERS, _set(lambda bits: (1 << bits - 1) - 1), 3),
    Mutator("doubled, lengths stay", _CONTENT, _double(1, "keep"), 3),
    Mutator("a bit", _NUMBERS | _BYTES | _WHOLE, _flip, 3),
    Mutator("near a power of two", _NUMBERS, _near_power),
    Mutator("more or less", _NUMBERS, _add_some),
    Mutator("any number", _NUMBERS, _anything),
    Mutator("cut", _CONTENT | _WHOLE, _cut),
    Mutator("grown", _CONTENT | _WHOLE, _grow),
    Mutator("grown to a limit", _CONTENT | _WHOLE, _grow_to_limit),
    Mutator("put in", _CONTENT | _WHOLE, _insert),
    Mutator("left out", _CONTENT | _WHOLE, _delete_some),
    Mutator("random bytes", _BYTES, _write_random),
    Mutator("ones", _BYTES, _fill("ones")),
    Mutator("the other way round", _CONTENT, lambda site, _: edits.Reverse(field=site.address)),
    Mutator("halves exchanged", _BYTES, lambda site, _: edits.Swap(field=site.address)),
    Mutator("as earlier", _NUMBERS | _CONTENT, _as_earlier),
    Mutator("an error", _WHOLE, _error),
)


def mutators_for(site: Site) -> list[Mutator]:
    """What can be done at a place; where there are no bytes, some can only be added."""
    return [
        one for one in MUTATORS if site.kind in one.kinds and (site.size or one.make in _GROWING)
    ]


_GROWING = frozenset({_one_more, _grow, _grow_to_limit, _insert})
