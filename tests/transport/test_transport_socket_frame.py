"""The spdm-emu socket protocol, against bytes recorded from QEMU and libspdm's emulator."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.transport.errors import FramingError
from responder.transport.socket_frame import (
    CLIENT_HELLO,
    HEADER_SIZE,
    SERVER_HELLO,
    Command,
    SocketFrame,
    SocketFramer,
    TransportType,
    wrap_frame,
)

LIMIT = 1 << 16

# Recorded from QEMU 10.0.2.
QEMU_GET_VERSION = bytes.fromhex("00000001 00000002 0000000c 01000100 03000000 10840000")

# (bytes, frame) as the emulator exchanges them.
RECORDED = [
    (QEMU_GET_VERSION, SocketFrame(1, 2, bytes.fromhex("010001000300000010840000"))),
    (
        bytes.fromhex("0000dead 00000003 0000000e 436c69656e742048656c6c6f2100"),
        SocketFrame(Command.TEST, TransportType.TCP, CLIENT_HELLO),
    ),
    (
        bytes.fromhex("0000dead 00000001 0000000e 5365727665722048656c6c6f2100"),
        SocketFrame(Command.TEST, TransportType.MCTP, SERVER_HELLO),
    ),
    (
        bytes.fromhex("00000001 00000001 00000005 0510840000"),
        SocketFrame(Command.NORMAL, TransportType.MCTP, bytes.fromhex("0510840000")),
    ),
    (
        bytes.fromhex("00008001 00000001 00000004 ffffffff"),
        SocketFrame(Command.OOB_ENCAP_KEY_UPDATE, TransportType.MCTP, b"\xff" * 4),
    ),
    (
        bytes.fromhex("00008002 00000002 00000000"),
        SocketFrame(Command.OOB_ENCAP_ENDPOINT_INFO, TransportType.PCI_DOE),
    ),
    (bytes.fromhex("0000fffe 00000000 00000000"), SocketFrame(Command.SHUTDOWN, 0)),
]
STREAM = b"".join(data for data, _ in RECORDED)
FRAMES = [frame for _, frame in RECORDED]

frames = st.builds(
    SocketFrame,
    st.sampled_from(list(Command)) | st.integers(0, 0xFFFFFFFF),
    st.integers(0, 4) | st.integers(0, 0xFFFFFFFF),
    st.binary(max_size=100),
)


@pytest.mark.parametrize(("data", "frame"), RECORDED)
def test_recorded_frame(data, frame):
    assert SocketFramer(LIMIT).feed(data) == [frame]
    assert wrap_frame(frame.command, frame.transport, frame.payload) == data


def test_commands_and_transports_have_the_emulators_numbers():
    assert {command.name: int(command) for command in Command} == {
        "NORMAL": 1,
        "IF_SEND": 2,
        "IF_RECV": 3,
        "ACK_STATUS": 4,
        "OOB_ENCAP_KEY_UPDATE": 0x8001,
        "OOB_ENCAP_ENDPOINT_INFO": 0x8002,
        "TEST": 0xDEAD,
        "CONTINUE": 0xFFFD,
        "SHUTDOWN": 0xFFFE,
        "UNKNOWN": 0xFFFF,
    }
    names = [kind.name for kind in sorted(TransportType)]
    assert names == ["NONE", "MCTP", "PCI_DOE", "TCP", "STORAGE"]


def test_byte_at_a_time():
    framer = SocketFramer(LIMIT)
    found = []
    for at in range(len(STREAM)):
        found += framer.feed(STREAM[at : at + 1])
    assert found == FRAMES
    assert framer.pending == 0
    framer.eof()


def test_the_frame_is_there_with_its_last_byte_and_not_before():
    framer = SocketFramer(LIMIT)
    assert framer.feed(QEMU_GET_VERSION[:-1]) == []
    assert framer.pending == len(QEMU_GET_VERSION) - 1
    assert framer.feed(QEMU_GET_VERSION[-1:]) == [FRAMES[0]]


def test_all_frames_in_one_feed():
    assert SocketFramer(LIMIT).feed(STREAM) == FRAMES


def test_one_and_a_half_frames_in_one_feed():
    framer = SocketFramer(LIMIT)
    assert framer.feed(QEMU_GET_VERSION + QEMU_GET_VERSION[:17]) == [FRAMES[0]]
    assert framer.pending == 17
    assert framer.feed(QEMU_GET_VERSION[17:]) == [FRAMES[0]]


def test_feeding_nothing_gives_nothing():
    framer = SocketFramer(LIMIT)
    assert framer.feed(b"") == []
    framer.eof()


@pytest.mark.parametrize("size", range(1, len(QEMU_GET_VERSION)))
def test_truncation_is_told_at_the_end_of_the_stream(size):
    framer = SocketFramer(LIMIT)
    assert framer.feed(QEMU_GET_VERSION[:size]) == []
    part = "12 bytes of a frame header" if size < HEADER_SIZE else "24 bytes of a frame"
    with pytest.raises(FramingError, match=f"after {size} of {part}$"):
        framer.eof()


def test_payload_at_the_limit_is_taken_and_one_more_refused():
    assert SocketFramer(8).feed(wrap_frame(1, 0, bytes(8)))[0].payload == bytes(8)
    with pytest.raises(FramingError, match="payload of 9 bytes is over the limit of 8"):
        SocketFramer(8).feed(wrap_frame(1, 0, bytes(9)))


def test_size_over_the_limit_is_refused_at_the_header():
    framer = SocketFramer(LIMIT)
    header = bytes.fromhex("00000001 00000001 ffffffff")
    assert framer.feed(header[:-1]) == []
    with pytest.raises(FramingError, match="4294967295 bytes"):
        framer.feed(header[-1:])
    assert framer.pending == 0


def test_frames_before_the_error_are_handed_over():
    first, second = wrap_frame(1, 0, b"one"), wrap_frame(0xFFFE, 0)
    with pytest.raises(FramingError) as caught:
        SocketFramer(8).feed(first + second + wrap_frame(1, 0, bytes(9)) + first)
    assert caught.value.frames == (SocketFrame(1, 0, b"one"), SocketFrame(0xFFFE, 0))


def test_frames_of_an_earlier_feed_are_not_handed_over_again():
    framer = SocketFramer(8)
    assert len(framer.feed(wrap_frame(1, 0, b"one"))) == 1
    with pytest.raises(FramingError) as caught:
        framer.feed(wrap_frame(1, 0, bytes(9)))
    assert caught.value.frames == ()


@given(st.lists(frames, max_size=5), st.data())
def test_round_trip_in_any_portions(sent, data):
    stream = b"".join(wrap_frame(one.command, one.transport, one.payload) for one in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer = SocketFramer(LIMIT)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += framer.feed(stream[start:end])
    assert found == sent
    framer.eof()


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_random_bytes_raise_only_framing_errors(portions):
    framer = SocketFramer(64)
    taken = 0
    with suppress(FramingError):
        for portion in portions:
            taken += sum(HEADER_SIZE + len(frame.payload) for frame in framer.feed(portion))
        assert taken + framer.pending == sum(map(len, portions))
        framer.eof()
