"""Capture files and packets, put together by the formats' own terms."""

import struct

CLIENT, SERVER = (bytes([192, 0, 2, 1]), 50_000), (bytes([192, 0, 2, 2]), 2323)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def pcap(link, packets, *, order="<", magic=0xA1B2C3D4, cut=0):
    """A classic file; of each packet ``cut`` bytes are missing."""
    text = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 65536, link)
    for number, packet in enumerate(packets):
        kept = packet[: len(packet) - cut]
        text += struct.pack(f"{order}IIII", 1_700_000_000, number, len(kept), len(packet)) + kept
    return text


def option(order, code, value):
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + size + body + size


def section(order="<"):
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order="<", link=101, snap=0, *options):
    described = b"".join(option(order, *one) for one in options)
    return block(order, 1, struct.pack(f"{order}HHI", link, 0, snap) + described)


def enhanced(packet, *comments, order="<", at=0, number=0, size=None):
    head = struct.pack(
        f"{order}IIIII", number, at >> 32, at & 0xFFFFFFFF, len(packet), size or len(packet)
    )
    said = b"".join(option(order, 1, one) for one in comments)
    return block(order, 6, head + packet + bytes(-len(packet) % 4) + said)


def tcp(source, destination, sequence, data=b"", flags=ACK, acknowledged=0):
    """A segment with a header of 24 bytes."""
    ports = source[1], destination[1]
    head = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 6 << 4, flags, 9, 0, 0)
    return head + bytes(4) + data


def ipv4(source, destination, payload, *, protocol=6, fragment=0x4000):
    """A packet with options of 4 bytes."""
    total = 24 + len(payload)
    head = struct.pack(">BBHHHBBH", 0x46, 0, total, 0, fragment, 64, protocol, 0)
    return head + source[0] + destination[0] + bytes(4) + payload


def ipv6(source, destination, payload, *, extension=True):
    """A packet with a hop-by-hop header, unless there is to be none."""
    more = struct.pack(">BB6x", 6, 0) if extension else b""
    head = struct.pack(">IHBB", 6 << 28, len(more + payload), 0 if extension else 6, 64)
    return head + source[0] * 4 + destination[0] * 4 + more + payload
