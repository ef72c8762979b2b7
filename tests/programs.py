"""Finds programs that only tests use; a machine that should have them must."""

import os
import platform
import shutil

import pytest


def is_set_up():
    """Whether ``scripts/setup-tools`` does not skip this machine."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    debian = release.get("ID") == "debian" and release.get("VERSION_ID") in {"12", "13"}
    return debian and os.geteuid() == 0


def program(name):
    """The path of a program; skips for want of it, or fails where it was to be installed."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        how = "scripts/setup-tools installs it on Debian 12 and 13, as root"
        if os.environ.get("CI") == "true" and is_set_up():
            pytest.fail(f"{name} is missing: {how}")
        pytest.skip(f"{name} is missing ({how})")
    return path
