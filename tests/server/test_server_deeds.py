"""Deeds are done one after the other, each its delay after the one before."""

from responder.core.effects import Close
from responder.core.hooks import Hang, Write
from responder.server.clock import ManualClock
from responder.server.deeds import Deeds, Later


def queue(clock):
    """Deeds that note when they are done."""
    done = []
    deeds = Deeds(clock, lambda deed: done.append((clock.now(), deed)), lambda action: action())
    return deeds, done


def test_without_a_delay_they_are_done_at_once():
    deeds, done = queue(ManualClock())
    wanted = [Write(b"1"), Hang(9.0), Write(b"2"), Close("x")]
    deeds.add(wanted)
    assert [deed for _, deed in done] == wanted
    assert len(deeds) == 0


def test_each_delay_counts_from_the_deed_before():
    clock = ManualClock()
    deeds, done = queue(clock)
    deeds.add([Write(b"1"), Write(b"2", 1.0), Hang(50.0), Write(b"3", 2.0), Write(b"4")])
    clock.advance(10)
    assert [(at, deed.data) for at, deed in done if isinstance(deed, Write)] == [
        (0.0, b"1"),
        (1.0, b"2"),
        (3.0, b"3"),
        (3.0, b"4"),
    ]


def test_nothing_overtakes_and_a_later_delay_counts_from_the_deed_before():
    clock = ManualClock()
    deeds, done = queue(clock)
    deeds.add([Write(b"slow", 5.0)])
    clock.advance(1)
    deeds.add([Write(b"quick"), Write(b"last", 1.0)])
    clock.advance(3)
    assert done == []
    clock.advance(10)
    assert [(at, deed.data) for at, deed in done] == [
        (5.0, b"slow"),
        (5.0, b"quick"),
        (6.0, b"last"),
    ]
    clock.advance(10)
    deeds.add([Write(b"new", 1.0)])
    clock.advance(10)
    assert done[-1] == (25.0, Write(b"new", 1.0)), "counts from when it was asked for"


class EarlyClock(ManualClock):
    """Calls a little too early, as a loop whose clock is coarse may."""

    def call_at(self, at, action):
        return super().call_at(at - 1e-9, action)


def test_a_clock_that_is_a_little_early_does_not_put_a_deed_off():
    clock = EarlyClock()
    deeds, done = queue(clock)
    deeds.add([Write(b"1", 1.0), Write(b"2", 1.0)])
    clock.advance(2.5)
    assert [deed.data for _, deed in done] == [b"1", b"2"]


def test_deeds_that_a_deed_leads_to_come_after_those_that_wait():
    clock = ManualClock()
    done = []

    def do(deed):
        done.append(deed.data)
        if deed.data == b"1":
            deeds.add([Write(b"3")])

    deeds = Deeds(clock, do, lambda action: action())
    deeds.add([Write(b"1"), Write(b"2")])
    assert done == [b"1", b"2", b"3"]


def test_what_is_dropped_is_counted_and_never_done():
    clock = ManualClock()
    deeds, done = queue(clock)
    deeds.add([Write(b"1"), Write(b"2", 1.0), Write(b"3")])
    assert deeds.drop() == 2
    assert deeds.drop() == 0
    clock.advance(10)
    assert [deed.data for _, deed in done] == [b"1"]
    assert not [planned for _, _, planned in clock._planned if not planned.cancelled]


def test_how_much_waits_is_known_by_bytes_and_by_number():
    for many in ([Write(bytes(70_000), 1.0)], [Write(b"x", 1.0)] * 2000):
        clock = ManualClock()
        deeds, _ = queue(clock)
        assert not deeds.enough
        deeds.add(many)
        assert deeds.enough
        clock.advance(5000)
        assert not deeds.enough


def test_calls_that_come_later_do_not_wait_for_each_other():
    clock = ManualClock()
    made = []
    later = Later(clock, lambda action: action())
    later.call(5.0, lambda: made.append((clock.now(), "slow")))
    later.call(1.0, lambda: made.append((clock.now(), "quick")))
    clock.advance(2)
    assert (made, len(later)) == ([(1.0, "quick")], 1)
    assert later.drop() == 1
    clock.advance(10)
    assert made == [(1.0, "quick")]
