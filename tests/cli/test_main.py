"""Finding the verb, and turning what went wrong into an exit code."""

import click
import pytest

from responder.cli import main as cli
from responder.errors import ConfigError, UnavailableError


def exit_code(*arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return ended.value.code


@pytest.fixture
def verb(monkeypatch):
    """Makes ``serve`` do something else."""

    def replace(action):
        monkeypatch.setattr("responder.cli.serve.command", click.command("serve")(action))

    return replace


def test_every_verb_is_a_command_with_help(capsys):
    for name in cli.VERBS:
        assert exit_code(name, "--help") == 0, name
        assert "Usage: spdm-responder" in capsys.readouterr().out


def test_help_lists_the_verbs(capsys):
    assert exit_code("--help") == 0
    out = capsys.readouterr().out
    assert all(name in out for name in cli.VERBS)


def test_a_misspelt_verb_is_usage_with_a_suggestion(capsys):
    assert exit_code("serv") == 2
    assert "Did you mean 'serve'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigError("no", where="x.toml:3", suggestion="yes"), 3, "x.toml:3: no (did you mean"),
        (UnavailableError("no port"), 4, "error: no port"),
        (PermissionError(13, "Permission denied", "x"), 4, "error: x: Permission denied\n"),
        (OSError(28, "No space left on device"), 4, "error: No space left on device\n"),
        (OSError("several things"), 4, "error: several things\n"),
        (click.UsageError("not so"), 2, "not so"),
        (click.Abort(), 130, ""),
        (ZeroDivisionError("oops"), 70, "this is a bug"),
    ],
)
def test_what_went_wrong_becomes_an_exit_code(verb, capsys, error, code, text):
    def action():
        raise error

    verb(action)
    assert exit_code("serve") == code
    captured = capsys.readouterr()
    assert text in captured.err
    assert ("Traceback" in captured.err) == (code == 70)
    assert captured.out == ""


def test_a_verb_may_return_its_exit_code(verb):
    verb(lambda: 1)
    assert exit_code("serve") == 1
