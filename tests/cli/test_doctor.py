"""What `doctor` says, and with which exit code."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from responder.cli import doctor_checks
from responder.cli.doctor import command
from responder.cli.doctor_checks import TOOLS, Check

GOOD = Check("Python", "3.11.7", good=True, required=True, use="all")
BAD = Check("click", "missing", good=False, required=True, use="all", get="pip install click")
OTHER = Check("tshark", "missing", good=False, required=False, use="captures", get="apt-get it")


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        ([GOOD], 0, "all is well"),
        ([GOOD, OTHER], 0, "1 of 2 are missing or not as wanted"),
        (
            [GOOD, BAD, OTHER],
            4,
            "2 of 3 are missing or not as wanted; it will not work like this",
        ),
    ],
)
def test_only_what_is_required_decides_the_exit_code(found, code, last, monkeypatch):
    monkeypatch.setattr(doctor_checks, "checks", lambda: iter(found))
    done = CliRunner().invoke(command)
    assert done.exit_code == code
    assert done.output.splitlines()[-1] == last
    gets = [line.strip() for line in done.output.splitlines() if "get: " in line]
    assert gets == [f"get: {check.get}" for check in found if not check.good]
    told = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert told["works"] == (code == 0)
    assert [check["name"] for check in told["checks"]] == [check.name for check in found]


def test_this_machine_without_any_program_of_others_works():
    done = subprocess.run(
        [sys.executable, "-m", "responder.cli.main", "doctor", "--json"],
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    for tool in TOOLS:
        assert checks[tool.name]["found"] == "missing"
        assert checks[tool.name]["get"] == tool.get
    assert checks["algorithms"]["good"]
    assert checks["click"]["good"]
