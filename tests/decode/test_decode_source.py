"""What a file is, is found out by its first bytes, from pipes as well."""

import io
import json
import os
import threading

import pytest
from campaign.stores import whole
from captures.loader import PACKED
from packets import pcap
from replay.folders import write_runs

from responder.decode.source import chosen, file_payloads, path_payloads
from responder.errors import ConfigError

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
ROW = json.dumps({"req": GET_VERSION.hex(), "rsp": VERSION.hex()})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pcap(292, [b"object"]), [b"object"]),
        (ROW.encode(), [GET_VERSION, VERSION]),
        (f"\n  \n{ROW}\n{ROW}".encode(), [GET_VERSION, VERSION] * 2),
        (b"1084\n0000", [GET_VERSION]),
        (b"{0x10, 0x84, 0x00,\n0x00}", [GET_VERSION]),
        (b"00000000: 1084 0000  ....", [GET_VERSION]),
        (b'\x10\x84\0\0 and {"more": 1}', [b'\x10\x84\0\0 and {"more": 1}']),
        (b"", []),
        (b"\n\n", []),
    ],
    ids=str,
)
def test_files(content, expected, tmp_path):
    path = tmp_path / "input"
    path.write_bytes(content)
    assert [one.data for one in path_payloads(path)] == expected
    assert [one.data for one in file_payloads(io.BytesIO(content))] == expected


def test_lines_of_a_pipe_are_read_as_they_come():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as file, os.fdopen(writer, "wb", 0) as other:
        other.write(f"{ROW}\n".encode())
        found = file_payloads(file)
        assert next(found).data == GET_VERSION
        assert next(found).data == VERSION
        other.write(b'{"message": "00"}\n')
        assert next(found).data == b"\0"


def test_a_capture_that_comes_in_pieces():
    content = pcap(292, [b"object" * 1000])
    reader, writer = os.pipe()

    def write():
        with os.fdopen(writer, "wb", 0) as file:
            for at in range(0, len(content), 7):
                file.write(content[at : at + 7])

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reader, "rb") as file:
        assert [one.data for one in file_payloads(file)] == [b"object" * 1000]
    thread.join()


def test_recordings_and_stores_are_told_apart(tmp_path):
    folder = write_runs(tmp_path / "runs", ["v13-tcp-p384"])
    assert {one.conversation for one in path_payloads(folder)} == {"v13-tcp-p384"}
    assert next(path_payloads(PACKED)).conversation
    assert list(path_payloads(whole(tmp_path / "store.jsonl"))) == []
    with pytest.raises(ConfigError, match="not from a pipe"):
        list(file_payloads(io.BytesIO(PACKED.read_bytes())))


def test_one_conversation_is_chosen():
    rows = [
        {"event": "RequestReceived", "connection": n % 3 + 1, "message": "00"} for n in range(9)
    ]
    text = "".join(f"{json.dumps(row)}\n" for row in rows).encode()

    def of(name):
        return [one.connection for one in chosen(file_payloads(io.BytesIO(text)), name, "a.jsonl")]

    assert of("") == [1, 2, 3] * 3
    assert of("2") == [2, 2, 2]
    with pytest.raises(ConfigError, match=r"a\.jsonl: there is no conversation '4', only 1, 2, 3"):
        of("4")
    with pytest.raises(ConfigError, match="there is none"):
        list(chosen(file_payloads(io.BytesIO(b"")), "1", "empty"))


def test_a_run_is_chosen_by_its_name(tmp_path):
    path = write_runs(tmp_path, ["v13-tcp-p384", "v11-tcp-p384"])
    found = list(chosen(path_payloads(path), "v13-tcp-p384", "runs"))
    assert {one.conversation for one in found} == {"v13-tcp-p384"}
    with pytest.raises(ConfigError, match="did you mean 'v13-tcp-p384'"):
        list(chosen(path_payloads(path), "v13-tcp-p348", "runs"))
