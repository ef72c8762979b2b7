"""Addresses of fields, as declarations name them: ``measurement_record[1].measurement.value_type``.

A part of an address is a name and perhaps an index, negative from the end. Where a field is a
sequence of records and more follows, no index means the first of them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from construct import Array

from responder.wire.dig import PART_RECORDS
from responder.wire.fields import When
from responder.wire.message import Record, wire_fields

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(-?\d+)\])?")


class Step(msgspec.Struct, frozen=True):
    """One part of an address."""

    name: str
    index: int | None = None


class AddressError(ValueError):
    """An address that names nothing.

    Attributes:
        name: the part of it that is wrong.
        known: what could stand there.
    """

    def __init__(self, reason: str, name: str, known: Iterable[str]) -> None:
        super().__init__(reason)
        self.name = name
        self.known = sorted(known)


def steps(address: str) -> list[Step]:
    """The parts of an address.

    Raises:
        AddressError: it is none.
    """
    found = []
    for text in address.split("."):
        match = _STEP.fullmatch(text)
        if match is None:
            raise AddressError(f"{address!r} is no address", text, ())
        found.append(Step(match[1], None if match[2] is None else int(match[2])))
    return found


def check_address(record: type[Record], address: str) -> None:
    """See that an address names something that a record of this class can have.

    Raises:
        AddressError: it does not.
    """
    path = steps(address)
    while path:
        step, *path = path
        fields = wire_fields(record)
        if step.name not in fields:
            reason = f"{record.__name__} has no field {step.name!r}"
            raise AddressError(reason, step.name, fields)
        inside = _inside(record, step.name)
        if step.index is not None and not isinstance(inside, type):
            if path or not _is_list(record, step.name):
                reason = f"{record.__name__}.{step.name} has no elements"
                raise AddressError(reason, step.name, fields)
            return
        if not path:
            return
        if isinstance(inside, dict):
            part, *path = path
            if part.name not in inside:
                reason = f"{record.__name__}.{step.name} has no part {part.name!r}"
                raise AddressError(reason, part.name, inside)
            inside = inside[part.name]
        if path and inside is None:
            reason = f"{address!r}: {path[0].name!r} lies in bytes without structure"
            raise AddressError(reason, path[0].name, fields)
        if inside is not None:
            record = inside


def addresses(record: type[Record], prefix: str = "") -> Iterator[str]:
    """Every address that a record can have, for suggestions; elements without an index."""
    for name in wire_fields(record):
        yield f"{prefix}{name}"
        inside = _inside(record, name)
        if isinstance(inside, dict):
            for part, below in inside.items():
                yield f"{prefix}{name}.{part}"
                if below is not None:
                    yield from addresses(below, f"{prefix}{name}.{part}.")
        elif inside is not None:
            yield from addresses(inside, f"{prefix}{name}.")


def _inside(record: type[Record], name: str) -> Any:
    """What is inside a field: a record class, named parts, or nothing."""
    view = wire_fields(record)[name].view
    return view if view is not None else PART_RECORDS.get((record, name))


def _is_list(record: type[Record], name: str) -> bool:
    return array_of(wire_fields(record)[name].construct) is not None


def array_of(construct: Any) -> Array | None:
    """The array that a field is declared as, perhaps under a condition."""
    while isinstance(construct, When):
        construct = construct.subcon
    return construct if isinstance(construct, Array) else None
