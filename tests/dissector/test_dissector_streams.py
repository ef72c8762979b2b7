"""How the dissector finds messages in streams: pieces, ports, first bytes, lies about lengths."""

import struct

import pytest
from pdml import dissect, tshark

from responder.observe.pcapng import PcapngWriter
from responder.transport.socket_frame import Command, TransportType, wrap_frame

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
ASKED = wrap_frame(Command.NORMAL, TransportType.MCTP, b"\x05" + GET_VERSION)
ANSWERED = wrap_frame(Command.NORMAL, TransportType.MCTP, b"\x05" + VERSION)
OVER_TCP = bytes.fromhex("06000105") + GET_VERSION
DATA_OBJECT = bytes.fromhex("0100010003000000") + GET_VERSION
SOCKET_PORT, DSP0287_PORT, OTHER_PORT = 2323, 4194, 20000


def written(path, *segments, port=SOCKET_PORT):
    """A capture of one connection; of each segment its bytes, the first from the requester."""
    with path.open("wb") as file:
        writer = PcapngWriter(file, "test", port)
        for number, data in enumerate(segments):
            writer.message(0.0, 1, data, received=number % 2 == 0)
        writer.close()
    return path


def in_pieces(path, data, sizes, port=SOCKET_PORT):
    """A capture of one connection on which the requester sends ``data`` in segments."""
    with path.open("wb") as file:
        writer = PcapngWriter(file, "test", port)
        for size in sizes:
            writer.message(0.0, 1, data[:size], received=True)
            data = data[size:]
        writer.message(0.0, 1, data, received=True)
        writer.close()
    return path


def titles(lua, path, *options):
    return [one.title for one in dissect(lua, path, *options)]


ONE = "SPDM, GET_VERSION 1.0, 4 bytes"
TWO = [ONE, "SPDM, VERSION 1.0, 8 bytes"]


@pytest.mark.parametrize(
    ("data", "sizes", "port"),
    [
        (ASKED, [1] * (len(ASKED) - 1), SOCKET_PORT),
        (ASKED, [4, 4, 4], SOCKET_PORT),
        (OVER_TCP, [1] * 7, DSP0287_PORT),
        (OVER_TCP, [4], DSP0287_PORT),
        (DATA_OBJECT, [8], SOCKET_PORT),
    ],
    ids=["byte by byte", "word by word", "DSP0287 byte by byte", "DSP0287 header", "data object"],
)
def test_a_frame_in_pieces_is_put_together(lua, tmp_path, data, sizes, port):
    assert titles(lua, in_pieces(tmp_path / "case.pcapng", data, sizes, port)) == [ONE]


def test_frames_that_begin_within_a_segment_are_found(lua, tmp_path):
    path = in_pieces(tmp_path / "case.pcapng", ASKED * 3, [len(ASKED) + 5])
    assert titles(lua, path) == [ONE] * 3
    info = tshark(lua, path, "-Y", "spdm", "-T", "fields", "-e", "_ws.col.Info")
    assert info.split() == ["GET_VERSION"] * 3


@pytest.mark.parametrize(
    "first",
    [
        ASKED,
        OVER_TCP,
        DATA_OBJECT,
        wrap_frame(Command.TEST, TransportType.NONE, b"Client Hello!\0"),
    ],
    ids=["socket", "DSP0287", "data object", "hello"],
)
def test_a_stream_is_known_by_its_first_bytes(lua, tmp_path, first):
    path = written(tmp_path / "case.pcapng", first, port=OTHER_PORT)
    assert len(titles(lua, path)) == 1
    assert titles(lua, path, "--disable-heuristic", "spdm_tcp") == []


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(40),
        bytes.fromhex("06000105") + b"text",
        bytes.fromhex("0100010003000000") + b"text",
        bytes.fromhex("00000001 00000001 7fffffff 05108400"),
        ASKED[:8],
    ],
    ids=["HTTP", "zeros", "no DSP0287", "no data object", "a lie", "too short"],
)
def test_other_streams_are_left_alone(lua, tmp_path, first):
    assert titles(lua, written(tmp_path / "case.pcapng", first, port=OTHER_PORT)) == []


def test_decode_as_and_a_preference_claim_other_ports(lua, tmp_path):
    path = in_pieces(tmp_path / "case.pcapng", ASKED, [4, 4, 4], OTHER_PORT)
    assert titles(lua, path) == []
    assert titles(lua, path, "-d", f"tcp.port=={OTHER_PORT},spdm") == [ONE]
    assert titles(lua, path, "-o", f"spdm.ports:{OTHER_PORT}") == [ONE]
    usual = in_pieces(tmp_path / "usual.pcapng", ASKED, [4, 4, 4])
    assert titles(lua, usual, "-o", f"spdm.ports:{OTHER_PORT}") == []


def doe(length, message=GET_VERSION):
    return struct.pack("<HBBI", 1, 1, 0, length) + message


@pytest.mark.parametrize(
    ("payload", "transport", "complaint"),
    [
        (doe(4), TransportType.PCI_DOE, "DOE length 4 DW, but 12 bytes came"),
        (b"\x09\0\1\5" + GET_VERSION, TransportType.TCP, "PayloadLength tells 11 bytes, but 8"),
        (b"\x06\0\2\5" + GET_VERSION, TransportType.TCP, "binding version 2 is not 1"),
        (b"\x85" + GET_VERSION, TransportType.MCTP, "the integrity check bit is set"),
        (b"", TransportType.MCTP, "0 bytes are no MCTP header"),
        (b"\5\x10\x84", TransportType.MCTP, "2 bytes are no SPDM message"),
        (b"\5" + GET_VERSION + b"x", TransportType.MCTP, "1 bytes after the end of the message"),
        (b"\5" + VERSION[:-1], TransportType.MCTP, "version_number_entry: needs 2 bytes"),
        (b"\5\x10\x55\0\0", TransportType.MCTP, "0x55 is no code of SPDM"),
        (b"\5\x12\x7f\x2b\0", TransportType.MCTP, "error_code 0x2b is not known"),
        (b"\5\x12\x01\xff\1", TransportType.MCTP, ""),
        (b"\5\x12\xe5\0\0" + bytes(48), TransportType.MCTP, "no ALGORITHMS before"),
    ],
)
def test_what_is_wrong_is_said(lua, tmp_path, payload, transport, complaint):
    path = written(tmp_path / "case.pcapng", wrap_frame(Command.NORMAL, transport, payload))
    (one,) = dissect(lua, path)
    assert any(complaint in text for text in one.experts) if complaint else one.experts == []


def test_a_frame_that_claims_too_much_is_not_waited_for(lua, tmp_path):
    frame = struct.pack(">III", 1, 1, 0x7FFFFFFF) + b"\5" + GET_VERSION
    (one,) = dissect(lua, written(tmp_path / "case.pcapng", frame))
    assert one.experts == ["a frame of 2147483659 bytes is not believed"]


def test_a_frame_that_never_ends_is_shown_without_reassembly(lua, tmp_path):
    frame = struct.pack(">III", 1, 1, 100) + b"\5" + GET_VERSION
    path = written(tmp_path / "case.pcapng", frame, ANSWERED)
    first, second = dissect(lua, path, "-o", "tcp.desegment_tcp_streams:FALSE")
    assert (first.title, second.title) == tuple(TWO)
    assert first.experts == ["size 100, but 5 bytes came"]


def test_requests_and_fields_can_be_filtered(lua, tmp_path):
    path = written(tmp_path / "case.pcapng", ASKED, ANSWERED)
    names = ("-T", "fields", "-e", "spdm.version.version_number_entry")
    assert tshark(lua, path, "-Y", 'spdm.code == "VERSION"', *names).strip() == "0x1200"
    assert tshark(lua, path, "-Y", "spdm.code == 0x84", "-T", "fields", "-e", "frame.number")
