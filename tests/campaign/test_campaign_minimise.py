"""Cases get smaller as long as the verdict stays; a flaky one is said, and left alone."""

import tomllib
from collections import Counter
from itertools import count

import msgspec
import pytest

from responder.campaign.minimise import Bounds, Minimiser, Subject, kind_of
from responder.campaign.plan import Case, case_named
from responder.campaign.result import Observed, Result
from responder.campaign.settings import SETTINGS
from responder.campaign.targets.reference import ReferenceRunner
from responder.errors import ConfigError
from responder.faults.cases import cases
from responder.profiles.load import load_profile

LONG_WAY = {
    "id": "mine.long-way",
    "description": "A signature that is wrong in many ways, after much that does not matter.",
    "duty": "reject",
    "basis": "spec",
    "source": "DSP0274, Signature verification",
    "step": [
        {"hook": "message", "message": ["VERSION"], "action": [{"do": "delay", "seconds": 0.5}]},
        {
            "hook": "post_sign",
            "message": ["CHALLENGE_AUTH"],
            "nth": [1],
            "times": 3,
            "after": ["step:1"],
            "action": [{"do": "xor", "mask": "ff00ff"}, {"do": "flip", "bit": "random"}],
        },
    ],
}


class Scripted:
    """A requester that does what it is told, and counts."""

    def __init__(self, behaviour):
        self.runs = Counter()
        self._behaviour = behaviour
        self._inner = ReferenceRunner(frozenset({"chal.signature"}))

    def run(self, setting, faults, seed, case=""):
        self.runs["faulted" if faults else "healthy"] += 1
        observed = self._inner.run(setting, faults, seed, case)
        return self._behaviour(observed, self.runs["faulted"]) if faults else observed

    def close(self):
        pass


def case_of(table, setting="attestation", expected=("chal.signature",)):
    return Case(table["id"], cases(table)[0], SETTINGS[setting], "X", expected)


def silent(text, *, kept):
    """Tell nobody."""


def minimised(case, runner, work, *, tell=silent, clock=lambda: 0.0, ours=True, **bounds):
    subject = Subject(case=case, runner=runner, seed=b"seed", work=work, ours=ours)
    return Minimiser(subject, Bounds(**bounds), clock, tell).run()


@pytest.fixture(scope="module")
def mutant():
    return ReferenceRunner(frozenset({"chal.signature"}))


@pytest.fixture(scope="module")
def told():
    """What was told of the guesses of ``found``."""
    return []


@pytest.fixture(scope="module")
def found(mutant, told, tmp_path_factory):
    """What came of the long way."""
    work = tmp_path_factory.mktemp("work")
    return minimised(
        case_of(LONG_WAY), mutant, work, tell=lambda text, *, kept: told.append((text, kept))
    )


def test_a_fault_and_its_conversation_get_small(found):
    assert (found.stable, found.stopped, found.result.verdict) == (True, "", "accepted")
    document = tomllib.loads(found.profile())
    (fault,) = document["fault"]
    assert "step" not in fault
    assert fault["message"] == ["CHALLENGE_AUTH"]
    assert fault["action"] == [{"do": "flip"}]
    assert not {"nth", "times", "after"} & set(fault)
    assert len(document["spdm"]["versions"]) == 1
    assert len(document["slot"]) == 1
    assert {len(some) for some in document["algorithms"].values()} == {1}
    assert "vendor" not in found.trial.setting.options.plan.connection
    assert "fault: step 1" in found.taken


def test_what_is_left_is_a_profile_that_serve_takes_and_that_shows_it(found, mutant, tmp_path):
    path = tmp_path / "smaller.toml"
    path.write_text(found.profile())
    profile = load_profile(str(path))
    assert [one.id for one in profile.faults] == ["mine.long-way"]
    setting = found.trial.setting
    observed = mutant.run(setting, [profile.faults[0]], b"seed")
    assert observed.succeeded
    assert observed.wire.strikes


def test_the_same_is_found_each_time(found, mutant, tmp_path):
    again = minimised(case_of(LONG_WAY), mutant, tmp_path)
    assert again.profile() == found.profile()
    assert (again.taken, again.runs, again.checks) == (found.taken, found.runs, found.checks)


def test_a_lie_does_not_become_the_truth(tmp_path):
    """Slot 0 is the simplest slot, and the one that was asked for: every requester accepts it."""
    action = [{"do": "set", "field": "slot", "value": 1}]
    lie = {key: value for key, value in LONG_WAY.items() if key != "step"}
    lie |= {"hook": "draft", "message": ["CHALLENGE_AUTH"], "action": action}
    tried = []
    runner = ReferenceRunner(frozenset({"chal.slot"}))
    case = case_of(lie, expected=("chal.slot",))
    found = minimised(case, runner, tmp_path, tell=lambda text, *, kept: tried.append((text, kept)))
    (fault,) = tomllib.loads(found.profile())["fault"]
    assert fault["action"] == action
    assert ("fault: set: value 0x1 -> 0x0", False) in tried


def test_a_verdict_that_comes_and_goes_is_said_and_left_alone(tmp_path):
    def flaky(observed, number):
        return observed if number % 2 else msgspec.structs.replace(observed, succeeded=False)

    runner = Scripted(flaky)
    found = minimised(case_of(LONG_WAY), runner, tmp_path)
    assert not found.stable
    assert found.taken == []
    assert runner.runs["faulted"] == 2
    assert "xor" in found.profile()


def test_a_crash_stays_the_same_crash(tmp_path):
    """It crashes in two ways: where much of the signature is wrong, and where little of it is."""

    def crashing(observed, number):
        changed = sum(
            a != b
            for one in observed.wire.strikes
            for a, b in zip(one.before, one.after, strict=False)
        )
        where = "verify" if changed > 8 else "parse" if changed else ""
        text = f"SIGSEGV at 0x{number:x} in {where}" if where else ""
        return msgspec.structs.replace(observed, crash=text, succeeded=not text)

    found = minimised(case_of(LONG_WAY), Scripted(crashing), tmp_path)
    assert found.stable
    assert found.result.observed.crash.endswith("in verify")
    (fault,) = tomllib.loads(found.profile())["fault"]
    assert [action["do"] for action in fault["action"]] == ["xor"]
    assert found.checks == 0, "a crash is wrong whatever our requester does"


def test_a_device_that_the_requester_cannot_be_set_up_for_is_no_guess(tmp_path):
    """It knows the device's public key beforehand: without the key there is nothing to know."""
    case = case_named("chal.slot-not-f")
    tried = []
    runner = ReferenceRunner(frozenset({"chal.slot"}))
    found = minimised(case, runner, tmp_path, tell=lambda text, *, kept: tried.append((text, kept)))
    assert ("device: public_key", False) in tried
    assert "public_key" in tomllib.loads(found.profile())


def test_the_bounds_hold(mutant, tmp_path):
    few = minimised(case_of(LONG_WAY), mutant, tmp_path, runs=20)
    assert few.stopped == "20 runs"
    assert few.stable
    assert few.taken
    clock = count()
    short = minimised(case_of(LONG_WAY), mutant, tmp_path, clock=lambda: next(clock), seconds=5)
    assert short.stopped == "5 s"


def test_only_the_device_gets_smaller_where_the_requester_cannot_be_told(mutant, tmp_path):
    found = minimised(case_of(LONG_WAY), mutant, tmp_path, ours=False)
    assert found.trial.setting == SETTINGS["attestation"]
    assert any(text.startswith("device: ") for text in found.taken)


def test_it_says_what_it_tries(found, told):
    assert [text for text, kept in told if kept] == found.taken
    assert any(not kept for _, kept in told)


def test_a_case_of_the_catalogue_that_passes_is_no_work(tmp_path):
    with pytest.raises(ConfigError, match="does not fail: pass"):
        minimised(case_named("sig.bitflip:CHALLENGE_AUTH"), ReferenceRunner(), tmp_path)


def test_failures_are_told_apart_by_what_broke_down_and_not_by_numbers():
    def crash(text):
        return Result(case="x", verdict="crash", text=text, observed=Observed(crash=text))

    assert kind_of(crash("at 0x7f12 in f, line 3")) == kind_of(crash("at 0x9a00 in f, line 12"))
    assert kind_of(crash("in f")) != kind_of(crash("in g"))
