"""What hooks do to a transport connection, as a peer on a real socket sees it."""

import asyncio

import pytest
from server_peers import (
    CONTINUE,
    DOE,
    GET_VERSION,
    MCTP,
    NONE,
    NORMAL,
    SHUTDOWN,
    TCP,
    TEST,
    VERSION,
    PlainProfile,
    doe,
    listening_requester,
    socket_frame,
    until,
)

from responder.core.effects import Close
from responder.core.events import FaultFired, InternalError, RequestReceived, ResponseSent
from responder.core.hooks import Hang, Hooks, Write
from responder.server.clock import ManualClock
from responder.server.events import PeerIgnored
from responder.server.limits import Limits
from responder.transport.uri import parse_uri
from responder.wire.frames import LAYERS, layers_of

FRAME = socket_frame(NORMAL, NONE, GET_VERSION)
ANSWER = socket_frame(NORMAL, NONE, VERSION)
TCP_URI = "dsp0287://127.0.0.1:0"
TCP_REQUEST = bytes.fromhex("06000105") + GET_VERSION


def profile_with(frame=None, accepted=None):
    """A profile whose link hooks are these functions of the frame, or of nothing."""

    class Scripted(Hooks):
        def frame(self, link, given):
            return super().frame(link, given) if frame is None else frame(given)

        def accepted(self, link):
            return super().accepted(link) if accepted is None else accepted()

    return PlainProfile(hooks_class=Scripted)


def pending(clock):
    """How many calls a clock has still to make."""
    return sum(not planned.cancelled for _, _, planned in clock._planned)


def ignored(running):
    return [event.reason for event in running.events.of(PeerIgnored)]


async def test_without_faults_nothing_of_this_runs(serving, monkeypatch):
    def never(*_, **__):
        raise AssertionError("called without a fault")

    for name in ("HookedLink", "Frame", "Later"):
        monkeypatch.setattr(f"responder.server.connection.{name}", never)
    monkeypatch.setattr(Hooks, "frame", never)
    monkeypatch.setattr(Hooks, "accepted", never)
    running = await serving()
    peer = await running.peer()
    await peer.exchange(TEST, NONE)
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION
    await peer.exchange(SHUTDOWN, NONE)
    assert await running.events.reasons() == ["the peer asked for shutdown"]


SEEN = [
    (socket_frame(NORMAL, NONE, GET_VERSION), ("none", "spdm")),
    (socket_frame(NORMAL, MCTP, b"\5" + GET_VERSION), ("mctp", "spdm")),
    (socket_frame(NORMAL, DOE, doe(1, GET_VERSION)), ("doe", "spdm")),
    (socket_frame(NORMAL, TCP, TCP_REQUEST), ("tcp", "spdm")),
    (socket_frame(NORMAL, DOE, doe(0, bytes(4))), ("doe", "discovery")),
    (socket_frame(NORMAL, DOE, doe(2, bytes(16))), ("doe", "command")),
    (socket_frame(NORMAL, TCP, bytes.fromhex("000001bf")), ("tcp", "command")),
    (socket_frame(TEST, DOE, b"hello"), ("doe", "command")),
    (socket_frame(TEST, 77, b"hello"), ("none", "command")),
    (socket_frame(0x8001, MCTP, bytes(4)), ("mctp", "command")),
    (socket_frame(SHUTDOWN, MCTP), ("mctp", "command")),
    (socket_frame(CONTINUE, DOE), ("doe", "command")),
    (socket_frame(0x1234, TCP), ("tcp", "command")),
]


@pytest.mark.parametrize(("request_frame", "told"), SEEN, ids=lambda one: str(one)[:40])
async def test_every_frame_on_the_socket_protocol_passes_by(serving, request_frame, told):
    frames = []
    running = await serving(profile=profile_with(lambda f: frames.append(f) or [Write(f.data)]))
    peer = await running.peer()
    peer.send(request_frame)
    command, transport, payload = await peer.frame()
    (frame,) = frames
    assert (frame.framing, frame.binding, frame.kind) == ("spdm-emu", *told)
    assert frame.data == socket_frame(command, transport, payload)
    assert innermost(frame) == {"spdm": VERSION, "discovery": b""}.get(frame.kind, payload)


def innermost(frame):
    """What the last of a frame's layers carries, without the padding of a data object."""
    data = frame.data
    for name in layers_of(frame.framing, frame.binding, frame.kind):
        record = LAYERS[name].parse(data)
        data = getattr(record, "payload", b"")
    return data[: len(VERSION)] if frame.kind == "spdm" else data


@pytest.mark.parametrize(
    ("request_frame", "kind"),
    [
        (TCP_REQUEST, "spdm"),
        (bytes.fromhex("000001bf"), "command"),
        (bytes.fromhex("06000107") + GET_VERSION, "command"),
    ],
)
async def test_every_frame_of_dsp0287_passes_by(serving, request_frame, kind):
    frames = []
    profile = profile_with(lambda f: frames.append(f) or [Write(f.data)])
    peer = await (await serving(TCP_URI, profile=profile)).peer()
    peer.send(request_frame)
    first = await peer.bytes(4)
    (frame,) = frames
    assert (frame.framing, frame.binding, frame.kind) == ("dsp0287", "tcp", kind)
    assert frame.data[:4] == first


async def test_a_greeting_passes_by_as_bare_dsp0287(serving):
    running = await serving(profile=profile_with(lambda f: [Write(f.framing[:5].encode())]))
    seen = asyncio.get_running_loop().create_future()

    async def requester(reader, writer):
        seen.set_result(await reader.readexactly(5))
        writer.close()

    async with listening_requester(requester) as port:
        await running.server.call(parse_uri(f"spdm-emu+tcp://127.0.0.1:{port}"))
        async with asyncio.timeout(10):
            assert await seen == b"dsp02"


async def test_evidence_comes_before_what_the_peer_sees(serving):
    fired = FaultFired("f", "frame", "")

    class Witness(Hooks):
        def frame(self, link, frame):
            link.evidence.append(fired)
            return super().frame(link, frame)

    clock = ManualClock()
    running = await serving(profile=PlainProfile(hooks_class=Witness), clock=clock)
    peer = await running.peer()
    clock.advance(7)
    await peer.exchange(NORMAL, NONE, GET_VERSION)
    assert [entry for entry in running.events.entries if entry[2] is fired] == [(7.0, 1, fired)]


async def test_an_answer_in_drops_comes_on_the_clock(serving):
    clock = ManualClock()
    drops = profile_with(lambda f: [Write(bytes([byte]), 0.5) for byte in f.data])
    running = await serving(profile=drops, clock=clock)
    peer = await running.peer()
    peer.send(FRAME)
    await running.events.wait_for(ResponseSent)
    for byte in ANSWER:
        assert peer.reader._buffer == b""
        clock.advance(0.5)
        assert await peer.bytes(1) == bytes([byte])
    assert pending(clock) == 0


async def test_requests_are_read_while_an_answer_drips_and_nothing_overtakes(serving):
    clock = ManualClock()
    slow = profile_with(lambda f: [Write(f.data[:5]), Write(f.data[5:], 1.0)])
    running = await serving(profile=slow, clock=clock)
    peer = await running.peer()
    peer.send(FRAME + socket_frame(TEST, MCTP))
    assert await peer.bytes(5) == ANSWER[:5]
    connection = running.connection()
    await until(lambda: len(connection._link._deeds) == 3)
    clock.advance(1.0)
    hello = socket_frame(TEST, MCTP, b"Server Hello!\0")
    assert await peer.bytes(len(ANSWER)) == ANSWER[5:] + hello[:5]
    clock.advance(1.0)
    assert await peer.bytes(len(hello) - 5) == hello[5:]


async def test_a_frame_may_come_to_nothing(serving):
    silent = profile_with(lambda f: [Write(f.data)] if f.kind == "command" else [])
    peer = await (await serving(profile=silent)).peer()
    peer.send(FRAME)
    assert (await peer.exchange(TEST, NONE))[0] == TEST


@pytest.mark.parametrize("delay", [0.0, 2.0])
async def test_a_reset_after_half_an_answer(serving, delay):
    clock = ManualClock()
    deeds = [Write(ANSWER[:9]), Close("cut", "rst", delay), Write(b"never")]
    running = await serving(profile=profile_with(lambda _: deeds), clock=clock)
    peer = await running.peer()
    peer.send(FRAME)
    assert await peer.bytes(9) == ANSWER[:9]
    clock.advance(delay)
    with pytest.raises(ConnectionResetError):
        await peer.rest()
    assert await running.events.reasons() == ["cut"]
    assert ignored(running) == ["1 writes or answers that were to come later"]
    assert pending(clock) == 0


@pytest.mark.parametrize("binding", [DOE, NONE])
async def test_a_close_after_half_an_answer(serving, binding):
    cut = profile_with(lambda f: [Write(f.data[:13]), Close("cut", "fin", 1.0)])
    clock = ManualClock()
    running = await serving(profile=cut, clock=clock)
    peer = await running.peer()
    peer.send(socket_frame(NORMAL, binding, doe(1, GET_VERSION) if binding == DOE else GET_VERSION))
    assert len(await peer.bytes(13)) == 13
    clock.advance(1.0)
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["cut"]


async def test_after_a_half_close_requests_are_read_and_not_answered(serving):
    deeds = [Write(ANSWER), Close("half", "half")]
    running = await serving(profile=profile_with(lambda _: deeds))
    peer = await running.peer()
    peer.send(FRAME)
    assert await peer.rest() == ANSWER
    peer.send(FRAME * 1000)
    await peer.writer.drain()
    await running.events.wait_for(PeerIgnored)
    assert running.server.connection_count == 1
    peer.writer.write_eof()
    assert await running.events.reasons() == ["half"]
    assert len(running.events.of(RequestReceived)) == 1
    assert "after our end of the stream" in ignored(running)[0]


async def test_a_half_closed_connection_ends_with_the_server(serving):
    running = await serving(profile=profile_with(lambda _: [Close("half", "half")]))
    peer = await running.peer()
    peer.send(FRAME)
    assert await peer.rest() == b""
    await running.server.stop("enough")
    assert await running.events.reasons() == ["half"]


@pytest.mark.parametrize(("how", "error"), [("fin", None), ("rst", ConnectionResetError)])
async def test_accepted_and_hung_up(serving, how, error):
    running = await serving(profile=profile_with(accepted=lambda: [Close("no", how)]))
    with running.blocking_socket() as peer:
        if error is None:
            assert await asyncio.to_thread(peer.recv, 1) == b""
        else:
            with pytest.raises(error):
                await asyncio.to_thread(peer.recv, 1)
    assert await running.events.reasons() == ["no"]


@pytest.mark.parametrize(("how", "error"), [("fin", None), ("rst", ConnectionResetError)])
async def test_a_fin_is_none_the_less_one_if_requests_are_left_unread(serving, how, error):
    clock = ManualClock()
    deaf = profile_with(accepted=lambda: [Hang(1000.0), Close("no", how, 1.0)])
    running = await serving(profile=deaf, clock=clock)
    with running.blocking_socket() as peer:
        await until(lambda: running.server.connection_count)
        peer.sendall(FRAME)
        clock.advance(1)
        await running.events.reasons()
        if error is None:
            assert peer.recv(1) == b""
        else:
            with pytest.raises(error):
                peer.recv(1)


async def test_a_half_close_of_what_the_peer_has_reset_is_no_defect(serving):
    clock = ManualClock()
    deaf = profile_with(accepted=lambda: [Hang(1000.0), Close("half", "half", 1.0), Close("end")])
    running = await serving(profile=deaf, clock=clock)
    peer = await running.peer()
    await until(lambda: running.server.connection_count)
    peer.reset()
    await until(peer.writer.transport.is_closing)
    await asyncio.sleep(0)
    clock.advance(1)
    assert await running.events.reasons() == ["end"]
    assert running.events.of(InternalError) == []


async def test_bytes_that_nobody_asked_for_on_arrival(serving):
    clock = ManualClock()
    early = profile_with(accepted=lambda: [Write(b"early"), Write(b"later", 3.0)])
    peer = await (await serving(profile=early, clock=clock)).peer()
    assert await peer.bytes(5) == b"early"
    clock.advance(3.0)
    assert await peer.bytes(5) == b"later"
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


async def test_nothing_is_read_during_a_hang(serving):
    """A window that fills: what the peer can send is bounded by the kernel's buffers."""
    clock = ManualClock()
    running = await serving(profile=profile_with(accepted=lambda: [Hang(30.0)]), clock=clock)
    with running.blocking_socket() as peer:
        peer.setblocking(False)
        await until(lambda: running.server.connection_count)
        stuck, sent = 0, 0
        while stuck < 50:
            try:
                sent += peer.send(FRAME * 1000)
                stuck = 0
            except BlockingIOError:
                stuck += 1
            await asyncio.sleep(0)
        assert running.events.of(RequestReceived) == []
        clock.advance(29)
        assert not running.connection()._reading
        clock.advance(1)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            assert (await loop.sock_recv(peer, 1 << 16)).startswith(ANSWER)


async def test_frames_that_had_come_before_a_hang_wait_too(serving):
    clock = ManualClock()
    hang = profile_with(lambda f: [Write(f.data), Hang(30.0)])
    running = await serving(profile=hang, clock=clock)
    peer = await running.peer()
    peer.send(FRAME * 2)
    assert await peer.bytes(len(ANSWER)) == ANSWER
    await until(lambda: not running.connection()._reading)
    assert len(running.events.of(RequestReceived)) == 1
    clock.advance(30)
    assert await peer.bytes(len(ANSWER)) == ANSWER


async def test_our_hang_is_not_the_peers_slowness(serving):
    clock = ManualClock()
    hang = profile_with(lambda f: [Write(f.data), Hang(100.0)])
    limits = Limits(frame_time=30, idle_timeout=60)
    running = await serving(profile=hang, clock=clock, limits=limits)
    peer = await running.peer()
    peer.send(FRAME + FRAME[:5])
    assert await peer.bytes(len(ANSWER)) == ANSWER
    clock.advance(129)
    assert running.server.connection_count == 1
    clock.advance(2)
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["a frame was not complete after 30 s"]


async def test_a_close_that_the_peer_asked_for_waits_for_what_is_to_be_written(serving):
    clock = ManualClock()
    slow = profile_with(lambda f: [Write(f.data), Write(b"", 5.0)])
    running = await serving(profile=slow, clock=clock)
    peer = await running.peer()
    peer.send(socket_frame(SHUTDOWN, NONE) + FRAME)
    assert await peer.frame() == (SHUTDOWN, NONE, b"")
    clock.advance(4)
    assert running.server.connection_count == 1
    clock.advance(1)
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["the peer asked for shutdown"]
    assert running.events.of(RequestReceived) == []


async def test_what_is_pending_goes_with_the_connection(serving):
    clock = ManualClock()
    slow = profile_with(lambda f: [Write(f.data, 60.0), Hang(0.0), Close("late", delay=60.0)])
    running = await serving(profile=slow, clock=clock)
    peer = await running.peer()
    peer.send(FRAME)
    await running.events.wait_for(ResponseSent)
    peer.reset()
    (reason,) = await running.events.reasons()
    assert reason.startswith("the peer closed the connection")
    assert ignored(running) == ["3 writes or answers that were to come later"]
    assert pending(clock) == 0


async def test_memory_is_bounded_while_a_peer_floods_a_stalled_connection(serving):
    clock = ManualClock()
    stalled = profile_with(lambda f: [Write(f.data, 1000.0)])
    running = await serving(profile=stalled, clock=clock)
    peer = await running.peer()
    peer.send(FRAME * 20_000)
    connection = running.connection
    await until(lambda: running.server.connection_count and not connection()._reading)
    await until(lambda: connection()._link.enough)
    assert len(connection()._link._deeds) < 1000


async def test_a_bad_frame_is_answered_after_what_waits(serving):
    clock = ManualClock()
    slow = profile_with(lambda f: [Write(f.data, 2.0)])
    running = await serving(TCP_URI, profile=slow, clock=clock)
    peer = await running.peer()
    peer.send(TCP_REQUEST + bytes.fromhex("06000107"))
    await running.events.wait_for(ResponseSent)
    clock.advance(2)
    answer = bytes.fromhex("0c000105") + VERSION
    assert await peer.bytes(len(answer)) == answer
    await until(lambda: running.connection()._link.pending)
    clock.advance(2)
    assert await peer.rest() == bytes.fromhex("000001c1")
    assert (await running.events.reasons())[0].startswith("bad frame: ")


async def test_a_peer_that_sends_no_more_gets_its_slow_answer(serving):
    clock = ManualClock()
    slow = profile_with(lambda f: [Write(f.data, 3.0)])
    running = await serving(profile=slow, clock=clock, limits=Limits(drain_time=5))
    peer = await running.peer()
    peer.send(FRAME)
    peer.writer.write_eof()
    await until(lambda: running.server.connection_count and running.connection()._left_at == 0)
    clock.advance(3)
    assert await peer.rest() == ANSWER
    assert await running.events.reasons() == ["the peer closed the connection"]


@pytest.mark.parametrize("end", ["time", "stop"])
async def test_a_peer_that_sends_no_more_is_not_waited_for_long(serving, end):
    clock = ManualClock()
    slow = profile_with(lambda f: [Write(f.data, 60.0)])
    running = await serving(profile=slow, clock=clock, limits=Limits(drain_time=5))
    peer = await running.peer()
    peer.send(FRAME)
    await running.events.wait_for(ResponseSent)
    peer.writer.write_eof()
    await until(lambda: running.connection()._left_at == 0)
    if end == "stop":
        await running.server.stop("enough")
    else:
        clock.advance(5)
    assert await running.events.reasons() == ["the peer closed the connection"]
    assert ignored(running) == ["1 writes or answers that were to come later"]
    assert pending(clock) == 0


async def stopped_between_two_pieces(serving, clock, delay):
    """A server that is told to stop when the second piece of its answer waits for ``delay``."""
    profile = profile_with(lambda f: [Write(f.data[:4]), Write(f.data[4:], delay)])
    running = await serving(profile=profile, clock=clock, limits=Limits(drain_time=5))
    peer = await running.peer()
    peer.send(FRAME)
    await peer.bytes(4)
    stopping = asyncio.create_task(running.server.stop("enough"))
    await asyncio.sleep(0)
    assert not stopping.done()
    return running, peer, stopping


async def test_a_stop_waits_for_deeds_no_longer_than_it_waits_for_answers(serving):
    clock = ManualClock()
    running, peer, stopping = await stopped_between_two_pieces(serving, clock, 60.0)
    clock.advance(5)
    await stopping
    assert await peer.rest() == b""
    assert await running.events.reasons() == ["enough, and the time to drain is over"]
    assert pending(clock) == 0


async def test_a_stop_lets_a_short_drip_end(serving):
    _, peer, stopping = await stopped_between_two_pieces(serving, clock := ManualClock(), 2.0)
    clock.advance(2)
    assert await peer.rest() == ANSWER[4:]
    await stopping


async def test_a_defect_in_an_accepted_hook_ends_the_connection_only(serving):
    calls = []

    def accepted():
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError("defect")
        return []

    running = await serving(profile=profile_with(accepted=accepted))
    assert await (await running.peer()).rest() == b""
    assert await running.events.reasons() == ["internal error: ZeroDivisionError: defect"]
    assert (await (await running.peer()).exchange(TEST, NONE))[0] == TEST


async def test_unix_sockets_too(serving, tmp_path):
    cut = profile_with(lambda f: [Write(f.data[:9]), Close("cut", "rst")])
    running = await serving(f"spdm-emu+unix:{tmp_path}/s", profile=cut)
    peer = await running.peer()
    peer.send(FRAME)
    assert await peer.rest() == ANSWER[:9]
