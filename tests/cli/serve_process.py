"""``serve`` as a process, for tests."""

import os
import signal
import socket
import struct
import subprocess
import sys
from contextlib import contextmanager

COMMAND = [sys.executable, "-m", "responder.cli.main", "serve"]
GET_VERSION = bytes.fromhex("000000010000000000000004 10840000")
"""A frame of the socket protocol: NORMAL, transport NONE, and the message."""
SHUTDOWN = bytes.fromhex("0000fffe0000000000000000")
TIMEOUT = 30


def environment(**changes):
    """This process's environment without what a service manager may have put there."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LISTEN_")}
    kept.pop("NOTIFY_SOCKET", None)
    return {**kept, **changes}


class Served:
    """A running process."""

    def __init__(self, process):
        self.process = process
        self.lines = []

    def read_ready(self):
        """Read stdout up to the READY line; its URI."""
        while not self.lines or not self.lines[-1].startswith("READY"):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.lines.append(line.rstrip("\n"))
        return self.lines[-1].split()[1]

    def connect(self):
        port = int(self.lines[-1].split()[1].rpartition(":")[2])
        return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)

    def end(self, number=signal.SIGTERM):
        """Send a signal; exit code and stderr."""
        self.process.send_signal(number)
        return self.outcome()

    def outcome(self):
        out, err = self.process.communicate(timeout=TIMEOUT)
        assert out == "", "nothing on stdout after READY"
        return self.process.returncode, err


@contextmanager
def serving(*arguments, **options):
    options.setdefault("env", environment())
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.communicate()


def answer_code(peer):
    """The code of the next answer."""
    header = peer.recv(12, socket.MSG_WAITALL)
    return peer.recv(struct.unpack(">III", header)[2], socket.MSG_WAITALL)[1]


def run(*arguments, **options):
    """Run to the end; exit code, stdout, stderr."""
    options.setdefault("env", environment())
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        **options,
    )
    return done.returncode, done.stdout, done.stderr
