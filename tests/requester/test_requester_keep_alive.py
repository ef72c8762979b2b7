"""Sessions that nothing is said in stay alive, and nothing is broken off for it."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from requester.peer import code_names, converse, default_options
from requester.session_peer import SessionPeer, session_options

from responder.campaign.settings import SETTINGS
from responder.client.drive import drive
from responder.client.inprocess import InProcessChannel
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.profiles.load import load_profile
from responder.requester.attestation import attest
from responder.requester.plan import Plan, SessionPlan
from responder.wire.digests import GetDigests

PERIOD = 8
SECOND = 1_000_000


@dataclass
class SlowPeer(SessionPeer):
    """Each answer takes a second; knows when something was said in each session."""

    heartbeat: int = PERIOD
    time: float = 0.0
    takes: float = 1.0
    said: dict[int, list[float]] = field(default_factory=dict)

    def answer_secured(self, record):
        session_id = int.from_bytes(record[:4], "little")
        self.said.setdefault(session_id, []).append(self.time)
        self.time += self.takes
        return super().answer_secured(record)

    def gaps(self):
        """The longest time that nothing was said in each session."""
        return [max(b - a for a, b in pairwise(times)) for times in self.said.values()]


class AskingPeer(SlowPeer):
    """Asks for digests in each handshake."""

    def key_exchange(self, request):
        self.asks = [GetDigests(spdm_version=request[0]).build()] * 3
        return super().key_exchange(request)


def talk(peer, *steps, parallel=False, **changes):
    options = session_options(*steps, **changes)
    options["plan"] = replace(options["plan"], parallel=parallel)
    clock = (lambda: peer.time) if isinstance(peer, SlowPeer) else None
    return converse(peer, default_options(**options), clock)


def test_a_session_that_stays_open_gets_heartbeats():
    peer = SessionPeer(heartbeat=PERIOD)
    outcome = talk(peer, "stay", stay=10 * PERIOD * SECOND)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert sum(outcome.waits) == 10 * PERIOD * SECOND
    assert max(outcome.waits) < PERIOD * SECOND / 2
    assert code_names(peer).count("HEARTBEAT") == len(outcome.waits)


def test_without_a_period_there_is_nothing_to_say():
    peer = SessionPeer(heartbeat=0)
    outcome = talk(peer, "stay", stay=SECOND)
    assert outcome.waits == [SECOND]
    assert "HEARTBEAT" not in code_names(peer)


def test_a_session_that_is_used_needs_no_heartbeat():
    peer = SlowPeer()
    talk(peer, *["measurements"] * 8)
    assert max(peer.gaps()) < PERIOD / 2
    assert "HEARTBEAT" not in code_names(peer)


def test_one_session_is_kept_alive_while_another_one_is_used():
    peer = SlowPeer()
    sessions = (SessionPlan(("measurements",) * 4), SessionPlan(("digests",) * 12))
    outcome = talk(peer, sessions=sessions, parallel=True)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert len(peer.said) == 2
    assert max(peer.gaps()) < PERIOD / 2
    assert "HEARTBEAT" in code_names(peer)


@pytest.mark.parametrize("form", [2, 4])
def test_a_handshake_is_not_interrupted(form):
    peer = AskingPeer(mutual=form, takes=3.0)
    sessions = (SessionPlan(end=False), SessionPlan(end=False))
    outcome = talk(peer, sessions=sessions, parallel=True)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    names = code_names(peer)
    second = names.index("KEY_EXCHANGE", names.index("FINISH"))
    assert "HEARTBEAT" not in names[second : names.index("FINISH", second)]


def test_a_signed_series_of_measurements_is_not_broken_by_heartbeats_elsewhere():
    peer = SlowPeer()
    sessions = (SessionPlan(), SessionPlan(("measurements",)))
    outcome = talk(peer, sessions=sessions, parallel=True, measurements="each")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    names = code_names(peer)
    series = [at for at, name in enumerate(names) if name == "GET_MEASUREMENTS"]
    assert "HEARTBEAT" in names[series[0] : series[-1]]
    assert all(measured.signed for measured in outcome.report.measurements)


@pytest.mark.parametrize("stay", [0.5, 60])
def test_our_responder_keeps_a_session_that_beats(stay):
    """The responder ends it after two periods; the time is virtual."""
    setting = SETTINGS["session"]
    profile = load_profile(
        setting.profile, {**setting.overrides, "session": {"heartbeat_period": 3}}
    )
    channel = InProcessChannel(Responder(profile.device, profile.policy, RandomTree(b"d")))
    plan = Plan(("authenticate",), (SessionPlan(("stay", "measurements")),))
    options = replace(
        setting.options,
        roots=tuple(shipped_roots().values()),
        records=channel.records,
        plan=plan,
        stay=round(stay * SECOND),
    )
    attestation = attest(options, RandomTree(b"r"), clock=lambda: channel.now)
    work = drive(attestation, channel, sleep=channel.sleep)
    with pytest.raises(StopIteration) as end:
        work.send(None)
    report = end.value.value
    assert report.verdict == "attested", report.refusal
    assert report.sessions[0].ended
    assert channel.now >= stay
    beats = [one for one in report.exchanges if one.request == "HEARTBEAT"]
    assert bool(beats) is (stay > 3)
