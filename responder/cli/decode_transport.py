"""Takes transport headers off what ``decode`` is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from responder.cli.decode_input import Payload
from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.errors import FramingError
from responder.transport.records import records_of
from responder.transport.socket_frame import (
    HEADER_SIZE,
    Command,
    SocketFrame,
    SocketFramer,
    TransportType,
)
from responder.transport.storage import (
    COMMAND_SIZE,
    SECURITY_PROTOCOL,
    StorageCommand,
    kind_of,
    received,
)

AUTO = "auto"
SOCKET = "socket"
BINDINGS = {
    "none": TransportType.NONE,
    "mctp": TransportType.MCTP,
    "doe": TransportType.PCI_DOE,
    "tcp": TransportType.TCP,
    "storage": TransportType.STORAGE,
}
TRANSPORTS = (AUTO, *BINDINGS, SOCKET)

_MARKED = (TransportType.PCI_DOE, TransportType.TCP, TransportType.MCTP)
"""Transports that can be told from a plain message by their header, the surest first."""
_MAX_FRAME = 1 << 24
_LABELS = {Kind.OTHER: "no SPDM message"}
_STORAGE_COMMANDS = (Command.IF_SEND, Command.IF_RECV)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A payload without its transport header.

    Attributes:
        binding: the transport's name.
        data: the message, with the padding that the transport may have added.
        padding: how many bytes of it may be padding.
        label: what it is, if it is neither an SPDM message nor a secured record.
        sequence_number_size: of a secured record, the bytes of its sequence number; else ``None``.
    """

    binding: str
    data: bytes
    padding: int = 0
    label: str = ""
    sequence_number_size: int | None = None


def unwrap(payload: Payload, transport: str) -> Unwrapped:
    """Take the transport header off.

    Args:
        payload: the bytes; what they say of themselves counts unless ``transport`` is given.
        transport: a name in ``BINDINGS``, or ``auto`` to go by what the bytes look like.

    Raises:
        FramingError: the header is not that transport's.
    """
    if payload.command in _STORAGE_COMMANDS:
        return _storage(payload)
    if payload.command != Command.NORMAL:
        known = payload.command in Command.__members__.values()
        name = Command(payload.command).name if known else f"0x{payload.command:x}"
        return Unwrapped(SOCKET, payload.data, label=f"socket command {name}")
    if transport in BINDINGS:
        return _bound(payload.data, BINDINGS[transport])
    if payload.transport is not None:
        return _bound(payload.data, payload.transport, payload.padding)
    for marked in _MARKED:
        try:
            return _bound(payload.data, marked)
        except FramingError:
            continue
    return _bound(payload.data, TransportType.NONE)


def _bound(data: bytes, transport: int, padding: int = 0) -> Unwrapped:
    binding = binding_of(transport)
    carried = binding.unwrap(data)
    label = _LABELS.get(carried.kind, "")
    message = carried.header + carried.message
    secured = carried.kind is Kind.SECURED
    size = records_of(binding.transport).sequence_size if secured else None
    return Unwrapped(binding.name, message, max(binding.padding, padding), label, size)


def _storage(payload: Payload) -> Unwrapped:
    """What an IF_SEND carries, or an IF_RECV, which fetches with a command alone (DSP0286).

    What is fetched does not say what it is: a record has four zeros before it, a message a version.
    """
    data = payload.data
    if payload.command == Command.IF_SEND:
        return _bound(data, TransportType.STORAGE)
    if len(data) == COMMAND_SIZE and data[0] == SECURITY_PROTOCOL:
        command = StorageCommand.decode(data)
        told = f"storage command: fetch {command.operation.name}, at most {command.length} bytes"
        return Unwrapped("storage", data, label=told)
    if kind_of(data) is Kind.SECURED:
        size = records_of(TransportType.STORAGE).sequence_size
        return Unwrapped("storage", received(data, Kind.SECURED), sequence_number_size=size)
    known = data[:1] and data[0] >> 4 == 1 and data[1:2] < b"\x80"
    return Unwrapped("storage", data, label="" if known else "management of storage")


def disclosed(application_data: bytes, binding: str) -> bytes:
    """The SPDM message in a record's application data; FramingError if it is of another kind."""
    return records_of(BINDINGS[binding]).disclose(application_data)


def unframed(payload: Payload, transport: str) -> Iterator[Payload]:
    """The payloads of the socket frames in ``payload``, or itself if it holds no frames."""
    framed = transport == SOCKET or (transport == AUTO and _looks_framed(payload.data))
    if not framed or payload.transport is not None:
        yield payload
        return
    frames, problem = _frames(payload.data)
    for frame in frames:
        yield Payload(frame.payload, "", frame.command, frame.transport)
    if problem or payload.problem:
        yield Payload(b"", problem or payload.problem)


def _frames(data: bytes) -> tuple[Sequence[SocketFrame], str]:
    """The whole frames, and why there are no more."""
    framer = SocketFramer(_MAX_FRAME)
    try:
        frames = framer.feed(data)
    except FramingError as error:
        return error.frames, error.reason
    try:
        framer.eof()
    except FramingError as error:
        return frames, error.reason
    return frames, ""


def _looks_framed(data: bytes) -> bool:
    """Whether ``data`` begins with a header of the socket protocol."""
    if len(data) < HEADER_SIZE:
        return False
    command, transport = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    return (
        command in Command.__members__.values() and transport in TransportType.__members__.values()
    )
