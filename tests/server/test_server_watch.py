"""One look, at the earliest of the times that were asked for."""

from responder.server.clock import ManualClock
from responder.server.watch import Watch


def watching():
    clock, looks = ManualClock(), []
    return clock, looks, Watch(clock, lambda: looks.append(clock.now()))


def test_the_earliest_time_counts_and_there_is_one_look():
    clock, looks, watch = watching()
    for at in (5.0, 3.0, 4.0):
        watch.by(at)
    clock.advance(10)
    assert looks == [3.0]


def test_a_look_may_be_put_off_and_called_off():
    clock, looks, watch = watching()
    watch.by(3.0)
    watch.until(6.0)
    clock.advance(5)
    assert looks == []
    watch.cancel()
    clock.advance(5)
    assert looks == []


def test_after_a_look_the_next_may_be_later():
    clock, looks, watch = watching()
    watch.by(1.0)
    clock.advance(2)
    watch.by(5.0)
    clock.advance(10)
    assert looks == [1.0, 5.0]
