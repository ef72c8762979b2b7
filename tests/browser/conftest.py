"""Finds Chromium for the tests that open a page in it; a machine that should have it must."""

import os
import platform
import shutil

import pytest
from webdriver import Browser


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
    path = shutil.which(name)
    if path is None:
        how = "scripts/setup-tools installs it on Debian 12 and 13, as root"
        if os.environ.get("CI") == "true" and is_set_up():
            pytest.fail(f"{name} is missing: {how}")
        pytest.skip(f"{name} is missing ({how})")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser with a new profile."""
    chromium, driver = program("chromium"), program("chromedriver")
    found = Browser(chromium, driver, tmp_path_factory.mktemp("profile"))
    yield found
    found.close()
