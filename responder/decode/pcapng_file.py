"""Reads pcapng files (draft-ietf-opsawg-pcapng): sections of any byte order, all their packets."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from responder.decode.capture_file import DamagedError, Packet, read_piece

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_BYTE_ORDERS = {bytes.fromhex("1a2b3c4d"): ">", bytes.fromhex("4d3c2b1a"): "<"}
_END_OF_OPTIONS, _COMMENT, _TIME_RESOLUTION, _TIME_OFFSET = 0, 1, 9, 14
_SECOND = 1_000_000_000
_MICROSECONDS = 6
"""The exponent of if_tsresol if an interface does not tell."""
_BINARY = 0x80
"""The bit of if_tsresol that makes its exponent one of 2."""
_SMALLEST_BLOCK = 12
_SECTION_BODY = 16
_NO_TIME = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class _Interface:
    """What packets of an interface begin with, and how their times are counted.

    Attributes:
        snap_length: how many bytes of a packet are kept at most; 0 for all.
        units: units of time in a second.
        offset: seconds to add to them.
    """

    link_type: int
    snap_length: int
    units: int
    offset: int


def pcapng_packets(file: BinaryIO) -> Iterator[Packet]:
    """The packets of a file whose first four bytes have been read.

    Raises:
        DamagedError: after the last packet that could be read.
    """
    kind = _SECTION.to_bytes(4, "big")
    order = ""
    interfaces: list[_Interface] = []
    number = 0
    while kind:
        size_field = read_piece(file, 4, "the header of a block")
        if kind == _SECTION.to_bytes(4, "big"):  # the same in both orders
            mark = read_piece(file, 4, "the header of a section")
            if mark not in _BYTE_ORDERS:
                raise DamagedError(f"a section of the capture file has the byte order {mark.hex()}")
            order, interfaces = _BYTE_ORDERS[mark], []
            body = mark + _body(file, order, size_field, read=4)
        else:
            body = _body(file, order, size_field)
        match struct.unpack(f"{order}I", kind)[0]:
            case int(block) if block == _INTERFACE:
                interfaces.append(_interface(order, body))
            case int(block) if block in _PACKETS:
                number += 1
                yield _PACKETS[block](order, body, interfaces, number)
        kind = read_piece(file, 4, "the header of a block", ends=True)


def _body(file: BinaryIO, order: str, size_field: bytes, read: int = 0) -> bytes:
    """The body of a block, of which ``read`` bytes have been read; its size stands at both ends."""
    size = struct.unpack(f"{order}I", size_field)[0]
    if size < _SMALLEST_BLOCK + read or size % 4:
        raise DamagedError(f"a block of the capture file claims to have {size} bytes")
    body = read_piece(file, size - _SMALLEST_BLOCK - read, "a block")
    if read_piece(file, 4, "a block") != size_field:
        raise DamagedError("a block of the capture file has two sizes")
    return body


def _interface(order: str, body: bytes) -> _Interface:
    if len(body) < 8:
        raise DamagedError("the description of an interface is short")
    link_type, snap_length = struct.unpack_from(f"{order}HxxI", body)
    exponent, offset = _MICROSECONDS, 0
    for code, value in _options(order, body[8:]):
        if code == _TIME_RESOLUTION and value:
            exponent = value[0]
        elif code == _TIME_OFFSET and len(value) == 8:
            offset = struct.unpack(f"{order}q", value)[0]
    units = 1 << (exponent & ~_BINARY) if exponent & _BINARY else 10**exponent
    return _Interface(link_type, snap_length, units, offset)


def _enhanced(order: str, body: bytes, interfaces: list[_Interface], number: int) -> Packet:
    if len(body) < 20:
        raise DamagedError("a packet of the capture file has a short header")
    which, high, low, kept, size = struct.unpack_from(f"{order}IIIII", body)
    interface = _of(interfaces, which)
    return _packet(order, body, interface, number, (kept, size, (high << 32) + low))


def _old(order: str, body: bytes, interfaces: list[_Interface], number: int) -> Packet:
    """The Packet Block, which is obsolete; its header has the place of the enhanced one."""
    if len(body) < 20:
        raise DamagedError("a packet of the capture file has a short header")
    which, _, high, low, kept, size = struct.unpack_from(f"{order}HHIIII", body)
    interface = _of(interfaces, which)
    return _packet(order, body, interface, number, (kept, size, (high << 32) + low))


def _packet(
    order: str, body: bytes, interface: _Interface, number: int, fields: tuple[int, int, int]
) -> Packet:
    kept, size, units = fields
    data = body[20 : 20 + kept]
    if len(data) < kept:
        raise DamagedError(f"packet {number} of the capture file claims to have {kept} bytes")
    comments = [
        value.decode(errors="replace")
        for code, value in _options(order, body[20 + kept + -kept % 4 :])
        if code == _COMMENT
    ]
    time = units * _SECOND // interface.units + interface.offset * _SECOND
    return Packet(number, interface.link_type, time, data, size, "\n".join(comments))


def _simple(order: str, body: bytes, interfaces: list[_Interface], number: int) -> Packet:
    """A Simple Packet Block: of the first interface, without a time."""
    interface = _of(interfaces, 0)
    if len(body) < 4:
        raise DamagedError("a packet of the capture file has a short header")
    size = struct.unpack_from(f"{order}I", body)[0]
    kept = min(size, interface.snap_length or size)
    return Packet(number, interface.link_type, None, body[4 : 4 + kept], size)


_PACKETS = {_OLD_PACKET: _old, _SIMPLE_PACKET: _simple, _ENHANCED_PACKET: _enhanced}


def _of(interfaces: list[_Interface], number: int) -> _Interface:
    if number >= len(interfaces):
        raise DamagedError(f"a packet is of interface {number}, which the file does not describe")
    return interfaces[number]


def _options(order: str, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and value of each option; what is damaged of them is left out."""
    while len(data) >= 4:
        code, size = struct.unpack_from(f"{order}HH", data)
        if code == _END_OF_OPTIONS or 4 + size > len(data):
            return
        yield code, data[4 : 4 + size]
        data = data[4 + size + -size % 4 :]
