"""Writes pcapng files in which messages are the segments of TCP connections, each with a comment.

The blocks are those of draft-ietf-opsawg-pcapng, little-endian; packets are IPv4 without a link's
header (LINKTYPE_RAW). The connections are made up: each has its handshake, its sequence numbers and
acknowledgements, and true checksums, so that Wireshark follows the stream.

What secured records carry can stand on an interface of its own, LINKTYPE_WIRESHARK_UPPER_PDU: tags
name a dissector of Wireshark, ``spdm_plaintext``, and give it the addresses of the record's packet.
Behind the tags there are

- 1 byte: 1, the version of this header,
- 1 byte: 0 if an SPDM message follows, 1 if other application data does,
- 2 bytes: reserved, 0,
- 4 bytes, little-endian: the session id,
- the message without any transport header, or the application data.
"""

import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Protocol

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_UNKNOWN_LENGTH = -1
LINK_TYPE_RAW = 101
LINK_TYPE_UPPER_PDU = 252

PLAINTEXT_DISSECTOR = "spdm_plaintext"
PLAINTEXT_HEADER = struct.Struct("<BBHI")
PLAINTEXT_VERSION = 1
PLAINTEXT_MESSAGE, PLAINTEXT_DATA = 0, 1
"""The kinds of what a record carried, in that header."""
_TAG_END, _TAG_DISSECTOR, _TAG_SOURCE, _TAG_DESTINATION = 0, 12, 20, 21
_TAG_PORT_TYPE, _TAG_SOURCE_PORT, _TAG_DESTINATION_PORT, _TAG_FRAME = 24, 25, 26, 30
_PORT_TYPE_TCP = 2

_END_OF_OPTIONS, _COMMENT, _USER_APPLICATION = 0, 1, 4
_INTERFACE_NAME, _TIME_RESOLUTION, _PACKET_FLAGS = 2, 9, 2
_NANOSECONDS = 9
"""The exponent of if_tsresol: units of 10^-9 seconds."""
_PER_SECOND = 10**_NANOSECONDS
_INBOUND, _OUTBOUND = 1, 2
_MAX_OPTION = 0xFFFF
_BLOCK_HEADER, _BLOCK_END = struct.Struct("<II"), struct.Struct("<I")
_OPTION_HEADER = struct.Struct("<HH")
_PACKET_HEADER = struct.Struct("<IIIII")
_DIRECTIONS = {one: struct.pack("<I", one) for one in (_INBOUND, _OUTBOUND)}

_ADDRESS = IPv4Address("127.0.0.1").packed
_FIRST_PORT = 49152
_PORTS = 16384
"""Requesters have ports from the first on; the next connection after the last has it again."""
_IP_HEADER = struct.Struct(">BBHHHBBH4s4s")
_TCP_HEADER = struct.Struct(">HHIIBBHHH")
_TCP = 6
_FIN, _SYN, _PSH, _ACK = 0x01, 0x02, 0x08, 0x10
"""Flags of a TCP header (RFC 9293 section 3.1)."""
_WINDOW = 0xFFFF
_HOLE = 1 << 20
_MAX_SEGMENT = 0x8000
"""Bytes of a segment: two of them are below the window, and one with its headers below 64 KiB."""


class Writable(Protocol):
    """A file, as far as this is needed."""

    def write(self, data: bytes, /) -> int:
        """Write all of ``data``; its size."""


@dataclass(slots=True)
class _Connection:
    """What both sides of a connection have sent, as sequence numbers; the requester's is first.

    Attributes:
        ports: the requester's and the responder's.
        sent: bytes sent by each side, SYN and FIN included.
        last: who sent data last, without an acknowledgement since; ``None`` if nobody did.
        frames: the latest packet with data of each side; Wireshark counts from 1.
    """

    ports: tuple[int, int]
    sent: list[int]
    last: int | None = None
    frames: list[int] = field(default_factory=lambda: [0, 0])


class PcapngWriter:
    """Writes one section with an interface, or with two; ``close`` ends its connections."""

    def __init__(
        self,
        file: Writable,
        program: str,
        port: int,
        comment: str = "",
        *,
        plaintext: bool = False,
        begin: int = 0,
    ) -> None:
        """Write the section's header and those of the interfaces.

        Args:
            file: open for writing; it stays open.
            program: what wrote the file, as its header says.
            port: the responder's TCP port, unless a connection has another.
            comment: on the whole section.
            plaintext: there is an interface for ``plaintext``.
            begin: nanoseconds since 1970 at time 0.
        """
        self._file = file
        self._port = port
        self._connections: dict[int, _Connection] = {}
        self._begin = begin
        self._time = 0.0
        self._frames = 0
        options = [*_comments(comment), (_USER_APPLICATION, program.encode())]
        header = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH)
        self._block(_SECTION, header, options)
        self._interface("spdm", LINK_TYPE_RAW)
        if plaintext:
            self._interface("spdm-plaintext", LINK_TYPE_UPPER_PDU)

    def opened(
        self, time: float, connection: int, port: int | None = None, comment: str = ""
    ) -> None:
        """Begin a connection.

        Args:
            time: in seconds.
            connection: its ordinal, from 1.
            port: the responder's.
            comment: on its first segment.
        """
        self._time = max(time, self._time)
        first = _FIRST_PORT + (connection - 1) % _PORTS
        link = _Connection((first, port or self._port), [0, 0])
        self._connections[connection] = link
        self._segment(link, 0, _SYN, comment=comment)
        self._segment(link, 1, _SYN | _ACK)
        self._segment(link, 0, _ACK)

    def closed(self, time: float, connection: int, comment: str = "") -> None:
        """End a connection, if there is one; the requester does so first."""
        self._time = max(time, self._time)
        link = self._connections.pop(connection, None)
        if link is not None:
            self._segment(link, 0, _FIN | _ACK, comment=comment)
            self._segment(link, 1, _FIN | _ACK)
            self._segment(link, 0, _ACK)

    def message(
        self, time: float, connection: int, data: bytes, *, received: bool, comment: str = ""
    ) -> None:
        """Write bytes that one side sent on a connection, which begins with its first ones.

        Args:
            time: in seconds.
            connection: its ordinal, from 1.
            data: in as many segments as it takes.
            received: the responder received them; else it sent them.
            comment: on the first segment.
        """
        link = self._connection(time, connection)
        side = 0 if received else 1
        for at in range(0, len(data), _MAX_SEGMENT):
            if link.last == side:
                self._segment(link, 1 - side, _ACK)
            part = data[at : at + _MAX_SEGMENT]
            self._segment(link, side, _PSH | _ACK, part, "" if at else comment)
            link.last = side
            link.frames[side] = self._frames

    def plaintext(  # noqa: PLR0913 - a packet, and whose it is
        self,
        time: float,
        connection: int,
        session_id: int,
        data: bytes,
        *,
        received: bool,
        kind: int = PLAINTEXT_MESSAGE,
        comment: str = "",
    ) -> None:
        """Write what the record carried that one side sent last, on the interface for that.

        Args:
            time: as of ``message``.
            connection: as of ``message``.
            session_id: 32 bits.
            data: an SPDM message, or application data.
            received: the responder received the record; else it sent it.
            kind: ``PLAINTEXT_MESSAGE`` or ``PLAINTEXT_DATA``.
            comment: on the packet.
        """
        link = self._connection(time, connection)
        source, destination = link.ports if received else link.ports[::-1]
        numbers = [
            (_TAG_PORT_TYPE, _PORT_TYPE_TCP),
            (_TAG_SOURCE_PORT, source),
            (_TAG_DESTINATION_PORT, destination),
            (_TAG_FRAME, link.frames[0 if received else 1]),
        ]
        tags = [
            (_TAG_DISSECTOR, PLAINTEXT_DISSECTOR.encode()),
            (_TAG_SOURCE, _ADDRESS),
            (_TAG_DESTINATION, _ADDRESS),
            *((tag, struct.pack(">I", number)) for tag, number in numbers),
            (_TAG_END, b""),
        ]
        head = b"".join(struct.pack(">HH", t, len(_padded(v))) + _padded(v) for t, v in tags)
        header = PLAINTEXT_HEADER.pack(PLAINTEXT_VERSION, kind, 0, session_id)
        self._packet(1, head + header + data, _INBOUND if received else _OUTBOUND, comment)

    def skip(self) -> None:
        """Nobody knows how many bytes of each side come next: a hole for whoever reads on."""
        for link in self._connections.values():
            link.sent = [(sent + _HOLE) & 0xFFFF_FFFF for sent in link.sent]
            link.last = None

    def close(self) -> None:
        """End all connections."""
        for connection in list(self._connections):
            self.closed(self._time, connection)

    def _connection(self, time: float, ordinal: int) -> _Connection:
        self._time = max(time, self._time)
        if ordinal not in self._connections:
            self.opened(time, ordinal)
        return self._connections[ordinal]

    def _segment(
        self, link: _Connection, side: int, flags: int, data: bytes = b"", comment: str = ""
    ) -> None:
        ports = link.ports
        acknowledged = link.sent[1 - side] if flags & _ACK else 0
        packet = _tcp_packet(
            (ports[side], ports[1 - side]), (link.sent[side], acknowledged), flags, data
        )
        link.sent[side] = (link.sent[side] + len(data) + bool(flags & (_SYN | _FIN))) & 0xFFFF_FFFF
        link.last = None
        self._packet(0, packet, _OUTBOUND if side else _INBOUND, comment)

    def _packet(self, interface: int, packet: bytes, direction: int, comment: str) -> None:
        self._frames += 1
        units = self._begin + round(self._time * _PER_SECOND)
        size = len(packet)
        head = _PACKET_HEADER.pack(interface, units >> 32, units & 0xFFFF_FFFF, size, size)
        options = [*_comments(comment), (_PACKET_FLAGS, _DIRECTIONS[direction])]
        self._block(_PACKET, head + _padded(packet), options)

    def _interface(self, name: str, link_type: int) -> None:
        described = [(_INTERFACE_NAME, name.encode()), (_TIME_RESOLUTION, bytes([_NANOSECONDS]))]
        self._block(_INTERFACE, struct.pack("<HHI", link_type, 0, 0), described)

    def _block(self, kind: int, body: bytes, options: list[tuple[int, bytes]]) -> None:
        parts = [body]
        for code, value in [*options, (_END_OF_OPTIONS, b"")]:
            parts += (_OPTION_HEADER.pack(code, len(value)), _padded(value))
        whole = b"".join(parts)
        size = 12 + len(whole)
        self._file.write(_BLOCK_HEADER.pack(kind, size) + whole + _BLOCK_END.pack(size))


def _comments(text: str) -> list[tuple[int, bytes]]:
    """No option if there is nothing to say; what is too long for one is cut off."""
    if not text:
        return []
    whole = text.encode(errors="backslashreplace")  # half a surrogate pair: names of files
    if len(whole) > _MAX_OPTION:
        whole = whole[:_MAX_OPTION].decode(errors="ignore").encode()
    return [(_COMMENT, whole)]


def _tcp_packet(ports: tuple[int, int], numbers: tuple[int, int], flags: int, data: bytes) -> bytes:
    """An IPv4 packet (RFC 791) with a TCP segment (RFC 9293)."""
    words = _TCP_HEADER.size // 4
    before = (*ports, *numbers, words << 4, flags, _WINDOW)
    size = _TCP_HEADER.size + len(data)
    pseudo = _ADDRESS + _ADDRESS + struct.pack(">BBH", 0, _TCP, size)
    checksum = _checksum(pseudo + _TCP_HEADER.pack(*before, 0, 0) + data)
    segment = _TCP_HEADER.pack(*before, checksum, 0) + data
    first = (0x45, 0, _IP_HEADER.size + size, 0, 0x4000, 64, _TCP)
    own = _checksum(_IP_HEADER.pack(*first, 0, _ADDRESS, _ADDRESS))
    return _IP_HEADER.pack(*first, own, _ADDRESS, _ADDRESS) + segment


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    # A sum of 16-bit words with its carries added is the number that they are, modulo 2^16 - 1.
    return ~(int.from_bytes(data + bytes(len(data) % 2), "big") % 0xFFFF) & 0xFFFF


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4) if len(data) % 4 else data
