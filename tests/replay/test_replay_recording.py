"""Folders and packed files say the same; what is wrong in them is told by file and line."""

import json
import lzma

import pytest
from captures.loader import recordings
from replay.folders import write_folder

from responder.errors import ConfigError
from responder.replay.recording import Recording, pack, read

FIELDS = [name for name in Recording.__slots__ if not name.startswith("_")]
SOME = ("v12-doe-p384-app", "v11-mctp-p256-psk", "v10-tcp-p384")


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path, [run for run in recordings() if run.name in SOME])


def same(left, right):
    return all(getattr(left, name) == getattr(right, name) for name in FIELDS)


def test_a_folder_and_what_is_packed_from_it_read_the_same(folder, tmp_path):
    runs = read(folder)
    assert {run.name for run in runs} == set(SOME)
    packed = tmp_path / "packed.xz"
    packed.write_bytes(pack(runs))
    captured = {run.name: run for run in recordings()}
    for run, again in zip(runs, read(packed), strict=True):
        assert same(run, again)
        assert same(run, captured[run.name])


def test_plaintexts_and_keys_known_beforehand_may_be_missing(folder):
    for path in [*folder.glob("*/decoded.json"), *folder.glob("keys/*/*")]:
        path.unlink()
    for run in read(folder):
        assert not run.plain
        assert all(
            not known.keys and not any(known.chains.values()) for known in run.known.values()
        )


def reason(path):
    with pytest.raises(ConfigError) as caught:
        read(path)
    return caught.value


def test_a_folder_without_manifest(tmp_path):
    assert reason(tmp_path).where == str(tmp_path / "manifest.json")


def test_a_run_without_its_folder(folder):
    (folder / SOME[0] / "messages.jsonl").unlink()
    assert "No such file" in reason(folder).reason


@pytest.mark.parametrize(
    "line", ['{"cmd": 1, "req": "0"}', '{"cmd": 1, "trans": 9, "req": "", "rsp": ""}', "{", "3"]
)
def test_a_line_that_is_no_exchange(folder, line):
    path = folder / SOME[0] / "messages.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], line, *lines[3:]]))
    assert reason(folder).where == f"{path}:4"


@pytest.mark.parametrize("text", ["{", '[{"name": 3}]', "[3]"])
def test_a_manifest_that_is_none(folder, text):
    (folder / "manifest.json").write_text(text)
    assert reason(folder).where == str(folder / "manifest.json")


@pytest.mark.parametrize("secrets", [[], {"responder": {}}, {"requester": [3]}])
def test_secrets_that_are_none(folder, secrets):
    (folder / SOME[0] / "secrets.json").write_text(json.dumps(secrets))
    assert reason(folder).where == str(folder / SOME[0] / "secrets.json")


def test_a_file_that_is_not_packed_runs(tmp_path):
    path = tmp_path / "runs"
    path.write_bytes(b"no xz")
    assert "neither a folder nor packed runs" in reason(path).reason
    path.write_bytes(lzma.compress(b"no json"))
    assert reason(path).where == str(path)
    assert "No such file" in reason(tmp_path / "nothing").reason
