"""Verdicts, as a table: the duty, what was observed, what that is called."""

import pytest

from responder.campaign.result import Exchange, Observed, Strike, Wire
from responder.campaign.verdict import judge
from responder.faults.edits import Set
from responder.faults.rule import FaultSpec

GET_VERSION, GET_DIGESTS, CHALLENGE = b"\x10\x84\0\0", b"\x12\x81\0\0", b"\x12\x83\0\0"
STRIKE = Strike(exchange=0, hook="draft", detail="set slot")


def fault(duty, *, basis="spec", allows=(), surfaces=()):
    action = [Set(field="param1", value=1)]
    return FaultSpec(
        id="x.y",
        description="It lies.",
        duty=duty,
        basis=basis,
        source="DSP0274, somewhere",
        hook="draft",
        action=action,
        allows=list(allows),
        surfaces=list(surfaces),
    )


def observed(*reaction, struck=GET_DIGESTS, strikes=(STRIKE,), **values):
    went_on = tuple(name for name in reaction if name in {"CHALLENGE", "GET_CERTIFICATE"})
    wire = Wire(
        exchanges=(Exchange(connection=1, request=struck, struck=True),),
        strikes=strikes,
        reaction=reaction,
        went_on=went_on,
    )
    return Observed(wire=wire, **values)


REFUSED = observed("close", reasons=("dig.empty",))
ATTESTED = observed("GET_CERTIFICATE", "CHALLENGE", "close", succeeded=True)
RETRIED = observed("retry", "CHALLENGE", "close", succeeded=True)
ASKED_LATER = observed("RESPOND_IF_READY", "close", succeeded=True)
RESTARTED = observed("GET_VERSION", "CHALLENGE", "close", succeeded=True)


@pytest.mark.parametrize(
    ("duty", "seen", "verdict"),
    [
        ("reject", REFUSED, "pass"),
        ("reject", ATTESTED, "accepted"),
        ("end", REFUSED, "pass"),
        ("end", ATTESTED, "accepted"),
        ("accept", ATTESTED, "pass"),
        ("accept", REFUSED, "overstrict"),
        ("retry", RETRIED, "pass"),
        ("retry", ASKED_LATER, "pass"),
        ("retry", ATTESTED, "wrong-recovery"),
        ("retry", REFUSED, "wrong-recovery"),
        ("resync", RESTARTED, "pass"),
        ("resync", observed("retry", struck=GET_VERSION, succeeded=True), "pass"),
        ("resync", observed("retry", struck=CHALLENGE, succeeded=True), "wrong-recovery"),
        ("resync", REFUSED, "wrong-recovery"),
        ("bounded", ATTESTED, "pass"),
        ("bounded", REFUSED, "pass"),
    ],
)
def test_a_duty_and_what_was_done_about_it(duty, seen, verdict):
    assert judge(fault(duty), seen).verdict == verdict


@pytest.mark.parametrize(
    ("basis", "weight"),
    [
        ("spec", "security failure"),
        ("reference", "differs from the reference"),
        ("judgement", "from our judgement"),
    ],
)
def test_accepted_is_a_security_failure_only_by_the_specification(basis, weight):
    found = judge(fault("reject", basis=basis), ATTESTED)
    assert found.weight == weight
    assert "DSP0274, somewhere" in found.text


def test_whatever_is_allowed_passes():
    assert judge(fault("reject", allows=["accept"]), ATTESTED).verdict == "pass"


def test_a_refusal_for_another_reason_is_loose_and_says_both():
    found = judge(fault("reject"), REFUSED, expected=("chal.signature",))
    assert found.verdict == "pass-loose"
    assert "dig.empty" in found.text
    assert "chal.signature" in found.text


@pytest.mark.parametrize("reasons", [("dig.*",), ("*",), ()])
def test_a_pattern_of_reasons_fits_and_no_reason_says_nothing(reasons):
    seen = observed("close", reasons=reasons)
    assert judge(fault("reject"), seen, expected=("dig.empty",)).verdict == "pass"


def test_what_it_went_on_with_before_it_refused_is_told():
    seen = observed("GET_CERTIFICATE", "close")
    assert "gone on with GET_CERTIFICATE" in judge(fault("reject"), seen).text


def test_a_crash_and_a_hang_are_so_whatever_the_duty():
    assert judge(fault("bounded"), observed(crash="SIGSEGV")).verdict == "crash"
    assert judge(fault("bounded"), observed(hang="still running")).verdict == "hang"


def test_a_fault_that_did_not_strike_is_never_passed():
    seen = observed("close", strikes=(), succeeded=True)
    assert judge(fault("accept"), seen).verdict == "unreached"
    assert judge(fault("bounded"), seen).verdict == "unreached"


def test_what_says_that_it_cannot_is_unimplemented():
    assert judge(fault("reject"), observed(unimplemented=True)).verdict == "unimplemented"


class TestPolicy:
    def test_told_is_told(self):
        seen = observed("CHALLENGE", succeeded=True, surfaced=("told",))
        assert judge(fault("policy", surfaces=["a"]), seen).verdict == "pass"

    def test_the_observation_must_be_the_one(self):
        seen = observed("CHALLENGE", succeeded=True, surfaced=("b",))
        assert judge(fault("policy", surfaces=["a"]), seen).verdict == "accepted"

    def test_what_is_told_without_the_fault_too_tells_nothing(self):
        seen = observed("CHALLENGE", succeeded=True, surfaced=("told",))
        healthy = Observed(surfaced=("told",))
        assert judge(fault("policy", surfaces=["a"]), seen, healthy).verdict == "accepted"

    def test_a_refusal_is_seen_by_somebody(self):
        assert judge(fault("policy", surfaces=["a"]), REFUSED).verdict == "pass"

    def test_a_target_that_cannot_tell_is_not_judged(self):
        found = judge(fault("policy", surfaces=["a"]), ATTESTED)
        assert found.verdict == "unimplemented"

    def test_accept_asks_to_tell_only_those_that_can(self):
        silent = observed("CHALLENGE", succeeded=True, surfaced=())
        assert judge(fault("accept", surfaces=["a"]), ATTESTED).verdict == "pass"
        assert judge(fault("accept", surfaces=["a"]), silent).verdict == "accepted"


def test_where_the_requester_cannot_judge_it_only_has_to_end():
    assert judge(fault("reject"), ATTESTED, judged=False).verdict == "pass"
