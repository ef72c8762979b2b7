"""A key log says what is needed to open records, and is read again as it was written."""

import json

import pytest

from responder.core.events import PhaseChanged, SessionKeys
from responder.errors import ConfigError
from responder.observe.entry import Entry
from responder.observe.keylog import KeyLog, read_key_log

KEYS = SessionKeys(
    session_id=0xFFFF0001,
    direction="request",
    phase="update 1",
    aead="AES-256-GCM",
    encrypted=True,
    big_endian=False,
    key=bytes(range(32)),
    iv=bytes(range(12)),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.jsonl"


def write(path, *events):
    with path.open("wb", buffering=0) as file:
        KeyLog(file).take([Entry(0.5, 3, event) for event in events])


def test_a_line_for_each_change_of_keys(path):
    write(path, PhaseChanged("A", "B"), KEYS)
    (line,) = path.read_text().splitlines()
    assert json.loads(line) == {
        "connection": 3,
        "session_id": 0xFFFF0001,
        "direction": "request",
        "phase": "update 1",
        "aead": "AES-256-GCM",
        "encrypted": True,
        "big_endian": False,
        "key": bytes(range(32)).hex(),
        "iv": "000102030405060708090a0b",
    }


def test_what_was_written_is_read(path):
    write(path, KEYS, KEYS)
    assert list(read_key_log(path)) == [(3, KEYS), (3, KEYS)]


@pytest.mark.parametrize("line", ["{", "{}", "[]", "3"])
def test_a_line_that_is_no_key_is_told_by_its_number(path, line):
    write(path, KEYS)
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(ConfigError) as caught:
        list(read_key_log(path))
    assert caught.value.where == f"{path}:2"


def test_a_key_that_is_not_hexadecimal(path):
    write(path, KEYS)
    path.write_text(path.read_text().replace("0001020304", "zz"))
    with pytest.raises(ConfigError, match="no key"):
        list(read_key_log(path))


def test_a_file_that_is_none(path):
    with pytest.raises(ConfigError, match="No such file"):
        list(read_key_log(path))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="no key log"):
        list(read_key_log(path))
