"""What is published over MQTT, and what is not."""

import json

import pytest

from responder.core import events as core
from responder.core.events import Event
from responder.observe.entry import Entry, entry_as_dict
from responder.observe.mqtt_topics import (
    MAX_MESSAGE,
    MAX_PAYLOAD,
    TOPICS,
    Numbered,
    Topics,
    public,
    topic_of,
)
from responder.server.events import DeviceReset, EventsLost, PeerLeft

LAB = Topics("lab")
SECRET = bytes(range(0x40, 0x60))


def shown(event):
    return public(type(event), entry_as_dict(Entry(1.5, 3, event)))


def numbered():
    return Numbered(LAB, topic_of)


def decoded(messages):
    return {message.topic: json.loads(message.payload) for message in messages}


def test_messages_outside_of_sessions_are_whole():
    event = core.ResponseSent(4, b"\x10\x04", "", None)
    assert shown(event) == {
        "v": 1,
        "time": 1.5,
        "connection": 3,
        "event": "ResponseSent",
        "name": "VERSION",
        "code": 4,
        "message": "1004",
        "reason": "",
        "session_id": None,
    }


@pytest.mark.parametrize(
    "event",
    [
        core.RequestReceived(0xFE, SECRET, session_id=7),
        core.ResponseSent(0x7E, SECRET, session_id=0),
        core.ApplicationData(7, SECRET, SECRET),
        core.RecordDropped("no such session", SECRET),
        core.FaultFired("x", "message", "one bit", "CERTIFICATE", SECRET, SECRET),
        core.FaultFired("x", "derive", SECRET.hex(), "", SECRET, b""),
        core.FaultFired("x", "seal", f"iv: {SECRET.hex()} -> 00"),
        core.FaultFired("x", "agree", SECRET.hex()),
        core.InternalError(0x84, f"ValueError: {SECRET!r}"),
        core.RequestReceived(0x90, SECRET * (MAX_MESSAGE // 32 + 1)),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_may_be_secret_is_not_told(event):
    text = json.dumps(shown(event))
    assert SECRET.hex() not in text
    assert repr(SECRET)[2:-1] not in text


def test_sizes_take_the_place_of_what_is_not_told():
    told = shown(core.ApplicationData(7, b"abc", b""))
    assert (told["request_size"], told["response_size"]) == (3, 0)
    assert "request" not in told


def test_no_event_has_bytes_that_are_told_but_those_of_messages():
    """Whoever adds an event with bytes does not have to think of MQTT."""

    class New(Event, frozen=True):
        key: bytes
        text: str

    assert shown(New(SECRET, "text")) == {
        "v": 1,
        "time": 1.5,
        "connection": 3,
        "event": "New",
        "key_size": len(SECRET),
        "text": "text",
    }
    assert topic_of(New(b"", "")) == "events/service"


def test_a_batch_is_one_message_for_each_topic_and_numbers_go_on():
    feed = numbered()
    left, reset = PeerLeft("peer", "gone"), DeviceReset("FLR")
    first = decoded(feed.messages([Entry(0.0, 1, left), Entry(0.1, 0, reset), Entry(0.2, 2, left)]))
    second = decoded(feed.messages([Entry(0.3, 3, left)]))
    numbers = {topic: [event["seq"] for event in events] for topic, events in first.items()}
    assert numbers == {"spdm/lab/events/connections": [1, 3], "spdm/lab/events/device": [2]}
    assert [event["seq"] for event in second["spdm/lab/events/connections"]] == [4]


def test_what_was_lost_has_numbers_too():
    feed = numbered()
    left = Entry(0.0, 1, PeerLeft("peer", "gone"))
    marker = Entry(0.0, 0, EventsLost("mqtt", 10))
    other = Entry(0.0, 0, EventsLost("journal", 10))
    events = [
        event
        for events in decoded(feed.messages([left, marker, left, other])).values()
        for event in events
    ]
    assert sorted(event["seq"] for event in events) == [1, 11, 12, 13]
    assert feed.latest == 13


def test_payloads_are_cut():
    feed = numbered()
    message = core.ResponseSent(2, bytes(MAX_MESSAGE))
    messages = feed.messages([Entry(0.0, 1, message)] * 9)
    assert len(messages) > 1
    assert all(len(one.payload) <= MAX_PAYLOAD + 100 for one in messages)
    numbers = [event["seq"] for one in messages for event in json.loads(one.payload)]
    assert numbers == list(range(1, 10))


@pytest.mark.parametrize("topic", ["answers/1", "spdmish", "a", "/", "spdm/lab/reply", "Ä/ß"])
def test_where_answers_may_go(topic):
    assert LAB.may_answer_on(topic)


@pytest.mark.parametrize(
    "topic",
    ["", "spdm", "spdm/", "spdm/lab/status", "spdm/other/reply", "spdm/lab/reply/x", "a/+", "#",
     "$SYS/x", "a\0b"],
)  # fmt: skip
def test_where_they_may_not(topic):
    assert not LAB.may_answer_on(topic)


def test_every_event_goes_to_a_topic_that_is_documented():
    for kind in core.Event.__subclasses__():
        if kind.__module__.startswith("responder."):
            fields = ["" for _ in kind.__struct_fields__]
            assert topic_of(kind(*fields)) in TOPICS
