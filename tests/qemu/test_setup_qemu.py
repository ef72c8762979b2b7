"""``scripts/setup-qemu``: which apt source it would add, and when it keeps away."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup-qemu"
BACKPORTS_LINE = (
    "deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm-backports main contrib"
)
DEB822 = """\
# Security comes first in this file.
Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://disabled.test/debian
Suites: bookworm
Components: main

Types: deb deb-src
# A comment within.
URIs: http://mirror.test/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
"""
CLASSIC = """\
# deb http://commented.test/debian bookworm main
deb-src http://mirror.test/debian bookworm main
deb http://mirror.test/security bookworm-security main
deb http://other.test/apt bookworm stable
deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib
deb http://second.test/debian bookworm main
"""

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing")


def shell(command, *arguments):
    """Run a command line in which the script's functions are known."""
    return subprocess.run(
        ["bash", "-c", f'. "{SCRIPT}"; {command}', "bash", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "parts").mkdir()
    return tmp_path / "sources.list", tmp_path / "parts"


def test_the_deb822_stanza_of_the_release_is_copied_for_backports(sources):
    _, parts = sources
    (parts / "debian.sources").write_text(DEB822)
    copy, *stanza = shell('extra_source "$@"', *sources).stdout.splitlines()
    assert copy == "sources"
    fields = {line.split(":")[0]: line for line in stanza if not line.startswith(" ")}
    assert fields["types"] == "types: deb"
    assert fields["uris"] == "uris: http://mirror.test/debian"
    assert fields["suites"] == "suites: bookworm-backports"
    assert fields["components"] == "components: main contrib"
    assert set(fields) == {"types", "uris", "suites", "components", "signed-by"}
    key = stanza.index("signed-by:")
    assert stanza[key + 1 : key + 4] == [" -----BEGIN PGP PUBLIC KEY BLOCK-----", " .", " abc"]


@pytest.mark.parametrize("place", ["sources.list", "parts/debian.list"])
def test_the_classic_line_of_the_release_is_copied_for_backports(sources, tmp_path, place):
    (tmp_path / place).write_text(CLASSIC)
    assert shell('extra_source "$@"', *sources).stdout.splitlines() == [
        "list",
        BACKPORTS_LINE,
    ]


def test_without_a_source_of_the_release_there_is_nothing_to_copy(sources):
    result = shell('extra_source "$@"', *sources)
    assert (result.returncode, result.stdout) == (1, "")


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("deb http://mirror.test/debian bookworm-backports main\n", True),
        ("Suites: bookworm bookworm-backports\n", True),
        ("# deb http://mirror.test/debian bookworm-backports main\n", False),
        ("Suites: bookworm-backports-sloppy\n", False),
    ],
)
def test_a_suite_that_is_there_is_seen(sources, text, listed):
    _, parts = sources
    (parts / "any.list").write_text(text)
    assert (shell('suite_is_listed "$@"', *sources).returncode == 0) == listed


@pytest.mark.parametrize(
    ("release", "there"),
    [
        ('ID=debian\nVERSION_ID="12"\n', True),
        ('ID=debian\nVERSION_ID="13"\n', False),
        ('ID=ubuntu\nVERSION_ID="12"\n', False),
        ("ID=debian\n", False),
    ],
)
def test_only_debian_12_gets_qemu(tmp_path, release, there):
    (tmp_path / "os-release").write_text(release)
    command = 'is_debian_12 "$1"'
    assert (shell(command, tmp_path / "os-release").returncode == 0) == there


def test_elsewhere_it_is_skipped_with_a_reason_and_exit_0():
    command = "qemu_is_there() { false; }; is_debian_12() { false; }; main"
    result = shell(command)
    assert result.returncode == 0
    assert result.stdout == "setup-qemu: skipped: QEMU 10 is installed only on Debian 12\n"


@pytest.mark.parametrize(
    ("version", "there"),
    [("10.0.2", True), ("11.1.3", True), ("9.2.4", False), ("7.2.22", False), ("", False)],
)
def test_a_qemu_that_is_old_enough_is_enough(version, there):
    command = f"qemu_version() {{ echo {version}; }}; qemu_is_there"
    assert (shell(command).returncode == 0) == there


def test_a_failure_is_tried_again_but_not_for_ever():
    result = shell("sleep() { :; }; flaky() { ((++n == 3)); }; n=0; retry flaky; echo $n")
    assert result.stdout == "3\n"
    result = shell("sleep() { :; }; n=0; never() { ((++n > 9)); }; retry never || echo $n")
    assert result.stdout == "4\n"
