"""What all reports tell: counts, the order of the failures, what is missing."""

import pytest
from stores import BITFLIP, CASES, begin, gallery, passed, whole, write

from responder.campaign.reports.summary import given_reasons, summarise, verdict_text
from responder.campaign.result import VERDICTS, Control, End, Observed
from responder.campaign.store import read_store


def summary_of(path, *lines):
    return summarise(read_store(write(path / "store", *lines)))


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    return summarise(read_store(gallery(tmp_path_factory.mktemp("gallery") / "store")))


def test_every_verdict_is_counted_and_an_expected_failure_is_none(summary):
    assert list(summary.counts) == list(VERDICTS)
    assert summary.counts["accepted"] == 3
    assert [result.case for result in summary.expected] == ["a.known"]
    assert "a.known" not in [result.case for result in summary.failures]
    assert [result.case for result in summary.unreached] == ["an.unreached"]


def test_the_heaviest_failures_come_first(summary):
    cases = [result.case for result in summary.failures]
    assert cases[0] == BITFLIP
    assert set(cases[1:4]) == {"a.crash", "a.hang:1", "a.huge"}
    assert cases[-1] == "an.overstrict"


def test_the_headline_and_the_pace_have_the_numbers(summary):
    assert summary.headline == (
        "8 of 13 cases failed, 1 of them as a security failure; 1 more failed as expected;"
        " 1 unreached"
    )
    assert summary.pace == "1.3 cases per second, 10.0 s; 25% of it not the requester's own"
    assert summary.stale == ("old.*: expected crash",)


def test_an_accepted_case_is_a_security_failure_only_if_its_weight_says_so(summary):
    said = {result.case: verdict_text(result) for result in summary.failures}
    assert said[BITFLIP] == "accepted (security failure)"
    assert said["ver.count-zero"] == "accepted (differs from the reference)"
    assert said["an.overstrict"] == "overstrict"


def test_groups_have_their_titles_from_the_catalogue(summary):
    titles = {group.letter: group.title for group in summary.groups}
    assert titles["N"] == "Signatures and transcripts"
    assert titles["-"] == "not of the catalogue"
    assert sum(len(group.results) for group in summary.groups) == summary.total


def test_a_campaign_without_a_finding_has_no_problems(tmp_path):
    summary = summarise(read_store(whole(tmp_path / "store")))
    assert summary.problems == []
    assert summary.headline == "7 cases, none failed"


def test_what_a_campaign_lacks_is_a_problem(tmp_path):
    control = Control(setting="socket", when="after", passed=False, text="refused")
    summary = summary_of(tmp_path, begin(), control, passed("case.0"))
    assert summary.problems == [
        "the campaign was interrupted",
        "the control socket, after the cases, failed",
        "6 of 7 cases have no verdict",
    ]
    assert summary.pace == ""


def test_conversations_that_the_requester_cannot_hold_are_noted_once(tmp_path):
    names = ("a", "b", "c", "d", "e", "a")
    controls = [
        Control(setting=name, when="before", passed=name == "e", text=f"no\n{name}")
        for name in names
    ]
    results = [passed(case) for case in CASES]
    summary = summary_of(tmp_path, begin(), *controls, *results, End())
    assert summary.problems == []
    (note,) = summary.notes
    assert note == (
        "4 of 5 conversations do not go well without a fault either:"
        " a (no a), b (no b), c (no c), 1 more"
    )


def test_cases_for_which_the_budget_was_too_small_are_noted(tmp_path):
    summary = summary_of(tmp_path, begin(), passed("case.0"), End(late=True))
    assert summary.problems == []
    assert summary.notes == ["the budget was used up: 6 of 7 cases have no verdict"]


def test_the_pace_is_that_of_what_was_run_last(tmp_path):
    control = Control(setting="socket", when="before", passed=True)
    between = Control(setting="socket", when="between", passed=True)
    lines = [control, passed("case.0"), control, passed("case.1"), between, passed("case.2")]
    summary = summary_of(tmp_path, begin(), *lines, End(seconds=2.0, requester_share=1.0))
    assert summary.pace == "1.0 cases per second, 2.0 s; 0% of it not the requester's own"


def test_a_campaign_that_stopped_says_why(tmp_path):
    results = [passed(case) for case in CASES]
    summary = summary_of(tmp_path, begin(), *results, End(stopped="the target is gone"))
    assert summary.problems == ["the campaign stopped: the target is gone"]


def test_of_a_shard_only_its_own_cases_are_missed(tmp_path):
    summary = summary_of(tmp_path, begin(shard="2/2"), passed("case.1"), passed("case.3"), End())
    assert summary.problems == ["1 of 3 cases have no verdict"]


def test_reasons_are_checks_or_else_what_the_requester_said():
    assert given_reasons(passed("x", observed=Observed(reasons=("a", "b"), text="c"))) == "a, b"
    assert given_reasons(passed("x", observed=Observed(text=" bad\nsignature "))) == "bad signature"
    assert given_reasons(passed("x", observed=Observed(succeeded=True, text="bye"))) == ""
