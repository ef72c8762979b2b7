"""JUnit XML, by the rules that the schemas of Jenkins and of Ant have in common."""

import re
from xml.etree import ElementTree as ET

import pytest
from stores import BITFLIP, begin, gallery, passed, write

from responder.campaign.reports.junit import junit
from responder.campaign.reports.summary import summarise
from responder.campaign.store import read_store


def document(path):
    text = junit(summarise(read_store(path)))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    return ET.fromstring(text.encode())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return document(gallery(tmp_path_factory.mktemp("gallery") / "store"))


def by_name(root):
    return {case.get("name"): case for case in root.iter("testcase")}


def test_the_form_is_that_of_the_schemas(root):
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        assert re.fullmatch(r"\d+\.\d{3}", suite.get("time"))
        assert all(suite.get(name) for name in ("name", "package", "hostname"))
        tags = [child.tag for child in suite]
        cases = int(suite.get("tests"))
        assert tags == ["properties", *["testcase"] * cases, "system-out", "system-err"]
        for tag, total in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert len(suite.findall(f"testcase/{tag}")) == int(suite.get(total))
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"name", "classname", "time"}
            assert len(case) <= 1


def test_there_is_a_suite_for_each_group_and_a_test_for_each_case(root):
    names = [suite.get("name") for suite in root]
    assert "N: Signatures and transcripts" in names
    assert len(names) == len(set(names))
    assert len(by_name(root)) == 13


def test_failures_have_text_and_the_rest_of_the_verdicts_their_form(root):
    cases = by_name(root)
    failure = cases[BITFLIP].find("failure")
    assert failure.get("type") == "accepted"
    assert failure.get("message") == "accepted (security failure): it accepted it"
    assert "Should refuse for: chal.signature" in failure.text
    skipped = {
        name: case.find("skipped").get("message")
        for name, case in cases.items()
        if case.find("skipped") is not None
    }
    assert skipped == {
        "an.unreached": "unreached: the fault did not strike",
        "an.unimplemented": "unimplemented: exit 89",
        "a.known": "accepted, as expected (issue 7): it refused",
    }
    assert len(cases["a.loose"]) == len(cases["chal.nonce-zero"]) == 0
    assert sum(case.find("failure") is not None for case in cases.values()) == 8


def test_what_a_process_wrote_is_there_in_part(root):
    text = by_name(root)["a.crash"].find("failure").text
    assert "\\x1b[31mred" in text
    assert "characters more)" in text
    assert len(text) < 12_000


def test_an_interrupted_campaign_is_an_error(tmp_path):
    root = document(write(tmp_path / "store", begin(), passed("case.0")))
    assert root[0].get("name") == "campaign"
    messages = [error.get("message") for error in root.iter("error")]
    assert messages == ["the campaign was interrupted", "6 of 7 cases have no verdict"]
