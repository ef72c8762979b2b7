"""Connections and endpoints: who finds whom, how many, until when."""

import asyncio
import struct

import pytest
from server_peers import (
    CONTINUE,
    GET_CAPABILITIES,
    GET_VERSION,
    NONE,
    NORMAL,
    SHUTDOWN,
    TCP,
    TEST,
    VERSION,
    Peer,
    PlainProfile,
    Remembered,
    listening_requester,
    socket_frame,
    until,
)

from responder.core.effects import Run, Send
from responder.core.events import FaultFired, FaultMissed, InternalError
from responder.core.hooks import Hooks
from responder.core.ownership import Reset
from responder.device.provisioning import Provisioning
from responder.errors import ConfigError
from responder.server.attach import Attach
from responder.server.clock import ManualClock
from responder.server.events import DeviceReset
from responder.server.limits import Limits
from responder.server.listener import Listener, open_listeners
from responder.server.server import Server, ServerOptions
from responder.transport.uri import parse_uri

CAPABILITIES = 0x61
ERROR = 0x7F


async def ask(peer, message):
    """The code of the response to a message."""
    return (await peer.exchange(NORMAL, NONE, message))[2][1]


@pytest.mark.parametrize(
    ("attach", "second"),
    [(Attach.FRESH, ERROR), (Attach.STICKY, CAPABILITIES), (Attach.SHARED, CAPABILITIES)],
)
async def test_whether_spdm_state_survives_a_disconnect(serving, attach, second):
    running = await serving(attach=attach)
    first = await running.peer()
    await ask(first, GET_VERSION)
    assert await first.exchange(SHUTDOWN, NONE) == (SHUTDOWN, NONE, b"")
    await running.events.reasons()
    assert await ask(await running.peer(), GET_CAPABILITIES) == second


@pytest.mark.parametrize(
    ("attach", "second"),
    [(Attach.FRESH, ERROR), (Attach.STICKY, ERROR), (Attach.SHARED, CAPABILITIES)],
)
async def test_whether_connections_at_the_same_time_share_spdm_state(serving, attach, second):
    running = await serving(attach=attach)
    first, other = await running.peer(), await running.peer()
    await ask(first, GET_VERSION)
    assert await ask(other, GET_CAPABILITIES) == second


@pytest.mark.parametrize("attach", Attach)
@pytest.mark.parametrize(
    ("reset", "second"), [(Reset.CONVENTIONAL, ERROR), (Reset.FUNCTION_LEVEL, CAPABILITIES)]
)
async def test_a_reset_reaches_every_endpoint(serving, attach, reset, second):
    running = await serving(attach=attach)
    peer = await running.peer()
    await ask(peer, GET_VERSION)
    running.server.reset(reset)
    assert await ask(peer, GET_CAPABILITIES) == second
    assert [e.reset for e in running.events.of(DeviceReset)] == [reset.value]


async def test_a_reset_reaches_an_endpoint_that_was_left(serving):
    running = await serving(attach=Attach.STICKY)
    first = await running.peer()
    await ask(first, GET_VERSION)
    first.writer.close()
    await running.events.reasons()
    running.server.reset(Reset.CONVENTIONAL)
    assert await ask(await running.peer(), GET_CAPABILITIES) == ERROR


async def test_a_reset_whose_new_state_cannot_be_kept_says_so(serving, monkeypatch):
    running = await serving()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Provisioning, "reset", full)
    running.server.reset(Reset.CONVENTIONAL)
    (told,) = running.events.of(DeviceReset)
    assert told.trouble == "what waited for it still waits: No space left on device"


async def test_sticky_finds_the_endpoint_that_was_left_last(serving):
    running = await serving(attach=Attach.STICKY)
    versioned, negotiated = await running.peer(), await running.peer()
    await ask(versioned, GET_VERSION)
    await ask(negotiated, GET_VERSION)
    await ask(negotiated, GET_CAPABILITIES)
    versioned.writer.close()
    await running.events.reasons(1)
    negotiated.writer.close()
    await running.events.reasons(2)
    again = [await running.peer() for _ in range(3)]
    altered = GET_CAPABILITIES[:-1] + b"\1"
    assert await ask(again[0], altered) == ERROR
    assert await ask(again[1], GET_CAPABILITIES) == CAPABILITIES
    assert await ask(again[2], GET_CAPABILITIES) == ERROR


async def test_nonces_come_from_the_seed_and_the_connection(serving):
    """The same seed and ordinal give the same randomness, whatever idle peers there were."""
    from responder.crypto.random_tree import RandomTree

    running = await serving()
    seen = []
    made = running.server._make_endpoint
    running.server._attachments._make = lambda ordinal: seen.append(ordinal) or made(ordinal)
    await running.peer()
    await ask(await running.peer(), GET_VERSION)
    await ask(await running.peer(), GET_VERSION)
    assert seen == [1, 2]
    endpoint = made(2)
    expected = RandomTree(b"test").child("connection", 2)
    assert endpoint._responder.connection.random.bytes(16) == expected.bytes(16)


async def test_connections_over_the_cap_are_closed_with_a_reason(serving):
    running = await serving(limits=Limits(max_connections=2))
    first, second = await running.peer(), await running.peer()
    await ask(first, GET_VERSION)
    await ask(second, GET_VERSION)
    third = await running.peer()
    assert await third.rest() == b""
    assert await running.events.reasons() == ["there are 2 connections already"]
    first.writer.close()
    await running.events.reasons(2)
    assert await ask(await running.peer(), GET_VERSION) == 0x04


async def test_several_listeners_and_unix_sockets(serving, tmp_path):
    running = await serving(
        "spdm-emu+mctp://127.0.0.1:0", "dsp0287://127.0.0.1:0", f"spdm-emu+unix:{tmp_path}/s"
    )
    assert len({endpoint.port for endpoint in running.endpoints[:2]} - {0}) == 2
    mctp, tcp, unix = [await running.peer(index) for index in range(3)]
    assert (await mctp.exchange(NORMAL, 1, b"\5" + GET_VERSION))[2] == b"\5" + VERSION
    tcp.send(bytes.fromhex("06000105") + GET_VERSION)
    assert await tcp.bytes(14) == bytes.fromhex("0c000105") + VERSION
    assert await ask(unix, GET_VERSION) == 0x04
    await running.server.stop("enough")
    assert list(tmp_path.iterdir()) == []


async def finishes(running):
    async with asyncio.timeout(10):
        await running.server.finished()


async def test_once_ends_with_the_first_connection_that_asked_for_something(serving):
    running = await serving(once=True)
    probe, hello, real = [await running.peer() for _ in range(3)]
    await hello.exchange(TEST, NONE)
    probe.writer.close()
    hello.writer.close()
    await running.events.reasons(2)
    assert not running.server._finished.is_set()
    await ask(real, GET_VERSION)
    real.writer.close()
    await finishes(running)
    with pytest.raises(ConnectionRefusedError):
        await running.peer()


async def test_once_ends_with_shutdown(serving):
    running = await serving(once=True)
    await (await running.peer()).exchange(SHUTDOWN, NONE)
    await finishes(running)
    with pytest.raises(ConnectionRefusedError):
        await running.peer()


async def test_once_goes_on_after_continue(serving):
    running = await serving(once=True)
    await (await running.peer()).exchange(CONTINUE, NONE)
    await running.events.reasons()
    assert not running.server._finished.is_set()
    await (await running.peer()).exchange(SHUTDOWN, NONE)
    await finishes(running)


class SlowCore:
    """A responder whose answers are made in a thread, when the test says so."""

    def __init__(self, *_):
        self.release = SlowCore.gate

    def opened(self):
        pass

    def closed(self):
        pass

    def receive(self, data, now, *, padding=0, secured=None):  # noqa: ARG002
        return [Run(1, self.release.wait)]

    def complete(self, job, result, now):  # noqa: ARG002
        return [Send(b"done")]


@pytest.fixture
def slow_core(monkeypatch):
    """Replaces the core; gives the event that lets its jobs end."""
    import threading

    gate = threading.Event()
    monkeypatch.setattr(SlowCore, "gate", gate, raising=False)
    monkeypatch.setattr("responder.core.responder.Responder", SlowCore)
    yield gate
    gate.set()


async def test_a_stop_waits_for_answers_under_way(serving, slow_core):
    running = await serving()
    busy, idle, half = [await running.peer() for _ in range(3)]
    half.send(socket_frame(NORMAL, NONE, GET_VERSION)[:7])
    busy.send(socket_frame(NORMAL, NONE, GET_VERSION))
    await running.events.wait_for(object)
    stopping = asyncio.create_task(running.server.stop("SIGTERM was received"))
    assert await idle.rest() == b""
    assert await half.rest() == b""
    slow_core.set()
    assert await busy.frame() == (NORMAL, NONE, b"done")
    assert await busy.rest() == b""
    await stopping
    assert set(await running.events.reasons(3)) == {"SIGTERM was received"}


async def test_a_stop_does_not_wait_for_ever(serving, slow_core):
    clock = ManualClock()
    running = await serving(clock=clock, limits=Limits(drain_time=5))
    peer = await running.peer()
    peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    await running.events.wait_for(object)
    stopping = asyncio.create_task(running.server.stop("SIGTERM was received"))
    await asyncio.sleep(0)
    clock.advance(6)
    assert await peer.rest() == b""
    await stopping
    assert await running.events.reasons() == ["SIGTERM was received, and the time to drain is over"]


async def test_a_peer_that_leaves_during_a_job(serving, slow_core):
    running = await serving(attach=Attach.SHARED)
    first, second = await running.peer(), await running.peer()
    first.send(socket_frame(NORMAL, NONE, GET_VERSION))
    await running.events.wait_for(object)
    first.reset()
    await running.events.reasons()
    second.send(socket_frame(NORMAL, NONE, GET_VERSION))
    slow_core.set()
    assert await second.frame() == (NORMAL, NONE, b"done")


class BrokenCore(SlowCore):
    """A responder with a defect."""

    def receive(self, data, now, *, padding=0, secured=None):  # noqa: ARG002
        raise ZeroDivisionError("defect")


async def test_a_defect_of_the_core_ends_the_connection_only(serving, monkeypatch):
    monkeypatch.setattr(SlowCore, "gate", None, raising=False)
    monkeypatch.setattr("responder.core.responder.Responder", BrokenCore)
    running = await serving()
    peer = await running.peer()
    peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    assert await peer.rest() == b""
    (error,) = running.events.of(InternalError)
    assert (error.code, "ZeroDivisionError" in error.traceback) == (0x84, True)
    assert (await (await running.peer()).exchange(TEST, NONE))[0] == TEST


async def test_calling_a_requester_begins_with_a_role_inquiry(serving):
    """As the reference emulator does with --tcp_sub RI: four bare bytes, then its protocol."""
    running = await serving()
    seen = asyncio.get_running_loop().create_future()

    async def requester(reader, writer):
        peer = Peer(reader, writer)
        inquiry = await peer.bytes(4)
        hello = await peer.exchange(TEST, TCP)
        answer = await peer.exchange(NORMAL, TCP, struct.pack("<HBB", 6, 1, 5) + GET_VERSION)
        writer.close()
        seen.set_result((inquiry.hex(), hello[2], answer[2][4:]))

    async with listening_requester(requester) as port:
        await running.server.call(parse_uri(f"spdm-emu+tcp://127.0.0.1:{port}"))
        async with asyncio.timeout(10):
            assert await seen == ("000001bf", b"Server Hello!\0", VERSION)


async def test_two_hundred_connections_at_once(serving):
    running = await serving()

    async def converse():
        peer = await running.peer()
        codes = [await ask(peer, message) for message in (GET_VERSION, GET_CAPABILITIES)]
        return tuple(codes)

    assert set(await asyncio.gather(*(converse() for _ in range(200)))) == {(0x04, CAPABILITIES)}
    assert running.server.connection_count == 200


async def test_servers_that_share_a_listener_get_their_share(serving):
    """Two that would be two processes: each accepts one connection in its turn, not all."""
    first = await serving(shared=True)
    (endpoint,) = first.endpoints
    (listening,) = first.server._listeners
    second = Server(PlainProfile(), ServerOptions(seed=b"other", shared=True), Remembered())
    await second.start([Listener(endpoint, listening.socket.dup(), owned=False)])
    peers = [first.blocking_socket() for _ in range(20)]
    await until(lambda: first.server.connection_count + second.connection_count == len(peers))
    assert min(first.server.connection_count, second.connection_count) >= len(peers) // 4
    second.abort("the test is over")
    await second.stop("the test is over")
    for peer in peers:
        peer.close()


REFUSED = FaultFired("sock.refuse", "connection", "nobody listens")


class Refusing(Hooks):
    """Listens to nobody."""

    asked = 0

    def accepts(self, link):
        type(self).asked += 1
        link.evidence.append(REFUSED)
        return False


async def test_a_profile_may_refuse_all_connections(serving, tmp_path, monkeypatch):
    monkeypatch.setattr(Refusing, "asked", 0)
    uris = ("spdm-emu://127.0.0.1:0", "dsp0287://127.0.0.1:0", f"spdm-emu+unix:{tmp_path}/s")
    running = await serving(*uris, profile=PlainProfile(hooks_class=Refusing))
    assert Refusing.asked == 1
    assert [(n, event) for _, n, event in running.events.entries] == [(0, REFUSED)]
    assert all(endpoint.port for endpoint in running.endpoints[:2])
    for index in range(len(uris)):
        with pytest.raises(ConnectionRefusedError):
            await running.peer(index)
    await running.server.stop("enough")
    assert list(tmp_path.iterdir()) == []


async def test_faults_that_never_struck_are_told_once_at_the_end(serving):
    missed = [FaultMissed("f", "CHALLENGE: slot_id 1, wanted 0"), FaultMissed("g", "")]
    running = await serving(profile=PlainProfile(missing=missed))
    peer = await running.peer()
    await ask(peer, GET_VERSION)
    assert running.events.of(FaultMissed) == []
    for _ in range(2):
        await running.server.stop("enough")
    assert [(n, event) for _, n, event in running.events.entries[-2:]] == [(0, e) for e in missed]
    assert running.events.of(FaultMissed) == missed


async def test_all_connections_draw_from_one_branch(serving):
    """Whatever its connections are numbered: the fault engine keeps them apart itself."""
    given = []

    class Curious(PlainProfile):
        def hooks(self, random):
            given.append(random)
            return super().hooks(random)

    running = await serving(profile=Curious())
    for _ in range(2):
        await ask(await running.peer(), GET_VERSION)
    assert len(given) == 3
    assert all(branch is given[0] for branch in given)


async def test_a_profile_without_a_function_is_no_device_for_a_machine(serving, tmp_path):
    server = (await serving()).server
    (listener,) = open_listeners([parse_uri(f"vfio-user:{tmp_path}/s")], allow_remote=False)
    with pytest.raises(ConfigError, match=r"vfio-user:.*no PCI Express function"):
        await server.start([listener])
    listener.close()
    with pytest.raises(ConfigError, match="nobody can be called there"):
        await server.call(parse_uri("vfio-user:/x"))
