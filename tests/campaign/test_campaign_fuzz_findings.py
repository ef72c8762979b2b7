"""What was found is saved as a profile that shows it again."""

import shlex

import pytest
from fuzzed import SEED

from responder.campaign.conversation import converse
from responder.campaign.fuzz.behaviour import Signature
from responder.campaign.fuzz.findings import README, Findings
from responder.campaign.fuzz.inputs import fault_of
from responder.campaign.fuzz.search import Breakdown
from responder.campaign.setting import Setting
from responder.campaign.target import read_target
from responder.faults.edits import Add
from responder.faults.rule import Rule
from responder.profiles.load import load_profile

RULES = (Rule(hook="draft", message=["DIGESTS"], action=[Add(field="param1", by=1)]),)
LONGER = (Rule(hook="draft", message=["CERTIFICATE"], action=[Add(field="portion_length", by=1)]),)
CRASH = Breakdown(Signature("crash", "it was ended by SIGSEGV after GET_CERTIFICATE"), 7, LONGER,
                  "it was ended by SIGSEGV")  # fmt: skip
HANG = Breakdown(Signature("hang", "it asks on and on after GET_DIGESTS"), 9, RULES, "for ever")


@pytest.fixture
def findings(tmp_path):
    return Findings(tmp_path / "found", read_target("spdm-emu"), "attestation", SEED)


def test_the_profile_does_what_the_input_did(findings):
    path = findings.save(CRASH, LONGER, "")
    profile = load_profile(str(path))
    assert profile.faults == (fault_of(LONGER),)
    run = converse(Setting(name="again", text="", profile=str(path)), (), SEED)
    assert [one.message for one in run.evidence] == ["CERTIFICATE"]


def test_a_profile_says_what_it_shows_and_how_to_see_it(findings):
    lines = findings.save(CRASH, LONGER, "It came again.").read_text("utf-8").splitlines()
    assert lines[0] == "# crash: it was ended by SIGSEGV after GET_CERTIFICATE"
    assert lines[1] == "# Seen first in run 7: it was ended by SIGSEGV. It came again."
    command = shlex.split(lines[2].removeprefix("# Replay: "))
    assert command[:2] == ["spdm-responder", "serve"]
    assert bytes.fromhex(command[command.index("--seed") + 1]) == SEED


def test_the_page_names_each_finding_once(findings):
    paths = [findings.save(one, one.rules, "") for one in (CRASH, HANG, CRASH)]
    page = (paths[0].parent / README).read_text("utf-8")
    assert page.count(f"- `{paths[0].name}`: crash: it was ended") == 1
    assert page.count(f"- `{paths[1].name}`: hang: it asks on and on") == 1
    assert "spdm_requester_emu --ip {host}" in page


def test_a_smaller_input_takes_the_place_of_the_first(findings):
    first = findings.save(CRASH, (*LONGER, *RULES), "")
    again = findings.save(CRASH, LONGER, "")
    assert first == again == findings.path(CRASH.signature)
    assert len(load_profile(str(again)).faults[0].rules) == 1


def test_a_page_without_a_command_names_the_target(tmp_path):
    found = Findings(tmp_path, read_target("our-requester"), "socket-tcp", SEED)
    path = found.save(HANG, RULES, "")
    assert "the requester our-requester" in (tmp_path / README).read_text("utf-8")
    assert "dsp0287" not in path.read_text("utf-8").splitlines()[2]
