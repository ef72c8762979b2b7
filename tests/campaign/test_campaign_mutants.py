"""Mutants: one that is killed, one that is noticed, one that no case reaches; and what is wrong."""

import pytest

from responder.campaign import mutants
from responder.campaign.mutants import Measured, Mutant, cases_by_check, measure, problems
from responder.campaign.plan import Case, case_named
from responder.campaign.settings import SETTINGS

SEED = b"rehearsal"


def measured(check, known=()):
    """One mutant, measured in this process."""
    (found,) = measure([check], SEED, jobs=1, known={one.check: one for one in known})
    return found


def test_a_mutant_is_killed_by_what_it_accepts_and_the_whole_requester_is_right_about_it():
    found = measured("chal.signature")
    assert (found.mutant.outcome, found.mutant.verdict) == ("killed", "accepted")
    assert found.correct == "pass"
    assert found.conversations > 1
    assert found.seconds > 0


def test_a_check_that_answers_with_error_has_its_mutants_too():
    found = measured("enc.version")
    assert (found.mutant.outcome, found.mutant.verdict) == ("killed", "accepted")


def test_a_mutant_is_noticed_where_another_check_refuses():
    found = measured("ver.entries").mutant
    assert found == Mutant(
        check="ver.entries",
        outcome="noticed",
        case="ver.count-zero",
        verdict="pass-loose",
        behind=("ver.common",),
    )


def test_what_killed_before_is_tried_first():
    before = Mutant(check="enc.version", outcome="killed", case="enc.version-other:20")
    found = measured("enc.version", [before])
    assert (found.mutant.case, found.conversations) == (before.case, 2)


def test_what_killed_before_and_is_gone_is_not_tried():
    gone = Mutant(check="enc.version", outcome="killed", case="a.fault")
    assert measured("enc.version", [gone]).mutant.case.startswith("enc.version-other")


def test_a_check_that_no_case_names_is_unreached(monkeypatch):
    monkeypatch.setattr(mutants, "full_plan", lambda: [case_named("ver.count-zero")])
    found = measured("chal.signature")
    assert (found.mutant, found.conversations) == (Mutant(check="chal.signature"), 0)


def test_mutants_come_in_the_order_of_the_checks_whoever_measures_them():
    checks = ["chal.slot", "ver.entries", "ver.common"]
    found = measure(checks, SEED, jobs=2, known={})
    assert [one.mutant.check for one in found] == ["ver.entries", "ver.common", "chal.slot"]


def case(case_id, expected, setting="attestation"):
    fault = case_named("ver.count-zero").fault
    fault = type(fault)(
        **{**{name: getattr(fault, name) for name in fault.__struct_fields__}, "id": case_id}
    )
    return Case(case_id, fault, SETTINGS[setting], "A", expected)


def test_the_most_different_cases_come_first():
    plan = [
        case("a:1", ("other", "x")),
        case("s:1", ("x",), "socket"),
        case("b:1", ("x", "other")),
        case("b:2", ("x",)),
        case("c", ("x",)),
    ]
    assert cases_by_check(plan) == {
        "x": ["c", "b:1", "a:1", "b:2", "s:1"],
        "other": ["a:1", "b:1"],
    }


KILLED = Mutant(check="ver.common", outcome="killed", case="a.fault", verdict="accepted")
NOTICED = Mutant(check="ver.entries", outcome="noticed", case="a.fault", verdict="pass-loose")


@pytest.mark.parametrize(
    ("found", "correct", "reasons", "problem"),
    [
        (KILLED, "pass", {}, ""),
        (NOTICED, "pass", {"ver.entries": "because"}, ""),
        (KILLED, "accepted", {}, "a.fault: our requester itself: accepted"),
        (NOTICED, "pass", {}, "ver.entries: noticed, and nothing explains why"),
        (
            KILLED,
            "pass",
            {"ver.common": "because"},
            "ver.common: a.fault kills it, though it is explained why none does",
        ),
        (KILLED, "pass", {"no.check": "because"}, "no.check: explained, but no check"),
    ],
)
def test_what_is_wrong(found, correct, reasons, problem):
    told = list(problems([Measured(found, correct, 1, 0.1)], reasons))
    assert told == ([problem] if problem else [])


def test_of_some_mutants_nothing_is_said_about_the_others():
    assert list(problems([], {"no.check": "because"}, whole=False)) == []
