"""Births, wills, and what a status of somebody else means."""

import json
import threading

import pytest

from responder.observe.bus import Bus
from responder.observe.entry import Entry
from responder.observe.mqtt_instance import Feed, Instance
from responder.observe.mqtt_link import Heard
from responder.observe.mqtt_topics import Message, Numbered, Topics, topic_of
from responder.server.events import PeerLeft

LAB = Topics("lab")
PEER_LEFT = Entry(0.0, 1, PeerLeft("a", "b"))


def instance(**options):
    values = {"about": {"kind": "test"}, "documents": dict, "lost": lambda: 0, **options}
    return Instance(LAB, "run-1", **values)


def status(run, state, birth):
    return json.dumps({"run": run, "state": state, "birth": birth}).encode()


def test_birth_and_will_have_the_same_number():
    one = instance()
    will = json.loads(one.will(3).payload)
    born = json.loads(one.documents(3)[0].payload)
    assert will == {
        "v": 1, "run": "run-1", "state": "offline", "birth": 3, "reason": "connection lost",
    }  # fmt: skip
    assert born == {
        "v": 1, "run": "run-1", "state": "online", "birth": 3, "kind": "test", "events_lost": 0,
    }  # fmt: skip


def test_an_end_in_order_clears_what_is_no_longer_so_and_keeps_the_rest():
    documents = {LAB.device: {"a": 1}, LAB.progress: {"b": 2}}
    one = instance(documents=lambda: documents, clears=[LAB.device], lost=lambda: 5)
    cleared, kept, last = one.farewell(2)
    assert cleared == Message(LAB.device, b"")
    assert (kept.topic, json.loads(kept.payload)["b"]) == (LAB.progress, 2)
    assert last.topic == LAB.status
    assert json.loads(last.payload).items() >= {"state": "offline", "events_lost": 5}.items()


@pytest.mark.parametrize(
    ("payload", "heard"),
    [
        (status("run-2", "online", 1), Heard.TAKEN),
        (status("run-2", "offline", 9), Heard.OVERWRITTEN),
        (status("run-1", "offline", 1), Heard.OVERWRITTEN),
        (status("run-1", "online", 2), Heard.NOTHING),
        (b"garbage", Heard.OVERWRITTEN),
        (b"", Heard.OVERWRITTEN),
        (b"{}", Heard.OVERWRITTEN),
    ],
)
def test_what_a_status_means_after_our_birth(payload, heard):
    one = instance()
    assert one.heard(status("run-1", "online", 2), 2) is Heard.NOTHING
    assert one.heard(payload, 2) is heard


def test_what_was_said_before_our_birth_means_nothing():
    """Both see both births in the same order: one of them is the latest for both."""
    older, newer = instance(), Instance(LAB, "run-2", {}, dict, lambda: 0)
    births = [status("run-1", "online", 1), status("run-2", "online", 1)]
    assert [older.heard(birth, 1) for birth in births] == [Heard.NOTHING, Heard.TAKEN]
    assert [newer.heard(birth, 1) for birth in births] == [Heard.NOTHING, Heard.NOTHING]


class SlowLink:
    """Takes what it is given, but for one batch."""

    is_there = True

    def __init__(self):
        self.given, self.refreshed, self.closed = [], 0, False

    def publish(self, messages):
        assert not self.closed
        self.given.append([json.loads(message.payload) for message in messages])
        return len(self.given) != 1

    def refresh(self):
        self.refreshed += 1

    def close(self, _):
        self.closed = True


def test_a_feed_counts_what_the_broker_does_not_take():
    bus, link = Bus(), SlowLink()
    feed = Feed(Numbered(LAB, topic_of), link, bus)
    feed.take([PEER_LEFT, PEER_LEFT])
    bus(0.0, 1, PEER_LEFT.event)
    assert feed.close(60.0) == "mqtt: 2 events lost"
    numbers = [[event["seq"] for batch in messages for event in batch] for messages in link.given]
    assert numbers == [[1, 2], [3]]
    assert link.refreshed == len(link.given)


def test_a_feed_does_not_wait_for_a_broker_that_is_not_there():
    class Gone(SlowLink):
        is_there = False

        def publish(self, _):
            ended.wait(60.0)
            raise RuntimeError("the link was closed")

        def close(self, _):
            ended.set()

    ended = threading.Event()
    bus = Bus()
    feed = Feed(Numbered(LAB, topic_of), Gone(), bus)
    bus(0.0, 1, PEER_LEFT.event)
    assert feed.close(60.0) == "mqtt: 1 events lost"
