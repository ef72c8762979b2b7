"""SPDM over TCP (DSP0287): a 4-byte header, alone on a stream or inside a socket frame.

The header is PayloadLength (2 bytes, little-endian: the bytes that follow this field),
BindingVersion (1) and MessageType (1). Role inquiry and errors are a header alone, for which
libspdm writes PayloadLength 0 where the rule for all others would give 2: both are accepted,
and 0 is sent.
"""

import struct
from enum import IntEnum

from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.framer import Framer
from responder.transport.socket_frame import TransportType

HEADER_SIZE = 4
BINDING_VERSION = 1
_LENGTH_SIZE = 2
MAX_MESSAGE = 0xFFFF + _LENGTH_SIZE - HEADER_SIZE
"""The longest message in bytes that PayloadLength can tell."""
_HEADER = struct.Struct("<HBB")


class MessageType(IntEnum):
    """MessageType of the header."""

    SPDM = 0x05
    SECURED = 0x06
    ROLE_INQUIRY = 0xBF
    TOO_LARGE = 0xC0
    NOT_SUPPORTED = 0xC1
    CANNOT_OPERATE_AS_REQUESTER = 0xC2
    CANNOT_OPERATE_AS_RESPONDER = 0xC3


_KINDS = {
    message_type: {MessageType.SPDM: Kind.SPDM, MessageType.SECURED: Kind.SECURED}.get(
        message_type, Kind.OTHER
    )
    for message_type in MessageType
}
_TYPES = {Kind.SPDM: MessageType.SPDM, Kind.SECURED: MessageType.SECURED}


def message_type(header: bytes) -> MessageType:
    """The MessageType in the 4 bytes of a header; FramingError if it is wrong."""
    return _split_header(header)[0]


def header_only(kind: MessageType) -> bytes:
    """A role inquiry or an error, 4 bytes; FramingError for a type that carries a message."""
    if _KINDS[kind] is not Kind.OTHER:
        raise FramingError(f"DSP0287 message type 0x{kind:02x} needs a message")
    return _HEADER.pack(0, BINDING_VERSION, kind)


def _split_header(data: bytes) -> tuple[MessageType, int]:
    """MessageType, and the bytes of the whole message with its header."""
    if len(data) < HEADER_SIZE:
        raise FramingError(f"{len(data)} bytes are no DSP0287 header")
    length, version, number = _HEADER.unpack_from(data)
    if version != BINDING_VERSION:
        raise FramingError(f"DSP0287 binding version {version} is not {BINDING_VERSION}")
    if number not in _KINDS:
        raise FramingError(f"DSP0287 message type 0x{number:02x} is not known")
    kind = MessageType(number)
    if _KINDS[kind] is Kind.OTHER and length not in (0, HEADER_SIZE - _LENGTH_SIZE):
        raise FramingError(f"DSP0287 message type 0x{number:02x} has PayloadLength {length}")
    if _KINDS[kind] is not Kind.OTHER and length < HEADER_SIZE - _LENGTH_SIZE:
        raise FramingError(f"DSP0287 PayloadLength {length} is less than its header")
    return kind, max(length + _LENGTH_SIZE, HEADER_SIZE)


class Dsp0287Framer(Framer[bytes]):
    """Cuts a plain DSP0287 stream into messages of at most ``max_payload`` bytes with header."""

    HEADER_SIZE = HEADER_SIZE
    PAYLOAD_START = 0

    def _size(self, header: bytes) -> int:
        return _split_header(header)[1]

    def _frame(self, header: bytes, payload: bytes) -> bytes:
        del header
        return payload


class Dsp0287Binding:
    """Carries SPDM as message type 05 and secured records as 06; see ``Binding``."""

    name = "tcp"
    transport = TransportType.TCP
    padding = 0

    def unwrap(self, payload: bytes) -> Carried:
        """The message behind the header.

        Raises:
            FramingError: the header is short or wrong, or PayloadLength is not the size.
        """
        kind, size = _split_header(payload)
        if size != len(payload):
            raise FramingError(f"DSP0287 header tells {size} bytes, but {len(payload)} came")
        header = payload[:HEADER_SIZE] if _KINDS[kind] is Kind.OTHER else b""
        return Carried(_KINDS[kind], payload[HEADER_SIZE:], header)

    def wrap(self, message: bytes, kind: Kind = Kind.SPDM, header: bytes = b"") -> bytes:
        """Header and message; ``Kind.OTHER`` takes its type from ``header``, or inquires the role.

        Raises:
            FramingError: the message is too long, or given with a type that is a header alone.
        """
        if kind is Kind.OTHER:
            if message:
                raise FramingError("a DSP0287 role inquiry or error carries no message")
            return header_only(message_type(header) if header else MessageType.ROLE_INQUIRY)
        if len(message) > MAX_MESSAGE:
            raise FramingError(f"{len(message)} bytes do not fit a DSP0287 message")
        length = HEADER_SIZE + len(message) - _LENGTH_SIZE
        return _HEADER.pack(length, BINDING_VERSION, _TYPES[kind]) + message
