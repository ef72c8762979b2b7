"""Descriptions of requesters: read, and refused with file and line."""

import pytest

from responder.campaign.target import read_target, ready_made
from responder.errors import ConfigError

MINIMAL = 'command = ["mine", "{port}"]\n'


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return str(path)

    return written


@pytest.mark.parametrize("name", ready_made())
def test_what_comes_with_the_program_is_whole(name):
    target = read_target(name)
    assert target.name == name
    assert target.description


def test_the_ready_made_ones_are_there():
    assert {"our-requester", "spdm-emu", "spdm-utils"} <= set(ready_made())


def test_a_file_is_a_target_with_its_name_and_the_usual_values(write):
    target = read_target(write(MINIMAL))
    assert (target.name, target.kind, target.transports) == ("mine", "process", ["mctp"])
    assert target.success.exit == [0]
    assert target.unimplemented_exit == 89


def test_keys_can_be_changed(write):
    assert read_target(write(MINIMAL), {"time_limit": 3}).time_limit == 3


def test_the_digest_is_of_what_it_says(write):
    one = read_target(write(MINIMAL))
    assert one.digest == read_target(write("# a comment\n" + MINIMAL)).digest
    assert one.digest != read_target(write(MINIMAL + "time_limit = 3\n")).digest


@pytest.mark.parametrize(("text", "size"), [("512MiB", 512 << 20), ("2 GiB", 2 << 30), ("7", 7)])
def test_memory_has_units(write, text, size):
    assert read_target(write(f'{MINIMAL}memory_limit = "{text}"\n')).memory == size


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ('command = ["a"]\ntime_limt = 3\n', "mine.toml", "time_limt"),
        ('command = ["a"]\ntime_limit = -3\n', "mine.toml:2", "time_limit"),
        ('command = ["a"]\nmemory_limit = "much"\n', "mine.toml:2", "512MiB"),
        ('kind = "process"\n', "mine.toml", "command"),
        ('kind = "callable"\n', "mine.toml", "callable"),
        ('command = ["a"]\n\n[reasons]\n"(" = ["*"]\n', "mine.toml", "no pattern"),
        ('command = ["a"\n', "mine.toml", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, text, where, words):
    with pytest.raises(ConfigError) as error:
        read_target(write(text))
    assert where in error.value.where
    assert words in str(error.value)


def test_a_target_that_does_not_exist_has_a_suggestion():
    with pytest.raises(ConfigError) as error:
        read_target("spdm-emo")
    assert error.value.suggestion == "spdm-emu"


class TestConversations:
    TEXT = MINIMAL + '[[conversations]]\nsettings = ["session*"]\nargs = ["--session"]\n'

    def test_without_any_it_is_run_the_same_way_for_all(self, write):
        assert [way.args for way in read_target(write(MINIMAL)).ways("session")] == [[]]

    def test_those_that_fit_are_meant(self, write):
        target = read_target(write(self.TEXT))
        assert [way.args for way in target.ways("session-clear")] == [["--session"]]
        assert target.ways("attestation") == []
