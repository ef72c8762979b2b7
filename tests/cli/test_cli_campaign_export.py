"""``campaign export``: its folder, copied elsewhere, reproduces the verdict with one command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from campaign.tiny_target import CASE, tiny_target
from click.testing import CliRunner

import responder
from responder.cli.campaign_export import command
from responder.errors import ConfigError


@pytest.fixture
def export():
    """Runs the verb; its result."""

    def export(*arguments):
        return CliRunner().invoke(command, [str(one) for one in arguments])

    return export


def reproduce(folder):
    """Run the command that the README names, in the folder, as a stranger would."""
    (line,) = re.findall(
        r"^    (spdm-responder .+)$", (folder / "README.md").read_text(), re.MULTILINE
    )
    program = shutil.which("spdm-responder", path=str(Path(sys.executable).parent))
    assert program, "spdm-responder is not installed beside Python"
    paths = [str(Path(program).parent), os.environ["PATH"]]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(paths),
        "PYTHONPATH": str(Path(responder.__file__).parent.parent),
    }
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def elsewhere(folder, tmp_path):
    """A copy of the folder in an empty place; the folder itself is gone."""
    copy = tmp_path / "elsewhere" / "a bug report"
    copy.parent.mkdir()
    shutil.copytree(folder, copy)
    shutil.rmtree(folder)
    return copy


@pytest.mark.parametrize(("behaviour", "verdict"), [("accept", "accepted"), ("segfault", "crash")])
def test_the_one_command_reproduces_the_verdict_in_an_empty_folder(
    export, behaviour, verdict, tmp_path
):
    folder = tmp_path / "case"
    result = export(CASE, folder, "--target", tiny_target(tmp_path, behaviour))
    assert result.exit_code == 0, result.output
    again = reproduce(elsewhere(folder, tmp_path))
    assert again.returncode == 1, again.stderr
    assert f"reproduced: it was {verdict}" in again.stderr
    assert re.search(rf"^verdict  {verdict}\b", again.stdout, re.MULTILINE)


def test_a_requester_that_was_mended_reproduces_nothing(export, tmp_path):
    folder = tmp_path / "case"
    export(CASE, folder, "--target", tiny_target(tmp_path, "accept"))
    target = folder / "target.toml"
    target.write_text(target.read_text().replace('"accept"', '"refuse"'))
    again = reproduce(elsewhere(folder, tmp_path))
    assert again.returncode == 0
    assert "not reproduced: it was accepted" in again.stderr


def test_the_folder_says_what_it_is_about(export, tmp_path):
    folder = tmp_path / "case"
    export(CASE, folder, "--target", tiny_target(tmp_path, "accept"), "--seed", "mine")
    readme = (folder / "README.md").read_text()
    assert f"# {CASE}: accepted (" in readme
    assert "reject: reject the response and stop" in readme
    assert "DSP0274" in readme or "libspdm" in readme
    assert "the seed (`mine`)" in readme
    assert "TEST KEYS" in readme
    exchange = json.loads((folder / "exchange.json").read_text())
    assert exchange["verdict"] == "accepted"
    assert exchange["exchanges"][0]["struck"]
    text = (folder / "exchange.txt").read_text()
    assert "* " in text
    assert re.search(
        r"^response 1\n.*VERSION.*\n(.*\n)*.*version_number_entry_count", text, re.MULTILINE
    )
    names = {path.name for path in folder.iterdir()}
    named = {name for name in re.findall(r"`([\w.]+)/?`", readme) if (folder / name).exists()}
    assert named == names - {"README.md"}


def test_what_is_no_failure_is_not_exported(export, tmp_path):
    result = export(CASE, tmp_path / "case", "--target", tiny_target(tmp_path, "refuse"))
    assert result.exit_code == 1
    assert "is no failure: pass" in result.output
    assert not (tmp_path / "case").exists()


def test_nothing_is_overwritten(export, tmp_path):
    target = tiny_target(tmp_path, "accept")
    result = export(CASE, tmp_path, "--target", target)
    assert isinstance(result.exception, ConfigError)
    assert [path.name for path in tmp_path.iterdir()] == ["accept.toml"]
