"""Classic capture files: byte orders, units of time, damage."""

import io

import pytest
from packets import pcap

from responder.decode.capture_file import DamagedError, Packet, is_capture, packets


def read(content):
    """The packets that can be read, and why there are no more."""
    found = []
    try:
        found.extend(packets(io.BytesIO(content)))
    except DamagedError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_all_forms_of_the_format(order, magic, unit):
    content = pcap(292, [b"first", b"second"], order=order, magic=magic)
    assert is_capture(content[:16])
    begin = 1_700_000_000_000_000_000
    assert read(content) == (
        [Packet(1, 292, begin, b"first", 5), Packet(2, 292, begin + unit, b"second", 6)],
        "",
    )


def test_a_packet_that_was_cut_is_told_from_a_short_one():
    (packet,), _ = read(pcap(1, [b"three"], cut=1))
    assert (packet.data, packet.size) == (b"thre", 5)


WHOLE = pcap(292, [b"one", b"two"])


@pytest.mark.parametrize(
    ("content", "count", "reason"),
    [
        (WHOLE[:20], 0, "ends inside its header"),
        (WHOLE[:-4], 1, "ends inside the header of a packet"),
        (WHOLE[:-1], 1, "ends inside a packet"),
        (WHOLE[:43] + b"\xff" * 16, 1, "a packet of the capture file claims to have 4294967295"),
    ],
)
def test_what_can_be_read_is_read(content, count, reason):
    found, problem = read(content)
    assert len(found) == count
    assert reason in problem


def test_other_files_are_none():
    assert not is_capture(b"#!/bin/sh")
    assert not is_capture(b"")
