"""The bytes that a fault changed, with the names of their fields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from responder.cli.side_by_side import Leaf, Pair, laid_out, paired
from responder.core.events import FaultFired
from responder.faults.signing import SignatureHalves
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import HEADER_SIZE
from responder.wire.context import WireContext
from responder.wire.describe import Line, describe
from responder.wire.errors import WireError
from responder.wire.follow import Conversation
from responder.wire.frames import LAYERS
from responder.wire.measurements import MeasurementBlock
from responder.wire.message import Record, spans
from responder.wire.registry import class_of
from responder.wire.tdisp import InterfaceReport

_PLAIN = WireContext()
_PAYLOAD = "payload"
_SPDM = "spdm"
"""The kind of a frame that carries a message."""
_CHAIN = "cert_chain"
_LARGEST_HALVES = 132
"""Bytes of the largest signature that has two halves; RSA ones are longer and have none."""


def pairs_of(fired: FaultFired, context: WireContext, layers: Sequence[str] = ()) -> list[Pair]:
    """The fields of what a fault struck, before and after; empty if it changed no bytes.

    Args:
        fired: the evidence.
        context: that of the message which was struck.
        layers: of frames, the names in ``LAYERS`` of what they are made of.
    """
    if not (fired.before or fired.after):
        return []
    before = leaves_of(fired.before, fired, context, layers)
    after = leaves_of(fired.after, fired, context, layers)
    if len(fired.before) == len(fired.after) or fired.before.startswith(fired.after):
        after = _as_before(before, after, fired.after)
    return paired(before, after)


def _as_before(before: Sequence[Leaf], after: Sequence[Leaf], data: bytes) -> list[Leaf]:
    """What was changed in the layout that it had, unless it has the same one still."""
    if [leaf.path for leaf in before] == [leaf.path for leaf in after]:
        return list(after)
    return laid_out(data, before)


def leaves_of(
    data: bytes, fired: FaultFired, context: WireContext, layers: Sequence[str] = ()
) -> list[Leaf]:
    """The named parts of what a fault saw or made at its hook; all bytes are in them.

    Args:
        data: the bytes.
        fired: the evidence that they are of.
        context: that of the message which was struck.
        layers: of frames, the names in ``LAYERS`` of what they are made of.
    """
    reader = _READERS.get(fired.hook)
    if reader is not None:
        return reader(data, context)
    if fired.hook == "device":
        return _device_leaves(data, fired)
    if fired.hook == "frame" and layers:
        return _frame_leaves(data, layers, context if fired.message == _SPDM else None)
    return _unnamed(data)


def message_leaves(data: bytes, context: WireContext) -> list[Leaf]:
    """The fields of a message, as deep as it can be read."""
    if len(data) < HEADER_SIZE:
        return _unnamed(data)
    lines = describe(data, context).lines
    below = [*lines[1:], None]
    names: list[str] = []
    leaves = []
    for line, following in zip(lines, below, strict=True):
        names = [*names[: line.depth], _name(line, names)]
        if following is None or following.depth <= line.depth:
            path = ".".join(name for name in names if name).replace(".[", "[")
            leaves.append(Leaf(path, data[line.start : line.end], line.meaning))
    return leaves


def _name(line: Line, names: Sequence[str]) -> str:
    """A line's part of its address; an element repeats the name of its list, which then goes."""
    if 0 < line.depth <= len(names):
        above = names[line.depth - 1]
        if above and line.name.startswith(f"{above}["):
            return line.name.removeprefix(above)
    return line.name


def _transcript_leaves(data: bytes, known: WireContext) -> Iterator[Leaf]:
    """Messages one after the other, each as far as it can be read without its signature.

    What they agree on is known, since one that says so may be missing.
    """
    conversation = Conversation(known)
    numbers: dict[str, int] = {}
    while data:
        context = conversation.feed(data).replace(version=data[0], signature_size=0)
        try:
            message, used = class_of(data).read(data, context)
        except WireError:
            break
        if not used:
            break
        number = numbers[message.name] = numbers.get(message.name, 0) + 1
        head = message.name if number == 1 else f"{message.name}({number})"
        for leaf in message_leaves(data[:used], context):
            yield Leaf(f"{head}.{leaf.path}", leaf.data, leaf.meaning)
        data = data[used:]
    yield from _unnamed(data)


def _signature_leaves(data: bytes, context: WireContext) -> list[Leaf]:
    if len(data) != context.signature_size or len(data) > _LARGEST_HALVES:
        return [Leaf("signature", data)]
    halves = _record_leaves(SignatureHalves, data, context)
    return [Leaf(f"signature.{leaf.path}", leaf.data) for leaf in halves]


def _frame_leaves(data: bytes, layers: Sequence[str], context: WireContext | None) -> list[Leaf]:
    """The fields of all layers, and of the message in them if it has a context."""
    leaves: list[Leaf] = []
    for layer in layers:
        rest = b""
        for leaf in _record_leaves(LAYERS[layer], data, _PLAIN):
            if leaf.path == _PAYLOAD:
                rest = leaf.data
            else:
                leaves.append(Leaf(f"{layer}.{leaf.path}".rstrip("."), leaf.data, leaf.meaning))
        data = rest
    if context is not None and data:
        return [*leaves, *message_leaves(data, context)]
    return [*leaves, Leaf(f"{layers[-1]}.{_PAYLOAD}", data)] if data else leaves


def _device_leaves(data: bytes, fired: FaultFired) -> list[Leaf]:
    """A measurement, or an interface report that became another one, or what was written."""
    if fired.message == RequestCode.VENDOR_DEFINED_REQUEST.name:
        return _record_leaves(InterfaceReport, data, _PLAIN) if fired.before else _unnamed(data)
    try:
        MeasurementBlock.parse(data)
    except WireError:
        return _unnamed(data)
    return _record_leaves(MeasurementBlock, data, _PLAIN)


def _record_leaves(record: type[Record], data: bytes, context: WireContext) -> list[Leaf]:
    found: list[tuple[int, Leaf]] = []
    end = 0
    try:
        for span in spans(record, data, context):
            while found and span.start < found[-1][0]:
                found.pop()  # the parts of a field follow it, and are told in its place
            found.append((span.end, Leaf(span.path, data[span.start : span.end])))
            end = span.end
    except WireError:
        pass  # what could be read has its names
    return [leaf for _, leaf in found] + _unnamed(data[end:])


def _chain_leaves(data: bytes, context: WireContext) -> list[Leaf]:
    """A chain structure, read as the whole content of a CERTIFICATE."""
    header = bytes([context.version, ResponseCode.CERTIFICATE, 0, 0])
    size = len(data).to_bytes(2, "little")
    leaves = message_leaves(header + size + bytes(2) + data, context)
    inside = [leaf for leaf in leaves if leaf.path.startswith(_CHAIN)]
    return inside if sum(len(leaf.data) for leaf in inside) == len(data) else _unnamed(data)


def _unnamed(data: bytes) -> list[Leaf]:
    return [Leaf("", data)] if data else []


_READERS: Mapping[str, Callable[[bytes, WireContext], list[Leaf]]] = MappingProxyType(
    {
        "draft": lambda data, context: message_leaves(data, context.replace(signature_size=0)),
        "message": message_leaves,
        "pre_sign": lambda data, context: list(_transcript_leaves(data, context)),
        "post_sign": _signature_leaves,
        "certificate": _chain_leaves,
        "register": lambda data, _: [Leaf("value", data)] if data else [],
    }
)
