"""The socket protocol of spdm-emu, which QEMU and spdm-utils speak too.

A frame is Command, TransportType and PayloadSize, each 4 bytes big-endian, then the payload. Peers
send the three words in segments of their own, so a header may arrive in any number of pieces.
"""

import struct
from enum import IntEnum

import msgspec

from responder.transport.framer import Framer

HEADER_SIZE = 12
_HEADER = struct.Struct(">III")

CLIENT_HELLO = b"Client Hello!\0"
"""Payload of a TEST command, 14 bytes."""
SERVER_HELLO = b"Server Hello!\0"
"""Payload of its answer, 14 bytes."""


class Command(IntEnum):
    """What a frame asks for; any other value is answered with ``UNKNOWN``."""

    NORMAL = 0x0001
    IF_SEND = 0x0002
    """A storage command, as are the next two; the payload is a ``StorageCommand``."""
    IF_RECV = 0x0003
    ACK_STATUS = 0x0004
    OOB_ENCAP_KEY_UPDATE = 0x8001
    """The payload is the session id, 4 bytes little-endian."""
    OOB_ENCAP_ENDPOINT_INFO = 0x8002
    TEST = 0xDEAD
    CONTINUE = 0xFFFD
    SHUTDOWN = 0xFFFE
    UNKNOWN = 0xFFFF


class TransportType(IntEnum):
    """How the payload of a frame is bound; spdm-emu's numbers, and QEMU's for NVMe."""

    NONE = 0
    MCTP = 1
    PCI_DOE = 2
    TCP = 3
    STORAGE = 4
    """IF_SEND and IF_RECV only; QEMU's number for SCSI is 3, which TCP has with NORMAL."""


class SocketFrame(msgspec.Struct, frozen=True):
    """One frame.

    Attributes:
        command: a ``Command``, or whatever 32-bit value the peer sent.
        transport: a ``TransportType``, or whatever 32-bit value the peer sent.
        payload: the bytes after the 12-byte header.
    """

    command: int
    transport: int
    payload: bytes = b""


class SocketFramer(Framer[SocketFrame]):
    """Cuts the stream of a spdm-emu socket into frames of at most ``max_payload`` payload bytes."""

    HEADER_SIZE = HEADER_SIZE
    PAYLOAD_START = HEADER_SIZE

    def _size(self, header: bytes) -> int:
        return HEADER_SIZE + int.from_bytes(header[8:], "big")

    def _frame(self, header: bytes, payload: bytes) -> SocketFrame:
        command, transport, _ = _HEADER.unpack(header)
        return SocketFrame(command, transport, payload)


def wrap_frame(command: int, transport: int, payload: bytes = b"") -> bytes:
    """One frame as bytes, to be sent in one piece; ``command`` and ``transport`` are 32-bit."""
    return _HEADER.pack(command, transport, len(payload)) + payload
