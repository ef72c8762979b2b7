"""SARIF 2.1.0: what its schema demands of the parts that are used, and what GitHub demands."""

import json

import pytest
from stores import BITFLIP, begin, gallery, passed, whole, write

from responder.campaign.reports.sarif import level, sarif
from responder.campaign.reports.summary import summarise
from responder.campaign.result import End
from responder.campaign.store import read_store


def run_of(path, location="targets/mine.toml"):
    document = sarif(summarise(read_store(path)), location)
    assert document == json.loads(json.dumps(document))
    assert set(document) == {"$schema", "version", "runs"}
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of(gallery(tmp_path_factory.mktemp("gallery") / "store"))


def test_results_are_the_failures_alone_the_heaviest_first(run):
    cases = [result["properties"]["case"] for result in run["results"]]
    assert cases[0] == BITFLIP
    assert len(cases) == 8
    assert "a.known" not in cases


def test_each_result_has_a_rule_a_text_a_place_and_a_fingerprint(run):
    rules = run["tool"]["driver"]["rules"]
    fingerprints = set()
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "targets/mine.toml"
        assert place["region"]["startLine"] == 1
        fingerprints.add(result["partialFingerprints"]["primaryLocationLineHash"])
    assert len(fingerprints) == len(run["results"])


def test_rules_are_faults_with_their_duty_and_source(run):
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert "a.hang" in rules
    rule = rules["sig.bitflip"]
    assert "must reject the response and stop" in rule["help"]["text"]
    assert "Source: " in rule["help"]["text"]
    assert rule["defaultConfiguration"]["level"] == "error"
    assert all(rule[key]["text"] for rule in rules.values() for key in ("shortDescription", "help"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"verdict": "accepted", "basis": "spec", "weight": "security failure"}, "error"),
        ({"verdict": "accepted", "basis": "reference"}, "warning"),
        ({"verdict": "accepted", "basis": "judgement"}, "note"),
        ({"verdict": "overstrict", "basis": "spec"}, "error"),
        ({"verdict": "crash", "basis": "judgement"}, "error"),
        ({"verdict": "hang", "basis": ""}, "error"),
        ({"verdict": "flaky", "basis": ""}, "note"),
    ],
)
def test_a_level_is_that_of_the_basis_unless_it_broke_down(changes, expected):
    assert level(passed("x", **changes)) == expected


def test_the_same_case_has_the_same_fingerprint_in_every_run(tmp_path, run):
    again = run_of(gallery(tmp_path / "store"))
    assert [r["partialFingerprints"] for r in again["results"]] == [
        r["partialFingerprints"] for r in run["results"]
    ]


def test_a_message_has_no_link_that_a_requester_wrote(run):
    texts = [result["message"]["text"] for result in run["results"]]
    assert any("javascript:" in text for text in texts)
    assert not any("](" in text for text in texts)


def test_the_run_says_whether_the_campaign_is_whole(tmp_path):
    (whole_one,) = run_of(whole(tmp_path / "whole"))["invocations"]
    assert whole_one["executionSuccessful"]
    path = write(tmp_path / "part", begin(), passed("case.0"), End())
    (part,) = run_of(path)["invocations"]
    assert not part["executionSuccessful"]
    notes = [note["message"]["text"] for note in part["toolExecutionNotifications"]]
    assert notes == ["6 of 7 cases have no verdict"]


def test_a_place_is_written_as_a_uri(tmp_path):
    path = write(tmp_path / "s", begin(["x"]), passed("x", verdict="crash"), End())
    (result,) = run_of(path, "my targets/a#1.toml")["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "my%20targets/a%231.toml"
