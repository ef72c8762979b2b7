"""Reads and writes fields by address, deep inside a message, with lengths that follow or stay."""

from collections.abc import Callable
from typing import Any

import msgspec
from construct import Container

from responder.faults.address import Step, array_of, steps
from responder.wire.context import WireContext
from responder.wire.dig import Digging, dig
from responder.wire.errors import WireError
from responder.wire.fields import Blob, LengthOf, When
from responder.wire.message import Record, wire_fields

FieldValue = int | bytes | list[int]


class NoSuchPlace(Exception):  # noqa: N818 - a miss, not an error of the program
    """The address names nothing in this message, though in others it may."""


class Leaf(msgspec.Struct):
    """What stands at an address.

    Attributes:
        value: a number, bytes, or a list of numbers.
        width: bytes of a number, or of each entry of a list; 0 for bytes.
        entry: the value is one entry of a list field.
    """

    value: FieldValue
    width: int = 0
    entry: bool = False

    def bytes(self) -> bytes:
        """The value as bytes, little-endian as all numbers of SPDM are."""
        if isinstance(self.value, bytes):
            return self.value
        if isinstance(self.value, int):
            return self.value.to_bytes(self.width, "little")
        return b"".join(one.to_bytes(self.width, "little") for one in self.value)


Change = Callable[[Leaf], FieldValue]
"""Gives the new value; an element or entry may become several, or none (``b""``, ``[]``)."""


def loosen(record: Record, context: WireContext) -> Record:
    """A parsed record whose right lengths are computed again when it is built."""
    loose = record
    for name, info in wire_fields(type(record)).items():
        if info.default is not None or record.__dict__[name] is None:
            continue  # only what is left to be computed where nobody says it
        trial = loose.replace(**{name: None})
        try:
            if trial.build(context) == record.build(context):
                loose = trial
        except (WireError, TypeError):  # construct's arrays do not take None
            continue
    return loose


def read_loose(kind: type[Record], data: bytes, context: WireContext) -> Record:
    """The record that fills ``data``, loosened.

    Raises:
        NoSuchPlace: it cannot be read, or does not fill all of it.
    """
    try:
        record, used = kind.read(data, context)
    except WireError as error:
        raise NoSuchPlace(f"cannot be read as {kind.__name__}: {error}") from None
    if used != len(data):
        raise NoSuchPlace(f"{len(data) - used} bytes behind {kind.__name__}")
    return loosen(record, context)


def get(record: Record, address: str, context: WireContext) -> Leaf:
    """What stands at an address.

    Raises:
        NoSuchPlace: nothing does.
    """
    found: list[Leaf] = []

    def look(leaf: Leaf) -> FieldValue:
        found.append(leaf)
        return leaf.value

    change(record, address, look, context)
    return found[0]


def change(
    record: Record, address: str, how: Change, context: WireContext, *, keep: bool = False
) -> Record:
    """The record with another value at an address.

    Args:
        record: a loosened record.
        address: the place.
        how: gives the new value.
        context: what the layout depends on.
        keep: lengths on the way stay what they were.

    Raises:
        NoSuchPlace: there is nothing at that address.
    """
    return _Walk(context, how, keep=keep).record(record, steps(address))


class _Walk:
    def __init__(self, context: WireContext, how: Change, *, keep: bool) -> None:
        self._context = context
        self._how = how
        self._keep = keep

    def record(self, record: Record, path: list[Step]) -> Record:
        step, *rest = path
        if step.name not in wire_fields(type(record)):
            raise NoSuchPlace(f"{type(record).__name__} has no {step.name}")
        if self._keep:
            record = _frozen(record, self._context)
        value = value_of(record, step.name, self._context)
        if value is None:
            raise NoSuchPlace(f"there is no {step.name} here")
        new = self._field(record, step, rest, value)
        return record.replace(**{step.name: new})

    def _field(self, record: Record, step: Step, rest: list[Step], value: Any) -> Any:
        info = wire_fields(type(record))[step.name]
        if isinstance(value, list):
            array = array_of(info.construct)
            width = self._width(array.subcon)  # type: ignore[union-attr]
            if step.index is None:
                return self._how(Leaf(list(value), width))
            at = _at(step.index, len(value), step.name)
            new = self._how(Leaf(value[at], width, entry=True))
            return [*value[:at], *(new if isinstance(new, list) else [new]), *value[at + 1 :]]
        if isinstance(value, int):
            if rest or step.index is not None:
                raise NoSuchPlace(f"{step.name} is a number")
            return self._how(Leaf(value, self._width(info.construct)))
        if step.index is None and not rest:
            return self._how(Leaf(value))
        if info.view is not None:
            return self._sequence(info.view, step, rest, value)
        return self._part(record, step, rest, value)

    def _width(self, construct: Any) -> int:
        while isinstance(construct, When | LengthOf):
            construct = construct.subcon
        return int(construct.sizeof(wire=self._context))

    def _sequence(self, view: type[Record], step: Step, rest: list[Step], data: bytes) -> bytes:
        pieces = view.split(data, self._context)
        left_over = data[len(b"".join(pieces)) :]
        at = _at(step.index or 0, len(pieces), step.name)
        if rest:
            inner = read_loose(view, pieces[at], self._context)
            pieces[at] = _built(self.record(inner, rest), self._context)
        else:
            pieces[at] = _bytes(self._how(Leaf(pieces[at])))
        return b"".join(pieces) + left_over

    def _part(self, record: Record, step: Step, rest: list[Step], data: bytes) -> bytes:
        if not rest:
            raise NoSuchPlace(f"{step.name} has no elements")
        fields = {name: value_of(record, name, self._context) for name in wire_fields(type(record))}
        parts = dig(type(record), step.name, Digging(fields, data, self._context, lambda _: ""))
        wanted, *below = rest
        places = [n for n, part in enumerate(parts) if part.name.partition("[")[0] == wanted.name]
        place = places[_at(wanted.index or 0, len(places), wanted.name)]
        start = sum(len(part.data) for part in parts[:place])
        old = parts[place]
        if below:
            if old.record is None:
                raise NoSuchPlace(f"{wanted.name} has no fields")
            inside = _Walk(old.context or self._context, self._how, keep=self._keep)
            inner = read_loose(old.record, old.data, inside._context)
            new = _built(inside.record(inner, below), inside._context)
        else:
            new = _bytes(self._how(Leaf(old.data)))
        return data[:start] + new + data[start + len(old.data) :]


def value_of(record: Record, name: str, context: WireContext) -> Any:
    """The value of a field; a length that is left to be computed is computed."""
    value = record.__dict__[name]
    if value is not None:
        return value
    construct = wire_fields(type(record))[name].construct
    container = Container(record.__dict__, _params=Container(wire=context), _building=True)
    while isinstance(construct, When):
        if not construct.condition(container):
            return None
        construct = construct.subcon
    if isinstance(construct, LengthOf):
        return construct.computed(container)
    if isinstance(construct, Blob):
        return bytes(construct.resolved(container))
    return None


def _frozen(record: Record, context: WireContext) -> Record:
    """The record with every length as it is now."""
    lengths = {
        name: value_of(record, name, context)
        for name, info in wire_fields(type(record)).items()
        if record.__dict__[name] is None and info.default is None
    }
    return record.replace(**lengths)


def _at(index: int, count: int, name: str) -> int:
    if not -count <= index < count:
        raise NoSuchPlace(f"{name}[{index}]: there are {count}")
    return index % count


def _built(record: Record, context: WireContext) -> bytes:
    try:
        return record.build(context)
    except WireError as error:
        raise NoSuchPlace(f"the new value does not fit: {error}") from None


def _bytes(value: FieldValue) -> bytes:
    if not isinstance(value, bytes):
        raise NoSuchPlace("bytes are needed here")
    return value
