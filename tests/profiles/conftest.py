"""Profiles of a few lines, written where a test may."""

import pytest

from responder.errors import ConfigError
from responder.profiles.load import load_profile

HEAD = """\
[spdm]
versions = ["1.2"]
capabilities = ["CERT", "CHAL"]

[algorithms]
base_asym = ["ECDSA-P384"]
base_hash = ["SHA-384"]

[[slot]]
id = 0
set = "device"
"""
"""A whole profile that is valid, of 11 lines."""


@pytest.fixture
def write(tmp_path):
    """Writes a profile and returns its path."""

    def write(text, name="x.toml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def refused(write):
    """Loads a profile that is wrong; returns line, reason and suggestion."""

    def refused(text, overrides=None):
        path = write(text)
        with pytest.raises(ConfigError) as caught:
            load_profile(path, overrides)
        file, _, line = caught.value.where.rpartition(":")
        assert file == path
        return int(line), caught.value.reason, caught.value.suggestion

    return refused


@pytest.fixture
def head():
    return HEAD
