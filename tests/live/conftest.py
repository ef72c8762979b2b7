"""A server with the live view in a terminal; tmux must be there where it is set up."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import pytest
from live.tmux import TIMEOUT, Tmux

COMMAND = [sys.executable, "-m", "responder.cli.main"]
GET_VERSION = bytes.fromhex("000000010000000000000004 10840000")
"""A frame of the spdm-emu protocol: NORMAL, transport NONE, and the message."""


class Watched:
    """``serve --live`` in a terminal."""

    def __init__(self, tmux, folder):
        self.tmux = tmux
        self._port_file = folder / "port"
        self._id_file = folder / "id"

    def serve(self, *arguments, program=COMMAND, begun="q ends"):
        """Type the command, and wait until ``begun`` is to be seen."""
        served = [*program, "serve", "--live", "--port", "0"]
        command = shlex.join([*served, "--port-file", str(self._port_file), *arguments])
        with_id = f"sh -c 'echo $$ > {self._id_file}; exec \"$@\"' sh {command}"
        self.tmux.command(f"{with_id}; echo exit code $?")
        self.tmux.wait_for(begun)

    @property
    def port(self):
        return int(self._port_file.read_text())

    def attest(self, *arguments):
        """Let our requester attest the device."""
        done = subprocess.run(
            [*COMMAND, "attest", f"spdm-emu://127.0.0.1:{self.port}", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return done.returncode

    def ask_version(self):
        """A connection that has asked for the version and stays."""
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        peer.sendall(GET_VERSION)
        assert peer.recv(100)
        return peer

    def signal(self, number):
        """Send the server a signal, if there is one."""
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(self._id_file.read_text()), number)

    def assert_given_back(self):
        """The terminal is what it was: screen, cursor, wrapping, echo, keys."""
        assert [self.tmux.state(n) for n in ("alternate_on", "cursor_flag", "wrap_flag")] == [
            *("0", "1", "1"),
        ]
        self.tmux.command("echo all is $((20 + 3))")
        screen = self.tmux.wait_for("all is 23")
        assert any(line.endswith("echo all is $((20 + 3))") for line in screen), "no echo"


@pytest.fixture
def watched(tmp_path):
    """Makes a terminal of a size, and a server in it."""
    program = shutil.which("tmux")
    if program is None:
        how = "scripts/setup-tools installs it on Debian 12 and 13, as root"
        if os.environ.get("CI") == "true":
            pytest.fail(f"tmux is missing: {how}")
        pytest.skip(f"tmux is missing ({how})")
    made = []

    def make(columns=80, rows=24, **environment):
        own = {"LANG": "C.UTF-8", "TERM": "tmux-256color", **environment}
        made.append(Watched(Tmux(program, columns, rows, own), tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.tmux.close()
        one.signal(signal.SIGKILL)  # a server outlives its terminal; by now most have ended
