"""A pcapng file has whole blocks, and Wireshark's own reader finds the connections whole."""

import io
import shutil
import struct
import subprocess

import pytest
from capture_files import EPB, IDB, SHB, blocks, options

from responder.observe.pcapng import PcapngWriter

LARGE = bytes(range(256)) * 300
"""76,800 bytes: three segments, and more than a window."""


def written(comment="a whole case"):
    """Two connections, one of which is answered by more than a segment holds."""
    file = io.BytesIO()
    capture = PcapngWriter(file, "spdm-responder 1.2.3", 2323, comment)
    capture.message(1.5, 1, b"request", received=True, comment="GET_VERSION")
    capture.message(1.500000001, 1, LARGE, received=False, comment="VERSION\nstruck: né")
    capture.message(2.0, 2, b"odd", received=True)
    capture.message(1.0, 2, b"answer", received=False)
    capture.close()
    return file.getvalue()


def test_the_section_and_its_interface_say_what_they_are():
    (shb, section), (idb, interface), *packets = blocks(written())
    assert (shb, idb) == (SHB, IDB)
    assert struct.unpack_from("<IHHq", section) == (0x1A2B3C4D, 1, 0, -1)
    assert options(section[16:]) == {1: b"a whole case", 4: b"spdm-responder 1.2.3"}
    assert struct.unpack_from("<HHI", interface) == (101, 0, 0)
    assert options(interface[8:]) == {2: b"spdm", 9: bytes([9])}
    assert {kind for kind, _ in packets} == {EPB}


def test_packets_have_nanoseconds_directions_and_comments():
    found = []
    for _, body in blocks(written())[2:]:
        interface, high, low, size, original = struct.unpack_from("<IIIII", body)
        assert (interface, size) == (0, original)
        found.append(((high << 32) + low, options(body[20 + size + -size % 4 :])))
    times = [time for time, _ in found]
    assert times == sorted(times)
    assert times[0] == 1_500_000_000
    assert 1_500_000_001 in times
    assert times[-1] == 2_000_000_000, "time does not go back"
    said = [(option[1].decode(), option[2][0]) for _, option in found if 1 in option]
    assert said == [("GET_VERSION", 1), ("VERSION\nstruck: né", 2)]


def test_a_comment_that_is_too_long_is_cut_between_characters():
    ((_, section), *_) = blocks(written("é" * 40_000))
    assert options(section[16:])[1] == ("é" * 32_767).encode()


def test_a_comment_may_hold_what_is_no_text():
    ((_, section), *_) = blocks(written("unix:/tmp/\udcff"))
    assert options(section[16:])[1] == b"unix:/tmp/\\udcff"


def test_a_connection_has_its_own_port_and_ends_when_it_does():
    file = io.BytesIO()
    capture = PcapngWriter(file, "spdm-responder", 2323)
    capture.opened(1.0, 1, 4194, "from 192.0.2.1:5")
    capture.closed(2.0, 1, "the peer left")
    capture.closed(3.0, 1)
    capture.close()
    packets = [body for _, body in blocks(file.getvalue())[2:]]
    ports = {struct.unpack_from(">HH", body, 40) for body in packets}
    assert ports == {(49152, 4194), (4194, 49152)}
    said = [options(body[20 + 40 :]).get(1) for body in packets]
    assert said == [b"from 192.0.2.1:5", None, None, b"the peer left", None, None]


def test_plaintext_is_on_an_interface_of_its_own():
    file = io.BytesIO()
    capture = PcapngWriter(file, "spdm-responder", 2323, plaintext=True)
    capture.message(1.0, 1, b"record", received=True)
    capture.message(1.5, 1, b"answer", received=False)
    capture.plaintext(1.5, 1, 0x1234FFFF, b"request!", received=True, comment="END_SESSION")
    capture.plaintext(1.5, 1, 0x1234FFFF, b"app", received=False, kind=1)
    _, one, two, *packets = (body for _, body in blocks(file.getvalue()))
    assert (one[:2], two[:2]) == (b"\x65\0", b"\xfc\0")
    *_, received, sent = packets
    assert struct.unpack_from("<I", received) == (1,)
    size = struct.unpack_from("<I", received, 12)[0]
    assert (
        received[20 : 20 + size]
        == bytes.fromhex(
            "000c0010" + b"spdm_plaintext".hex() + "0000"
            "00140004 7f000001 00150004 7f000001 00180004 00000002"
            "00190004 0000c000 001a0004 00000913 001e0004 00000004 00000000"
            "01000000 ffff3412"
        )
        + b"request!"
    )
    assert options(received[20 + size :])[1] == b"END_SESSION"
    assert bytes.fromhex("00190004 00000913 001a0004 0000c000 001e0004 00000005") in sent
    assert sent.endswith(bytes.fromhex("01010000 ffff3412") + b"app\0" + sent[-12:])


def test_a_hole_is_left_where_nobody_knows_what_was_sent():
    file = io.BytesIO()
    capture = PcapngWriter(file, "spdm-responder", 2323)
    capture.message(1.0, 1, b"before", received=True)
    capture.skip()
    capture.message(1.0, 1, b"after", received=True)
    *_, before, after = (body for _, body in blocks(file.getvalue()))
    first, second = (struct.unpack_from(">I", body, 20 + 24)[0] for body in (before, after))
    assert second - (first + len(b"before")) == 1 << 20


def tshark(path, *arguments):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    checked = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
    command = ["tshark", "-n", *checked, "-r", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_wireshark_follows_the_streams(tmp_path):
    path = tmp_path / "case.pcapng"
    path.write_bytes(written())
    fields = ["tcp.stream", "tcp.srcport", "tcp.payload", "frame.comment"]
    shown = tshark(path, "-T", "fields", *(word for name in fields for word in ("-e", name)))
    rows = [line.split("\t") for line in shown.splitlines()]
    assert len(rows) == 2 * 6 + 4 + 2 + 2, "handshakes and ends, data, and two acknowledgements"
    answered = "".join(row[2] for row in rows if row[:2] == ["0", "2323"])
    assert bytes.fromhex(answered) == LARGE
    assert [row[3] for row in rows if row[3]] == ["GET_VERSION", "VERSION\\nstruck: né"]
    assert {row[0] for row in rows} == {"0", "1"}


def test_wireshark_has_nothing_to_complain_of(tmp_path):
    path = tmp_path / "case.pcapng"
    path.write_bytes(written())
    wrong = "tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0"
    assert tshark(path, "-Y", wrong) == ""
    good = tshark(path, "-Y", "ip.checksum.status == 1 && tcp.checksum.status == 1")
    assert len(good.splitlines()) == 20
