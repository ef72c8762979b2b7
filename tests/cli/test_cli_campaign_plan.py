"""``campaign plan``: what would be run."""

import json

import pytest
from click.testing import CliRunner

from responder.campaign.plan import full_plan
from responder.cli.campaign_plan import command


def planned(*arguments):
    return CliRunner().invoke(command, arguments)


def test_without_arguments_it_is_everything():
    result = planned()
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(full_plan())


def test_a_json_document_says_what_each_case_is():
    (case,) = json.loads(planned("dig.all-wrong", "--json").stdout)
    assert case["id"] == "dig.all-wrong"
    assert case["duty"] == "reject"
    assert case["expected"] == ["cert.digest"]
    assert case["setting"] == "attestation"


def test_a_file_names_cases_and_comments(tmp_path):
    path = tmp_path / "cases.txt"
    path.write_text("# the first ones\ndig.all-wrong  # all of them\n\nver.count-zero\n")
    lines = planned("--file", str(path)).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ver.count-zero", "dig.all-wrong"]


def test_a_shard_is_a_part_and_says_of_how_many():
    result = planned("dig.*", "--shard", "1/2")
    whole = len(planned("dig.*").stdout.splitlines())
    assert len(result.stdout.splitlines()) == (whole + 1) // 2
    assert f"of {whole} cases" in result.stderr


def test_the_most_telling_first_is_another_order_of_the_same():
    usual = planned("dig.*").stdout.splitlines()
    ordered = planned("dig.*", "--telling-first").stdout.splitlines()
    assert sorted(usual) == sorted(ordered)


@pytest.mark.parametrize("arguments", [["dig.nothing"], ["--shard", "0/2"], ["--group", "!"]])
def test_mistakes_are_said(arguments):
    result = planned(*arguments)
    assert result.exit_code == 2
    assert "Error" in result.stderr
