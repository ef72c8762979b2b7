"""``fault`` as people type it."""

import json
import re

import pytest

from responder.cli.main import main
from responder.faults.catalogue import groups

MINE = """\
extends = "minimal-1.0"

[[fault]]
id = "mine.major"
description = "The major version is another one."
duty = "reject"
basis = "spec"
source = "DSP0274, VERSION"
hook = "message"
message = ["VERSION"]
action = [{ do = "set", field = "spdm_version", value = 0x20 }]
"""


@pytest.fixture
def run(capsys):
    """Runs the command line; returns exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(["fault", *arguments])
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


def test_list_for_people_and_for_scripts(run):
    code, out, err = run("list", "--group", "K")
    assert code == 0
    assert out.startswith("K  CHALLENGE_AUTH\n  chal.slot-wrong ")
    assert re.fullmatch(r"\d+ faults, \d+ cases\n", err)
    code, out, _ = run("list", "--group", "K", "--json")
    assert code == 0
    keys = {"id", "group", "description", "duty", "basis", "source"}
    assert all(keys <= set(one) for one in json.loads(out))


def test_list_of_cases(run):
    code, out, err = run("list", "--group", "D", "--cases", "--duty", "reject", "--json")
    found = json.loads(out)
    assert code == 0
    assert err == f"{len(found)} cases\n"
    assert "any.empty:DIGESTS" in [one["id"] for one in found]


def test_what_is_unknown_is_exit_2_with_a_suggestion(run):
    assert run("list", "--group", "AA")[0] == 2
    assert run("list", "--duty", "applaud")[0] == 2
    code, out, err = run("explain", "chal.slot-wronk")
    assert (code, out) == (2, "")
    assert "did you mean 'chal.slot-wrong'?" in err
    code, _, err = run("explain", "any.empty:DIGEST")
    assert code == 2
    assert "did you mean 'any.empty:DIGESTS'?" in err
    code, _, err = run("explain")
    assert code == 2
    assert "fault list" in err


def test_explain_shows_the_exchange_side_by_side(run):
    code, out, err = run("explain", "chal.slot-wrong")
    assert (code, err) == (0, "")
    assert "\nduty        reject: reject the response and stop\n" in out
    assert "\nsource      libspdm test_spdm_requester challenge 14\n" in out
    assert '  action = [{ do = "xor", field = "slot", mask = 1 }]\n' in out
    assert "  request: CHALLENGE 1.4, 44 bytes\n" in out
    assert "    0002 [00]                        [01]                        slot: " in out
    assert "refused at CHALLENGE by chal.slot" in out
    assert "\x1b" not in out


def test_explain_of_a_fault_with_cases_shows_the_first(run):
    _, out, _ = run("explain", "any.hdr-trunc-2")
    assert out.startswith("any.hdr-trunc-2:")
    assert re.search(r"\(one of the \d+ cases of any\.hdr-trunc-2\)", out)
    _, out, _ = run("explain", "any.hdr-trunc-2:CHALLENGE_AUTH")
    assert "  message of CHALLENGE_AUTH: " in out
    assert "cert_chain_hash is gone" in out


def test_explain_of_a_fault_that_changes_no_bytes_says_what_happened_instead(run):
    _, out, _ = run("explain", "err.busy-once")
    assert "ERROR 0x03" in out
    assert "the answer of a healthy device, and what came instead:" in out
    assert ": attested" in out


def test_explain_as_json(run):
    code, out, _ = run("explain", "chal.slot-wrong", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["id"], document["group"], document["cases"]) == ("chal.slot-wrong", "K", 1)
    example = document["example"]
    (strike,) = example["strikes"]
    assert strike["changed"] == ["slot: slot 0 -> slot 1"]
    before, after = (bytes.fromhex(strike[name]) for name in ("before", "after"))
    assert after == before[:2] + b"\x01" + before[3:]
    assert bytes.fromhex(example["response"]).startswith(after)
    assert bytes.fromhex(example["healthy_response"]).startswith(before)
    assert example["refusal"]["check"] == "chal.slot"


def test_explain_of_a_line_that_is_not_built_gives_the_reason(run):
    line = next(line for group in groups() for line in group.unbuilt)
    code, out, _ = run("explain", line.id)
    assert code == 0
    assert line.reason in out


def test_explain_of_a_profile_s_own_fault_on_its_device(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    code, out, _ = run("explain", "--profile", str(path))
    assert code == 0
    assert out.startswith("mine.major\n")
    assert (
        "    0000 [10]                        [20]                        spdm_version: 1.0" in out
    )
    assert "refused at GET_VERSION by " in out
    assert run("explain", "mine.major", "--profile", str(path))[1] == out
    code, _, err = run("explain", "mine.mayor", "--profile", str(path))
    assert code == 2
    assert "did you mean 'mine.major'?" in err
    assert "it has no faults" in run("explain", "--profile", "minimal-1.0")[2]


def test_schema_is_that_of_one_fault(run):
    code, out, _ = run("schema")
    schema = json.loads(out)
    assert code == 0
    assert schema["title"] == "spdm-responder fault"
    assert {"id", "hook", "action", "step", "each"} <= set(schema["properties"])


@pytest.mark.parametrize("group", groups(), ids=lambda group: group.letter)
def test_of_every_group_the_first_fault_is_explained(run, group):
    """Each group strikes at hooks of its own; whatever they are, there is something to show."""
    first = next(iter(group.faults), None)
    if first is None:
        assert group.unbuilt
        return
    code, out, err = run("explain", first)
    assert (code, err) == (0, "")
    assert "the reference requester: " in out
    code, out, _ = run("explain", first, "--json")
    assert json.loads(out)["example"]["strikes"]
