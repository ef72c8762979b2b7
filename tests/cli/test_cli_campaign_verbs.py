"""``spdm-responder campaign`` finds its verbs."""

import pytest
from click.testing import CliRunner

from responder.cli.campaign import VERBS, command


def test_help_names_every_verb():
    printed = CliRunner().invoke(command, ["--help"]).output
    assert all(verb in printed for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    result = CliRunner().invoke(command, [verb, "--help"])
    assert result.exit_code == 0
    assert "--help" in result.output


def test_a_verb_that_does_not_exist_is_a_mistake_with_a_suggestion():
    result = CliRunner().invoke(command, ["rnu"])
    assert result.exit_code == 2
    assert "Did you mean 'run'?" in result.output
