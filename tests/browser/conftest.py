"""Finds Chromium for the tests that open a page in it; a machine that should have it must."""

import pytest
from programs import program
from webdriver import Browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser with a new profile."""
    chromium, driver = program("chromium"), program("chromedriver")
    found = Browser(chromium, driver, tmp_path_factory.mktemp("profile"))
    yield found
    found.close()
