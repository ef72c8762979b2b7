"""The in-process channel, with a responder of effects only."""

import pytest

from responder.client.channel import ChannelError
from responder.client.drive import drive
from responder.client.inprocess import InProcessChannel
from responder.core.effects import ArmTimer, Close, Emit, Run, Send
from responder.core.events import PhaseChanged
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.profiles.load import load_profile
from responder.requester.attestation import AttestOptions, attest
from responder.requester.steps import OtherKind


class Scripted:
    """Answers every message with the next list of effects."""

    def __init__(self, *script):
        self.script = list(script)
        self.seen = []

    def opened(self):
        self.seen.append("opened")

    def closed(self):
        self.seen.append("closed")

    def receive(self, data, now, *, padding=0, secured=None):
        self.seen.append((data, now, padding) if secured is None else (data, secured))
        return self.script.pop(0)

    def expire(self, name, now):
        self.seen.append((name, now))
        return self.script.pop(0)

    def complete(self, job, result, now):
        self.seen.append((job, result, now))
        return [Send(b"done")]


EVENT = PhaseChanged("A", "B")


async def test_the_first_message_is_the_response():
    peer = Scripted([Emit(EVENT), Send(b"one"), Send(b"two")])
    channel = InProcessChannel(peer)
    assert await channel.exchange(b"ask") == b"one"
    assert channel.unasked == [b"two"]
    assert channel.events == [EVENT]
    await channel.close()
    await channel.close()
    assert peer.seen == ["opened", (b"ask", 0.0, 0), "closed"]


@pytest.mark.parametrize("secured", [True, False])
async def test_records_go_both_ways_and_the_other_kind_is_told_apart(secured):
    peer = Scripted([Send(b"answer", secured=True)])
    channel = InProcessChannel(peer)
    answer = await channel.exchange(b"ask", secured=secured)
    assert answer == b"answer"
    assert isinstance(answer, OtherKind) is not secured
    assert peer.seen[1] == ((b"ask", channel.records) if secured else (b"ask", 0.0, 0))


async def test_padding_goes_both_ways():
    peer = Scripted([Send(b"12345")])
    channel = InProcessChannel(peer, padding=3)
    assert await channel.exchange(b"abcde") == b"12345\0\0\0"
    assert peer.seen[1] == (b"abcde\0\0\0", 0.0, 3)


async def test_a_late_answer_moves_the_time():
    channel = InProcessChannel(Scripted([Send(b"late", delay=3.0)], [Send(b"prompt")]))
    assert await channel.exchange(b"ask") == b"late"
    assert channel.now == 3.0
    assert await channel.exchange(b"ask") == b"prompt"
    assert (channel.now, channel.unasked) == (3.0, [])


async def times_out(channel):
    with pytest.raises(ChannelError) as error:
        await channel.exchange(b"ask")
    assert (error.value.kind, error.value.reason) == ("timeout", "no answer within 10 s")


async def test_an_answer_that_is_too_late_comes_before_that_of_the_next_request():
    """The wire does not tell which request an answer is meant for."""
    peer = Scripted([Send(b"old", delay=15.0)], [Send(b"new", delay=6.0)], [Send(b"newest")])
    channel = InProcessChannel(peer)
    await times_out(channel)
    assert channel.now == 10.0
    assert await channel.exchange(b"ask") == b"old"
    assert channel.now == 15.0
    assert await channel.exchange(b"ask") == b"newest"
    await channel.sleep(5.0)
    assert (channel.unasked, channel.now) == ([b"new"], 20.0)


async def test_an_answer_that_is_there_before_the_next_request_answers_nothing():
    """As on a socket; see test_a_second_frame_answers_nothing_later."""
    peer = Scripted([Send(b"old", delay=12.0)], [Send(b"new")])
    channel = InProcessChannel(peer)
    await times_out(channel)
    await channel.sleep(5.0)
    assert await channel.exchange(b"ask") == b"new"
    assert channel.unasked == [b"old"]


async def test_a_late_close_comes_in_its_turn():
    early = [Send(b"1"), Close("cut", "rst", 4.0), Send(b"2", delay=5.0)]
    channel = InProcessChannel(Scripted(early, [Send(b"ok")], [Send(b"3", delay=9.0)]))
    assert await channel.exchange(b"ask") == b"1"
    assert await channel.exchange(b"ask") == b"ok"
    with pytest.raises(ChannelError) as error:
        await channel.exchange(b"ask")
    assert (error.value.kind, error.value.reason, channel.now) == ("closed", "cut", 4.0)
    await channel.sleep(20.0)
    assert channel.unasked == []


@pytest.mark.parametrize("how", ["fin", "rst", "half"])
async def test_whatever_the_end_what_was_sent_before_it_counts(how):
    channel = InProcessChannel(Scripted([Send(b"last"), Close("over", how)]))
    assert await channel.exchange(b"ask") == b"last"
    with pytest.raises(ChannelError, match="closed: over"):
        await channel.exchange(b"ask")


async def test_a_timer_may_answer_who_waits():
    peer = Scripted([ArmTimer("t", 2.0)], [Send(b"unasked"), ArmTimer("t", 4.0)], [Send(b"again")])
    channel = InProcessChannel(peer)
    assert await channel.exchange(b"ask") == b"unasked"
    assert channel.now == 2.0
    await channel.sleep(2.0)
    assert channel.unasked == [b"again"]


async def test_an_observer_is_told_the_virtual_time():
    told = []
    channel = InProcessChannel(
        Scripted([Send(b"x", delay=1.0)], [Emit(EVENT), Send(b"y")]),
        now=5.0,
        observer=lambda at, event: told.append((at, event)),
    )
    await channel.exchange(b"ask")
    await channel.exchange(b"ask")
    assert told == [(6.0, EVENT)]


async def test_silence_and_an_end():
    channel = InProcessChannel(Scripted([], [Close("enough")]))
    for kind in ("timeout", "closed", "closed"):
        with pytest.raises(ChannelError) as error:
            await channel.exchange(b"ask")
        assert error.value.kind == kind
    assert error.value.reason == "enough"


async def test_jobs_are_run_at_once():
    peer = Scripted([Run(7, lambda: 42)])
    assert await InProcessChannel(peer).exchange(b"ask") == b"done"
    assert peer.seen[-1] == (7, 42, 0.0)


async def test_timers_run_out_in_virtual_time():
    peer = Scripted(
        [ArmTimer("late", 3.0), ArmTimer("soon", 1.0), Send(b"ok")], [Send(b"late!")], []
    )
    channel = InProcessChannel(peer)
    await channel.exchange(b"ask")
    await channel.sleep(2.0)
    assert peer.seen[-1] == ("soon", 1.0)
    assert channel.now == 2.0
    await channel.sleep(2.0)
    assert peer.seen[-1] == ("late", 3.0)
    assert channel.unasked == [b"late!"]
    assert channel.now == 4.0


@pytest.mark.parametrize("padding", [0, 3])
async def test_our_requester_attests_our_responder(padding):
    profile = load_profile("default")
    hooks = profile.hooks(RandomTree(b"hooks"))
    responder = Responder(profile.device, profile.policy, RandomTree(b"responder"), hooks)
    channel = InProcessChannel(responder, padding=padding)
    options = AttestOptions(roots=tuple(shipped_roots().values()), padding=padding)
    report = await drive(attest(options, RandomTree(b"x")), channel, sleep=channel.sleep)
    assert report.refusal is None
    assert report.verdict == "attested"
    assert channel.events
