"""``scripts/replay``: counts on standard output, the exit code says whether all agrees."""

import json
import subprocess
from pathlib import Path

import pytest
from captures.loader import PACKED, recordings
from click.testing import CliRunner
from replay.folders import write_folder

from responder.replay.command import JUDGES, command

ROOT = Path(__file__).parent.parent.parent
SOME = ("v12-doe-p384-app", "v11-mctp-p256-psk", "v10-tcp-p384")


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path, [run for run in recordings() if run.name in SOME])


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_all_agrees(folder):
    result = run(folder)
    assert result.exit_code == 0, result.output
    for judge in JUDGES:
        assert f"{judge}: 3 runs, 0 with problems: " in result.output
    assert " records" in result.output


def test_a_hash_that_differs_is_told_and_exits_1(folder):
    path = folder / SOME[0] / "secrets.json"
    secrets = json.loads(path.read_text())
    event = next(event for event in secrets["responder"] if event["event"] == "responder_sign")
    event["message"] = "00" + event["message"][2:]
    path.write_text(json.dumps(secrets))
    result = run(folder)
    assert result.exit_code == 1
    assert "3 runs, 1 with problems" in result.output
    assert f"requester {SOME[0]}: " in result.output
    assert "the hash that was signed is 00" in result.output


def test_a_line_for_each_run(folder):
    lines = run(folder, "--each", "--judge", "requester").output.splitlines()
    assert {line.split(":")[0] for line in lines} >= {f"requester {name}" for name in SOME}


def test_processes_share_the_runs(folder):
    assert run(folder, "--jobs", 2).output == run(folder).output


def test_a_folder_that_cannot_be_used(tmp_path):
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "manifest.json" in result.output
    (tmp_path / "manifest.json").write_text("[]")
    assert "there are no runs" in run(tmp_path).output


def test_the_script_runs_it(folder):
    done = subprocess.run(
        [ROOT / "scripts" / "replay", folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("requester: 3 runs, 0 with problems: ")


def test_packed_runs_are_read_as_well():
    assert PACKED.exists()
    assert run(PACKED.with_name("nothing")).exit_code == 2
