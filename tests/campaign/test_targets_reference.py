"""Our requester as a target: what it did is told as of any other."""

from responder.campaign.plan import case_named, full_plan
from responder.campaign.run import Run
from responder.campaign.settings import SETTINGS
from responder.campaign.target import read_target
from responder.campaign.targets.reference import ReferenceRunner, observed_of
from responder.campaign.targets.runner import runner_of

SEED = b"reference"


def observed(case_id, **options):
    case = case_named(case_id)
    return ReferenceRunner(**options).run(case.setting, [case.fault], SEED)


def test_without_a_fault_it_succeeds():
    seen = ReferenceRunner().run(SETTINGS["attestation"], (), SEED)
    assert seen.succeeded
    assert seen.reasons == ()
    assert 0 < seen.requester_seconds < seen.seconds


def test_its_reason_is_the_check_and_its_text_says_what_was_seen():
    seen = observed("dig.all-wrong")
    assert not seen.succeeded
    assert seen.reasons == ("cert.digest",)
    assert seen.text.startswith("GET_CERTIFICATE cert.digest: ")


def test_what_it_observes_is_surfaced():
    assert observed("state.reset-midway:VERSION").surfaced is not None
    policy = next(case for case in full_plan() if case.fault.surfaces)
    assert {*observed(policy.id).surfaced} & {*policy.fault.surfaces}


def test_a_mutant_goes_on():
    seen = observed("dig.all-wrong", without=frozenset({"cert.digest"}))
    assert seen.succeeded
    assert "CHALLENGE" in seen.wire.went_on


def test_two_runs_of_a_seed_are_the_same_but_for_their_time():
    one, other = observed("dig.all-wrong"), observed("dig.all-wrong")
    assert one.wire == other.wire


def test_a_requester_that_raises_has_crashed():
    assert observed_of(Run(crash="KeyError: 7")).crash == "KeyError: 7"


def test_it_is_the_runner_of_its_target(tmp_path):
    assert isinstance(runner_of(read_target("our-requester"), tmp_path), ReferenceRunner)
