"""Answers that come late, and messages that nobody asked for, on real sockets."""
# ruff: noqa: ARG002 - hooks take what the core hands them

import asyncio

import pytest
from server_peers import (
    GET_CAPABILITIES,
    GET_VERSION,
    NONE,
    NORMAL,
    TEST,
    VERSION,
    PlainProfile,
    socket_frame,
)

from responder.core.effects import ArmTimer, Close, Send
from responder.core.events import InternalError, ResponseSent
from responder.core.hooks import Hooks, Write
from responder.server.attach import Attach
from responder.server.clock import ManualClock
from responder.server.events import PeerIgnored
from responder.server.limits import Limits

FRAME = socket_frame(NORMAL, NONE, GET_VERSION)
ANSWER = socket_frame(NORMAL, NONE, VERSION)
FIRST, SECOND = b"\x10\x04first", b"\x10\x04second"


def profile_with(answers, frame=None, expired=()):
    """A profile whose hooks answer each request with the next of ``answers``, lists of effects."""
    answers = iter(answers)

    class Scripted(Hooks):
        def message(self, exchange, message):
            return next(answers, [Send(message)])

        def frame(self, link, given):
            return super().frame(link, given) if frame is None else frame(link, given)

        def expired(self, name, connection, now):
            return list(expired)

    return PlainProfile(hooks_class=Scripted)


def pending(clock):
    return sum(not planned.cancelled for _, _, planned in clock._planned)


async def test_a_late_answer_may_come_after_the_next_one(serving):
    clock, times = ManualClock(), []

    def frame(link, given):
        times.append(link.now)
        return [Write(given.data)]

    slow = profile_with([[Send(FIRST, delay=5.0)], [Send(SECOND)]], frame)
    running = await serving(profile=slow, clock=clock)
    peer = await running.peer()
    peer.send(FRAME)
    await running.events.wait_for(ResponseSent)
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == SECOND
    clock.advance(5)
    assert (await peer.frame())[2] == FIRST
    assert times == [0.0, 5.0], "the frame hook is asked when the answer is sent"
    assert pending(clock) == 0


async def test_a_late_answer_to_a_peer_that_has_gone_is_dropped(serving):
    clock = ManualClock()
    running = await serving(
        profile=profile_with([[Send(FIRST, delay=5.0)]]), clock=clock, attach=Attach.STICKY
    )
    gone = await running.peer()
    gone.send(FRAME)
    await running.events.wait_for(ResponseSent)
    gone.reset()
    await running.events.reasons()
    assert [event.reason for event in running.events.of(PeerIgnored)] == [
        "1 writes or answers that were to come later"
    ]
    assert pending(clock) == 0
    other = await running.peer()
    await other.exchange(TEST, NONE)
    clock.advance(10)
    assert (await other.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


@pytest.mark.parametrize(("how", "rest"), [("fin", b""), ("half", b"")])
async def test_a_late_close(serving, how, rest):
    clock = ManualClock()
    running = await serving(
        profile=profile_with([[Send(FIRST), Close("enough", how, 3.0)]]), clock=clock
    )
    peer = await running.peer()
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == FIRST
    clock.advance(2)
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION
    clock.advance(1)
    assert await peer.rest() == rest
    peer.writer.write_eof()
    assert await running.events.reasons() == ["enough"]


async def test_an_answer_and_a_reset(serving):
    running = await serving(profile=profile_with([[Send(FIRST), Close("cut", "rst")]]))
    peer = await running.peer()
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == FIRST
    with pytest.raises(ConnectionResetError):
        await peer.rest()
    assert await running.events.reasons() == ["cut"]


async def test_a_reset_does_not_overtake_what_drips(serving):
    clock = ManualClock()
    running = await serving(
        profile=profile_with(
            [[Send(FIRST), Close("cut", "rst")]],
            lambda _, given: [Write(given.data[:3]), Write(given.data[3:], 2.0)],
        ),
        clock=clock,
    )
    peer = await running.peer()
    peer.send(FRAME)
    assert len(await peer.bytes(3)) == 3
    clock.advance(2)
    assert await peer.bytes(9 + len(FIRST)) == socket_frame(NORMAL, NONE, FIRST)[3:]
    with pytest.raises(ConnectionResetError):
        await peer.rest()


async def test_idle_time_does_not_count_before_a_late_answer(serving):
    clock = ManualClock()
    running = await serving(
        profile=profile_with([[Send(FIRST, delay=200.0)]]),
        clock=clock,
        limits=Limits(idle_timeout=60),
    )
    peer = await running.peer()
    peer.send(FRAME)
    await running.events.wait_for(ResponseSent)
    clock.advance(200)
    assert (await peer.frame())[2] == FIRST
    clock.advance(59)
    assert running.server.connection_count == 1
    clock.advance(60)
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["idle for 60 s"]


async def test_a_stop_waits_for_a_late_answer_until_it_is_to_end(serving):
    clock = ManualClock()
    late = [[Send(FIRST, delay=2.0)], [Send(SECOND, delay=60.0)]]
    running = await serving(profile=profile_with(late), clock=clock, limits=Limits(drain_time=5))
    peer = await running.peer()
    peer.send(FRAME * 2)
    await running.events.wait_for(ResponseSent, 2)
    stopping = asyncio.create_task(running.server.stop("enough"))
    await asyncio.sleep(0)
    clock.advance(2)
    assert (await peer.frame())[2] == FIRST
    clock.advance(3)
    await stopping
    assert await peer.rest() == b""
    assert pending(clock) == 0


async def test_a_flood_of_late_answers_is_bounded(serving):
    clock = ManualClock()
    late = profile_with([[Send(FIRST, delay=60.0)]] * 1000)
    running = await serving(profile=late, clock=clock)
    peer = await running.peer()
    peer.send(FRAME * 1000)
    await running.events.wait_for(ResponseSent, 64)
    flooding = running.connection()
    other = await running.peer()
    for _ in range(5):
        await other.exchange(TEST, NONE)
    assert (len(flooding._later), flooding._reading) == (64, False)
    clock.advance(60)
    assert len(await peer.bytes(64 * (12 + len(FIRST)))) > 0


async def test_a_timer_speaks_unasked_and_past_the_frame_hook(serving):
    clock = ManualClock()
    running = await serving(
        profile=profile_with(
            [[Send(FIRST), ArmTimer("t", 4.0)]],
            lambda _, given: [Write(given.data + b"!")],
            expired=[Send(SECOND)],
        ),
        clock=clock,
    )
    peer = await running.peer()
    peer.send(FRAME)
    assert await peer.bytes(13 + len(FIRST)) == socket_frame(NORMAL, NONE, FIRST) + b"!"
    clock.advance(4)
    assert await peer.bytes(13 + len(SECOND)) == socket_frame(NORMAL, NONE, SECOND) + b"!"


async def test_a_defect_at_a_late_answer_ends_the_connection_only(serving):
    clock = ManualClock()

    def frame(link, given):
        if given.kind == "spdm":
            raise ZeroDivisionError("defect")
        return [Write(given.data)]

    running = await serving(profile=profile_with([[Send(FIRST, delay=1.0)]], frame), clock=clock)
    peer = await running.peer()
    peer.send(FRAME)
    await running.events.wait_for(ResponseSent)
    clock.advance(1)
    assert await peer.rest() == b""
    assert "ZeroDivisionError: defect" in running.events.of(InternalError)[0].traceback
    assert (await (await running.peer()).exchange(TEST, NONE))[0] == TEST


class Signed(Hooks):
    """Marks every answer with the number of its connection."""

    made = 0

    def __init__(self):
        type(self).made += 1
        self.number = self.made

    def message(self, exchange, message):
        return [Send(message + bytes([self.number]))]


@pytest.mark.parametrize("attach", [Attach.FRESH, Attach.SHARED, Attach.STICKY])
async def test_each_connection_has_hooks_of_its_own_whatever_endpoint_it_finds(
    serving, attach, monkeypatch
):
    monkeypatch.setattr(Signed, "made", 0)
    running = await serving(profile=PlainProfile(hooks_class=Signed), attach=attach)
    before = Signed.made
    one = await running.peer()
    assert (await one.exchange(NORMAL, NONE, GET_VERSION))[2][-1] == before + 1
    two = await running.peer()
    assert (await two.exchange(NORMAL, NONE, GET_VERSION))[2][-1] == before + 2
    assert (await one.exchange(NORMAL, NONE, GET_VERSION))[2][-1] == before + 1
    one.writer.close()
    await running.events.reasons()
    three = await running.peer()
    answer = await three.exchange(NORMAL, NONE, GET_CAPABILITIES)
    assert answer[2][-1] == before + 3
