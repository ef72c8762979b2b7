"""Frames are found in streams whose beginning, middle or end is missing."""

import pytest
from packets import CLIENT, SERVER

from responder.decode.capture_file import Packet
from responder.decode.streams import SpdmStreams
from responder.decode.tcp import Connection, Piece
from responder.transport.socket_frame import wrap_frame

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
ASK, TELL = wrap_frame(1, 0, GET_VERSION), wrap_frame(1, 0, VERSION)
TCP_ASK, TCP_TELL = bytes.fromhex("06000105") + GET_VERSION, bytes.fromhex("0a000105") + VERSION
INQUIRY = bytes.fromhex("000001bf")
OTHER = (CLIENT[0], 40_000), (SERVER[0], 40_001)


def payloads(*pieces, ends=OTHER, framing="", comments=()):
    """Of each payload whether the responder received it, its bytes, and its problem or comment."""
    connection = Connection(7, ends)
    streams = SpdmStreams(connection, framing)
    found = []
    for number, (side, data, *lost) in enumerate(pieces):
        comment = dict(comments).get(number, "")
        packet = Packet(number + 1, 101, number * 10, data, len(data), comment)
        found += streams.take(Piece(connection, side, data, bool(lost)), packet)
    found += streams.end()
    assert {one.connection for one in found} <= {7}
    return [(one.received, one.data, one.problem or one.comment) for one in found]


def test_the_socket_protocol_on_any_port():
    assert payloads((0, ASK), (1, TELL)) == [(True, GET_VERSION, ""), (False, VERSION, "")]


def test_a_frame_knows_its_packet_and_transport():
    connection = Connection(7, OTHER)
    streams = SpdmStreams(connection)
    packet = Packet(5, 101, 99, ASK, len(ASK))
    (found,) = streams.take(Piece(connection, 0, ASK), packet)
    assert (found.frame, found.time, found.command, found.transport) == (5, 99, 1, 0)


def test_dsp0287_on_any_port():
    found = payloads((0, TCP_ASK), (1, TCP_TELL))
    assert found == [(True, TCP_ASK, ""), (False, TCP_TELL, "")]


def test_the_side_with_a_known_port_is_the_responder():
    assert payloads((1, ASK), ends=(SERVER, CLIENT)) == [(True, GET_VERSION, "")]


def test_who_inquires_the_role_is_the_responder():
    found = payloads((0, INQUIRY), (1, TCP_ASK), (0, TCP_TELL))
    assert [received for received, *_ in found] == [False, True, False]


def test_headers_in_pieces():
    pieces = [(0, bytes([byte])) for byte in ASK + ASK]
    assert payloads(*pieces) == [(True, GET_VERSION, "")] * 2


def test_both_sides_may_speak_before_the_framing_is_known():
    found = payloads((0, ASK[:2]), (1, TELL), (0, ASK[2:]))
    assert sorted(data for _, data, _ in found) == sorted([GET_VERSION, VERSION])


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", bytes(4)])
def test_other_protocols_are_none(data):
    assert payloads((0, data), (1, data)) == []


def test_a_framing_that_is_given_is_not_looked_for():
    (found,) = payloads((0, b"\xff" * 40), framing="dsp0287")
    assert found[2].startswith("no frame: ")


def test_after_a_loss_the_next_frame_is_looked_for():
    found = payloads((0, ASK), (0, ASK[:13]), (0, GET_VERSION, "lost"), (0, ASK))
    assert found == [(True, GET_VERSION, "")] * 2


def test_a_stream_that_loses_its_place_says_so_once():
    found = payloads((0, ASK + wrap_frame(1, 0, bytes(1))[:8] + b"\xff" * 4), (0, ASK))
    assert found[0] == (True, GET_VERSION, "")
    assert len(found) == 2
    assert found[1][2].startswith("no frame: ")


def test_a_frame_without_an_end_is_told_of():
    assert payloads((0, ASK + ASK[:13])) == [
        (True, GET_VERSION, ""),
        (True, b"", "13 bytes of a frame that has no end"),
    ]


def test_comments_go_to_the_frame_that_ends_there():
    said = "GET_VERSION 1.0, 4 bytes\nfault x (draft): changed it"
    found = payloads((0, ASK[:13]), (0, ASK[13:]), comments=[(0, "begun"), (1, said)])
    assert found == [(True, GET_VERSION, "begun\nfault x (draft): changed it")]
