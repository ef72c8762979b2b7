"""Derivations and keys as the hooks of a real session see them."""

from dataclasses import replace

import pytest
from faults.engines import fault

from responder.campaign.conversation import converse
from responder.campaign.settings import SETTINGS
from responder.core.hooks import PURPOSES
from responder.crypto.key_agreement import respond
from responder.crypto.random_tree import RandomTree
from responder.faults.sessions import SessionStriker
from responder.requester.plan import SessionPlan
from responder.spec.algorithms import DHE_GROUPS, by_name

SEED = b"sessions"


def run(*faults, setting="session", steps=()):
    """The conversation of a setting, perhaps with other steps in its session."""
    chosen = SETTINGS[setting]
    if steps:
        plan = replace(chosen.options.plan, sessions=(SessionPlan(steps),))
        chosen = replace(chosen, options=replace(chosen.options, plan=plan))
    return converse(chosen, list(faults), SEED)


def test_every_purpose_of_a_derivation_has_a_name(monkeypatch):
    seen = set()

    def derive(self, exchange, derivation):
        del self, exchange
        seen.add(derivation.purpose)
        return derivation

    monkeypatch.setattr(SessionStriker, "derive", derive)
    never = fault(hook="derive", connection=[9], action=[{"do": "flip", "field": "secret"}])
    for setting in ("session", "psk-session"):
        assert run(never, setting=setting).reports[0].attested
    assert seen == set(PURPOSES)


MISSES = [
    ({"do": "keys", "epoch": "handshake"}, "FINISH_RSP", "no handshake keys"),
    ({"do": "keys", "epoch": "previous"}, "FINISH_RSP", "no previous keys"),
    ({"do": "keys", "session": "other"}, "HEARTBEAT_ACK", "no other session"),
]


@pytest.mark.parametrize(("action", "message", "why"), MISSES, ids=str)
def test_keys_that_are_not_there_are_a_miss(action, message, why):
    spec = fault(hook="seal", message=[message], action=[action])
    found = run(spec)
    assert found.evidence == []
    assert why in found.missed[0]
    assert found.reports[0].attested


def test_the_keys_in_use_make_no_difference():
    spec = fault(hook="seal", session=True, action=[{"do": "keys"}])
    faulted, healthy = run(spec), run()
    assert [e.record for e in faulted.exchanges] == [e.record for e in healthy.exchanges]
    assert {event.before for event in faulted.evidence} == {b""}


def test_the_next_keys_are_those_that_the_requester_derives():
    """UpdateAllKeys, acknowledged under keys that the engine has derived by itself."""
    keep, update = {"do": "suppress"}, {"do": "keys", "epoch": "next"}
    steps = [
        {"hook": "transition", "phase": ["response keys updated"], "action": [keep]},
        {"hook": "seal", "message": ["KEY_UPDATE_ACK"], "action": [update], "times": 1},
    ]
    found = run(fault(step=steps), steps=("update-all-keys",))
    names = [exchange.name for exchange in found.exchanges]
    assert names.count("KEY_UPDATE") == 2, "the first acknowledgement was understood"


def test_a_session_that_is_lost_is_not_answered_any_more():
    spec = fault(hook="request", message=["HEARTBEAT"], action=[{"do": "forget"}])
    found = run(spec, steps=("heartbeat", "heartbeat"))
    assert found.exchanges[-1].response is None
    assert [event.detail for event in found.evidence] == ["the session is lost"]


def test_an_answer_goes_another_way():
    clear = fault(
        hook="message", message=["HEARTBEAT_ACK"], action=[{"do": "carry", "through": "clear"}]
    )
    assert run(clear).reports[0].refusal.check == "rec.in-the-clear"
    other = fault(
        hook="message", message=["HEARTBEAT_ACK"], action=[{"do": "carry", "through": "session"}]
    )
    assert run(other, setting="two-sessions").reports[0].refusal.check == "rec.session-id"
    assert "no other session" in run(other).missed[0]


REUSE = {"do": "reuse", "nth": 1}


def exchange_data(found):
    """ExchangeData of each KEY_EXCHANGE and of its response, SECP256R1."""
    pairs = [e for e in found.exchanges if e.name == "KEY_EXCHANGE"]
    return [(e.request[40:104], e.response[40:104]) for e in pairs]


def test_an_ephemeral_key_serves_two_sessions():
    found = run(fault(hook="agree", action=[REUSE]), setting="sessions-in-turn")
    (_, first), (_, second) = exchange_data(found)
    assert first == second
    assert found.reports[0].attested, "the secrets differ with the requester's keys"
    (_, first), (_, second) = exchange_data(run(setting="sessions-in-turn"))
    assert first != second


def test_who_knows_the_seed_of_an_ephemeral_key_has_it():
    known = fault(hook="agree", action=[{"do": "set", "field": "seed", "value": "zeros"}])
    healthy, found = run(setting="sessions-in-turn"), run(known, setting="sessions-in-turn")
    group = by_name(DHE_GROUPS, "SECP256R1")
    for asked, told in exchange_data(found):
        assert respond(group, asked, RandomTree(bytes(32))).exchange_data == told
    assert [event.after for event in found.evidence] == [bytes(32)] * 2
    for (asked, told), event in zip(exchange_data(healthy), found.evidence, strict=True):
        assert respond(group, asked, RandomTree(event.before)).exchange_data == told


@pytest.mark.parametrize(
    ("setting", "action", "why"),
    [
        ("session", REUSE, "no earlier key of SECP256R1"),
        ("session", {"do": "set", "field": "secret", "value": "zeros"}, "no secret"),
        ("session-kem", {"do": "set", "field": "seed", "value": "zeros"}, "from no seed"),
    ],
)
def test_a_key_that_cannot_be_drawn_so_is_a_miss(setting, action, why):
    found = run(fault(hook="agree", action=[action]), setting=setting)
    assert found.evidence == []
    assert why in found.missed[0]
    assert found.reports[0].attested
