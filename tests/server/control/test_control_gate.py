"""Requests that wait at the gate: who goes first, and what does not end a connection meanwhile."""

import asyncio
import threading

import pytest
from server_peers import GET_CAPABILITIES, GET_VERSION, NONE, NORMAL, VERSION, socket_frame, until

from responder.core.effects import Run, Send
from responder.core.events import RequestReceived
from responder.core.hooks import Hooks
from responder.server.attach import Attach
from responder.server.clock import ManualClock
from responder.server.control.gate import Gate
from responder.server.endpoint import SpdmEndpoint
from responder.server.limits import Limits


def get_version():
    return socket_frame(NORMAL, NONE, GET_VERSION)


async def waiting(running, count):
    await until(lambda: len(running.server.gate.waiting) == count)
    return running.server.gate.waiting


async def through(running, connection=None, wait=10.0):
    """Let the next one through; its ordinal."""
    gate = running.server.gate
    held = await gate.next(connection, wait)
    await gate.let_through(held)
    return held.peer.ordinal


async def test_without_a_controller_there_is_no_gate(serving):
    running = await serving()
    assert running.server.gate is None


async def test_an_open_gate_is_not_noticed(serving):
    running = await serving(gated=True)
    peer = await running.peer()
    assert await peer.exchange(NORMAL, NONE, GET_VERSION) == (NORMAL, NONE, VERSION)
    assert running.server.gate.waiting == ()


async def test_a_request_waits_until_it_is_let_through(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    peer = await running.peer()
    peer.send(get_version())
    (held,) = await waiting(running, 1)
    assert (held.message, held.secured, held.peer.ordinal) == (GET_VERSION, False, 1)
    assert running.events.of(RequestReceived) == []
    assert await through(running) == 1
    assert await peer.frame() == (NORMAL, NONE, VERSION)


async def test_the_next_request_of_a_connection_waits_for_its_own_turn(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    peer = await running.peer()
    peer.send(get_version() + socket_frame(NORMAL, NONE, GET_CAPABILITIES))
    await waiting(running, 1)
    await through(running)
    assert (await peer.frame())[2] == VERSION
    (held,) = await waiting(running, 1)
    assert held.message == GET_CAPABILITIES
    assert len(running.events.of(RequestReceived)) == 1


async def test_the_oldest_goes_first_and_another_one_only_by_its_ordinal(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    peers = []
    for count in (1, 2, 3):
        peers.append(await running.peer())
        peers[-1].send(get_version())
        await waiting(running, count)
    assert await through(running, connection=2) == 2
    assert [await through(running), await through(running)] == [1, 3]
    for peer in peers:
        assert (await peer.frame())[2] == VERSION


@pytest.mark.parametrize("attach", Attach)
async def test_resume_lets_all_go_on_in_order(serving, attach):
    running = await serving(gated=True, attach=attach)
    running.server.gate.pause()
    peers = []
    for count in (1, 2, 3):
        peers.append(await running.peer())
        peers[-1].send(get_version())
        await waiting(running, count)
    assert running.server.gate.resume() == 3
    for peer in peers:
        assert (await peer.frame())[2] == VERSION
    order = [
        connection
        for _, connection, event in running.events.entries
        if isinstance(event, RequestReceived)
    ]
    assert order == [1, 2, 3]
    assert (await peers[0].exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


async def test_who_waits_for_a_request_gets_the_one_that_arrives(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    step = asyncio.ensure_future(through(running))
    await asyncio.sleep(0)
    peer = await running.peer()
    peer.send(get_version())
    assert await step == 1
    assert (await peer.frame())[2] == VERSION


async def test_two_who_wait_get_one_request_each(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    steps = [asyncio.ensure_future(through(running)) for _ in range(2)]
    peers = [await running.peer() for _ in range(2)]
    for peer in peers:
        peer.send(get_version())
    async with asyncio.timeout(10):
        assert sorted(await asyncio.gather(*steps)) == [1, 2]
    for peer in peers:
        assert (await peer.frame())[2] == VERSION


@pytest.mark.parametrize("wait", [0.0, 0.01])
async def test_nothing_comes_of_waiting_where_nobody_asks(wait):
    gate = Gate(ManualClock())
    gate.pause()
    assert await gate.next(None, wait) is None


async def test_opening_the_gate_ends_the_waiting():
    gate = Gate(ManualClock())
    gate.pause()
    step = asyncio.ensure_future(gate.next(None, 60.0))
    await asyncio.sleep(0)
    assert gate.resume() == 0
    async with asyncio.timeout(10):
        assert await step is None


async def test_a_peer_that_leaves_takes_its_request_with_it(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    gone, stays = await running.peer(), await running.peer()
    gone.send(get_version())
    await waiting(running, 1)
    stays.send(get_version())
    await waiting(running, 2)
    gone.reset()
    await waiting(running, 1)
    assert await through(running) == 2
    assert len(running.events.of(RequestReceived)) == 1


class Peer:
    """A peer that only remembers what was said to it."""

    ordinal = 1

    def __init__(self):
        self.hooks = Hooks()
        self.heard = []

    def send(self, message, **_):
        self.heard.append(message)

    def emit(self, event):
        del event

    def answered(self):
        self.heard.append("answered")


class WorkingCore:
    """A core whose work goes on in a thread until it is told to end."""

    def __init__(self):
        self.end = threading.Event()

    def receive(self, *_, **__):
        return [Run(1, self.end.wait)]

    def complete(self, *_):
        return [Send(b"answer")]

    def opened(self):
        pass

    closed = opened


async def working_endpoint():
    """An endpoint whose request has gone through the gate, and is worked at."""
    gate, core, peer = Gate(ManualClock()), WorkingCore(), Peer()
    endpoint = SpdmEndpoint(core, ManualClock(), print, gate=gate)
    endpoint.attach(peer)
    gate.pause()
    endpoint.submit(peer, b"request", 0)
    (held,) = gate.waiting
    step = asyncio.ensure_future(gate.let_through(held))
    await asyncio.sleep(0)
    assert not step.done()
    return endpoint, core, peer, step


async def test_a_step_is_over_when_the_work_for_the_answer_is():
    _, core, peer, step = await working_endpoint()
    await asyncio.sleep(0)
    assert (step.done(), peer.heard) == (False, [])
    core.end.set()
    async with asyncio.timeout(10):
        await step
    assert peer.heard == [b"answer", "answered"]


async def test_a_step_is_over_when_the_peer_leaves_meanwhile():
    endpoint, core, peer, step = await working_endpoint()
    endpoint.detach(peer, final=True)
    async with asyncio.timeout(10):
        await step
    assert peer.heard == []
    core.end.set()


async def test_who_gives_up_waiting_for_the_end_of_a_step_leaves_the_rest_as_it_is():
    _, core, peer, step = await working_endpoint()
    step.cancel()
    core.end.set()
    await until(lambda: peer.heard)
    assert peer.heard == [b"answer", "answered"]


async def test_a_peer_that_only_says_no_more_still_gets_its_answer(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    peer = await running.peer()
    peer.send(get_version())
    peer.writer.write_eof()
    await waiting(running, 1)
    await through(running)
    assert (await peer.rest())[12:] == VERSION


async def test_a_stop_lets_what_waits_be_answered(serving):
    running = await serving(gated=True)
    running.server.gate.pause()
    peer = await running.peer()
    peer.send(get_version())
    await waiting(running, 1)
    await running.server.stop("the test")
    assert (await peer.rest())[12:] == VERSION


async def test_limits_do_not_count_the_time_at_the_gate(serving):
    """Neither that of silence, nor that of a frame whose rest is not read meanwhile."""
    clock = ManualClock()
    limits = Limits(idle_timeout=60, frame_time=30)
    running = await serving(gated=True, clock=clock, limits=limits)
    running.server.gate.pause()
    waits, silent = await running.peer(), await running.peer()
    whole = get_version()
    waits.send(whole + whole + whole[:5])
    silent.send(whole[:5])
    await waiting(running, 1)
    for _ in range(20):
        clock.advance(50)
        await asyncio.sleep(0)
    assert running.server.connection_count == 2
    running.server.gate.resume()
    waits.send(whole[5:])
    silent.send(whole[5:])
    for peer, count in ((waits, 3), (silent, 1)):
        for _ in range(count):
            assert (await peer.frame())[2] == VERSION
    clock.advance(61)
    assert await running.events.reasons(2) == ["idle for 60 s"] * 2


async def test_after_the_gate_a_frame_has_its_time_anew(serving):
    clock = ManualClock()
    running = await serving(gated=True, clock=clock, limits=Limits(frame_time=30))
    running.server.gate.pause()
    peer = await running.peer()
    peer.send(get_version()[:5])
    await until(lambda: running.connection()._framer.pending)
    clock.advance(100)
    running.server.gate.resume()
    clock.advance(29)
    assert running.server.connection_count == 1
    clock.advance(2)
    assert await running.events.reasons() == ["a frame was not complete after 30 s"]
