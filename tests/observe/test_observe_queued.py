"""A sink behind a queue never blocks, and says what was lost."""

import threading

import pytest

from responder.core.events import PhaseChanged
from responder.observe.entry import Entry
from responder.observe.queued import QueuedSink, SinkFailedError


def entry(number):
    return Entry(float(number), 1, PhaseChanged("A", "B"))


def test_entries_arrive_in_order_before_close_returns():
    seen = []
    sink = QueuedSink(seen.append)
    for number in range(100):
        sink(entry(number))
    assert sink.close(10)
    assert [one.time for one in seen] == list(range(100))
    assert sink.dropped == 0


def test_a_writer_that_is_stuck_costs_entries_and_no_time():
    entered, gate, seen = threading.Event(), threading.Event(), []

    def write(one):
        entered.set()
        gate.wait()
        seen.append(one)

    sink = QueuedSink(write, limit=10)
    sink(entry(0))
    assert entered.wait(10)
    for number in range(1, 31):
        sink(entry(number))
    assert sink.dropped == 20
    assert not sink.close(0.01)
    gate.set()
    assert sink.close(10)
    assert [one.time for one in seen] == list(range(11))


def test_a_writer_that_fails_is_not_called_again_and_its_error_is_kept():
    calls = []

    def write(one):
        calls.append(one)
        raise OSError("disk full")

    sink = QueuedSink(write)
    sink(entry(0))
    sink(entry(1))
    assert not sink.close(10)
    assert sink.error == "OSError: disk full"
    assert len(calls) == 1
    with pytest.raises(SinkFailedError, match="disk full"):
        sink(entry(2))
    assert sink.dropped == 3
