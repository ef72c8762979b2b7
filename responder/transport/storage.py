"""SPDM over storage commands (DSP0286): what Security Send and Security Receive carry.

IF-SEND takes bytes to the device and IF-RECV fetches them; Security Protocol is 0xE8, and Security
Protocol Specific is the operation in bits 7:2 and the connection id in bits 1:0. A socket of QEMU
has these, and the length of the command, before the bytes: SECP (1 byte), SPSP (2), length (4), all
little-endian. What comes back has no header. DSP0286 itself was not at hand; see unverified.md.
"""

import struct
from enum import IntEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType

SECURITY_PROTOCOL = 0xE8
BINDING_VERSION = 0x1000
COMMAND_SIZE = 7
"""Bytes of SECP, SPSP and length."""
_COMMAND = struct.Struct("<BHI")
_DISCOVERY = struct.Struct("<HHB3xB23x")
_PENDING = struct.Struct("<HHII")
DISCOVERY_SIZE = _DISCOVERY.size
PENDING_SIZE = _PENDING.size
_IS_PENDING = 1 << 0
_CONNECTION_MASK = 0b11
_OPERATION_SHIFT = 2
_RESERVED = bytes(4)
"""What leads a secured record."""


class Operation(IntEnum):
    """SPDM operation of a storage command."""

    DISCOVERY = 1
    PENDING_INFO = 2
    MESSAGE = 5
    SECURED_MESSAGE = 6


_KINDS = {Operation.MESSAGE: Kind.SPDM, Operation.SECURED_MESSAGE: Kind.SECURED}
OPERATIONS = {kind: operation for operation, kind in _KINDS.items()}
"""The operation that carries a kind, there and back."""


class StorageCommand(msgspec.Struct, frozen=True):
    """One IF-SEND or IF-RECV.

    Attributes:
        operation: what it is about.
        length: transfer length of IF-SEND, allocation length of IF-RECV, bytes.
        data: what IF-SEND carries.
        connection_id: 0 to 3.
    """

    operation: Operation
    length: int
    data: bytes = b""
    connection_id: int = 0

    def encode(self) -> bytes:
        """The command as a socket of QEMU has it: 7 bytes, and the data."""
        specific = self.operation << _OPERATION_SHIFT | self.connection_id
        return _COMMAND.pack(SECURITY_PROTOCOL, specific, self.length) + self.data

    @classmethod
    def decode(cls, payload: bytes) -> "StorageCommand":
        """The command that is exactly ``payload``.

        Raises:
            FramingError: it is short, of another security protocol, or of no known operation.
        """
        if len(payload) < COMMAND_SIZE:
            raise FramingError(f"{len(payload)} bytes are no storage command")
        protocol, specific, length = _COMMAND.unpack_from(payload)
        if protocol != SECURITY_PROTOCOL:
            raise FramingError(f"security protocol 0x{protocol:02x} is not SPDM's")
        number = specific >> _OPERATION_SHIFT
        if number not in set(Operation):
            raise FramingError(f"security protocol specific 0x{specific:04x} is no SPDM operation")
        connection_id = specific & _CONNECTION_MASK
        return cls(Operation(number), length, payload[COMMAND_SIZE:], connection_id)

    def carried(self) -> Carried:
        """What an IF-SEND carries; FramingError if its length is another than that."""
        if self.length != len(self.data):
            raise FramingError(f"transfer length {self.length}, but {len(self.data)} came")
        kind = _KINDS.get(self.operation, Kind.OTHER)
        if kind is Kind.OTHER:
            return Carried(kind, self.data, replace(self, data=b"").encode())
        return Carried(kind, received(self.data, kind))


class DiscoveryData(msgspec.Struct, frozen=True):
    """What IF-RECV of DISCOVERY gives, 32 bytes.

    Attributes:
        operations: those that the device knows.
        max_connection_id: the highest connection id, 0 to 3.
    """

    operations: frozenset[int]
    max_connection_id: int = 0

    def encode(self) -> bytes:
        """The 32 bytes."""
        supported = sum(1 << operation for operation in self.operations)
        return _DISCOVERY.pack(DISCOVERY_SIZE, BINDING_VERSION, self.max_connection_id, supported)

    @classmethod
    def decode(cls, data: bytes) -> "DiscoveryData":
        """The discovery data in what was received; FramingError if it is none."""
        parameters, supported = _management(_DISCOVERY, data)
        operations = frozenset(bit for bit in range(8) if supported >> bit & 1)
        return cls(operations, parameters & _CONNECTION_MASK)


def encode_pending(length: int | None) -> bytes:
    """What IF-RECV of PENDING_INFO gives, 12 bytes; ``None`` if no response is pending."""
    flags = 0 if length is None else _IS_PENDING
    return _PENDING.pack(PENDING_SIZE, BINDING_VERSION, flags, length or 0)


def decode_pending(data: bytes) -> int | None:
    """The length of the pending response, ``None`` if there is none; FramingError if unreadable."""
    flags, length = _management(_PENDING, data)
    return length if flags & _IS_PENDING else None


def _management(layout: struct.Struct, data: bytes) -> tuple[int, int]:
    """The two values behind DataLength and the version."""
    if len(data) < layout.size:
        raise FramingError(f"{len(data)} bytes of storage management data, not {layout.size}")
    size, version, first, second = layout.unpack_from(data)
    if not layout.size <= size <= len(data):
        raise FramingError(f"storage management data of {size} bytes, and {len(data)} came")
    if version != BINDING_VERSION:
        raise FramingError(f"storage binding version 0x{version:04x} is not 0x{BINDING_VERSION:x}")
    return first, second


class StorageBinding:
    """Carries messages and records in IF-SEND; a ``Binding``. For what comes back, see ``fetched``.

    ``Kind.OTHER`` is the management of the transport: discovery, and pending info.
    """

    name = "storage"
    transport = TransportType.STORAGE
    padding = 0

    def unwrap(self, payload: bytes) -> Carried:
        """What an IF-SEND carries; FramingError as the methods of ``StorageCommand``."""
        return StorageCommand.decode(payload).carried()

    def wrap(self, message: bytes, kind: Kind = Kind.SPDM, header: bytes = b"") -> bytes:
        """The IF-SEND; ``Kind.OTHER`` takes its operation from ``header``, or is DISCOVERY."""
        if kind is Kind.OTHER:
            command = (
                StorageCommand.decode(header) if header else StorageCommand(Operation.DISCOVERY, 0)
            )
            return replace(command, length=len(message), data=message).encode()
        data = fetched(message, kind)
        return StorageCommand(OPERATIONS[kind], len(data), data).encode()


def fetched(message: bytes, kind: Kind) -> bytes:
    """What IF-RECV gives for a message or record."""
    return (_RESERVED if kind is Kind.SECURED else b"") + message


def kind_of(data: bytes) -> Kind:
    """What was fetched: a record has zeros before it, where a message has its version."""
    return Kind.SECURED if data[: len(_RESERVED)] == _RESERVED else Kind.SPDM


def received(data: bytes, kind: Kind) -> bytes:
    """The message, or record, in what a command carried; FramingError if it is too short."""
    if kind is Kind.SPDM:
        return data
    if len(data) < len(_RESERVED):
        raise FramingError(f"{len(data)} bytes are no secured message of a storage command")
    return data[len(_RESERVED) :]


# Records.

DescriptorPlace = Literal["aligned", "packed", "asked"]
"""Where the first descriptor is: 4 bytes after its count, 3, or as the peer last had it."""

_PLACES = {"aligned": 4, "packed": 3}
_DESCRIPTOR = struct.Struct("<xBBxIIxxxx")
_SPDM_TYPE = 4
_HEAD = 20
"""Bytes before the message: the count, the descriptor, and what is reserved around them."""
_OFFSET_BASE = 16
"""Offset of the count, from which that of the message is told."""


class StorageRecords:
    """The application data of records: one descriptor of type SPDM and the message.

    The place that was met last is that of what is enclosed next, unless one is given. Whoever
    speaks first takes ``packed``, where all implementations known have it.

    Attributes:
        sequence_size: bytes of the sequence number in a record's header.
        max_padding: how many random bytes may follow the application data.
    """

    sequence_size = 2
    max_padding = 32

    def __init__(self, place: DescriptorPlace = "asked") -> None:
        self._asked = place == "asked"
        self._place = _PLACES.get(place, _PLACES["packed"])

    def enclose(self, message: bytes) -> bytes:
        """The application data that holds an SPDM message."""
        descriptor = _DESCRIPTOR.pack(_SPDM_TYPE, 0, len(message), _OFFSET_BASE + _HEAD)
        return (b"\1" + bytes(self._place - 1) + descriptor).ljust(_HEAD, b"\0") + message

    def foreign(self, application_data: bytes) -> bool:
        """Nothing else is known to travel here."""
        del application_data
        return False

    def disclose(self, application_data: bytes) -> bytes:
        """The SPDM message in application data.

        Raises:
            FramingError: there is not one descriptor, it is not SPDM's, says that the command
                failed, or points elsewhere.
        """
        data = application_data
        if len(data) < _HEAD or data[0] != 1:
            raise FramingError(f"{len(data)} bytes of storage descriptors, and not one of SPDM")
        places = _PLACES.values() if self._asked else (self._place,)
        place = next((at for at in places if data[at + 1] == _SPDM_TYPE), None)
        if place is None:
            raise FramingError(f"storage descriptor {data[:_HEAD].hex()} is not of SPDM")
        _, status, length, offset = _DESCRIPTOR.unpack_from(data, place)
        if status:
            raise FramingError(f"the storage descriptor has status 0x{status:02x}")
        start = offset - _OFFSET_BASE
        if start < _HEAD or start + length != len(data):
            raise FramingError(f"offset {offset} and length {length} of {len(data)} bytes")
        self._place = place
        return data[start:]
