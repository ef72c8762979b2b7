"""The interface report, byte by byte."""

import struct

import pytest
from device.pcie_tdi import RANGES, FakeHost

from responder.device.pcie.report import interface_report

OFFSET = 0xD000_0000


def built(host=None, flags=0, offset=0, info=b""):
    return interface_report(host or FakeHost(), flags, offset, info).build()


def ranges_of(report):
    count = struct.unpack_from("<I", report, 12)[0]
    return [struct.unpack_from("<QIHH", report, 16 + 16 * number) for number in range(count)]


def test_the_whole_report():
    host = FakeHost(**{"lnr.control": 0x0102, "tph.control": 0x01020304})
    info = b"device information"
    assert (
        built(host, 1, 0, info)
        == bytes.fromhex(
            "0300 0000 0380 0201 04030201 04000000"
            "00000d0000000000 04000000 0000 0000"
            "5634120000000000 01000000 0500 0200"
            "5734120000000000 01000000 0200 0200"
            "0000000200000000 00010000 0800 0400"
            "12000000"
        ).replace(b"\x56\x34\x12\0", b"\x56\x34\x12\0")
        + info
    )


def test_its_length_is_known():
    assert len(built(info=b"12345")) == 16 + 16 * len(RANGES) + 4 + 5
    assert len(built(FakeHost(ranges=()))) == 20


def test_the_reporting_offset_is_added_to_byte_addresses():
    assert [first for first, *_ in ranges_of(built(offset=OFFSET))] == [
        (one.address + OFFSET) >> 12 for one in RANGES
    ]


def test_the_reporting_offset_may_be_negative():
    first = RANGES[0].address
    assert ranges_of(built(offset=2**64 - first))[0][0] == 0
    assert ranges_of(built(offset=2**64 - first - 0x1000))[0][0] == (1 << 52) - 1


@pytest.mark.parametrize(
    ("flags", "registers", "info"),
    [
        (0, {}, 0b00010),
        (1, {}, 0b00011),
        (4, {}, 0b00010),
        (0, {"pasid.control": 1}, 0b00100),
        (0, {"pasid.control": 6}, 0b00010),
        (0, {"ats.control": 0x8000}, 0b01010),
        (0, {"ats.control": 0x001F}, 0b00010),
        (0, {"page_request.control": 1}, 0b10010),
        (0x1F, {"pasid.control": 7, "ats.control": 0x8000, "page_request.control": 1}, 0b11101),
    ],
)
def test_interface_info_says_what_is_enabled(flags, registers, info):
    report = built(FakeHost(**registers), flags)
    assert struct.unpack_from("<HH", report) == (info, 0)
