"""Messages as text for people, made from the declarations: no second account of any layout."""

from collections.abc import Iterator
from enum import IntFlag
from typing import Any

import msgspec

from responder.spec.algorithms import TABLE_ALGORITHMS, names_in
from responder.spec.limits import HEADER_SIZE
from responder.wire.algorithms import AlgorithmStructure
from responder.wire.context import WireContext
from responder.wire.dig import CertificateNamer, Digging, Part, dig
from responder.wire.errors import WireError
from responder.wire.message import PADDING, Record, spans, wire_fields
from responder.wire.names import message_title
from responder.wire.registry import class_of
from responder.wire.secured import SecuredRecord


class Line(msgspec.Struct, frozen=True):
    """One field.

    Attributes:
        depth: how deep it lies; 0 for the fields of the message itself.
        start, end: its bytes in the message, end exclusive.
        name: the field.
        value: number or bytes in hexadecimal; empty if the lines below show its parts.
        meaning: what the value says, empty if nothing is known.
    """

    depth: int
    start: int
    end: int
    name: str
    value: str
    meaning: str = ""


class Description(msgspec.Struct, frozen=True):
    """A message field by field, as far as it can be read.

    Attributes:
        title: message, version and size.
        lines: the fields in wire order.
        problem: why reading stopped; ``None`` if all of it could be read.
    """

    title: str
    lines: list[Line]
    problem: WireError | None = None


def describe(
    data: bytes,
    context: WireContext,
    *,
    padding: int = 0,
    certificate: CertificateNamer = lambda _: "",
) -> Description:
    """The message in ``data``, field by field.

    Args:
        data: the message, perhaps damaged, perhaps padded by its transport.
        context: what its layout depends on.
        padding: how many bytes the transport may have added.
        certificate: says whose a DER certificate is.
    """
    if len(data) < HEADER_SIZE:
        problem = WireError(f"{len(data)} bytes are no SPDM message")
        return Description("no message", [Line(0, 0, len(data), "(unread)", data.hex())], problem)
    walk = _Walk(context, certificate)
    return _described(walk.record(class_of(data), data, 0, 0), data, message_title(data), padding)


def describe_record(data: bytes, context: WireContext, *, padding: int = 0) -> Description:
    """The secured record in ``data``, whose contents nobody can read without keys.

    Args:
        data: the record, perhaps damaged, perhaps padded by its transport.
        context: says how long its sequence number is.
        padding: how many bytes the transport may have added.
    """
    title = f"secured record, {len(data)} bytes"
    lines = _Walk(context, lambda _: "").record(SecuredRecord, data, 0, 0)
    return _described(lines, data, title, padding)


def _described(walked: Iterator[Line], data: bytes, title: str, padding: int) -> Description:
    """What ``walked`` yields, and what is left when it stops."""
    lines: list[Line] = []
    try:
        lines.extend(walked)
    except WireError as error:
        end = max((line.end for line in lines), default=0)
        if end < len(data):
            lines.append(Line(0, end, len(data), "(unread)", data[end:].hex()))
        return Description(title, lines, error)
    last = lines[-1]
    left_over = last.end - last.start
    if last.name != PADDING or left_over <= padding:
        return Description(title, lines)
    lines[-1] = msgspec.structs.replace(last, name="(left over)")
    problem = WireError(f"{left_over} bytes after the end of the message")
    return Description(title, lines, problem)


class _Walk:
    """Turns records into lines; holds what is the same for all of a message."""

    def __init__(self, context: WireContext, certificate: CertificateNamer) -> None:
        self._context = context
        self._certificate = certificate

    def record(self, record: type[Record], data: bytes, base: int, depth: int) -> Iterator[Line]:
        """The lines of one record whose first byte is byte ``base`` of the message.

        Raises:
            WireError: after the last field that could be read.
        """
        fields: dict[str, Any] = {}
        declared = wire_fields(record)
        for span in spans(record, data, self._context):
            if "." in span.path:
                continue  # a part of the field before, which is walked with it
            fields[span.path] = span.value
            info = declared.get(span.path)
            start, end = base + span.start, base + span.end
            parts: list[Line] = []
            if isinstance(span.value, bytes) and info is not None:
                parts = self._parts_of(record, span.path, fields, start, depth + 1)
            value = "" if parts else _value(span.value, end - start)
            meaning = _meaning(record, span.path, info.show if info else None, fields)
            yield Line(depth, start, end, span.path, value, meaning)
            yield from parts

    def _parts_of(
        self, record: type[Record], name: str, fields: dict[str, Any], base: int, depth: int
    ) -> list[Line]:
        data = fields[name]
        view = wire_fields(record)[name].view
        if view is not None:
            parts = self._sequence(view, name, data)
        else:
            digging = Digging(fields, data, self._context, self._certificate)
            parts = dig(record, name, digging)
        if not parts:
            return []
        left_over = len(data) - sum(len(part.data) for part in parts)
        if left_over:
            parts.append(Part("(unread)", data[-left_over:]))
        return list(self._lines(parts, base, depth))

    def _sequence(self, view: type[Record], name: str, data: bytes) -> list[Part]:
        """The records that fill a field; what cannot be read stays the bytes it is."""
        pieces = view.split(data, self._context)
        return [Part(f"{name}[{number}]", piece, view) for number, piece in enumerate(pieces)]

    def _lines(self, parts: list[Part], base: int, depth: int) -> Iterator[Line]:
        start = base
        alone = len(parts) == 1
        for part in parts:
            end = start + len(part.data)
            inside = _Walk(part.context or self._context, self._certificate)
            if part.record is None:
                yield Line(depth, start, end, part.name, part.data.hex(), part.meaning)
            elif alone:  # a heading would only repeat the line above
                yield from inside.record(part.record, part.data, start, depth)
            else:
                yield Line(depth, start, end, part.name, "")
                yield from inside.record(part.record, part.data, start, depth + 1)
            start = end


def _value(value: Any, size: int) -> str:
    if isinstance(value, list):
        width = size // len(value)
        return " ".join(_value(one, width) for one in value)
    if isinstance(value, int):
        return f"0x{value:0{2 * size}x}"
    text: str = value.hex()
    return text


def _meaning(record: type[Record], name: str, show: Any, fields: dict[str, Any]) -> str:
    value = fields[name]
    if record is AlgorithmStructure and name == "alg_supported":
        show = TABLE_ALGORITHMS.get(fields["alg_type"])
    if isinstance(value, list):
        return "; ".join(_named(show, one) for one in value)
    return _named(show, value) if isinstance(value, int) else ""


def _named(show: Any, value: int) -> str:
    """What ``show`` says of a number; without it, the number in decimal."""
    if show is None:
        return str(value)
    if isinstance(show, tuple):
        return ", ".join(names_in(show, value)) or "none"
    if isinstance(show, type):
        return _flags(show, value) if issubclass(show, IntFlag) else _member(show, value)
    text: str = show(value)
    return text


def _flags(flags: type[IntFlag], value: int) -> str:
    names = [str(flag.name) for flag in flags if flag & value]
    unknown = value & ~sum(flags)
    return ", ".join([*names, f"0x{unknown:x}"] if unknown else names) or "none"


def _member(enumeration: Any, value: int) -> str:
    members: dict[int, str] = {member.value: member.name for member in enumeration}
    return members.get(value, "unknown")


def text_of(description: Description, *, width: int = 64) -> list[str]:
    """The lines to print: offset, size, field, value, meaning.

    Args:
        description: the message.
        width: how many characters of a value are shown, 0 for all of them.
    """
    texts = [description.title]
    texts += [text_of_line(line, width=width) for line in description.lines]
    if description.problem is not None:
        texts.append(f"  ! {description.problem}")
    return texts


def text_of_line(line: Line, *, width: int = 64) -> str:
    """One line: offset in hexadecimal, size in decimal, field, value, meaning."""
    value = line.value
    if width and len(value) > width:
        value = f"{value[:width]}..."
    meaning = f"({line.meaning})" if line.meaning else ""
    words = [f"{'  ' * line.depth}{line.name}:", value, meaning]
    text = " ".join(word for word in words if word)
    return f"  {line.start:05x} {line.end - line.start:>5}  {text}"
