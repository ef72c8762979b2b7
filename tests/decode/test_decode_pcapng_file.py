"""pcapng files of all kinds, damaged ones too; Wireshark's tools write some."""

import io
import shutil
import struct
import subprocess

import pytest
from packets import block, enhanced, interface, option, pcap, section

from responder.decode.capture_file import DamagedError, is_capture, packets


def read(content):
    """The packets that can be read, and why there are no more."""
    found = []
    try:
        found.extend(packets(io.BytesIO(content)))
    except DamagedError as error:
        return found, str(error)
    return found, ""


def summary(content):
    found, problem = read(content)
    assert problem == ""
    return [(one.number, one.link_type, one.time, one.data, one.comment) for one in found]


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_of_either_byte_order(order):
    content = section(order) + interface(order, 1) + enhanced(b"12345", b"said", order=order, at=7)
    assert is_capture(content[:16])
    assert summary(content) == [(1, 1, 7000, b"12345", "said")]


@pytest.mark.parametrize(
    ("options", "units", "time"),
    [
        ([], 5, 5_000),
        ([(9, b"\x09")], 5, 5),
        ([(9, b"\x03"), (14, struct.pack("<q", 100))], 5, 100_005_000_000),
        ([(9, b"\x8a")], 1 << 40, (1 << 30) * 1_000_000_000),
        ([(9, b"\x00")], 5, 5_000_000_000),
    ],
)
def test_units_of_time(options, units, time):
    content = section() + interface("<", 1, 0, *options) + enhanced(b"", at=units)
    assert summary(content) == [(1, 1, time, b"", "")]


def test_sections_begin_anew():
    content = b"".join(
        (
            *(section("<"), interface("<", 1), interface("<", 101), enhanced(b"a", number=1)),
            *(section(">"), interface(">", 113), enhanced(b"b", order=">")),
        )
    )
    assert summary(content) == [(1, 101, 0, b"a", ""), (2, 113, 0, b"b", "")]


def test_packets_of_other_kinds():
    simple = block("<", 3, struct.pack("<I", 6) + b"simple")
    old = block("<", 2, struct.pack("<HHIIII", 0, 9, 0, 3, 4, 4) + b"old!" + option("<", 1, b"yes"))
    content = section() + interface("<", 1, 4) + simple + old
    assert summary(content) == [(1, 1, None, b"simp", ""), (2, 1, 3000, b"old!", "yes")]
    assert read(content)[0][0].size == 6


def test_other_blocks_are_passed_over_and_comments_are_joined():
    secrets = block("<", 0x0000000A, bytes(20))
    content = section() + interface() + secrets + enhanced(b"abc", b"one", b"two \xff")
    assert summary(content) == [(1, 101, 0, b"abc", "one\ntwo \N{REPLACEMENT CHARACTER}")]


GOOD = section() + interface() + enhanced(b"abcd")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD + section()[:3], "ends inside the header of a block"),
        (GOOD + section()[:20], "ends inside a block"),
        (GOOD + enhanced(b"abcd")[:-1], "ends inside a block"),
        (GOOD + enhanced(b"", number=1), "of interface 1, which the file does not describe"),
        (GOOD + enhanced(b"abcd")[:-4] + bytes(4), "two sizes"),
        (GOOD + struct.pack("<II", 6, 0xFFFFFFFC), "claims to have 4294967"),
        (GOOD + struct.pack("<III", 6, 13, 0), "claims to have 13 bytes"),
        (GOOD + struct.pack("<III", 6, 8, 0), "claims to have 8 bytes"),
        (GOOD + block("<", 6, bytes(16)), "short header"),
        (GOOD + block("<", 2, bytes(16)), "short header"),
        (GOOD + block("<", 3, b""), "short header"),
        (GOOD + block("<", 1, bytes(4)), "is short"),
        (GOOD + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "claims to have 99 bytes"),
        (GOOD + struct.pack("<III", 0x0A0D0D0A, 28, 0), "byte order 00000000"),
    ],
)
def test_what_can_be_read_is_read(content, reason):
    found, problem = read(content)
    assert [packet.data for packet in found] == [b"abcd"]
    assert reason in problem


@pytest.mark.parametrize("form", ["pcapng", "pcap", "nsecpcap"])
def test_files_that_editcap_writes(form, tmp_path):
    if shutil.which("editcap") is None:
        pytest.skip("editcap is not installed")
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(pcap(101, [b"E" + bytes(20), b"F" + bytes(30)]))
    command = ["editcap", "-F", form, str(source), str(target)]
    if form == "pcapng":
        command[1:1] = ["-a", "2:a remark"]
    subprocess.run(command, check=True)
    begin = 1_700_000_000_000_000_000
    assert summary(target.read_bytes()) == [
        (1, 101, begin, b"E" + bytes(20), ""),
        (2, 101, begin + 1000, b"F" + bytes(30), "a remark" if form == "pcapng" else ""),
    ]
