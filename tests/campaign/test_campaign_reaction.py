"""What counts as which reaction, on runs made by hand."""

import msgspec
import pytest
from campaign.runs import (
    GET_CAPABILITIES,
    GET_DIGESTS,
    GET_VERSION,
    RESPOND_IF_READY,
    fired,
    report,
    run_of,
)

from responder.campaign.reaction import (
    MAX_SECONDS,
    reaction,
    reactions,
    satisfies,
    struck_report,
)
from responder.campaign.setting import MAX_EXCHANGES
from responder.faults.rule import FaultSpec

REFUSED = report("refused", "dig.count")
FAILED = report("failed", "transport.timeout")
ATTESTED = report()
TELLING = report(observations=["nonce.zero"])
BEFORE = (GET_VERSION, GET_CAPABILITIES)


def fault(duty, **fields):
    written = {
        "id": "a.fault",
        "description": "A fault.",
        "duty": duty,
        "basis": "spec",
        "source": "DSP0274",
        "hook": "message",
        "action": [{"do": "silence"}],
    }
    return msgspec.convert(written | fields, FaultSpec)


RUNS = {
    "it went on": (run_of([*BEFORE, fired(), GET_DIGESTS], ATTESTED), "accept"),
    "it refused": (run_of([*BEFORE, fired(), GET_DIGESTS], REFUSED), "reject"),
    "nothing came": (run_of([*BEFORE, fired(), (GET_DIGESTS, None)], FAILED), "bounded"),
    "it asked again": (run_of([*BEFORE, fired(), GET_DIGESTS, GET_DIGESTS], ATTESTED), "retry"),
    "it polled": (run_of([*BEFORE, fired(), GET_DIGESTS, RESPOND_IF_READY], ATTESTED), "retry"),
    "it began anew": (run_of([*BEFORE, fired(), GET_DIGESTS, GET_VERSION], ATTESTED), "resync"),
    "it asked again in vain": (
        run_of([*BEFORE, fired(), GET_DIGESTS, GET_DIGESTS], REFUSED),
        "reject",
    ),
    "it had asked twice before": (
        run_of([*BEFORE, GET_DIGESTS, GET_DIGESTS, fired(), GET_CAPABILITIES], ATTESTED),
        "accept",
    ),
    "the next attestation is none of it": (
        run_of([*BEFORE, fired(), GET_DIGESTS, None, GET_VERSION], REFUSED, ATTESTED),
        "reject",
    ),
}


def test_a_restart_that_was_refused_is_no_resync():
    run = run_of([fired(), *BEFORE, GET_VERSION], REFUSED)
    assert reaction(run) == "reject"
    assert not satisfies(fault("resync"), run)


def test_a_request_that_comes_again_later_is_no_retry():
    run = run_of([fired(), GET_DIGESTS, GET_CAPABILITIES, GET_DIGESTS], ATTESTED)
    assert not satisfies(fault("retry"), run)


def test_what_the_healthy_run_tells_as_well_tells_nothing():
    seen = run_of([fired(), *BEFORE], TELLING)
    policy = fault("policy", surfaces=["nonce.zero"])
    assert satisfies(policy, seen, healthy=run_of(BEFORE, ATTESTED))
    assert not satisfies(policy, seen, healthy=run_of(BEFORE, TELLING))


@pytest.mark.parametrize("name", RUNS)
def test_a_reaction_is_told(name):
    run, expected = RUNS[name]
    assert reaction(run) == expected


@pytest.mark.parametrize("name", RUNS)
def test_the_reaction_is_the_duty_that_it_fulfils(name):
    run, expected = RUNS[name]
    assert satisfies(fault(expected), run)
    assert satisfies(fault("bounded"), run)
    others = {"accept", "reject", "retry", "resync"} - reactions(run)
    assert [duty for duty in others if satisfies(fault(duty), run)] == []
    assert satisfies(fault(min(others), allows=[expected]), run)


def test_whoever_retries_and_goes_on_accepts_as_well():
    run, _ = RUNS["it asked again"]
    assert satisfies(fault("accept"), run)


def test_the_last_attestation_that_was_struck_counts():
    steps = [fired(), *BEFORE, None, *BEFORE, fired(), GET_DIGESTS, None, *BEFORE]
    run = run_of(steps, ATTESTED, REFUSED, ATTESTED)
    assert struck_report(run).verdict == "refused"


def test_a_policy_is_satisfied_by_what_surfaces():
    run = run_of([fired(), *BEFORE], report(observations=["nonce.zero"]))
    assert satisfies(fault("policy", surfaces=["nonce.echo", "nonce.zero"]), run)
    assert not satisfies(fault("policy", surfaces=["nonce.echo"]), run)
    assert satisfies(fault("policy", surfaces=["dig.count"]), run_of([fired(), *BEFORE], REFUSED))
    assert satisfies(fault("policy"), run)


def test_a_crash_satisfies_nothing():
    run = run_of([fired(), *BEFORE], REFUSED)
    run.crash = "KeyError: 1"
    assert not satisfies(fault("reject"), run)
    assert not satisfies(fault("bounded"), run, judged=False)


def test_what_is_too_long_is_not_bounded():
    assert satisfies(fault("bounded"), run_of([fired(), *BEFORE], REFUSED, seconds=MAX_SECONDS))
    slow = run_of([fired(), *BEFORE], REFUSED, seconds=MAX_SECONDS + 1)
    long = run_of([fired(), *[GET_VERSION] * (MAX_EXCHANGES + 1)], REFUSED)
    for run in (slow, long):
        assert not satisfies(fault("bounded"), run)
        assert not satisfies(fault("reject"), run)


def test_what_nobody_judges_has_to_end_only():
    assert satisfies(fault("reject"), run_of([fired(), *BEFORE], ATTESTED), judged=False)


def test_without_any_report_there_is_only_an_end():
    assert reaction(run_of([])) == "bounded"
    assert struck_report(run_of([])) is None
