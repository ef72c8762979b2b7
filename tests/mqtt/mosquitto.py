"""A mosquitto of our own, on a free port of the loopback address, with nothing kept on disk."""

import getpass
import signal
import socket
import subprocess
import time

TIME = 60
"""Seconds after which something that should happen has not; machines may be busy."""


class Mosquitto:
    """A broker that can be killed, and started again on the same port."""

    def __init__(self, program, folder, *lines, auth="allow_anonymous true"):
        self._program = program
        self._log = folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        self.port = free_port()
        usual = [
            f"listener {self.port} 127.0.0.1",
            f"user {getpass.getuser()}",
            auth,
            "persistence false",
            "max_queued_messages 0",
        ]
        self._config.write_text("\n".join([*usual, *lines]) + "\n")
        self._process = None

    @property
    def uri(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._config], stdout=log, stderr=log
            )
        deadline = time.monotonic() + TIME
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "mosquitto does not listen"
            time.sleep(0.02)
        return self

    def kill(self):
        """End it with no chance to say anything."""
        self._end(signal.SIGKILL)

    def stop(self):
        if self._process is not None:
            self._end(signal.SIGTERM)

    def signal(self, number):
        self._process.send_signal(number)

    def _end(self, number):
        self._process.send_signal(number)
        self._process.wait(TIME)

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
