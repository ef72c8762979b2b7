"""Streams are whole again whatever happened to their segments."""

import random
from itertools import pairwise

import pytest
from packets import ACK, CLIENT, FIN, RST, SERVER, SYN

from responder.decode.network import Segment
from responder.decode.tcp import Connections

NEAR_END = 0xFFFF_FFF0


def segment(sequence, data=b"", flags=ACK, *, back=False, acknowledged=0, missing=0):
    ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    number = sequence % (1 << 32)
    return Segment(*ends, number, acknowledged % (1 << 32), flags, data, missing)


def pieces(*segments):
    """Connection, side, bytes and whether some are missing before, of all that comes."""
    connections = Connections()
    found = [piece for one in segments for piece in connections.take(one)]
    found += connections.flush()
    return [(one.connection.number, one.side, one.data, one.lost) for one in found]


def joined(found, side=0):
    return b"".join(data for _, one, data, _ in found if one == side)


def opening(sequence=100):
    return segment(sequence, flags=SYN), segment(900, flags=SYN | ACK, back=True)


def test_both_directions():
    found = pieces(
        *opening(), segment(101, b"ask"), segment(901, b"tell", back=True), segment(104, b"more")
    )
    assert found == [(1, 0, b"ask", False), (1, 1, b"tell", False), (1, 0, b"more", False)]


@pytest.mark.parametrize("first", [100, NEAR_END])
@pytest.mark.parametrize("seed", range(20))
def test_any_order_with_repetitions_and_overlaps(first, seed):
    rng = random.Random(seed)
    data = rng.randbytes(400)
    cuts = sorted({0, len(data), *(rng.randrange(400) for _ in range(20))})
    parts = [(at, data[at : end + rng.randrange(9)]) for at, end in pairwise(cuts)]
    parts += rng.choices(parts, k=10)
    rng.shuffle(parts)
    segments = [segment(first + 1 + at, part) for at, part in parts]
    found = pieces(*opening(first), *segments)
    assert joined(found) == data
    assert not any(lost for *_, lost in found)


def test_what_the_other_side_acknowledged_is_not_waited_for():
    found = pieces(
        *opening(),
        segment(101, b"first"),
        segment(116, b"after"),
        segment(901, b"answer", back=True, acknowledged=121),
        segment(121, b"last"),
    )
    assert found == [
        (1, 0, b"first", False),
        (1, 0, b"after", True),
        (1, 1, b"answer", False),
        (1, 0, b"last", False),
    ]


def test_what_waits_at_the_end_comes_then():
    found = pieces(*opening(), segment(201, b"late"), segment(301, b"later"))
    assert found == [(1, 0, b"late", True), (1, 0, b"later", True)]


def test_not_everything_can_wait():
    early = [segment(200 + (1 << 20) * number, bytes(1 << 20)) for number in range(5)]
    connections = Connections()
    for one in opening():
        list(connections.take(one))
    found = [piece for one in early for piece in connections.take(one)]
    assert found[0].lost
    assert sum(len(piece.data) for piece in found) == 5 << 20


def test_a_connection_whose_beginning_was_not_captured():
    found = pieces(segment(500, b"middle"), segment(506, b"end"))
    assert found == [(1, 0, b"middle", True), (1, 0, b"end", False)]
    assert pieces(segment(500), segment(500, flags=FIN | ACK)) == []


def test_bytes_that_the_capture_cut_off():
    found = pieces(*opening(), segment(101, b"cut", missing=10), segment(114, b"next"))
    assert found == [(1, 0, b"cut", False), (1, 0, b"next", True)]


@pytest.mark.parametrize("end", [[FIN | ACK, FIN | ACK], [RST]])
def test_the_same_ports_again(end):
    ends = [segment(104, flags=flags, back=bool(n)) for n, flags in enumerate(end)]
    first = (*opening(), segment(101, b"one"), *ends)
    again = (*opening(5000), segment(5001, b"two"))
    assert pieces(*first, *again) == [(1, 0, b"one", False), (2, 0, b"two", False)]


def test_a_syn_that_is_repeated_opens_nothing():
    found = pieces(*opening(), segment(101, b"one"), *opening(), segment(104, b"two"))
    assert found == [(1, 0, b"one", False), (1, 0, b"two", False)]


def test_a_late_packet_of_an_ended_connection_begins_no_other():
    end = segment(104, flags=FIN | ACK), segment(901, flags=FIN | ACK, back=True)
    found = pieces(*opening(), segment(101, b"one"), *end, segment(101, b"one"))
    assert found == [(1, 0, b"one", False)]


def test_connections_that_have_ended_are_forgotten_in_time():
    connections = Connections()
    for port in range(3000):
        ends = ((CLIENT[0], port), SERVER)
        for one in (
            Segment(*ends, 0, 0, SYN, b""),
            Segment(*ends, 1, 0, ACK, b"data"),
            Segment(*ends, 5, 0, RST, b""),
        ):
            list(connections.take(one))
    assert len(connections._known) <= 1001
