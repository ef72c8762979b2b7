"""Declarations as tables: what the dissector has to know of each record and each of its fields."""

from collections.abc import Iterator
from typing import Any

import msgspec
from construct import Array, Bytes, BytesInteger, Construct, FormatField, IfThenElse

from responder.dissector.expression import lua_function
from responder.dissector.parts import CHECKS, PARTS, SPECIAL_SIZES
from responder.dissector.shown import Shown, shown
from responder.spec.codes import name_of_code
from responder.wire.algorithms import AlgorithmStructure
from responder.wire.dig import PART_RECORDS
from responder.wire.family import Coded
from responder.wire.fields import Blob, LengthOf, Rest, When
from responder.wire.message import FieldInfo, Message, Record, wire_fields


class Layout(msgspec.Struct, frozen=True):
    """One field.

    Attributes:
        name: as declared.
        filter: its name in display filters.
        kind: ``uint``, ``list`` (of numbers), ``bytes``, ``rest``.
        width: bytes of a number; a Lua function where that depends.
        most: the greatest width, in bytes; 0 if it is no number.
        big_endian: the order of a number's bytes.
        size: a Lua function: bytes of ``bytes``, numbers of ``list``.
        when: a Lua function that says whether the field is there; empty: always.
        shown: what its values mean.
        view: the record that it is a sequence of; empty: none.
        parts: the function of ``runtime`` that takes it apart, and its arguments; empty: none.
    """

    name: str
    filter: str
    kind: str
    width: str = "0"
    most: int = 0
    big_endian: bool = False
    size: str = ""
    when: str = ""
    shown: Shown = Shown()
    view: str = ""
    parts: tuple[str, ...] = ()


def snake(kind: type[Record]) -> str:
    """A record's name, such as ``challenge_auth``: the one that ``dig`` gives its part."""
    name = kind.__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


def title(kind: type[Record]) -> str:
    """A record's name for people."""
    if issubclass(kind, Message) and hasattr(kind, "CODE"):
        return name_of_code(kind.CODE)
    if issubclass(kind, Coded) and hasattr(kind, "CODE"):
        names = wire_fields(kind)[kind.CODE_FIELD].show
        return str(names(kind.CODE).name)
    return snake(kind)


def layouts(kind: type[Record], shows: dict[tuple[type[Record], str], Any]) -> Iterator[Layout]:
    """The fields of a record, in wire order.

    Args:
        kind: the record.
        shows: what fields mean whose declarations do not say so.

    Raises:
        ValueError: a declaration is of a kind that the dissector does not know.
    """
    root = _root(kind)
    for name, info in wire_fields(kind).items():
        owner = root if root is not None and name in wire_fields(root) else kind
        prefix = "spdm" if owner is Message else f"spdm.{snake(owner)}"
        show = shows.get((kind, name), info.show)
        yield _layout(kind, name, msgspec.structs.replace(info, show=show), f"{prefix}.{name}")


def _root(kind: type[Record]) -> type[Record] | None:
    """The class whose fields all messages of a protocol begin with, and which names these."""
    if issubclass(kind, Message):
        return Message
    if issubclass(kind, Coded):
        return next(base for base in kind.__mro__ if Coded in base.__bases__)
    return None


def _layout(kind: type[Record], name: str, info: FieldInfo, path: str) -> Layout:
    construct, when = info.construct, ""
    if isinstance(construct, When):
        construct, when = construct.subcon, lua_function(construct.condition)
    values = _values(construct, SPECIAL_SIZES.get((kind, name), ""))
    if (kind, name) == (AlgorithmStructure, "alg_supported"):
        meaning = Shown(function="algorithms_of_type")
    else:
        meaning = shown(info.show, values.get("most", 0))
    if (parts := PARTS.get((kind, name))) is None and (kind, name) in PART_RECORDS:
        raise ValueError(f"{kind.__name__}.{name} has parts that the dissector does not know")
    view = snake(info.view) if info.view is not None else ""
    return Layout(name, path, when=when, shown=meaning, view=view, parts=parts or (), **values)


def _values(construct: Construct, special: str) -> dict[str, Any]:
    """What a construct says of kind, width and size."""
    if isinstance(construct, LengthOf):
        return _values(construct.subcon, special)
    if isinstance(construct, Rest):
        return {"kind": "rest"}
    if isinstance(construct, Array):
        count = lua_function(construct.count)
        return _values(construct.subcon, "") | {"kind": "list", "size": count}
    if size := special or _size(construct):
        return {"kind": "bytes", "size": size}
    return {"kind": "uint", **_number(construct)}


def _size(construct: Construct) -> str:
    """The size of bytes; empty if it is no construct of bytes."""
    if isinstance(construct, Blob):
        return lua_function(construct.size)
    return lua_function(construct.length) if isinstance(construct, Bytes) else ""


def _number(construct: Construct) -> dict[str, Any]:
    if isinstance(construct, IfThenElse):
        sides = [_number(side)["most"] for side in (construct.thensubcon, construct.elsesubcon)]
        condition = lua_function(construct.condfunc)
        width = f"function(f, w) return ({condition})(f, w) and {sides[0]} or {sides[1]} end"
        return {"width": width, "most": max(sides)}
    if isinstance(construct, BytesInteger) and construct.swapped and not construct.signed:
        return {"width": str(construct.length), "most": construct.length}
    if isinstance(construct, FormatField) and construct.fmtstr[1:] in "BHILQ":
        big = construct.fmtstr[0] == ">" and construct.length > 1
        return {"width": str(construct.length), "most": construct.length, "big_endian": big}
    raise ValueError(f"the dissector does not know the construct {construct!r}")


def check_of(kind: type[Record]) -> str:
    """The function of ``runtime`` that says whether a record that can be read makes sense.

    Raises:
        ValueError: the record has a condition of its own that the dissector does not know.
    """
    name = CHECKS.get(kind, "")
    if not name and "read" in vars(kind):
        raise ValueError(f"{kind.__name__} is read in a way that the dissector does not know")
    return name
