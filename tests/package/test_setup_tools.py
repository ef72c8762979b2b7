"""``scripts/setup-tools``: what it installs, and when it keeps away."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup-tools"

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing")


def shell(command, *arguments):
    """Run a command line in which the script's functions are known."""
    return subprocess.run(
        ["bash", "-c", f'. "{SCRIPT}"; {command}', "bash", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("release", "known"),
    [
        ("ID=debian\nVERSION_ID=12\n", True),
        ('ID=debian\nVERSION_ID="13"\n', True),
        ("ID=debian\nVERSION_ID=11\n", False),
        ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=12\n", False),
    ],
)
def test_it_knows_debian_12_and_13(tmp_path, release, known):
    file = tmp_path / "os-release"
    file.write_text(release)
    assert (shell('is_debian "$1"', file).returncode == 0) is known
    assert shell('is_debian "$1"', tmp_path / "none").returncode == 1


def test_where_all_programs_are_it_does_nothing():
    done = shell("is_there() { true; }; apt-get() { echo called; }; main")
    assert (done.returncode, done.stdout) == (0, "setup-tools: all programs are there\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("is_debian() { false; }", "only on Debian 12 and 13"),
        ("is_debian() { true; }; id() { echo 1000; }", "needs root"),
    ],
)
def test_where_it_cannot_install_it_says_why_and_is_no_failure(given, said):
    done = shell(f"is_there() {{ false; }}; {given}; apt-get() {{ echo called; }}; main")
    assert done.returncode == 0
    assert done.stdout.startswith("setup-tools: skipped: ")
    assert said in done.stdout
    assert "called" not in done.stdout


def test_it_installs_what_is_missing_and_tries_more_than_once():
    done = shell(
        "there=1; is_there() { [ $1 != tshark ] || return $there; }; "
        "is_debian() { true; }; id() { echo 0; }; sleep() { true; }; tries=0;"
        'apt-get() { echo "apt-get $*" >&2; tries=$((tries + 1)); [ $tries -gt 1 ] || return 1;'
        " [ $1 = update ] || there=0; }; main"
    )
    assert done.returncode == 0, done.stderr
    called = [line for line in done.stderr.splitlines() if line.startswith("apt-get ")]
    assert called[:2] == ["apt-get update -q"] * 2
    assert called[2].split()[-2:] == ["tshark", "fonts-dejavu-core"]


def test_a_failure_is_one():
    done = shell(
        "is_there() { false; }; is_debian() { true; }; id() { echo 0; }; sleep() { true; };"
        "apt-get() { return 100; }; main"
    )
    assert done.returncode == 4
    assert "failed: apt-get update" in done.stderr
