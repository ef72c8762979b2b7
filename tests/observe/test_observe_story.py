"""What controllers can ask about what has happened: pages, counts and events to come."""

import threading

import pytest

from responder.core.events import FaultFired, RequestReceived, ResponseSent, SessionKeys
from responder.observe.bus import Bus
from responder.observe.story import Story, event_names
from responder.server.control.errors import CommandError
from responder.server.events import PeerArrived, PeerIgnored

PATIENCE = 30


def told(*entries, **limits):
    """A story of these events, each with its connection."""
    bus = Bus()
    story = Story(bus, **limits)
    for place, (connection, event) in enumerate(entries):
        bus(place / 10, connection, event)
    return bus, story


def numbered(count, connections=1):
    return [(place % connections + 1, PeerIgnored(str(place))) for place in range(count)]


def reasons(page):
    return [entry["reason"] for entry in page.entries]


def test_without_a_position_the_latest_are_told():
    _, story = told(*numbered(10))
    page = story.page(None, 3, None)
    assert reasons(page) == ["7", "8", "9"]
    assert (page.next, page.first) == (10, 0)
    assert [entry["position"] for entry in page.entries] == [7, 8, 9]
    assert page.entries[0] == {
        "position": 7, "v": 1, "time": 0.7, "connection": 1, "event": "PeerIgnored", "reason": "7",
    }  # fmt: skip


def test_pages_follow_each_other_without_gap_or_overlap():
    bus, story = told(*numbered(10))
    found, since = [], 0
    while (page := story.page(since, 3, None)).entries:
        found += reasons(page)
        since = page.next
    assert found == [str(place) for place in range(10)]
    bus(2.0, 1, PeerIgnored("later"))
    assert reasons(story.page(since, 3, None)) == ["later"]


@pytest.mark.parametrize(
    ("since", "expected"), [(None, ["5", "8"]), (0, ["2", "5"]), (3, ["5", "8"])]
)
def test_those_of_one_connection(since, expected):
    _, story = told(*numbered(10, connections=3))
    page = story.page(since, 2, 3)
    assert reasons(page) == expected
    assert reasons(story.page(page.next, 2, 3)) == (["8"] if expected == ["2", "5"] else [])


def test_more_than_there_are_of_a_connection_are_all():
    _, story = told(*numbered(4, connections=2))
    assert reasons(story.page(None, 100, 2)) == ["1", "3"]
    assert reasons(story.page(None, 100, 9)) == []


def test_old_ones_give_way_and_positions_stay():
    _, story = told(*numbered(10), limit=4)
    page = story.page(0, 100, None)
    assert reasons(page) == ["6", "7", "8", "9"]
    assert (page.first, page.next, story.position) == (6, 10, 10)
    assert page.entries[0]["position"] == 6


def test_messages_that_are_kept_have_a_size_in_all():
    messages = [(1, RequestReceived(0x84, bytes([place]) * 100)) for place in range(10)]
    _, story = told(*messages, size=350)
    page = story.page(0, 100, None)
    assert [entry["message"][:2] for entry in page.entries] == ["07", "08", "09"]
    assert page.first == 7


def test_a_page_of_long_messages_ends_early_and_says_where_to_go_on():
    messages = [(1, RequestReceived(0x84, bytes(200_000))) for _ in range(5)]
    _, story = told(*messages)
    page = story.page(0, 100, None)
    assert len(page.entries) == 2
    assert page.next == 2
    assert len(story.page(page.next, 100, None).entries) == 2


@pytest.mark.parametrize("since", [10, 11, 1 << 62])
def test_after_the_end_there_is_nothing(since):
    _, story = told(*numbered(10))
    page = story.page(since, 100, None)
    assert (page.entries, page.next) == ([], 10)


def test_counts_go_on_when_entries_give_way():
    entries = [
        (1, RequestReceived(0x84, b"\x10\x84\x00\x00")),
        (1, ResponseSent(0x04, b"\x10\x04\x00\x00")),
        (1, FaultFired("f", "draft", "it")),
        (2, RequestReceived(0x84, b"\x10\x84\x00\x00")),
        (2, RequestReceived(0x55, b"\x10\x55\x00\x00")),
        (2, FaultFired("f", "draft", "it")),
    ]
    _, story = told(*entries, limit=1)
    counters = story.counters()
    assert counters.requests == {"GET_VERSION": 2, "0x55": 1}
    assert counters.responses == {"VERSION": 1}
    assert counters.faults == {"f": 2}
    assert counters.events == {"RequestReceived": 3, "ResponseSent": 1, "FaultFired": 2}


def test_keys_are_neither_told_nor_counted():
    keys = SessionKeys(1, "request", "data", "AES-256-GCM", True, False, b"k" * 32, b"i" * 12)
    bus, story = told((1, keys))
    assert story.position == 0
    assert story.counters().events == {}
    assert "SessionKeys" not in event_names()
    with pytest.raises(CommandError, match="there is no event 'SessionKeys'"):
        story.subscribe("it", print, ["SessionKeys"])
    del bus


def test_subscribers_get_what_they_asked_for():
    bus, story = told()
    got, done = [], threading.Event()

    def take(events):
        got.extend(events)
        if got[-1]["peer"] == "last":
            done.set()

    subscription = story.subscribe("it", take, ["PeerArrived"])
    bus(0.5, 1, PeerArrived("first", "there"))
    bus(0.6, 1, PeerIgnored("no"))
    bus(0.7, 2, PeerArrived("last", "there"))
    assert done.wait(PATIENCE)
    assert [event["peer"] for event in got] == ["first", "last"]
    assert got[0] == {
        "v": 1, "time": 0.5, "connection": 1, "event": "PeerArrived", "peer": "first",
        "listener": "there",
    }  # fmt: skip
    subscription.close(PATIENCE)


def test_a_subscriber_that_is_stuck_loses_events_and_is_told_how_many():
    bus, story = told()
    go, emptied = threading.Event(), threading.Event()
    got = []

    def take(events):
        go.wait(PATIENCE)
        got.extend(events)
        if not subscription.waiting:
            emptied.set()

    subscription = story.subscribe("it", take, [])
    for place in range(10_500):
        bus(place, 1, PeerIgnored(str(place)))
    go.set()
    assert emptied.wait(PATIENCE)
    bus(1e6, 1, PeerIgnored("last"))
    assert not subscription.close(PATIENCE), "not all of it was handed over"
    lost = sum(event["count"] for event in got if event["event"] == "EventsLost")
    kept = [event["reason"] for event in got if event["event"] == "PeerIgnored"]
    assert lost == subscription.lost > 0
    assert lost + len(kept) == 10_501
    assert kept[-1] == "last"
