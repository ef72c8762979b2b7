"""What every connection has to bear: pieces, floods, silence, and peers that go away."""

import asyncio
import socket
import statistics
import struct
import time

import pytest
from server_peers import (
    GET_VERSION,
    NONE,
    NORMAL,
    SHUTDOWN,
    TEST,
    VERSION,
    PlainProfile,
    socket_frame,
    until,
)

from responder.core.effects import Send
from responder.core.events import RequestReceived
from responder.core.hooks import Hooks, Write
from responder.server.clock import ManualClock
from responder.server.events import PeerLeft
from responder.server.limits import Limits

FRAME = socket_frame(NORMAL, NONE, GET_VERSION)
ANSWER = socket_frame(NORMAL, NONE, VERSION)


async def test_a_byte_at_a_time(serving):
    peer = await (await serving()).peer()
    peer.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in FRAME + FRAME:
        peer.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await peer.bytes(2 * len(ANSWER)) == ANSWER * 2


def exchanges_in_four_segments(peer, count):
    """Seconds of each exchange of a client that sends as spdm-emu and QEMU do, with Nagle."""
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        for segment in (FRAME[:4], FRAME[4:8], FRAME[8:12], FRAME[12:]):
            peer.sendall(segment)
        answer = b""
        while len(answer) < len(ANSWER):
            answer += peer.recv(4096)
        taken.append(time.perf_counter() - begin)
        assert answer == ANSWER
    return taken


async def test_a_frame_in_four_segments_does_not_wait_for_delayed_acks(serving):
    running = await serving()
    with running.blocking_socket() as peer:
        taken = await asyncio.to_thread(exchanges_in_four_segments, peer, 30)
    assert statistics.median(taken) < 0.010, taken


async def test_nagle_is_off_on_our_side(serving):
    running = await serving()
    await (await running.peer()).exchange(TEST, NONE)
    connection = running.connection()
    sock = connection._transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_each_frame_leaves_in_one_write(serving):
    running = await serving()
    peer = await running.peer()
    await peer.exchange(TEST, NONE)
    transport = running.connection()._transport
    written = []
    write = type(transport).write

    class Spy:
        def __getattr__(self, name):
            return getattr(transport, name)

        def write(self, data):
            written.append(bytes(data))
            write(transport, data)

    running.connection()._transport = Spy()
    await peer.exchange(NORMAL, NONE, GET_VERSION)
    assert written == [ANSWER]


async def test_pipelined_frames_are_answered_in_turn_with_other_peers(serving):
    """A peer that has sent a thousand frames does not keep others from being answered."""
    running = await serving()
    greedy, modest = await running.peer(), await running.peer()
    greedy.send(FRAME * 1000)
    await greedy.bytes(len(ANSWER))
    await modest.exchange(NORMAL, NONE, GET_VERSION)
    ordinals = [n for _, n, event in running.events.entries if isinstance(event, RequestReceived)]
    assert ordinals.index(2) < 999
    assert await greedy.bytes(999 * len(ANSWER)) == ANSWER * 999


@pytest.mark.parametrize("cut", [1, 4, 11, 12, 15])
async def test_half_a_frame_then_close(serving, cut):
    running = await serving()
    peer = await running.peer()
    peer.send(FRAME[:cut])
    peer.writer.write_eof()
    assert await peer.rest() == b""
    (reason,) = await running.events.reasons()
    assert reason.startswith("the peer closed the connection: the stream ends after")


async def test_half_closed_peers_get_their_answers(serving):
    running = await serving()
    peer = await running.peer()
    peer.send(FRAME * 50)
    peer.writer.write_eof()
    assert await peer.rest() == ANSWER * 50
    assert await running.events.reasons() == ["the peer closed the connection"]


async def test_a_frame_over_the_limit_is_refused_by_its_header(serving):
    running = await serving(limits=Limits(max_frame=100))
    peer = await running.peer()
    peer.send(FRAME + FRAME + socket_frame(NORMAL, NONE, bytes(101))[:12])
    assert await peer.rest() == ANSWER * 2
    assert await running.events.reasons() == [
        "bad frame: a payload of 101 bytes is over the limit of 100"
    ]


async def test_a_frame_at_the_limit_is_taken(serving):
    peer = await (await serving(limits=Limits(max_frame=100))).peer()
    assert (await peer.exchange(NORMAL, NONE, bytes(100)))[2][:2] == b"\x10\x7f"


async def test_idle_connections_cost_nothing_and_have_no_ordinal(serving):
    running = await serving()
    idle = [await running.peer() for _ in range(200)]
    peer = await running.peer()
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION
    assert {ordinal for _, ordinal, _ in running.events.entries} == {1}
    for one in idle:
        one.writer.close()
    assert await running.events.reasons(200) == ["the peer closed the connection"] * 200
    left = [n for _, n, event in running.events.entries if isinstance(event, PeerLeft)]
    assert set(left) == {0}


async def test_hello_alone_does_not_count(serving):
    running = await serving()
    await (await running.peer()).exchange(TEST, NONE)
    await (await running.peer()).exchange(NORMAL, NONE, GET_VERSION)
    assert {ordinal for _, ordinal, _ in running.events.entries} == {1}


async def test_a_frame_must_be_complete_in_time(serving):
    clock = ManualClock()
    running = await serving(clock=clock, limits=Limits(frame_time=30))
    peer = await running.peer()
    await peer.exchange(TEST, NONE)
    connection = running.connection()
    clock.advance(1000)
    peer.send(FRAME[:5])
    await until(lambda: connection._framer.pending == 5)
    clock.advance(29)
    peer.send(FRAME[5:9])
    await until(lambda: connection._framer.pending == 9)
    clock.advance(1.5)
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["a frame was not complete after 30 s"]


async def test_a_frame_that_is_complete_in_time_starts_the_time_anew(serving):
    clock = ManualClock()
    running = await serving(clock=clock, limits=Limits(frame_time=30))
    peer = await running.peer()
    await peer.exchange(TEST, NONE)
    connection = running.connection()
    for _ in range(4):
        peer.send(FRAME[:5])
        await until(lambda: connection._framer.pending == 5)
        clock.advance(20)
        peer.send(FRAME[5:])
        assert (await peer.frame())[2] == VERSION
    clock.advance(10_000)
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


async def test_an_idle_connection_is_closed_if_that_is_wanted(serving):
    clock = ManualClock()
    running = await serving(clock=clock, limits=Limits(idle_timeout=60))
    peer = await running.peer()
    for _ in range(3):
        await peer.exchange(NORMAL, NONE, GET_VERSION)
        clock.advance(59)
    clock.advance(2)
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["idle for 60 s"]


async def test_by_default_a_connection_may_be_idle_for_ever(serving):
    clock = ManualClock()
    peer = await (await serving(clock=clock)).peer()
    await peer.exchange(NORMAL, NONE, GET_VERSION)
    clock.advance(1e6)
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


class Talkative(Hooks):
    """Answers each request with 100 KB."""

    def message(self, exchange, message):  # noqa: ARG002
        return [Send(message + bytes(100_000))]


async def test_a_peer_that_does_not_read_is_not_read_from(serving):
    """What waits for it is bounded: one answer over the transport's buffer, and one chunk."""
    running = await serving(profile=PlainProfile(hooks_class=Talkative))
    with running.blocking_socket() as sock:
        sock.setblocking(False)
        sent = 0
        await until(lambda: running.server.connection_count)
        connection = running.connection()
        async with asyncio.timeout(20):
            while connection._reading:
                try:
                    sent += sock.send(FRAME * 64)
                except BlockingIOError:
                    await asyncio.sleep(0)
                await asyncio.sleep(0)
        assert connection._transport.get_write_buffer_size() < 64 * 1024 + 2 * 100_100
        loop, received = asyncio.get_running_loop(), 0
        sock.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(30):
            while data := await loop.sock_recv(sock, 1 << 20):
                received += len(data)
    assert received == sent // len(FRAME) * (len(ANSWER) + 100_000)


async def test_a_closing_connection_whose_peer_does_not_read_ends_in_time(serving):
    clock = ManualClock()
    profile = PlainProfile(hooks_class=Talkative)
    running = await serving(profile=profile, clock=clock, limits=Limits(frame_time=30))
    with running.blocking_socket() as sock:
        sock.setblocking(False)
        sock.send(FRAME)
        await running.events.wait_for(RequestReceived)
        connection = running.connection()
        while not connection._write_full:
            sock.send(FRAME)
            await asyncio.sleep(0)
        connection.close("for the test")
        clock.advance(31)
        assert await running.events.reasons() == ["for the test"]


async def test_a_peer_that_resets_the_connection_mid_answer(serving):
    running = await serving(profile=PlainProfile(hooks_class=Talkative))
    with running.blocking_socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(FRAME * 20)
        await running.events.wait_for(RequestReceived)
    (reason,) = await running.events.reasons()
    assert reason.startswith("the peer closed the connection")
    assert (await (await running.peer()).exchange(TEST, NONE))[0] == TEST


async def test_bytes_after_shutdown_are_not_looked_at(serving):
    running = await serving()
    peer = await running.peer()
    peer.send(socket_frame(SHUTDOWN, NONE) + FRAME)
    assert await peer.frame() == (SHUTDOWN, NONE, b"")
    assert await running.events.reasons() == ["the peer asked for shutdown"]
    assert running.events.of(RequestReceived) == []


class Faulty(Hooks):
    """A defect where the server itself calls."""

    def frame(self, link, frame):  # noqa: ARG002
        if frame.kind == "spdm":
            raise RuntimeError("defect")
        return [Write(frame.data)]


async def test_a_defect_ends_the_connection_with_a_traceback_in_the_journal(serving):
    from responder.core.events import InternalError

    running = await serving(profile=PlainProfile(hooks_class=Faulty))
    peer = await running.peer()
    peer.send(FRAME)
    assert await peer.rest() == b""
    assert "RuntimeError: defect" in running.events.of(InternalError)[0].traceback
    assert await running.events.reasons() == ["internal error: RuntimeError: defect"]
    assert (await (await running.peer()).exchange(TEST, NONE))[0] == TEST
