"""Reads capture files, packet by packet: classic pcap (draft-ietf-opsawg-pcap), and pcapng."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_ORDERS = {
    bytes.fromhex("a1b2c3d4"): (">", 1000),
    bytes.fromhex("a1b23c4d"): (">", 1),
    bytes.fromhex("d4c3b2a1"): ("<", 1000),
    bytes.fromhex("4d3cb2a1"): ("<", 1),
}
"""The first bytes of a classic file: its byte order, and the nanoseconds of its unit of time."""
PCAPNG = bytes.fromhex("0a0d0d0a")
MAGIC_SIZE = 4
_FILE_HEADER_SIZE = 24
_PACKET_HEADER_SIZE = 16
_LINK_TYPE_MASK = 0xFFFF
_SECOND = 1_000_000_000
MAX_PIECE = 1 << 26
"""Bytes of a packet or block; a file that claims more is damaged."""


class DamagedError(Exception):
    """A capture file cannot be read any further; the text says why."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet.

    Attributes:
        number: its place in the file, from 1, as Wireshark counts.
        link_type: what ``data`` begins with; a number of IANA's LINKTYPE registry.
        time: in nanoseconds since 1970; ``None`` if the file does not tell.
        data: what was kept of it.
        size: how many bytes it had.
        comment: what the file says of it.
    """

    number: int
    link_type: int
    time: int | None
    data: bytes
    size: int
    comment: str = ""


def is_capture(head: bytes) -> bool:
    """Whether a file with these first bytes is a capture file."""
    return head[:MAGIC_SIZE] in _ORDERS or head.startswith(PCAPNG)


def packets(file: BinaryIO) -> Iterator[Packet]:
    """The packets of a capture file, which is read as they are asked for.

    Raises:
        DamagedError: after the last packet that could be read.
    """
    magic = read_piece(file, MAGIC_SIZE, "its first bytes")
    if magic == PCAPNG:
        from responder.decode.pcapng_file import pcapng_packets  # noqa: PLC0415 - if met

        return pcapng_packets(file)
    return _classic(file, magic)


def _classic(file: BinaryIO, magic: bytes) -> Iterator[Packet]:
    order, unit = _ORDERS[magic]
    header = read_piece(file, _FILE_HEADER_SIZE - MAGIC_SIZE, "its header")
    link_type = struct.unpack_from(f"{order}16xI", header)[0] & _LINK_TYPE_MASK
    number = 0
    while head := read_piece(file, _PACKET_HEADER_SIZE, "the header of a packet", ends=True):
        seconds, fraction, kept, size = struct.unpack(f"{order}IIII", head)
        data = read_piece(file, kept, "a packet")
        number += 1
        yield Packet(number, link_type, seconds * _SECOND + fraction * unit, data, size)


def read_piece(file: BinaryIO, size: int, what: str, *, ends: bool = False) -> bytes:
    """The next ``size`` bytes; nothing at the end of the file, if that may be here.

    Raises:
        DamagedError: there are fewer, or nobody would write so many.
    """
    if size > MAX_PIECE:
        raise DamagedError(f"{what} of the capture file claims to have {size} bytes")
    data = file.read(size)
    if len(data) < size and not (ends and not data):
        raise DamagedError(f"the capture file ends inside {what}")
    return data
