"""``diff``: what is printed, exit codes, mistakes."""

import json

import pytest
from click.testing import CliRunner
from replay.folders import write_runs

from responder.cli.diff import command

SAME, DIFFERENT, USAGE = 0, 1, 2
GET_VERSION, DIGESTS = bytes.fromhex("10840000"), bytes.fromhex("12810000")


def diff(*arguments):
    result = CliRunner().invoke(command, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def files(tmp_path):
    """Two journals with one connection, one with two."""
    contents = {
        "a": [(1, "10840000"), (1, "1004000000010012"), (1, "12810000")],
        "b": [(7, "10840000"), (7, "1004000000010013"), (7, "12810000"), (7, "12810000")],
        "both": [(1, "10840000"), (2, "10840000"), (2, "10840000")],
    }
    for name, rows in contents.items():
        lines = [
            {"event": "RequestReceived", "connection": number, "message": message}
            for number, message in rows
        ]
        (tmp_path / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return {name: tmp_path / name for name in contents}


def test_conversations_that_are_the_same(files):
    result = diff(files["a"], files["a"])
    assert result.exit_code == SAME
    assert result.stdout == "  3 the same\n3 the same, 0 differ, 0 only left, 0 only right\n"


def test_conversations_that_are_not(files):
    result = diff(files["a"], files["b"])
    assert result.exit_code == DIFFERENT
    assert result.stdout.splitlines() == [
        "  1 the same",
        "~ -> VERSION 1.0, 8 bytes (#2, #2)",
        "      version_number_entry: 0x1200 (1.2) | 0x1300 (1.3)",
        "  1 the same",
        "+ -> GET_DIGESTS 1.2, 4 bytes (#4)",
        "2 the same, 1 differ, 0 only left, 1 only right",
    ]


def test_all_messages_on_demand(files):
    lines = diff(files["a"], files["a"], "--all").stdout.splitlines()
    assert lines[0] == "  -> GET_VERSION 1.0, 4 bytes (#1, #1)"
    assert len(lines) == 4


def test_as_json(files):
    rows = [json.loads(line) for line in diff(files["a"], files["b"], "--json").stdout.splitlines()]
    assert [row["change"] for row in rows] == ["same", "changed", "same", "right"]
    assert rows[1] == {
        "change": "changed",
        "left": 2,
        "right": 2,
        "direction": "request",
        "kind": "message",
        "name": "VERSION",
        "in_session": False,
        "fields": [
            {
                "path": "version_number_entry",
                "left": "0x1200",
                "left_text": "1.2",
                "right": "0x1300",
                "right_text": "1.3",
            }
        ],
    }
    assert (rows[3]["left"], rows[3]["right"]) == (None, 4)


def test_one_conversation_of_many(files):
    result = diff(files["both"], files["a"])
    assert result.exit_code == USAGE
    assert "has 2 conversations; name one: both#1, both#2, ..." in result.stderr
    assert diff(f"{files['both']}#1", f"{files['both']}#2").exit_code == DIFFERENT
    assert diff(f"{files['both']}#2", f"{files['both']}#2").exit_code == SAME


def test_randomness_can_be_masked(tmp_path):
    names = ["v12-mctp-p384-dhe-nomut", "v12-mctp-p384-dhe-maconly"]
    folder = write_runs(tmp_path, names)
    paths = [f"{folder}#{name}" for name in names]
    masked, plain = diff(*paths, "--mask").stdout, diff(*paths).stdout
    assert "nonce: " not in masked
    assert "nonce: " in plain
    assert "flags: " in masked


def test_long_values_are_shown_in_full_on_demand(tmp_path):
    names = ["v12-mctp-p384-dhe-nomut", "v12-mctp-rsapss3072-dhe-nomut"]
    folder = write_runs(tmp_path, names)
    paths = [f"{folder}#{name}" for name in names]
    short, full = diff(*paths).stdout, diff(*paths, "--full").stdout
    assert max(map(len, short.splitlines())) < 600 < max(map(len, full.splitlines()))


@pytest.mark.parametrize("arguments", [["a"], ["a", "missing"], ["a", "empty"]])
def test_mistakes(arguments, files, tmp_path):
    (tmp_path / "empty").touch()
    result = diff(*(tmp_path / name for name in arguments))
    assert result.exit_code == USAGE
    assert result.stdout == ""


def test_at_most_two_key_logs(files, tmp_path):
    path = tmp_path / "keys"
    path.touch()
    result = diff(files["a"], files["a"], *(["--keylog", path] * 3))
    assert result.exit_code == USAGE
    assert "once or twice" in result.stderr
