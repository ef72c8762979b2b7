"""Frames are found again in whatever pieces their bytes were seen."""

from responder.observe.wire_frames import WireFrames
from responder.transport.socket_frame import SocketFrame, wrap_frame

GET_VERSION = bytes.fromhex("10840000")


def test_a_stream_in_pieces():
    frames = WireFrames("spdm-emu")
    stream = wrap_frame(1, 0, GET_VERSION) + wrap_frame(0xFFFE, 0)
    found = [frame for at in range(0, len(stream), 3) for frame in frames.feed(stream[at : at + 3])]
    assert found == [SocketFrame(1, 0, GET_VERSION), SocketFrame(0xFFFE, 0)]
    assert (frames.pending, frames.problem) == (0, "")


def test_messages_of_dsp0287_and_data_objects_are_frames():
    message = bytes.fromhex("06000105") + GET_VERSION
    assert WireFrames("dsp0287").feed(message) == [SocketFrame(1, 3, message)]
    assert WireFrames("mailbox").feed(b"object") == [SocketFrame(1, 2, b"object")]


def test_what_comes_before_a_bad_header_is_kept():
    frames = WireFrames("dsp0287")
    message = bytes.fromhex("06000105") + GET_VERSION
    assert frames.feed(message + bytes.fromhex("06000905")) == [SocketFrame(1, 3, message)]
    assert frames.problem == "DSP0287 binding version 9 is not 1"
    assert frames.feed(message) == []
