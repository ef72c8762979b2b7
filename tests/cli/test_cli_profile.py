"""``spdm-responder profile``."""

import json

import pytest
from captures.loader import runs
from click.testing import CliRunner

from responder.cli.attest import command as attest
from responder.cli.profile import command
from responder.errors import ConfigError
from responder.profiles.load import load_profile


@pytest.fixture
def recording(tmp_path):
    """The socket payloads of a run as JSON lines."""
    run = next(run for run in runs() if run.name == "v12-mctp-p384-dhe-nomut")
    file = tmp_path / "run.jsonl"
    rows = [
        {"cmd": one.command, "trans": 1, "req": one.request.hex(), "rsp": one.response.hex()}
        for one in run.exchanges
        if one.session is None
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def run_verb(*arguments):
    return CliRunner().invoke(command, ["from-capture", *map(str, arguments)])


def test_a_profile_that_serves_and_is_attested(recording, tmp_path, spdm_responder_factory):
    output = tmp_path / "mine.toml"
    result = run_verb(recording, "--output", output)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{output}\n"
    assert load_profile(str(output)).policy.versions == (0x12,)
    served = spdm_responder_factory(str(output))
    root = tmp_path / "mine-certs" / "roots.pem"
    attested = CliRunner().invoke(attest, [served.uri, "--root", str(root)])
    assert attested.exit_code == 0, attested.output


def test_a_profile_that_is_there_stays(recording, tmp_path):
    output = tmp_path / "mine.toml"
    output.write_text("mine")
    result = run_verb(recording, "--output", output)
    assert result.exit_code == 2
    assert "--force writes over it" in result.output
    assert output.read_text() == "mine"
    assert run_verb(recording, "--output", output, "--force").exit_code == 0
    assert output.read_text() != "mine"


def test_other_names_than_toml_are_refused(recording, tmp_path):
    assert "does not end in .toml" in run_verb(recording, "--output", tmp_path / "x").output


def test_a_file_without_a_conversation(tmp_path):
    file = tmp_path / "empty.jsonl"
    file.write_text("10840000\n")
    result = run_verb(file, "--output", tmp_path / "x.toml")
    assert isinstance(result.exception, ConfigError)
    assert str(file) in str(result.exception)
    assert "there is no VERSION" in str(result.exception)
