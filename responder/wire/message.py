"""Typed messages: a class whose annotated fields carry their construct, in wire order.

One declaration gives the codec (``parse``, ``build``), the address of every field (``spans``)
and the text for people (``responder.wire.describe``).
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, ClassVar, Self, dataclass_transform

import msgspec
from construct import Construct, ConstructError, Container, Int8ul

from responder.spec.codes import name_of_code
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.names import header_version

_PLAIN = WireContext()

PADDING = "(padding)"
"""The path of the span of bytes after the end of a message."""


class Span(msgspec.Struct, frozen=True):
    """Where a field lies: its address, first byte, end (exclusive), and value."""

    path: str
    start: int
    end: int
    value: Any


class FieldInfo(msgspec.Struct, frozen=True):
    """What a declaration says of one field.

    Attributes:
        construct: how it is written.
        default: its value when none is given; ``UNSET`` if one must be.
        view: for bytes with a structure of their own, the record class they are a sequence of.
        show: for numbers with names, an enumeration or flags class, a table of algorithms, or a
            function that says what a number means.
    """

    construct: Construct
    default: Any = msgspec.UNSET
    view: Any = None
    show: Any = None


def wire(
    construct: Construct, *, default: Any = msgspec.UNSET, view: Any = None, show: Any = None
) -> Any:
    """Declare a field of a record: its construct, its default, and how it is shown."""
    return FieldInfo(construct, default, view, show)


def wire_fields(cls: type["Record"]) -> dict[str, FieldInfo]:
    """The declared fields of a record class, in wire order."""
    return cls._fields


def _container(stream: BytesIO, context: WireContext, *, building: bool) -> Container:
    """What constructs see of the fields around them; a Struct would set the same up, and more."""
    container = Container(
        _params=Container(wire=context), _parsing=not building, _building=building, _io=stream
    )
    container._root = container  # noqa: SLF001 - what construct sets up for itself
    return container


@dataclass_transform(kw_only_default=True, field_specifiers=(wire,))
class Record:
    """A typed structure on the wire; subclasses declare their fields with ``wire``.

    Not a dataclass, whose code is compiled for each class anew: start-up matters.
    """

    _fields: ClassVar[dict[str, FieldInfo]] = {}
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: info for name, info in vars(cls).items() if isinstance(info, FieldInfo)}
        inherited: dict[str, FieldInfo] = {}
        for base in cls.__bases__:
            inherited |= getattr(base, "_fields", {})
        cls._fields = inherited | own
        cls._defaults = {
            name: info.default
            for name, info in cls._fields.items()
            if info.default is not msgspec.UNSET
        }

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(self._defaults)
        self.__dict__.update(values)
        if self.__dict__.keys() != self._fields.keys():
            wrong = ", ".join(sorted(self.__dict__.keys() ^ self._fields.keys()))
            raise TypeError(f"{type(self).__name__}: missing or unknown: {wrong}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__name__}({values})"

    @classmethod
    def read(cls, data: bytes, context: WireContext = _PLAIN) -> tuple[Self, int]:
        """Parse the front of ``data``; return the record and the number of bytes it took.

        Raises:
            WireError: the bytes end early or hold what the declaration forbids.
        """
        stream = BytesIO(data)
        container = _container(stream, context, building=False)
        record = cls.__new__(cls)
        values = record.__dict__
        try:
            for name, info in cls._fields.items():
                value = info.construct._parsereport(stream, container, name)  # noqa: SLF001
                container[name] = values[name] = value
        except ConstructError as error:
            raise _wire_error(error) from None
        return record, stream.tell()

    @classmethod
    def parse(cls, data: bytes, context: WireContext = _PLAIN, *, padding: int = 0) -> Self:
        """Parse the whole of ``data``, of which at most ``padding`` bytes may be left over.

        Raises:
            WireError: as ``read``, and when more bytes are left over than a transport pads.
        """
        record, used = cls.read(data, context)
        if len(data) - used > padding:
            raise WireError(f"{len(data) - used} bytes after the end of the message")
        return record

    @classmethod
    def parse_all(cls, data: bytes, context: WireContext = _PLAIN) -> list[Self]:
        """The records that fill ``data``, one after the other.

        Raises:
            WireError: the last one ends early.
        """
        records = []
        while data:
            record, used = cls.read(data, context)
            records.append(record)
            data = data[used:]
        return records

    @classmethod
    def split(cls, data: bytes, context: WireContext = _PLAIN) -> list[bytes]:
        """The bytes of each record in ``data``, up to the first that cannot be read."""
        pieces = []
        while data:
            try:
                _, used = cls.read(data, context)
            except WireError:
                break
            if not used:
                break
            pieces.append(data[:used])
            data = data[used:]
        return pieces

    def build(self, context: WireContext = _PLAIN) -> bytes:
        """The bytes of this record; lengths that are ``None`` are computed.

        Raises:
            WireError: a value does not fit its field.
        """
        stream = BytesIO()
        container = _container(stream, context, building=True)
        container.update(self.__dict__)
        try:
            for name, info in self._fields.items():
                value = container[name]
                container[name] = info.construct._build(  # noqa: SLF001
                    value, stream, container, name
                )
        except ConstructError as error:
            raise _wire_error(error) from None
        return stream.getvalue()

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return type(self)(**{**self.__dict__, **changes})


class Message(Record):
    """An SPDM message: a record that begins with SPDMVersion and RequestResponseCode.

    A subclass declares Param1 and Param2 as its first two fields, under the names that the
    specification gives them there, or as ``param1`` and ``param2`` where they are reserved.
    """

    CODE: ClassVar[int]
    spdm_version: int = wire(Int8ul, default=0x10, show=header_version)
    code: int = wire(Int8ul, default=0, show=name_of_code)

    def __init_subclass__(cls, *, code: int | None = None, **kwargs: Any) -> None:
        if code is not None:
            cls.CODE = code
            cls.code = wire(Int8ul, default=int(code), show=name_of_code)
        super().__init_subclass__(**kwargs)

    @property
    def name(self) -> str:
        """The specification's name of the message."""
        return name_of_code(self.code)


def spans(record: type[Any], data: bytes, context: WireContext = _PLAIN) -> Iterator[Span]:
    """The fields of ``data`` read as ``record``, with their places, as far as it can be read.

    Bytes whose declaration has a view are followed by the spans of their parts
    (``measurement_record[0].index``). What is left at the end comes as ``PADDING``.

    Raises:
        WireError: after the last field that could be read.
    """
    stream = BytesIO(data)
    container = _container(stream, context, building=False)
    for name, info in wire_fields(record).items():
        start = stream.tell()
        try:
            value = info.construct._parsereport(stream, container, name)  # noqa: SLF001
        except ConstructError as error:
            raise _wire_error(error) from None
        container[name] = value
        if stream.tell() > start:
            yield Span(name, start, stream.tell(), value)
            if info.view is not None and value:
                yield from _viewed(info.view, name, value, start, context)
    if stream.tell() < len(data):
        yield Span(PADDING, stream.tell(), len(data), data[stream.tell() :])


def _viewed(
    view: type[Record], name: str, data: bytes, start: int, context: WireContext
) -> Iterator[Span]:
    """The parts of a field that is a sequence of records; stops where they cannot be read."""
    offset = index = 0
    while offset < len(data):
        try:
            _, used = view.read(data[offset:], context)
        except WireError:
            return
        if used == 0:
            return
        for span in spans(view, data[offset : offset + used], context):
            yield Span(
                f"{name}[{index}].{span.path}",
                start + offset + span.start,
                start + offset + span.end,
                span.value,
            )
        offset += used
        index += 1


def _wire_error(error: ConstructError) -> WireError:
    text = str(error).replace("\n", " ")
    path = ""
    if "(parsing) -> " in text or "(building) -> " in text:
        text, _, path = text.replace("Error in path ", "").partition(" -> ")
    path = (getattr(error, "path", None) or path).replace("(parsing) -> ", "")
    reason = str(error).splitlines()[-1]
    return WireError(reason, path.replace("(building) -> ", ""))
