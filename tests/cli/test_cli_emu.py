"""``emu`` as a process: an existing job changes one word."""

import socket
import struct
import subprocess
import sys

import pytest
from cli.test_emu_state import SPDM_12
from core import raw_requests as raw

COMMAND = [sys.executable, "-m", "responder.cli.main", "emu"]
TIMEOUT = 30
PCI_DOE = 2
NORMAL, SHUTDOWN, CONTINUE = 1, 0xFFFE, 0xFFFD
GET_VERSION = bytes.fromhex("01000100 03000000 10840000")


def ask(connection, command, payload=b""):
    """One exchange of the socket protocol; command and payload of the answer."""
    connection.sendall(struct.pack(">3I", command, PCI_DOE, len(payload)) + payload)
    with connection.makefile("rb") as stream:
        answer, _, size = struct.unpack(">3I", stream.read(12))
        return answer, stream.read(size)


@pytest.fixture
def start():
    """Starts ``emu`` on a free port; returns the process and the port."""
    processes = []

    def start(*options):
        process = subprocess.Popen(
            [*COMMAND, "--trans", "PCI_DOE", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        line = process.stdout.readline()
        assert line.startswith("LISTENING spdm-emu+doe://127.0.0.1:"), process.stderr.read()
        return process, int(line.strip().rpartition(":")[2])

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


def test_serves_what_is_asked_for_until_shutdown(start):
    process, port = start("--ver", "1.2", "--asym", "ECDSA_P384", "--pcap", "x.pcap")
    with connect(port) as connection:
        command, version = ask(connection, NORMAL, GET_VERSION)
        assert command == NORMAL
        assert version[8:].hex(" ") == "10 04 00 00 00 01 00 12"
        assert ask(connection, SHUTDOWN) == (SHUTDOWN, b"")
    _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert "warning: --pcap x.pcap: no capture is written" in said


def test_continue_keeps_it_listening_for_another_connection(start):
    process, port = start("--exe_mode", "CONTINUE")
    for command in (CONTINUE, SHUTDOWN):
        with connect(port) as connection:
            assert ask(connection, command) == (command, b"")
    with connect(port) as connection:
        assert ask(connection, NORMAL, GET_VERSION)[0] == NORMAL
    process.terminate()
    process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--hsh", "SHA_256"], "no such option: --hsh (did you mean --hash?)"),
        (["--hash", "SHA256"], "--hash does not take 'SHA256' (did you mean SHA_256?)"),
    ],
)
def test_mistakes_are_usage_errors(options, said):
    run = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr


def test_help_is_short_and_good():
    run = subprocess.run(
        [*COMMAND, "-h"], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert run.returncode == 0
    assert "spdm_responder_emu" in run.stdout


def said(connection, message):
    """The SPDM message that answers one, on DOE."""
    padded = message + bytes(-len(message) % 4)
    data_object = struct.pack("<HBBI", 1, 1, 0, 2 + len(padded) // 4) + padded
    return ask(connection, NORMAL, data_object)[1][8:]


def test_begins_with_the_state_that_the_other_program_has_saved(start, tmp_path):
    (tmp_path / "its").write_bytes(SPDM_12)
    _, port = start("--load_state", str(tmp_path / "its"), "--slot_id", "0xFF")
    with connect(port) as connection:
        assert said(connection, raw.challenge(0x12, 0xFF))[:2] == bytes([0x12, 0x03])


def test_saves_the_state_and_empties_the_file_when_it_is_gone(start, tmp_path):
    file = tmp_path / "mine"
    _, port = start("--save_state", str(file), "--ver", "1.2", "--exe_mode", "CONTINUE")
    with connect(port) as connection:
        for request in (raw.get_version(), raw.get_capabilities(0x12), raw.negotiate(0x12)):
            assert said(connection, request)[1] == request[1] & 0x7F
        assert len(file.read_bytes()) == len(SPDM_12)
    with connect(port) as connection:
        assert said(connection, raw.get_digests(0x12))[1] == 0x01, "one endpoint for all, as there"
        assert said(connection, raw.get_version())[1] == 0x04
        assert file.read_bytes() == b""


def test_a_state_that_cannot_be_read_is_a_mistake(tmp_path):
    (tmp_path / "empty").touch()
    command = [*COMMAND, "--load_state", str(tmp_path / "empty")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"{tmp_path / 'empty'}: the file is empty" in done.stderr
