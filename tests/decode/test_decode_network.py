"""TCP is found behind every link, and nothing else is taken for it."""

import pytest
from packets import ACK, CLIENT, SERVER, ipv4, ipv6, tcp

from responder.decode.network import Segment, segment_in

TCP = tcp(CLIENT, SERVER, 77, b"payload", acknowledged=99)
V4, V6 = ipv4(CLIENT, SERVER, TCP), ipv6(CLIENT, SERVER, TCP)
MACS = bytes(12)
SEGMENT = Segment(CLIENT, SERVER, 77, 99, ACK, b"payload")
WIDE = Segment((CLIENT[0] * 4, CLIENT[1]), (SERVER[0] * 4, SERVER[1]), 77, 99, ACK, b"payload")


@pytest.mark.parametrize(
    ("link", "packet", "expected"),
    [
        (101, V4, SEGMENT),
        (12, V4, SEGMENT),
        (228, V4, SEGMENT),
        (101, V6, WIDE),
        (229, ipv6(CLIENT, SERVER, TCP, extension=False), WIDE),
        (0, bytes.fromhex("02000000") + V4, SEGMENT),
        (108, bytes.fromhex("0000001e") + V6, WIDE),
        (1, MACS + bytes.fromhex("0800") + V4 + bytes(9), SEGMENT),
        (1, MACS + bytes.fromhex("8100000a 88a8000b 86dd") + V6, WIDE),
        (113, bytes(14) + bytes.fromhex("0800") + V4, SEGMENT),
        (276, bytes.fromhex("0800") + bytes(18) + V4, SEGMENT),
    ],
    ids=str,
)
def test_links(link, packet, expected):
    assert segment_in(link, packet) == expected


def test_what_the_capture_cut_off_is_counted():
    found = segment_in(101, V4[:-3])
    assert (found.data, found.missing) == (b"payl", 3)
    found = segment_in(101, V6[:-3])
    assert (found.data, found.missing) == (b"payl", 3)


def test_a_packet_larger_than_its_length_field_holds():
    huge = V4[:2] + bytes(2) + V4[4:]
    assert segment_in(101, huge) == SEGMENT


@pytest.mark.parametrize(
    ("link", "packet"),
    [
        (101, b""),
        (101, b"\x50" + V4[1:]),
        (101, V4[:19]),
        (101, V4[:43]),
        (101, V6[:39]),
        (101, ipv4(CLIENT, SERVER, TCP, protocol=17)),
        (101, ipv4(CLIENT, SERVER, TCP, fragment=0x2000)),
        (101, ipv4(CLIENT, SERVER, TCP, fragment=0x0003)),
        (1, MACS + bytes.fromhex("0806") + bytes(40)),
        (1, MACS),
    ],
    ids=str,
)
def test_what_is_no_segment(link, packet):
    assert segment_in(link, packet) is None
