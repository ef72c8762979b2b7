"""An endpoint does what its core wants done, for the peer that asked."""

import asyncio
import threading

import pytest

from responder.core.effects import ArmTimer, Close, Emit, Run, Send
from responder.core.events import FaultFired, InternalError, RequestReceived, ResponseSent
from responder.core.hooks import Hooks
from responder.server.clock import ManualClock
from responder.server.endpoint import SpdmEndpoint


class ScriptedCore:
    """Gives the effects that a test has written down for each message."""

    def __init__(self, **effects):
        self.effects = effects
        self.calls = []

    def opened(self):
        self.calls.append("opened")

    def closed(self):
        self.calls.append("closed")

    def receive(self, data, now, *, padding=0, secured=None):  # noqa: ARG002
        self.calls.append(("receive", data, now, padding))
        return self.effects.get(data.decode(), [])

    def expire(self, name, now):
        self.calls.append(("expire", name, now))
        return self.effects.get(name, [])

    def complete(self, job, result, now):
        self.calls.append(("complete", job, result, now))
        return self.effects.get(f"job{job}", [])

    def use(self, hooks):
        self.calls.append(("use", hooks))


class RecordingPeer:
    """Remembers what an endpoint does to it."""

    def __init__(self, hooks=None):
        self.hooks = hooks or Hooks()
        self.log = []

    def send(self, message, *, secured):
        self.log.append(("send", message, secured))

    def close(self, reason, how="fin"):
        self.log.append(("close", reason, how))

    def later(self, delay, action):
        self.log.append(("later", delay, action))

    def emit(self, event, at=None):  # noqa: ARG002
        self.log.append(("emit", event))

    def answered(self):
        self.log.append("answered")


def endpoint_with(core, clock=None):
    alone = []
    return SpdmEndpoint(core, clock or ManualClock(), alone.append), alone


FIRED = FaultFired("f", "draft", "")


def test_effects_in_order_with_events_first():
    """What a peer has seen is in the journal: events come before what is sent."""
    core = ScriptedCore(m=[Send(b"1"), Emit(FIRED), Send(b"2", secured=True), Close("why")])
    endpoint, _ = endpoint_with(core)
    peer = RecordingPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 3)
    assert peer.log == [
        ("emit", FIRED),
        ("send", b"1", False),
        ("send", b"2", True),
        ("close", "why", "fin"),
        "answered",
    ]
    assert core.calls == ["opened", ("receive", b"m", 0.0, 3)]


def test_a_request_was_received_before_the_core_worked_on_it():
    clock = ManualClock()
    told = []

    class SlowCore(ScriptedCore):
        def receive(self, *arguments, **options):
            clock.advance(1.5)
            return super().receive(*arguments, **options)

    class TimedPeer(RecordingPeer):
        def emit(self, event, at=None):
            told.append((clock.now() if at is None else at, type(event)))

    core = SlowCore(m=[Emit(RequestReceived(0x84, b"m")), Emit(ResponseSent(0x04, b"a"))])
    endpoint, _ = endpoint_with(core, clock)
    peer = TimedPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 0)
    assert told == [(0.0, RequestReceived), (1.5, ResponseSent)]


def test_a_timer_fires_once_at_its_virtual_time_for_the_peer_that_asked_last():
    clock = ManualClock()
    core = ScriptedCore(m=[ArmTimer("t", 5.0)], n=[ArmTimer("t", 7.0)], t=[Send(b"late")])
    endpoint, _ = endpoint_with(core, clock)
    first, second = RecordingPeer(), RecordingPeer()
    endpoint.attach(first)
    endpoint.attach(second)
    endpoint.submit(second, b"m", 0)
    endpoint.submit(second, b"n", 0)
    clock.advance(6)
    assert ("expire", "t", 5.0) not in core.calls
    clock.advance(10)
    assert [call for call in core.calls if call[0] == "expire"] == [("expire", "t", 7.0)]
    assert second.log[-1] == ("send", b"late", False)
    assert first.log == []


@pytest.mark.parametrize("final", [True, False])
def test_timers_outlive_a_peer_only_if_the_endpoint_does(final):
    clock = ManualClock()
    core = ScriptedCore(m=[ArmTimer("t", 5.0)], t=[Emit(FIRED), Send(b"to nobody")])
    endpoint, alone = endpoint_with(core, clock)
    peer = RecordingPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 0)
    endpoint.detach(peer, final=final)
    clock.advance(10)
    assert alone == ([] if final else [FIRED])
    assert core.calls[2] == "closed"


async def until_answered(peer, count=1):
    async with asyncio.timeout(10):
        while peer.log.count("answered") < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_requests_wait_while_a_job_runs_in_its_thread():
    gate = threading.Event()
    threads = []

    def work():
        threads.append(threading.current_thread())
        gate.wait()
        return 42

    core = ScriptedCore(m=[Run(1, work)], job1=[Send(b"made")], n=[Send(b"next")])
    endpoint, _ = endpoint_with(core)
    first, second = RecordingPeer(), RecordingPeer()
    endpoint.attach(first)
    endpoint.attach(second)
    endpoint.submit(first, b"m", 0)
    endpoint.submit(second, b"n", 0)
    assert (first.log, second.log) == ([], [])
    gate.set()
    await until_answered(second)
    assert first.log == [("send", b"made", False), "answered"]
    assert second.log == [("send", b"next", False), "answered"]
    assert ("complete", 1, 42, 0.0) in core.calls
    assert threads[0] is not threading.current_thread()


async def test_a_job_whose_peer_has_left_goes_to_nobody():
    gate = threading.Event()
    core = ScriptedCore(m=[Run(1, gate.wait)], job1=[Send(b"made"), Emit(FIRED)])
    endpoint, alone = endpoint_with(core)
    gone, stays = RecordingPeer(), RecordingPeer()
    endpoint.attach(gone)
    endpoint.attach(stays)
    endpoint.submit(gone, b"m", 0)
    endpoint.detach(gone, final=False)
    endpoint.submit(stays, b"x", 0)
    gate.set()
    await until_answered(stays)
    assert gone.log == []
    assert stays.log == ["answered"]
    assert alone == [FIRED]


async def test_a_job_that_fails_ends_the_connection():
    core = ScriptedCore(m=[Run(1, lambda: 1 // 0)])
    endpoint, _ = endpoint_with(core)
    peer = RecordingPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 0)
    await until_answered(peer)
    assert isinstance(peer.log[0][1], InternalError)
    assert peer.log[1][0] == "close"
    assert "ZeroDivisionError" in peer.log[1][1]


def test_a_defect_that_the_core_reports_ends_the_connection_after_its_answer():
    report = InternalError(0x84, "traceback")
    core = ScriptedCore(m=[Emit(report), Send(b"unspecified")])
    endpoint, _ = endpoint_with(core)
    peer = RecordingPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 0)
    assert peer.log == [
        ("emit", report),
        ("send", b"unspecified", False),
        ("close", "internal error", "fin"),
        "answered",
    ]


class BrokenCore(ScriptedCore):
    def closed(self):
        raise KeyError("defect")

    def expire(self, name, now):  # noqa: ARG002
        raise KeyError("defect")


def test_defects_in_timers_and_farewells_are_told_and_survived():
    clock = ManualClock()
    endpoint, alone = endpoint_with(BrokenCore(m=[ArmTimer("t", 1.0)]), clock)
    peer = RecordingPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 0)
    clock.advance(2)
    assert [entry[0] for entry in peer.log if entry != "answered"] == ["emit", "close"]
    endpoint.detach(peer, final=True)
    assert "KeyError" in alone[0].traceback


def test_effects_with_a_delay_are_left_to_the_peer():
    core = ScriptedCore(
        m=[Send(b"late", delay=3.0), Close("cut", "rst", 4.0), Close("now", "half")]
    )
    endpoint, _ = endpoint_with(core)
    peer = RecordingPeer()
    endpoint.attach(peer)
    endpoint.submit(peer, b"m", 0)
    (_, three, send), (_, four, close), *rest = peer.log
    assert (three, four) == (3.0, 4.0)
    assert rest == [("close", "now", "half"), "answered"]
    send()
    close()
    assert peer.log[4:] == [("send", b"late", False), ("close", "cut", "rst")]


class OtherHooks(Hooks):
    """Hooks that are not the default."""


def test_the_default_hooks_are_never_handed_to_the_core():
    core = ScriptedCore()
    endpoint, _ = endpoint_with(core)
    for peer in (RecordingPeer(), RecordingPeer()):
        endpoint.attach(peer)
        endpoint.submit(peer, b"m", 0)
        endpoint.detach(peer, final=False)
    assert [call for call in core.calls if call[0] == "use"] == []


def test_the_core_meets_the_hooks_of_the_peer_that_it_is_called_for():
    clock = ManualClock()
    core = ScriptedCore(m=[ArmTimer("t", 5.0)])
    endpoint, _ = endpoint_with(core, clock)
    one, two, plain = OtherHooks(), OtherHooks(), Hooks()
    first, second, third = (RecordingPeer(hooks) for hooks in (one, two, plain))
    for peer in (first, second, third):
        endpoint.attach(peer)
    for peer, message in ((first, b"m"), (first, b"x"), (second, b"x"), (third, b"x")):
        endpoint.submit(peer, message, 0)
    clock.advance(5)
    endpoint.detach(third, final=False)
    calls = [call for call in core.calls if call != "opened"]
    told = [call[0] if call[0] in ("receive", "expire") else call for call in calls]
    assert told == [
        ("use", one),
        ("use", two),
        ("use", plain),
        ("use", one), "receive", "receive",
        ("use", two), "receive",
        ("use", plain), "receive",
        ("use", one), "expire",
        ("use", plain), "closed",
    ]  # fmt: skip


def test_a_timer_speaks_to_the_peer_that_it_was_armed_for():
    clock = ManualClock()
    core = ScriptedCore(m=[ArmTimer("t", 5.0), ArmTimer("u", 9.0)], t=[Send(b"t")], u=[Send(b"u")])
    endpoint, _ = endpoint_with(core, clock)
    first, second = RecordingPeer(), RecordingPeer()
    for peer, message in ((first, b"m"), (second, b"x")):
        endpoint.attach(peer)
        endpoint.submit(peer, message, 0)
    clock.advance(5)
    assert (first.log[-1], second.log) == (("send", b"t", False), ["answered"])
    endpoint.detach(first, final=False)
    clock.advance(5)
    assert second.log[-1] == ("send", b"u", False)
