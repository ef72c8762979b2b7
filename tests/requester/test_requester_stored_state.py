"""A negotiated state that was kept (CACHE_CAP): begun with, forgotten, stale."""

from dataclasses import replace

import pytest
from requester.peer import FLAGS, Peer, code_names, converse, default_options, error
from requester.session_peer import SESSION_FLAGS, SessionPeer, session_options

from responder.errors import ConfigError
from responder.requester.options import Offer
from responder.requester.plan import Plan, SessionPlan
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import Cap
from responder.spec.sessions import EndSessionAttributes
from responder.spec.versions import V10, V11, V12, V13, V14

CLEAR = EndSessionAttributes.CLEAR_NEGOTIATED_STATE
VCA = ["GET_VERSION", "GET_CAPABILITIES", "NEGOTIATE_ALGORITHMS"]
FORGOTTEN = [ErrorCode.UNEXPECTED_REQUEST, ErrorCode.VERSION_MISMATCH, ErrorCode.REQUEST_RESYNCH]


def kept_by(peer, **options):
    """What a first attestation leaves; the peer's record of requests begins anew."""
    report = converse(peer, **options).report
    assert report.verdict == "attested"
    peer.requests.clear()
    return tuple(bytes.fromhex(message) for message in report.negotiated_state)


def caching(**changes):
    return Peer(**{"flags": FLAGS | Cap.CACHE} | changes)


@pytest.mark.parametrize("version", [V10, V11, V12, V13, V14], ids=lambda v: v.label)
def test_what_was_negotiated_is_not_sent_again_and_is_signed_all_the_same(version):
    peer = caching(versions=(version,))
    state = kept_by(peer)
    assert b"".join(state) == b"".join(peer.vca)
    outcome = converse(peer, negotiated_state=state)
    assert outcome.report.verdict == "attested"
    assert code_names(peer)[0] == "GET_DIGESTS"
    assert not set(VCA) & set(code_names(peer))
    assert len(outcome.report.exchanges) == len(peer.requests)
    assert outcome.report.version == version.label
    assert outcome.report.negotiated_state == [message.hex() for message in state]


def test_of_a_device_without_cache_cap_nothing_is_kept():
    assert kept_by(Peer()) == ()


@pytest.mark.parametrize("code", FORGOTTEN, ids=lambda code: code.name)
@pytest.mark.parametrize("version", [0x10, V12], ids=["in version 1.0", "in the version"])
def test_a_device_that_has_forgotten_is_asked_anew(code, version):
    peer = caching()
    state = kept_by(peer)
    peer.first = {RequestCode.GET_DIGESTS: [error(version, code)]}
    outcome = converse(peer, negotiated_state=state)
    assert outcome.report.verdict == "attested"
    assert code_names(peer)[:5] == ["GET_DIGESTS", *VCA, "GET_DIGESTS"]
    assert outcome.observed == ["state.forgotten"]
    assert outcome.report.negotiated_state == [message.hex() for message in peer.vca]


def test_it_is_asked_anew_once():
    peer = caching()
    state = kept_by(peer)
    peer.first = {RequestCode.GET_DIGESTS: [error(V12, ErrorCode.UNEXPECTED_REQUEST)] * 2}
    outcome = converse(peer, negotiated_state=state)
    assert outcome.check == "err.refused"
    assert code_names(peer) == ["GET_DIGESTS", *VCA, "GET_DIGESTS"]


def test_a_busy_device_may_still_have_forgotten():
    peer = caching()
    state = kept_by(peer)
    said = [error(V12, ErrorCode.BUSY), error(0x10, ErrorCode.VERSION_MISMATCH)]
    peer.first = {RequestCode.GET_DIGESTS: said}
    assert converse(peer, negotiated_state=state).observed == ["state.forgotten"]


def test_who_has_answered_has_not_forgotten():
    peer = caching()
    state = kept_by(peer)
    peer.first = {RequestCode.CHALLENGE: [error(V12, ErrorCode.UNEXPECTED_REQUEST)]}
    outcome = converse(peer, negotiated_state=state)
    assert outcome.check == "err.refused"
    assert not set(VCA) & set(code_names(peer))


def test_another_error_is_no_forgetting():
    peer = caching()
    state = kept_by(peer)
    peer.first = {RequestCode.GET_DIGESTS: [error(V12, ErrorCode.INVALID_REQUEST)]}
    assert converse(peer, negotiated_state=state).check == "err.refused"


@pytest.mark.parametrize("part", range(6))
def test_a_stale_state_does_not_verify(part):
    peer = caching()
    state = kept_by(peer)
    peer.vca[part] = peer.vca[part][:-1] + bytes([peer.vca[part][-1] ^ 1])
    assert converse(peer, negotiated_state=state).check == "chal.signature"


def test_a_state_that_was_tampered_with_does_not_pass_the_checks_of_its_messages():
    peer = caching()
    *state, algorithms = kept_by(peer)
    damaged = algorithms[:16] + b"\xff" + algorithms[17:]
    assert converse(peer, negotiated_state=(*state, damaged)).check.startswith("alg.")
    assert peer.requests == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"offer": Offer(ct_exponent=3)}, "GET_CAPABILITIES"),
        ({"offer": Offer(base_asym=0x10)}, "NEGOTIATE_ALGORITHMS"),
    ],
)
def test_a_state_of_another_offer_is_a_mistake(changes, name):
    peer = caching()
    state = kept_by(peer)
    with pytest.raises(ConfigError, match=f"another offer: {name}"):
        converse(peer, negotiated_state=state, **changes)
    assert peer.requests == []


def test_a_state_has_six_messages():
    with pytest.raises(ConfigError, match="6 messages, not 5"):
        converse(caching(), negotiated_state=kept_by(caching())[:5])


@pytest.mark.parametrize(("attributes", "messages"), [(0, 6), (CLEAR, 0)])
def test_what_end_session_says_of_it(attributes, messages):
    peer = SessionPeer(flags=SESSION_FLAGS | Cap.CACHE)
    options = default_options(**session_options())
    (session,) = options.plan.sessions
    plan = replace(options.plan, sessions=(replace(session, attributes=int(attributes)),))
    outcome = converse(peer, replace(options, plan=plan))
    assert outcome.report.verdict == "attested"
    assert peer.requests[-1] == bytes([V12, 0xEC, attributes, 0])
    assert len(outcome.report.negotiated_state) == messages


def test_only_the_last_session_may_clear_it():
    sessions = (SessionPlan(attributes=CLEAR), SessionPlan())
    with pytest.raises(ConfigError, match="only the last session"):
        converse(caching(), plan=Plan(sessions=sessions))
    with pytest.raises(ConfigError, match="only the last session"):
        converse(caching(), plan=Plan(sessions=sessions, parallel=True))
