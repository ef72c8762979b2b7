"""Frames: headers that lie at any layer, pieces, copies, closes."""

import pytest
from faults.engines import engine, fault

from responder.core.effects import Close
from responder.core.hooks import Frame, Hang, Link, Write
from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.socket_frame import TransportType, wrap_frame

MESSAGE = bytes.fromhex("1204000000000100120000")


def frame(name="doe"):
    transport = {
        "none": TransportType.NONE,
        "mctp": TransportType.MCTP,
        "doe": TransportType.PCI_DOE,
        "tcp": TransportType.TCP,
    }[name]
    data = wrap_frame(1, transport, binding_of(transport).wrap(MESSAGE, Kind.SPDM))
    return Frame("spdm-emu", name, "spdm", data)


def deeds(*actions, name="doe", **keys):
    link = Link(0.0)
    hooks = engine(fault(hook="frame", action=list(actions), **keys))
    return hooks.frame(link, frame(name)), link.evidence


def written(*actions, name="doe"):
    (write,), _ = deeds(*actions, name=name)
    return write.data


FIELDS = [
    ("socket.command", "doe", 0, 4),
    ("socket.size", "doe", 8, 12),
    ("doe.vendor_id", "doe", 12, 14),
    ("doe.object_type", "doe", 14, 15),
    ("doe.reserved", "doe", 15, 16),
    ("doe.length", "doe", 16, 20),
    ("mctp.message_type", "mctp", 12, 13),
    ("tcp.payload_length", "tcp", 12, 14),
    ("tcp.binding_version", "tcp", 14, 15),
    ("tcp.message_type", "tcp", 15, 16),
]


@pytest.mark.parametrize(("field", "name", "start", "end"), FIELDS)
def test_a_field_of_any_layer_changes_its_bytes_alone(field, name, start, end):
    healthy = frame(name).data
    lying = written({"do": "set", "field": field, "value": "ones"}, name=name)
    assert lying[start:end] == b"\xff" * (end - start)
    assert lying[:start] + lying[end:] == healthy[:start] + healthy[end:]


def test_outer_sizes_follow_and_inner_lies_stay():
    longer = written({"do": "extend", "field": "doe.payload", "by": 4})
    assert len(longer) == len(frame().data) + 4
    assert longer[8:12] == (len(longer) - 12).to_bytes(4, "big")
    assert longer[16:20] == ((len(longer) - 12) // 4).to_bytes(4, "little")
    lying = written({"do": "extend", "field": "doe.payload", "by": 4, "lengths": "keep"})
    assert lying[16:20] == frame().data[16:20]


def test_without_anything_to_do_a_frame_is_written_as_it_is():
    assert engine().frame(Link(0.0), frame()) == [Write(frame().data)]


def test_pieces_are_the_whole_frame():
    for action in (
        {"do": "drip", "size": 3, "seconds": 0.5},
        {"do": "slice", "at": 5, "seconds": 0.5},
        {"do": "slice", "at": -1, "seconds": 0.5},
    ):
        writes, _ = deeds(action)
        assert b"".join(write.data for write in writes) == frame().data
        assert [write.delay for write in writes] == [0.0] + [0.5] * (len(writes) - 1)
        assert len(writes) > 1


DEEDS = [
    ({"do": "silence"}, []),
    ({"do": "again", "times": 2}, [Write(frame().data * 3)]),
    ({"do": "delay", "seconds": 1}, [Write(frame().data, 1.0)]),
    ({"do": "close", "after": 7}, [Write(frame().data[:7]), Close("x.test", "fin", 0.0)]),
    (
        {"do": "close", "how": "rst", "after": -1},
        [Write(frame().data[:-1]), Close("x.test", "rst")],
    ),
    ({"do": "hang", "seconds": 3}, [Write(frame().data), Hang(3.0)]),
    ({"do": "write", "value": "aa", "order": "before"}, [Write(b"\xaa"), Write(frame().data)]),
    ({"do": "write", "value": "aa"}, [Write(b"\xaa")]),
]


@pytest.mark.parametrize(("action", "expected"), DEEDS, ids=str)
def test_what_is_done_with_a_connection(action, expected):
    done, evidence = deeds(action)
    assert done == expected
    assert [event.fault for event in evidence] == ["x.test"]


def test_only_the_frames_that_are_meant():
    for keys in ({"kind": ["discovery"]}, {"binding": ["mctp"]}, {"nth": [2]}):
        done, evidence = deeds({"do": "silence"}, **keys)
        assert done == [Write(frame().data)]
        assert evidence == []


def test_a_layer_that_the_frame_lacks_is_a_miss():
    done, evidence = deeds({"do": "set", "field": "doe.length", "value": 0}, name="mctp")
    assert done == [Write(frame("mctp").data)]
    assert evidence == []


def test_accepting_may_go_wrong():
    for action, expected in (
        ({"do": "close"}, [Close("x.test", "fin", 0.0)]),
        ({"do": "write", "value": "aabb"}, [Write(b"\xaa\xbb")]),
        ({"do": "hang", "seconds": 1}, [Hang(1.0)]),
    ):
        link = Link(0.0)
        spec = fault(hook="connection", event="accepted", action=[action])
        assert engine(spec).accepted(link) == expected
        assert len(link.evidence) == 1
    assert engine().accepted(Link(0.0)) == []


def test_nobody_listens():
    spec = fault(hook="connection", event="listen", action=[{"do": "refuse"}])
    link = Link(0.0)
    assert not engine(spec).accepts(link)
    assert [event.detail for event in link.evidence] == ["nobody listens"]
    assert engine().accepts(link)
