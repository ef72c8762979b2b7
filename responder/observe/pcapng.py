"""Writes pcapng files in which messages are the segments of TCP connections, each with a comment.

The blocks are those of draft-ietf-opsawg-pcapng, little-endian; packets are IPv4 without a link's
header (LINKTYPE_RAW). The connections are made up: each has its handshake, its sequence numbers and
acknowledgements, and true checksums, so that Wireshark follows the stream.
"""

import struct
from dataclasses import dataclass
from enum import IntFlag
from ipaddress import IPv4Address
from typing import BinaryIO

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_UNKNOWN_LENGTH = -1
LINK_TYPE_RAW = 101

_END_OF_OPTIONS, _COMMENT, _USER_APPLICATION = 0, 1, 4
_INTERFACE_NAME, _TIME_RESOLUTION, _PACKET_FLAGS = 2, 9, 2
_NANOSECONDS = 9
"""The exponent of if_tsresol: units of 10^-9 seconds."""
_PER_SECOND = 10**_NANOSECONDS
_INBOUND, _OUTBOUND = 1, 2
_MAX_OPTION = 0xFFFF

_ADDRESS = IPv4Address("127.0.0.1").packed
_FIRST_PORT = 49152
_PORTS = 16384
"""Requesters have ports from the first on; the next connection after the last has it again."""
_IP_HEADER = struct.Struct(">BBHHHBBH4s4s")
_TCP_HEADER = struct.Struct(">HHIIBBHHH")
_TCP = 6
_WINDOW = 0xFFFF
_MAX_SEGMENT = 0x8000
"""Bytes of a segment: two of them are below the window, and one with its headers below 64 KiB."""


class _Flag(IntFlag):
    """Of a TCP header (RFC 9293 section 3.1)."""

    FIN = 0x01
    SYN = 0x02
    PSH = 0x08
    ACK = 0x10


@dataclass(slots=True)
class _Connection:
    """What both sides of a connection have sent, as sequence numbers; the requester's is first.

    Attributes:
        port: the requester's.
        sent: bytes sent by each side, SYN and FIN included.
        last: who sent data last, without an acknowledgement since; ``None`` if nobody did.
    """

    port: int
    sent: list[int]
    last: int | None = None


class PcapngWriter:
    """Writes one section with one interface; ``close`` ends its connections."""

    def __init__(self, file: BinaryIO, program: str, port: int, comment: str = "") -> None:
        """Write the section's header and the interface's.

        Args:
            file: open for writing; it stays open.
            program: what wrote the file, as its header says.
            port: the responder's TCP port.
            comment: on the whole section.
        """
        self._file = file
        self._port = port
        self._connections: dict[int, _Connection] = {}
        self._time = 0.0
        options = [*_comments(comment), (_USER_APPLICATION, program.encode())]
        header = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH)
        self._block(_SECTION, header, options)
        described = [(_INTERFACE_NAME, b"spdm"), (_TIME_RESOLUTION, bytes([_NANOSECONDS]))]
        self._block(_INTERFACE, struct.pack("<HHI", LINK_TYPE_RAW, 0, 0), described)

    def message(
        self, time: float, connection: int, data: bytes, *, received: bool, comment: str = ""
    ) -> None:
        """Write bytes that one side sent on a connection, which begins with its first ones.

        Args:
            time: seconds since 1970, or since anything else.
            connection: its ordinal, from 1.
            data: in as many segments as it takes.
            received: the responder received them; else it sent them.
            comment: on the first segment.
        """
        self._time = max(time, self._time)
        link = self._connection(connection)
        side = 0 if received else 1
        for at in range(0, len(data), _MAX_SEGMENT):
            if link.last == side:
                self._segment(link, 1 - side, _Flag.ACK)
            part = data[at : at + _MAX_SEGMENT]
            self._segment(link, side, _Flag.PSH | _Flag.ACK, part, "" if at else comment)
            link.last = side

    def close(self) -> None:
        """End all connections; the requester does so first."""
        for link in self._connections.values():
            self._segment(link, 0, _Flag.FIN | _Flag.ACK)
            self._segment(link, 1, _Flag.FIN | _Flag.ACK)
            self._segment(link, 0, _Flag.ACK)
        self._connections.clear()

    def _connection(self, ordinal: int) -> _Connection:
        link = self._connections.get(ordinal)
        if link is None:
            link = _Connection(_FIRST_PORT + (ordinal - 1) % _PORTS, [0, 0])
            self._connections[ordinal] = link
            self._segment(link, 0, _Flag.SYN)
            self._segment(link, 1, _Flag.SYN | _Flag.ACK)
            self._segment(link, 0, _Flag.ACK)
        return link

    def _segment(
        self, link: _Connection, side: int, flags: _Flag, data: bytes = b"", comment: str = ""
    ) -> None:
        ports = (link.port, self._port)
        acknowledged = link.sent[1 - side] if flags & _Flag.ACK else 0
        packet = _packet(
            (ports[side], ports[1 - side]), (link.sent[side], acknowledged), flags, data
        )
        link.sent[side] = (
            link.sent[side] + len(data) + bool(flags & (_Flag.SYN | _Flag.FIN))
        ) & 0xFFFF_FFFF
        link.last = None
        units = round(self._time * _PER_SECOND)
        head = struct.pack("<IIIII", 0, units >> 32, units & 0xFFFF_FFFF, len(packet), len(packet))
        direction = struct.pack("<I", _OUTBOUND if side else _INBOUND)
        options = [*_comments(comment), (_PACKET_FLAGS, direction)]
        self._block(_PACKET, head + _padded(packet), options)

    def _block(self, kind: int, body: bytes, options: list[tuple[int, bytes]]) -> None:
        for code, value in [*options, (_END_OF_OPTIONS, b"")]:
            body += struct.pack("<HH", code, len(value)) + _padded(value)
        size = struct.pack("<I", 12 + len(body))
        self._file.write(struct.pack("<I", kind) + size + body + size)


def _comments(text: str) -> list[tuple[int, bytes]]:
    """No option if there is nothing to say; what is too long for one is cut off."""
    whole = text.encode()[:_MAX_OPTION].decode(errors="ignore").encode()
    return [(_COMMENT, whole)] if whole else []


def _packet(ports: tuple[int, int], numbers: tuple[int, int], flags: _Flag, data: bytes) -> bytes:
    """An IPv4 packet (RFC 791) with a TCP segment (RFC 9293)."""
    words = _TCP_HEADER.size // 4
    before = (*ports, *numbers, words << 4, int(flags), _WINDOW)
    size = _TCP_HEADER.size + len(data)
    pseudo = _ADDRESS + _ADDRESS + struct.pack(">BBH", 0, _TCP, size)
    checksum = _checksum(pseudo + _TCP_HEADER.pack(*before, 0, 0) + data)
    segment = _TCP_HEADER.pack(*before, checksum, 0) + data
    first = (0x45, 0, _IP_HEADER.size + size, 0, 0x4000, 64, _TCP)
    own = _checksum(_IP_HEADER.pack(*first, 0, _ADDRESS, _ADDRESS))
    return _IP_HEADER.pack(*first, own, _ADDRESS, _ADDRESS) + segment


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    even = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(even) // 2}H", even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
