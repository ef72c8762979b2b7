"""What an onlooker makes of transport payloads, who has not asked for any of them."""

import msgspec

from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.records import records_of
from responder.transport.socket_frame import Command, SocketFrame, TransportType
from responder.transport.storage import (
    COMMAND_SIZE,
    SECURITY_PROTOCOL,
    StorageCommand,
    kind_of,
    received,
)

SOCKET = "socket"
_LABELS = {Kind.OTHER: "no SPDM message"}
_STORAGE_COMMANDS = (Command.IF_SEND, Command.IF_RECV)


class Overheard(msgspec.Struct, frozen=True):
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


def overheard(frame: SocketFrame) -> Overheard:
    """What a frame of the socket protocol carries.

    Raises:
        FramingError: the transport header is wrong.
    """
    if frame.command in _STORAGE_COMMANDS:
        return _storage(frame)
    if frame.command != Command.NORMAL:
        return Overheard(SOCKET, frame.payload, label=f"socket command {name_of(frame.command)}")
    return carried_by(frame.transport, frame.payload)


def carried_by(transport: int, payload: bytes, padding: int = 0) -> Overheard:
    """What a payload of a transport carries, which may have ``padding`` more bytes at its end.

    Raises:
        FramingError: the transport header is wrong.
    """
    binding = binding_of(transport)
    carried = binding.unwrap(payload)
    label = _LABELS.get(carried.kind, "")
    message = carried.header + carried.message
    secured = carried.kind is Kind.SECURED
    size = records_of(binding.transport).sequence_size if secured else None
    return Overheard(binding.name, message, max(binding.padding, padding), label, size)


def name_of(command: int) -> str:
    """The name of a socket command, or its number in hexadecimal."""
    return Command(command).name if command in set(Command) else f"0x{command:x}"


def _storage(frame: SocketFrame) -> Overheard:
    """What an IF_SEND carries, or an IF_RECV, which fetches with a command alone (DSP0286).

    What is fetched does not say what it is: a record has four zeros before it, a message a version.
    """
    data = frame.payload
    if frame.command == Command.IF_SEND:
        return carried_by(TransportType.STORAGE, data)
    if len(data) == COMMAND_SIZE and data[0] == SECURITY_PROTOCOL:
        command = StorageCommand.decode(data)
        told = f"storage command: fetch {command.operation.name}, at most {command.length} bytes"
        return Overheard("storage", data, label=told)
    if kind_of(data) is Kind.SECURED:
        size = records_of(TransportType.STORAGE).sequence_size
        return Overheard("storage", received(data, Kind.SECURED), sequence_number_size=size)
    known = data[:1] and data[0] >> 4 == 1 and data[1:2] < b"\x80"
    return Overheard("storage", data, label="" if known else "management of storage")
