"""One thing that happened, as people and programs read it."""

import json

from responder.core.events import FaultFired, PhaseChanged, RequestReceived, ResponseSent
from responder.observe.bus import Bus
from responder.observe.entry import Entry, entry_as_dict


def test_messages_have_the_names_of_their_codes():
    assert Entry(0.0, 1, RequestReceived(0x84, b"\x10\x84\0\0")).name == "GET_VERSION"
    assert Entry(0.0, 1, ResponseSent(0x7F, b"\x10\x7f\1\0")).name == "ERROR"
    assert Entry(0.0, 1, RequestReceived(0x99, b"")).name == "0x99"
    assert Entry(0.0, 1, PhaseChanged("A", "B")).name == "PhaseChanged"


def test_only_messages_have_bytes():
    assert Entry(0.0, 1, RequestReceived(0x84, b"\x10\x84\0\0")).message == b"\x10\x84\0\0"
    assert Entry(0.0, 1, PhaseChanged("A", "B")).message == b""


def test_a_message_as_json():
    entry = Entry(1.23456789, 2, ResponseSent(0x7F, b"\x10\x7f\1\0", "too short"))
    assert json.loads(json.dumps(entry_as_dict(entry))) == {
        "v": 1,
        "time": 1.234568,
        "connection": 2,
        "event": "ResponseSent",
        "name": "ERROR",
        "code": 0x7F,
        "message": "107f0100",
        "reason": "too short",
        "session_id": None,
    }


def test_another_event_as_json():
    entry = Entry(0.0, 1, FaultFired("sig.bitflip", "post_sign", "bit 0"))
    assert entry_as_dict(entry) == {
        "v": 1,
        "time": 0.0,
        "connection": 1,
        "event": "FaultFired",
        "fault": "sig.bitflip",
        "hook": "post_sign",
        "detail": "bit 0",
        "message": "",
        "before": "",
        "after": "",
    }


def test_keys_that_a_fault_changed_are_not_written_down():
    """Tests find them in the journal in memory; whatever is written or sent has none."""
    key, other = bytes(range(16)), bytes(range(16, 32))
    said = f"the key is {other.hex()}, not {key.hex()}"
    for hook, hidden in (("derive", True), ("seal", True), ("agree", True), ("message", False)):
        event = FaultFired("sec.key", hook, said, "FINISH", key, other)
        kept, heard = [], []
        bus = Bus(kept.append)
        observed = bus.observe("test", heard.extend)
        bus(0.0, 1, event)
        observed.close(10)
        assert kept == [Entry(0.0, 1, event)]
        for text in (
            str(heard[0].event),
            str(entry_as_dict(kept[0])),
            str(entry_as_dict(heard[0])),
        ):
            assert (key.hex() in text or repr(key) in text) is not hidden
