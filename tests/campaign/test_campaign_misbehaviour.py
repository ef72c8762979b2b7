"""Requesters that misbehave where a fault is: each has its verdict, and the next case is run."""

import sys
from uuid import uuid4

import pytest
from processes import MARK, SCRIPTED, children, marked

from responder.campaign.attempt import attempt, health_of
from responder.campaign.plan import case_named
from responder.campaign.target import Target
from responder.campaign.targets.runner import runner_of

SEED = b"misbehaviour"
STRUCK = case_named("ver.count-zero")
HARMLESS = case_named("ver.reserved-byte")
QUICK, PATIENT = 1.5, 60.0
"""Seconds for who hangs, and for everybody else, on a machine that has much else to do."""
ENDLESS = {"hang", "stubborn", "hangs"}
PYTHON = (sys.executable, "-I", "-S")


class Trial:
    """A scripted requester behind a runner."""

    def __init__(self, target, folder):
        self.runner = runner_of(target, folder)
        self.health = health_of(self.runner.run(STRUCK.setting, (), SEED))

    def attempt(self, case):
        return attempt(self.runner, case, SEED, self.health)


@pytest.fixture
def trial_of(tmp_path):
    """Makes ``Trial`` from the script and its arguments; nothing of it is left running."""
    mark, before, made = uuid4().hex, children(), []

    def make(script, *arguments, **changes):
        command = [*PYTHON, str(SCRIPTED / script), *arguments]
        options = {"time_limit": PATIENT, "memory_limit": "96MiB", "env": {MARK: mark}, **changes}
        one = Trial(Target(name="scripted", command=command, **options), tmp_path)
        made.append(one)
        return one

    yield make
    for one in made:
        one.runner.close()
    assert marked(mark) == []
    assert set(children()) <= set(before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("behaviour", "verdict", "text"),
    [
        ("refuse", "pass", "it refused"),
        ("accept", "accepted", "it accepted it"),
        ("hang", "hang", "still running after"),
        ("stubborn", "hang", "SIGTERM did not end it"),
        ("segfault", "crash", "it was ended by SIGSEGV"),
        ("sanitizer", "crash", "AddressSanitizer: heap-buffer-overflow"),
        ("memory", "crash", "it took more memory than it may have"),
        ("zombies", "pass", "it refused"),
        ("daemon", "pass", "it refused"),
        ("flood", "pass", "it refused"),
        ("twice", "pass", "it refused"),
        ("never", "unreached", "the fault did not strike"),
    ],
)
def test_what_a_requester_does_has_its_verdict_and_the_next_case_is_run(
    trial_of, behaviour, verdict, text
):
    limit = QUICK if behaviour in ENDLESS else PATIENT
    one = trial_of("tiny.py", "{port}", behaviour, "{case}", time_limit=limit)
    assert one.health.passed
    result = one.attempt(STRUCK)
    assert (result.verdict, text in result.text) == (verdict, True), result.text
    assert _besides(result.observed) == BESIDES.get(behaviour, {"connections": 1})
    following = one.attempt(HARMLESS)
    assert following.verdict == ("unreached" if behaviour == "never" else "pass")


BESIDES = {
    "stubborn": {"connections": 1, "stubborn": True},
    "zombies": {"connections": 1, "left_behind": 3},
    "daemon": {"connections": 1, "left_behind": 1},
    "flood": {"connections": 1, "over_output": True},
    "twice": {"connections": 2},
    "never": {"connections": 0},
}


def _besides(observed):
    """What else is seen of a requester: how often it came, and what is odd of its process."""
    names = ("stubborn", "left_behind", "over_output")
    odd = {name: getattr(observed.process, name) for name in names}
    return {
        "connections": observed.wire.connections,
        **{name: value for name, value in odd.items() if value},
    }


@pytest.mark.parametrize(
    ("function", "verdict", "text"),
    [
        ("refuses", "pass", "it refused"),
        ("accepts", "accepted", "it accepted it"),
        ("hangs", "hang", "still running after"),
        ("aborts", "crash", "it was ended by SIGABRT"),
        ("cannot", "unimplemented", "NotImplementedError: nothing like that"),
    ],
)
def test_a_function_is_tested_like_a_program(trial_of, monkeypatch, function, verdict, text):
    monkeypatch.syspath_prepend(SCRIPTED)
    limit = QUICK if function in ENDLESS else PATIENT
    name = f"called_requester:{function}"
    one = trial_of("", kind="callable", callable=name, time_limit=limit)
    assert one.health.passed
    result = one.attempt(STRUCK)
    assert (result.verdict, text in result.text) == (verdict, True), result.text
    assert one.attempt(HARMLESS).verdict == "pass"
