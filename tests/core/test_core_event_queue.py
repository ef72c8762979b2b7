"""The events of a session: ids without gaps, none told twice once acknowledged, the lost told."""

import pytest
from core.fakes import FakeEvents

from responder.core.event_queue import EventQueue
from responder.device.events import EventLog
from responder.wire.events import EventLost

ALL = (1, 2, 3, 4)
LOST, CHANGED, PRE_UPDATE, CERTIFICATE = ALL
SIZE = 0x1000
HEADER, EVENT_HEADER = 8, 14


@pytest.fixture
def source():
    return FakeEvents()


@pytest.fixture
def queue(source):
    queue = EventQueue(4)
    queue.subscribe(ALL, source)
    return queue


def told(queue, source, size=SIZE):
    """(id, type, detail) of the events in the next SEND_EVENT."""
    request = queue.request(source, 0x13, size)
    if request is None:
        return []
    events = type(request).parse(request.build()).events()
    assert len(request.build()) <= size
    return [(one.event_instance_id, one.event_type_id, one.event_detail) for one in events]


def test_nothing_is_told_before_anything_happens(queue, source):
    assert not queue.pending(source)
    assert told(queue, source) == []


def test_events_are_told_until_they_are_acknowledged(queue, source):
    source.happen(CHANGED, b"a")
    source.happen(CERTIFICATE, b"b")
    assert queue.pending(source)
    first = [(0, CHANGED, b"a"), (1, CERTIFICATE, b"b")]
    assert told(queue, source) == told(queue, source) == first
    queue.acknowledge()
    assert not queue.pending(source)
    source.happen(PRE_UPDATE, b"c")
    assert told(queue, source) == [(2, PRE_UPDATE, b"c")]


def test_what_happens_after_the_request_is_not_acknowledged_with_it(queue, source):
    source.happen(CHANGED, b"a")
    told(queue, source)
    source.happen(CHANGED, b"b")
    assert queue.pending(source)
    queue.acknowledge()
    assert told(queue, source) == [(1, CHANGED, b"b")]


def test_only_what_was_subscribed_to_gets_an_id(queue, source):
    queue.subscribe([CERTIFICATE], source)
    for kind, detail in ((CHANGED, b"a"), (CERTIFICATE, b"b"), (PRE_UPDATE, b"c")):
        source.happen(kind, detail)
    assert told(queue, source) == [(0, CERTIFICATE, b"b")]


def test_a_subscription_begins_with_what_happens_after_it(source):
    queue = EventQueue(4)
    source.happen(CHANGED, b"before")
    queue.subscribe(ALL, source)
    assert not queue.pending(source)


def test_unsubscribing_drops_what_waits(queue, source):
    source.happen(CHANGED, b"a")
    queue.pending(source)
    queue.subscribe([], source)
    source.happen(CHANGED, b"b")
    assert told(queue, source) == []
    queue.subscribe(ALL, source)
    source.happen(CHANGED, b"c")
    assert told(queue, source) == [(1, CHANGED, b"c")], (
        "the id of the dropped one is not used again"
    )


def test_a_full_queue_loses_the_newest_and_says_so_when_the_rest_has_arrived(queue, source):
    for number in range(6):
        source.happen(CERTIFICATE, bytes([number]))
    assert [number for number, _, _ in told(queue, source)] == [0, 1, 2, 3]
    queue.acknowledge()
    assert queue.pending(source)
    detail = EventLost(last_acked_event_instance_id=3, last_lost_event_instance_id=5).build()
    assert told(queue, source) == told(queue, source) == [(6, LOST, detail)]
    source.happen(CERTIFICATE, b"later")
    assert told(queue, source) == [(6, LOST, detail), (7, CERTIFICATE, b"later")]
    queue.acknowledge()
    assert not queue.pending(source)


def test_who_does_not_want_to_know_is_not_told_that_events_were_lost(queue, source):
    queue.subscribe([CERTIFICATE], source)
    for number in range(6):
        source.happen(CERTIFICATE, bytes([number]))
    told(queue, source)
    queue.acknowledge()
    assert told(queue, source) == []
    source.happen(CERTIFICATE, b"later")
    assert told(queue, source) == [(6, CERTIFICATE, b"later")]


def test_what_the_device_has_forgotten_is_lost():
    source = EventLog(capacity=3)
    queue = EventQueue(10)
    queue.subscribe(ALL, source)
    for _ in range(5):
        source.certificates(1)
    detail = EventLost(last_acked_event_instance_id=0xFFFFFFFF, last_lost_event_instance_id=1)
    kept = [(number, CERTIFICATE, b"\x01") for number in (3, 4, 5)]
    assert told(queue, source) == [(2, LOST, detail.build()), *kept]


def test_a_message_holds_as_many_events_as_fit(queue, source):
    for number in range(3):
        source.happen(CERTIFICATE, bytes([number]))
    two = HEADER + 2 * (EVENT_HEADER + 1)
    assert [number for number, _, _ in told(queue, source, two)] == [0, 1]
    queue.acknowledge()
    assert [number for number, _, _ in told(queue, source, two)] == [2]


def test_an_event_that_fits_into_no_message_waits(queue, source):
    source.happen(CHANGED, bytes(32))
    assert told(queue, source, HEADER + EVENT_HEADER + 31) == []
    assert told(queue, source, HEADER + EVENT_HEADER + 32) == [(0, CHANGED, bytes(32))]


def test_ids_begin_where_the_profile_says_and_go_round(source):
    queue = EventQueue(1, 0xFFFFFFFF)
    queue.subscribe(ALL, source)
    for number in range(3):
        source.happen(CERTIFICATE, bytes([number]))
    assert told(queue, source) == [(0xFFFFFFFF, CERTIFICATE, b"\0")]
    queue.acknowledge()
    detail = EventLost(last_acked_event_instance_id=0xFFFFFFFF, last_lost_event_instance_id=1)
    assert told(queue, source) == [(2, LOST, detail.build())]
