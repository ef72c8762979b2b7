"""Virtual time."""

import asyncio

from responder.server.clock import LoopClock, ManualClock, Timers


def test_manual_time_stands_until_it_is_moved_and_calls_in_order():
    clock = ManualClock()
    seen = []
    clock.call_at(2.0, lambda: seen.append(("b", clock.now())))
    clock.call_at(1.0, lambda: seen.append(("a", clock.now())))
    clock.call_at(1.0, lambda: seen.append(("a2", clock.now())))
    clock.call_at(1.5, lambda: seen.append(("never", clock.now()))).cancel()
    clock.advance(0.5)
    assert seen == []
    clock.advance(2.5)
    assert seen == [("a", 1.0), ("a2", 1.0), ("b", 2.0)]
    assert clock.now() == 3.0


def test_a_call_may_plan_another_that_is_due():
    clock = ManualClock()
    seen = []
    clock.call_at(1.0, lambda: clock.call_at(2.0, lambda: seen.append(clock.now())))
    clock.advance(5)
    assert seen == [2.0]


async def test_loop_time_begins_at_zero_and_goes_on():
    clock = LoopClock()
    begin = clock.now()
    assert 0 <= begin < 1
    called = asyncio.Event()
    clock.call_at(begin + 0.001, called.set)
    async with asyncio.timeout(5):
        await called.wait()
    assert clock.now() >= begin + 0.001


def test_timers_replace_those_of_their_name():
    clock = ManualClock()
    seen = []
    timers = Timers(clock, lambda name: seen.append((name, clock.now())))
    timers.arm("a", 1.0)
    timers.arm("b", 2.0)
    timers.arm("a", 3.0)
    clock.advance(10)
    assert seen == [("b", 2.0), ("a", 3.0)]
    timers.arm("a", 20.0)
    timers.cancel_all()
    clock.advance(100)
    assert len(seen) == 2
