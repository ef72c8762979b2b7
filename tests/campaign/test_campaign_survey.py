"""The survey: which cases, what is said of each, and the exit code."""

import pytest
from click.testing import CliRunner

from responder.campaign.survey import Finding, lines, main, summary, survey, wanted_cases
from responder.errors import ConfigError

GOOD = "sig.bitflip:CHALLENGE_AUTH"
ELSEWHERE = "state.reauth-same"


def test_ids_are_of_faults_or_cases():
    assert wanted_cases([], [GOOD]) == ([GOOD], [])
    family, _ = wanted_cases([], ["sig.bitflip"])
    assert GOOD in family
    assert len(family) > 1
    group, _ = wanted_cases(["N"], [])
    assert set(family) < set(group)
    assert set(group) < set(wanted_cases([], [])[0])


def test_what_does_not_exist_is_said():
    with pytest.raises(ConfigError, match="no group 'Ü'"):
        wanted_cases(["Ü"], [])
    with pytest.raises(ConfigError, match="no fault"):
        wanted_cases([], ["sig.bitflap"])


def test_cases_are_rehearsed():
    (found,) = survey([GOOD])
    assert found.well
    assert (found.fault, found.setting, found.reaction) == (GOOD, "attestation", "reject")
    assert found.evidence[0].startswith("post_sign CHALLENGE_AUTH: ")


def test_processes_share_the_work_and_keep_the_order():
    ids = [*wanted_cases([], ["sig.bitflip", "sig.zero"])[0] * 6]
    found = list(survey(ids, processes=2))
    assert [one.fault for one in found] == ids
    assert all(one.well for one in found)


def test_what_cannot_be_rehearsed_is_a_finding():
    (found,) = survey([GOOD], "nowhere")
    assert found.problem == "ConfigError: there is no setting 'nowhere'"
    assert not found.well


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def test_the_command_says_ok_and_exits_0():
    result = run(GOOD, "--verbose")
    assert result.exit_code == 0
    first, second, *_, last = result.output.splitlines()
    assert first.startswith(f"ok      {GOOD} [attestation] reject <- reject: refused CHALLENGE")
    assert second.strip().startswith("did: post_sign CHALLENGE_AUTH")
    assert last.startswith("1 cases: 0 did not fire, 0 against the duty, 0 with problems;")


def test_the_command_says_what_did_not_fire_and_exits_1():
    result = run(GOOD, ELSEWHERE, "--setting", "attestation", "--quiet")
    assert result.exit_code == 1
    assert f"NO FIRE {ELSEWHERE} [attestation]" in result.output
    assert GOOD not in result.output


@pytest.mark.parametrize("mistake", [["--group", "?"], ["--setting", "?"], ["no.such"]])
def test_a_mistake_is_told(mistake):
    result = run(*mistake)
    assert result.exit_code == 2
    assert "there is no" in result.output


def test_each_kind_of_finding_has_its_word():
    said = {
        "ok": Finding("a", fired=True, satisfied=True),
        "DUTY": Finding("a", fired=True),
        "NO FIRE": Finding("a"),
        "PROBLEM": Finding("a", fired=True, satisfied=True, problem="broken"),
    }
    for word, found in said.items():
        assert next(lines(found)).startswith(f"{word:8}a ")
    text = summary(said.values(), 1.0)
    assert text.startswith("4 cases: 1 did not fire, 1 against the duty, 1 with problems")


def test_long_evidence_is_cut_unless_asked_for():
    found = Finding("a", evidence=tuple(f"strike {n}" for n in range(20)))
    assert len(list(lines(found))) < 10
    assert len(list(lines(found, verbose=True))) == 21
