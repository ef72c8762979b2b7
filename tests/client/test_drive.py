"""Driving the requester over a channel."""

import pytest
from requester.cases import raw
from requester.cases_vca import not_ready
from requester.chains import NOW, default_chain
from requester.peer import Peer

from responder.client.channel import ChannelError
from responder.client.drive import drive
from responder.crypto.random_tree import RandomTree
from responder.requester.attestation import AttestOptions, attest
from responder.requester.checks import Refused
from responder.spec.codes import RequestCode, ResponseCode
from responder.transport.records import BindingRecords


class PeerChannel:
    """A channel to a scripted responder; fails with ``error`` at exchange number ``fails_at``."""

    padding = 0
    records = BindingRecords()

    def __init__(self, peer, error=None, fails_at=None):
        self.peer = peer
        self.error = error
        self.fails_at = fails_at

    async def exchange(self, message, *, secured):
        assert not secured
        if len(self.peer.requests) == self.fails_at:
            raise self.error
        return self.peer.answer(message)

    async def close(self):
        raise AssertionError("a driver does not close what it did not open")


class Time:
    """A clock that moves a tenth of a second whenever somebody looks, and while asleep."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def clock(self):
        self.now += 0.1
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def attestation(**options):
    return attest(
        AttestOptions(roots=(default_chain()[0],), time=NOW, **options), RandomTree(b"drive")
    )


async def test_an_attestation_is_carried_through_and_timed():
    time = Time()
    report = await drive(
        attestation(), PeerChannel(Peer()), target="here", sleep=time.sleep, clock=time.clock
    )
    assert report.verdict == "attested"
    assert report.target == "here"
    assert len(report.exchanges) == 8
    assert {exchange.milliseconds for exchange in report.exchanges} == {100.0}
    assert time.slept == []


async def test_waits_are_slept_and_not_counted_as_exchange():
    time = Time()
    peer = Peer(first={RequestCode.GET_DIGESTS: [not_ready(exponent=20)]})
    report = await drive(attestation(), PeerChannel(peer), sleep=time.sleep, clock=time.clock)
    assert report.verdict == "attested"
    assert time.slept == [1.048576]
    assert [e.request for e in report.exchanges][3:5] == ["GET_DIGESTS", "RESPOND_IF_READY"]
    assert max(exchange.milliseconds for exchange in report.exchanges) == 100.0


async def test_a_refusal_is_a_report():
    peer = Peer(**raw(ResponseCode.CHALLENGE_AUTH, lambda r: r[:-1] + bytes((r[-1] ^ 1,))))
    report = await drive(attestation(), PeerChannel(peer))
    assert report.verdict == "refused"
    assert report.refusal.check == "chal.signature"
    assert all(exchange.milliseconds > 0 for exchange in report.exchanges)


@pytest.mark.parametrize(
    ("kind", "verdict"), [("closed", "failed"), ("timeout", "failed"), ("framing", "refused")]
)
async def test_a_channel_that_fails_is_a_report(kind, verdict):
    channel = PeerChannel(Peer(), ChannelError(kind, "no luck"), fails_at=4)
    report = await drive(attestation(), channel)
    assert report.verdict == verdict
    assert report.refusal.check == f"transport.{kind}"
    assert report.refusal.step == "GET_CERTIFICATE"
    assert report.refusal.reason == "no luck"
    assert len(report.exchanges) == 4


async def test_what_is_no_verdict_is_not_swallowed():
    def broken():
        yield from ()
        raise Refused("STEP", "any.header", "not from attest")

    with pytest.raises(Refused):
        await drive(broken(), PeerChannel(Peer()))
    with pytest.raises(ZeroDivisionError):
        await drive((1 / 0 for _ in "x"), PeerChannel(Peer()))
