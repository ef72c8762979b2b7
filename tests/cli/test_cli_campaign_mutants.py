"""``campaign mutants``: what it prints, and when it finds something."""

import json

import pytest
from click.testing import CliRunner

from responder.campaign import mutants, mutants_known
from responder.campaign.mutants import Measured, Mutant
from responder.cli.campaign_mutants import command, summary

KILLED = Measured(
    Mutant(check="ver.common", outcome="killed", case="a.fault", verdict="accepted"), "pass", 2, 0.5
)
NOTICED = Measured(
    Mutant(check="ver.entries", outcome="noticed", case="b.fault", behind=("ver.common",)),
    "pass",
    1,
    0.5,
)


@pytest.fixture
def run(monkeypatch):
    """Runs the verb on mutants that were measured beforehand."""

    def run(*arguments, found=(KILLED, NOTICED), reasons=()):
        def measure(checks, seed, *, jobs, known):
            return [one for one in found if one.mutant.check in checks]

        monkeypatch.setattr(mutants, "measure", measure)
        monkeypatch.setattr(mutants_known, "reasons", lambda: dict(reasons))
        return CliRunner().invoke(command, arguments)

    return run


def test_those_that_live_are_printed_and_the_totals_told(run):
    result = run(reasons={"ver.entries": "Because."})
    assert result.exit_code == 0
    assert result.stdout == "noticed    ver.entries  b.fault: ver.common\n"
    assert "2 mutants: 1 killed, 1 noticed; 3 conversations" in result.stderr


def test_a_mutant_that_is_asked_for_is_printed_also_when_it_is_killed(run):
    result = run("--check", "ver.common")
    assert (result.exit_code, result.stdout) == (0, "killed     ver.common  a.fault: accepted\n")


def test_json_has_a_line_for_each(run):
    result = run("--json", reasons={"ver.entries": "Because."})
    assert [json.loads(line)["check"] for line in result.stdout.splitlines()] == [
        "ver.common",
        "ver.entries",
    ]


def test_a_mutant_that_lives_without_a_reason_is_a_finding(run):
    result = run()
    assert result.exit_code == 1
    assert "ver.entries: noticed, and nothing explains why" in result.stderr


def test_a_check_that_does_not_exist_is_a_mistake_with_a_suggestion(run):
    result = run("--check", "ver.comon")
    assert result.exit_code == 2
    assert "Did you mean 'ver.common'?" in result.stderr


def test_a_whole_run_of_one_mutant():
    result = CliRunner().invoke(command, ["--check", "chal.context", "--jobs", "1"])
    assert result.exit_code == 0
    assert result.stdout.startswith("killed     chal.context  ")


def test_the_summary_says_how_fast_it_was():
    assert summary([KILLED, NOTICED], 2.0) == (
        "2 mutants: 1 killed, 1 noticed; 3 conversations in 2.0 s,"
        " 3 for each second of processor time"
    )
