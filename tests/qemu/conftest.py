"""Finds QEMU and a kernel for the tests that need them; a machine that should have them must."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from initramfs import build

FOLDER = Path(__file__).parents[2] / ".qemu"
PROGRAM = "qemu-system-x86_64"
WANTED = 11


def is_set_up():
    """Whether ``scripts/setup-qemu`` does not skip this machine."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return release.get("ID") == "debian" and release.get("VERSION_ID") in {"12", "13"}


def missing(what):
    """Skip for want of ``what``, or fail where ``scripts/test`` was to fetch it."""
    if os.environ.get("CI") == "true" and is_set_up():
        pytest.fail(f"{what} is missing: scripts/setup-qemu fetches it on Debian 12 and 13")
    pytest.skip(f"{what} is missing (scripts/setup-qemu fetches it on Debian 12 and 13)")


@pytest.fixture(scope="session")
def qemu_program():
    """The path of a QEMU that has vfio-user: that of ``scripts/setup-qemu``, or the machine's."""
    path = shutil.which(PROGRAM, path=f"{FOLDER}:{os.environ['PATH']}")
    if path is None:
        missing(f"{PROGRAM} {WANTED} or later")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\d+)", said)
    if version is None or int(version[1]) < WANTED:
        missing(f"{PROGRAM} {WANTED} or later (found: {said.splitlines()[0]})")
    return path


@pytest.fixture(scope="session")
def kernel():
    """The path of the kernel of ``scripts/setup-qemu``."""
    path = FOLDER / "vmlinuz"
    if not path.exists():
        missing("a kernel of Linux 7.3 or later")
    return path


@pytest.fixture(scope="session")
def initramfs(tmp_path_factory):
    """The path of an initramfs that runs ``guest_agent``."""
    path = tmp_path_factory.mktemp("guest") / "initramfs"
    build(path)
    return path
