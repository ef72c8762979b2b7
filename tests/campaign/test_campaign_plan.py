"""Plans: every case once, and what can be asked of them."""

import pytest

from responder.campaign.plan import (
    Choice,
    case_named,
    cases_named,
    chosen,
    full_plan,
    sharded,
    telling,
)
from responder.errors import ConfigError
from responder.faults import catalogue


@pytest.fixture(scope="module")
def plan():
    return full_plan()


def test_the_full_plan_has_each_case_once(plan):
    assert [case.id for case in plan] == [case.id for case in catalogue.all_cases()]
    assert len({case.id for case in plan}) == len(plan)


def test_each_case_has_a_conversation_and_those_to_refuse_a_check(plan):
    refusals = [case for case in plan if case.fault.duty == "reject" and not case.fault.allows]
    unnamed = [case for case in refusals if not case.expected and case.setting.judged]
    assert len(unnamed) < len(refusals) / 50


def test_a_case_is_found_by_its_id_and_one_elsewhere_too():
    case = case_named("dig.all-wrong")
    assert case.id == "dig.all-wrong"
    elsewhere = case_named("dig.all-wrong@attestation-1.2")
    assert elsewhere.setting.name == "attestation-1.2"
    assert elsewhere.fault == case.fault
    assert case_named(f"dig.all-wrong@{case.setting.name}").id == "dig.all-wrong"


def test_the_id_of_a_fault_is_all_its_cases_and_no_single_one():
    assert len(cases_named(["err.sweep"])) > 100
    with pytest.raises(ConfigError, match="cases"):
        case_named("err.sweep")


@pytest.mark.parametrize("name", ["dig.all-wrogn", "err.sweep:NOTHING", "dig.all-wrong@nowhere"])
def test_what_does_not_exist_is_said(name):
    with pytest.raises(ConfigError):
        case_named(name)


@pytest.mark.parametrize(
    ("choice", "holds"),
    [
        (Choice(ids=("dig.*",)), lambda case: case.id.startswith("dig.")),
        (Choice(ids=("err.sweep",)), lambda case: case.fault.family == "err.sweep"),
        (Choice(groups=("H",)), lambda case: case.group == "H"),
        (Choice(duties=("policy",)), lambda case: case.fault.duty == "policy"),
        (Choice(tags=("FINISH_RSP",)), lambda case: "FINISH_RSP" in case.tags),
        (
            Choice(tags=("*.signature",)),
            lambda case: any(tag.endswith(".signature") for tag in case.tags),
        ),
        (Choice(importance=1), lambda case: case.fault.importance == 1),
        (Choice(without=("err.*",)), lambda case: not case.id.startswith("err.")),
    ],
)
def test_a_choice_has_all_that_fits_and_nothing_else(plan, choice, holds):
    found = chosen(plan, choice)
    assert found
    assert [case.id for case in found] == [case.id for case in plan if holds(case)]


@pytest.mark.parametrize(
    "choice", [Choice(ids=("nothing.*",)), Choice(groups=("!",)), Choice(settings=("nowhere",))]
)
def test_a_choice_of_nothing_is_a_mistake(plan, choice):
    with pytest.raises(ConfigError, match="there is no"):
        chosen(plan, choice)


def test_a_matrix_has_each_case_in_each_conversation(plan):
    choice = Choice(ids=("dig.all-wrong",), settings=("attestation-1.*",))
    found = [case.id for case in chosen(plan, choice)]
    assert "dig.all-wrong@attestation-1.1" in found
    assert len(found) == len(set(found)) == 4


def test_a_sample_is_drawn_by_its_seed(plan):
    drawn = [chosen(plan, Choice(sample=50, seed=seed)) for seed in ("a", "a", "b")]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 50


def test_the_most_telling_come_first(plan):
    ordered = telling(plan)
    assert sorted(case.id for case in ordered) == sorted(case.id for case in plan)
    checks = {check for case in plan for check in case.expected}
    first = ordered[: len(checks)]
    assert {check for case in first for check in case.expected} == checks


def test_shards_are_all_of_it_and_do_not_overlap(plan):
    parts = [sharded(plan, number, 3) for number in (1, 2, 3)]
    assert sorted(case.id for part in parts for case in part) == sorted(c.id for c in plan)
