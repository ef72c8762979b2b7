"""Finds the TCP segment in a packet of whatever link it was captured on.

Link types are those of IANA's registry: Ethernet with or without VLAN tags, the null headers of
loopbacks, Linux's cooked captures, and IP alone. Fragments of IP are not put together.
"""

import struct
from dataclasses import dataclass
from enum import IntFlag

NULL, ETHERNET, RAW, LOOP, COOKED, IPV4, IPV6, COOKED2 = 0, 1, 101, 108, 113, 228, 229, 276
_OLD_RAW = (12, 14)
LINK_TYPES = frozenset({NULL, ETHERNET, RAW, LOOP, COOKED, IPV4, IPV6, COOKED2, *_OLD_RAW})
_HEADER_SIZES = {NULL: 4, LOOP: 4, RAW: 0, IPV4: 0, IPV6: 0, COOKED: 16, COOKED2: 20}
_ETHERNET_SIZE = 14
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_ETHERTYPES = (0x0800, 0x86DD)
_TCP = 6
_TCP_SIZE = 20
_EXTENSIONS = (0, 43, 60)
"""IPv6 headers before TCP that say how long they are: hop-by-hop, routing, destination."""
_MORE_FRAGMENTS, _FRAGMENT_OFFSET = 0x2000, 0x1FFF

Address = tuple[bytes, int]
"""An IP address, and a port."""


class Flag(IntFlag):
    """Of a TCP header (RFC 9293 section 3.1)."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    ACK = 0x10


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment.

    Attributes:
        sequence, acknowledged: as in the header.
        data: the bytes that were kept of it.
        missing: how many more it had, which the capture does not have.
    """

    source: Address
    destination: Address
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    missing: int = 0


def segment_in(link_type: int, packet: bytes) -> Segment | None:
    """The segment in a packet; ``None`` if there is none, or not all of its header."""
    ip = _without_link(link_type, packet)
    if not ip:
        return None
    version = ip[0] >> 4
    if version == 4:
        return _in_ipv4(ip)
    return _in_ipv6(ip) if version == 6 else None


def _without_link(link_type: int, packet: bytes) -> bytes:
    """What follows the link's header, if it is IP."""
    if link_type != ETHERNET:
        return packet[_HEADER_SIZES.get(link_type, 0) :]
    at = _ETHERNET_SIZE - 2
    while (kind := int.from_bytes(packet[at : at + 2], "big")) in _VLAN_TAGS:
        at += 4
    return packet[at + 2 :] if kind in _ETHERTYPES else b""


def _in_ipv4(ip: bytes) -> Segment | None:
    header = (ip[0] & 0xF) * 4
    if len(ip) < max(header, 20) or ip[9] != _TCP:
        return None
    total, fragment = struct.unpack_from(">2xHxxH", ip)
    if fragment & (_MORE_FRAGMENTS | _FRAGMENT_OFFSET):
        return None
    # A length of 0 is that of a packet larger than the field holds, before the card cuts it.
    end = total or len(ip)
    return _segment((ip[12:16], ip[16:20]), ip[header:end], end - min(end, len(ip)))


def _in_ipv6(ip: bytes) -> Segment | None:
    if len(ip) < 40:
        return None
    size, kind = struct.unpack_from(">HB", ip, 4)
    end = 40 + size if size else len(ip)
    at = 40
    while kind in _EXTENSIONS and len(ip) >= at + 2:
        kind, at = ip[at], at + 8 * (ip[at + 1] + 1)
    if kind != _TCP:
        return None
    return _segment((ip[8:24], ip[24:40]), ip[at:end], end - min(end, len(ip)))


def _segment(addresses: tuple[bytes, bytes], tcp: bytes, missing: int) -> Segment | None:
    if len(tcp) < _TCP_SIZE:
        return None
    source, destination, sequence, acknowledged, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    data = tcp[max((offset >> 4) * 4, _TCP_SIZE) :]
    ends = (addresses[0], source), (addresses[1], destination)
    return Segment(*ends, sequence, acknowledged, flags, data, missing)
