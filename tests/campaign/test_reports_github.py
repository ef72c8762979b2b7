"""Workflow commands, read back as the runner of GitHub Actions reads them."""

import re

import pytest
from stores import BITFLIP, HOSTILE, begin, gallery, passed, whole, write

from responder.campaign.reports.github import annotations
from responder.campaign.reports.summary import summarise
from responder.campaign.result import End
from responder.campaign.store import read_store


def commands(path):
    """Name, title and message of each line."""
    found = []
    for line in annotations(summarise(read_store(path))):
        assert "\n" not in line
        assert "\r" not in line
        name, title, message = re.fullmatch(r"::(\w+) title=([^:,]*)::(.*)", line).groups()
        found.append((name, undone(title), undone(message)))
    return found


def undone(text):
    for escape, meaning in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(escape, meaning)
    return text.replace("%25", "%")


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    return commands(gallery(tmp_path_factory.mktemp("gallery") / "store"))


def test_a_failure_is_an_error_with_all_there_is_to_know(said):
    name, title, message = said[0]
    assert (name, title) == ("error", f"{BITFLIP}: accepted (security failure)")
    assert message.splitlines()[0] == "it accepted it"
    assert "Should refuse for: chal.signature" in message
    assert "Refused for: chal.nonce" in message


def test_stale_expectations_are_warnings_and_the_counts_a_notice(said):
    assert said[-2] == ("warning", "Stale expectation", "Nothing met old.*: expected crash.")
    name, title, message = said[-1]
    assert (name, title) == ("notice", "Campaign against a <b>target</b>")
    assert message.splitlines()[0].startswith("8 of 13 cases failed")
    assert "accepted 3" in message


def test_percent_signs_and_line_ends_come_back_as_they_were(tmp_path):
    text = "100%0A,:%25\nsecond ::error::no"
    bad = passed("a,b:c", verdict="crash", text=text, description="")
    path = write(tmp_path / "store", begin(["a,b:c"]), bad, End())
    assert commands(path)[0][:2] == ("error", "a,b:c: crash")
    line = next(annotations(summarise(read_store(path))))
    assert line == "::error title=a%2Cb%3Ac%3A crash::100%250A,:%2525%0Asecond ::error::no"


def test_hostile_text_begins_no_command_of_its_own(tmp_path):
    bad = passed(HOSTILE, verdict="crash", text=HOSTILE)
    path = write(tmp_path / "store", begin([bad.case.replace("\ud800", "?")]), bad, End())
    lines = list(annotations(summarise(read_store(path))))
    assert [line[:8] for line in lines] == ["::error ", "::notice"]


def test_ten_errors_are_all_that_github_shows(tmp_path):
    plan = [f"bad.{number}" for number in range(30)]
    results = [passed(case, verdict="hang") for case in plan]
    names = [name for name, *_ in commands(write(tmp_path / "a", begin(plan), *results, End()))]
    assert names == ["error"] * 10 + ["notice"]
    last = commands(tmp_path / "a")[9]
    assert last[1:] == ("More failures", "21 more are in the report.")


def test_a_campaign_that_did_not_end_is_an_error_of_its_own(tmp_path):
    path = write(tmp_path / "store", begin(), passed("case.0"))
    assert [message for name, _, message in commands(path) if name == "error"] == [
        "the campaign was interrupted",
        "6 of 7 cases have no verdict",
    ]
    assert [name for name, *_ in commands(whole(tmp_path / "whole"))] == ["notice"]
