"""Readers that leave early and streams that are closed change no exit code and leave no traces."""

import json
import socket
import subprocess
import sys

import pytest

from responder.transport.socket_frame import wrap_frame

GET_VERSION = wrap_frame(1, 3, bytes.fromhex("0600010510840000"))
SHUTDOWN = wrap_frame(0xFFFE, 3, b"")
PROGRAM = "from responder.cli.main import main; main()"


def into_a_closed_pipe(*arguments):
    """Exit code and standard error of the program whose standard output nobody reads."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    return process.returncode, said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["decode", "10840000"], 0),
        (["decode", "1084"], 1),
        (["profiles", "list"], 0),
        (["profiles", "show", "default"], 0),
        (["attest", "--help"], 0),
    ],
)
def test_nobody_reads(arguments, code):
    assert into_a_closed_pipe(*arguments) == (code, b"")


@pytest.mark.parametrize(("profile", "code"), [("default", 0), ("bad-signature", 1)])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_verdict_does_not_depend_on_the_reader(spdm_responder_factory, profile, code, form):
    uri = spdm_responder_factory(profile).uri
    found, said = into_a_closed_pipe("attest", uri, *form)
    assert found == code
    assert b"Traceback" not in said
    assert b"pipe" not in said.lower()


@pytest.mark.parametrize("arguments", [["decode", "10840000"], ["profiles", "list"]])
def test_all_standard_streams_are_closed(arguments):
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", PROGRAM]
    assert subprocess.run([*shell, *arguments], check=False).returncode == 0


def test_the_log_of_a_server_without_stderr_goes_nowhere_else(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as requester:
        uri = f"spdm-emu+tcp://127.0.0.1:{requester.getsockname()[1]}"
        serve = ["serve", "--call", uri, "--once", "--journal", str(journal)]
        shell = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", PROGRAM, *serve]
        with subprocess.Popen(shell, stdout=subprocess.DEVNULL) as process:
            peer, _ = requester.accept()
            with peer:
                peer.sendall(GET_VERSION + SHUTDOWN)
                while peer.recv(4096):
                    pass
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in journal.read_text().splitlines()]
    assert (events[0], events[-1]) == ("PeerArrived", "PeerLeft")
