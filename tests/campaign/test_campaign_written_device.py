"""The device of a conversation is written as one profile, which is the same device."""

import tomllib
from dataclasses import replace

import pytest

from responder.campaign.conversation import converse
from responder.campaign.settings import SETTINGS
from responder.campaign.written_device import written_device
from responder.profiles.load import load_profile
from responder.profiles.toml_text import toml_text


def test_every_device_can_be_written_and_read_again(tmp_path):
    for setting in SETTINGS.values():
        device = written_device(setting, narrowed=False)
        path = tmp_path / "device.toml"
        path.write_text(toml_text(device, empty=True))
        assert tomllib.loads(path.read_text()) == device, setting.name
        written = load_profile(str(path)).spec
        assert written.spdm == load_profile(setting.profile, setting.overrides).spec.spdm
        assert written.extends is None
        assert written.server.attach == setting.attach


@pytest.mark.parametrize("name", ["session", "multi-key", "public-key"])
def test_the_written_device_says_the_same(name, tmp_path):
    setting = SETTINGS[name]
    path = tmp_path / "device.toml"
    path.write_text(toml_text(written_device(setting, narrowed=False), empty=True))
    again = replace(setting, profile=str(path), overrides={})
    as_it_was = [one.response for one in converse(setting, (), b"seed").exchanges]
    assert [one.response for one in converse(again, (), b"seed").exchanges] == as_it_was


def test_versions_are_those_of_the_conversation_where_nobody_else_says_so():
    setting = SETTINGS["attestation-1.1"]
    assert written_device(setting, narrowed=True)["spdm"]["versions"] == ["1.1"]
    assert len(written_device(setting, narrowed=False)["spdm"]["versions"]) > 1
