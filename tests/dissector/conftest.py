"""tshark, and the dissector as a file."""

import os
import shutil

import pytest
from click.testing import CliRunner

from responder.cli.dissector import command


def pytest_collection_modifyitems(items):
    for item in items:
        if "lua" in item.fixturenames:
            item.add_marker(pytest.mark.tshark)


@pytest.fixture(scope="session")
def lua(tmp_path_factory):
    """The dissector's file, on a machine that has tshark."""
    if shutil.which("tshark") is None:
        how = "tshark is missing (scripts/setup-tools installs it on Debian 12 and 13, as root)"
        if os.environ.get("CI") == "true":
            pytest.fail(how)
        pytest.skip(how)
    path = tmp_path_factory.mktemp("dissector") / "spdm.lua"
    result = CliRunner().invoke(command, ["--output", str(path)])
    assert (result.exit_code, result.output) == (0, "")
    return path
