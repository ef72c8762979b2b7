"""An observer behind a queue never blocks the others, and says what was lost."""

import threading
import time

from responder.core.events import PhaseChanged
from responder.observe.bus import Bus
from responder.observe.entry import Entry
from responder.server.events import EventsLost

EVENT = PhaseChanged("A", "B")
TIMEOUT = 30


def told(bus, times):
    for at in times:
        bus(float(at), 1, EVENT)


def times_of(entries):
    return [entry.time for entry in entries if entry.event is EVENT]


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Stuck:
    """An observer that takes nothing until ``gate`` is set.

    Attributes:
        entered: it has begun to take something.
        seen: what it has taken.
    """

    def __init__(self):
        self.entered, self.gate, self.seen = threading.Event(), threading.Event(), []

    def take(self, entries):
        self.entered.set()
        assert self.gate.wait(TIMEOUT)
        self.seen += entries


def stuck_with_one(bus, **options):
    """A stuck observer that has one entry, of time 0, in its hands."""
    stuck = Stuck()
    observed = bus.observe("stuck", stuck.take, **options)
    told(bus, [0])
    assert stuck.entered.wait(TIMEOUT)
    return stuck, observed


def test_entries_arrive_in_order_before_close_returns():
    bus, seen = Bus(), []
    observed = bus.observe("seen", seen.extend)
    told(bus, range(1000))
    assert observed.close(TIMEOUT)
    assert times_of(seen) == list(range(1000))
    assert observed.lost == 0


def test_one_that_is_stuck_loses_entries_and_the_others_none():
    bus, others = Bus(), []
    stuck, observed = stuck_with_one(bus, limit=10)
    other = bus.observe("other", others.extend)
    told(bus, range(1, 31))
    assert observed.lost == 20
    stuck.gate.set()
    assert not observed.close(TIMEOUT)
    assert other.close(TIMEOUT)
    assert times_of(stuck.seen) == list(range(11))
    assert times_of(others) == list(range(1, 31))


def test_others_get_theirs_while_one_is_stuck():
    bus, others = Bus(), []
    stuck, observed = stuck_with_one(bus)
    other = bus.observe("other", others.extend)
    told(bus, range(1, 1001))
    assert other.close(TIMEOUT)
    assert times_of(others) == list(range(1, 1001))
    assert stuck.seen == []
    stuck.gate.set()
    assert observed.close(TIMEOUT)


def test_what_is_lost_is_told_at_once_and_then_at_most_once_a_second():
    told_of = []
    bus = Bus(told_of.append)
    stuck, observed = stuck_with_one(bus, limit=1)
    told(bus, [1, 2, 2.1, 2.2, 3.5, 3.6])
    stuck.gate.set()
    observed.close(TIMEOUT)
    lost = [(one.time, one.event) for one in told_of if isinstance(one.event, EventsLost)]
    assert lost == [
        (2, EventsLost("stuck", 1)),
        (3.5, EventsLost("stuck", 3)),
        (3.6, EventsLost("stuck", 1)),
    ]
    assert observed.lost == 5


def test_it_finds_a_mark_where_entries_are_missing():
    bus = Bus()
    stuck, observed = stuck_with_one(bus, limit=2)
    told(bus, [1, 2, 3, 4, 5])
    stuck.gate.set()
    wait_until(lambda: not observed.waiting)
    told(bus, [6])
    observed.close(TIMEOUT)
    lost = Entry(5, 0, EventsLost("stuck", 3))
    assert stuck.seen == [*(Entry(time, 1, EVENT) for time in (0, 1, 2)), lost, Entry(6, 1, EVENT)]


def test_it_finds_a_mark_at_the_end_too():
    bus = Bus()
    stuck, observed = stuck_with_one(bus, limit=1)
    told(bus, [1, 2, 3])
    stuck.gate.set()
    observed.close(TIMEOUT)
    assert stuck.seen[2:] == [Entry(3, 0, EventsLost("stuck", 2))]


def test_close_waits_no_longer_than_it_was_told_to():
    bus = Bus()
    stuck, observed = stuck_with_one(bus)
    told(bus, [1, 2])
    assert not observed.close(0.01)
    assert observed.lost == 3
    stuck.gate.set()


def test_one_that_raises_is_taken_off_and_its_error_is_told():
    calls, others = [], []

    def take(entries):
        calls.append(entries)
        raise OSError("disk full")

    bus = Bus(others.append)
    observed = bus.observe("broken", take)
    told(bus, [0])
    assert not observed.close(TIMEOUT)
    assert observed.error == "OSError: disk full"
    assert observed.lost == 1
    told(bus, [1])
    assert len(calls) == 1
