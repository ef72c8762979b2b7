"""Finds QEMU for the tests that need it; a machine that should have it must."""

import os
import platform
import re
import shutil
import subprocess
import sys

import pytest

PROGRAM = "qemu-system-x86_64"
WANTED = 10


def is_debian_12():
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return (release.get("ID"), release.get("VERSION_ID")) == ("debian", "12")


def missing(what):
    """Skip for want of ``what``, or fail where ``scripts/test`` was to install it."""
    if os.environ.get("CI") == "true" and is_debian_12():
        pytest.fail(f"{what} is missing: scripts/setup-qemu installs it on Debian 12")
    pytest.skip(f"{what} is missing (scripts/setup-qemu installs it on Debian 12)")


@pytest.fixture(scope="session")
def qemu_program():
    """The path of a QEMU that has the NVMe controller's ``spdm_port``."""
    path = shutil.which(PROGRAM)
    if path is None:
        missing(f"{PROGRAM} {WANTED} or later")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\d+)", said)
    if version is None or int(version[1]) < WANTED:
        missing(f"{PROGRAM} {WANTED} or later (found: {said.splitlines()[0]})")
    return path


@pytest.fixture
def say(capsys):
    """Print a line that is seen although the test passes."""

    def write(line):
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return write
