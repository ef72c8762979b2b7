"""Journals as ``serve`` writes them, read back as conversations; and judged on the command line."""

import json

import pytest
from click.testing import CliRunner

from responder.campaign.conversation import converse
from responder.campaign.journals import conversations
from responder.campaign.settings import SETTINGS
from responder.cli.fault import command
from responder.errors import ConfigError
from responder.observe.entry import entry_as_dict


def journal(seed=b"seed"):
    run = converse(SETTINGS["two-connections"], [], seed)
    return run, [json.dumps(entry_as_dict(entry)) for entry in run.journal]


def test_a_journal_holds_what_was_asked_and_answered():
    run, lines = journal()
    first, second = conversations(lines, "run.jsonl")
    asked = [(one.request, one.response) for one in (*first, *second)]
    assert asked == [(one.request, one.response) for one in run.exchanges]
    assert first[0].request == second[0].request


@pytest.mark.parametrize("line", ["{", "[]", '{"event": "RequestReceived"}', "4"])
def test_what_is_no_journal_is_told_with_its_line(line):
    with pytest.raises(ConfigError) as caught:
        conversations([*journal()[1], line], "run.jsonl")
    assert caught.value.where == f"run.jsonl:{len(journal()[1]) + 1}"


def test_judge_finds_nothing_in_a_good_journal_and_repetition_in_two_equal_ones(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(journal()[1]))
    good = CliRunner().invoke(command, ["judge", str(path)])
    assert (good.exit_code, good.stdout) == (0, "")
    bad = CliRunner().invoke(command, ["judge", str(path), str(path)])
    assert bad.exit_code == 1
    assert bad.stdout.startswith("fresh.requester-must-vary: the nonce of CHALLENGE came before")
