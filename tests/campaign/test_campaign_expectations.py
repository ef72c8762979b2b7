"""Known failures and disabled cases, and what becomes stale of them."""

import pytest

from responder.campaign.expectations import Expectations, read_expectations
from responder.campaign.result import Result
from responder.errors import ConfigError

FILE = """
[[expect]]
case = "dig.*"
verdict = "accepted"
reason = "our issue 12"

[[expect]]
case = ["slot.a", "slot.b"]
reason = "no such hardware"
disabled = true
"""


@pytest.fixture
def expectations(tmp_path):
    path = tmp_path / "expect.toml"
    path.write_text(FILE)
    return read_expectations(path)


def result(case, verdict):
    return Result(case=case, verdict=verdict, text="")


def test_what_was_expected_is_no_failure(expectations):
    found = expectations.applied(result("dig.all-wrong:1", "accepted"))
    assert found.expectation == "our issue 12"
    assert not found.failed


@pytest.mark.parametrize("verdict", ["crash", "pass"])
def test_another_verdict_is_not(expectations, verdict):
    assert not expectations.applied(result("dig.all-wrong", verdict)).expectation


def test_a_case_elsewhere_is_meant_too(expectations):
    assert expectations.applied(result("dig.x@attestation-1.2", "accepted")).expectation


def test_disabled_cases_say_why(expectations):
    assert expectations.disabled("slot.a") == "no such hardware"
    assert expectations.disabled("dig.all-wrong") == ""


def test_an_entry_that_nothing_meets_is_stale(expectations):
    known = ["dig.x", "slot.a"]
    assert expectations.stale([result("dig.x", "accepted")], known) == []
    stale = expectations.stale([result("dig.x", "pass")], known)
    assert len(stale) == 1
    assert "seen pass" in stale[0]


def test_an_entry_of_cases_that_do_not_exist_is_stale_and_one_not_run_is_not(expectations):
    assert expectations.stale([], ["dig.x", "slot.a"]) == []
    assert "no such case" in expectations.stale([], ["slot.a"])[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[expect]]\ncase = "a"\n', "reason"),
        ('[[expect]]\ncase = "a"\nreason = "b"\nverdict = "acepted"\n', "accepted"),
        ('[[expct]]\ncase = "a"\n', "expct"),
        ("[[expect]\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, text, words):
    path = tmp_path / "expect.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_expectations(path)


def test_without_a_file_nothing_is_expected():
    assert Expectations().applied(result("a", "crash")).failed
