"""Follows a page: its commands are run in their order, as a reader would, in a folder of their own.

A block of commands may say, in a comment before it:

- ``<!-- runs: tests/… -->``: they are run by that test, and not here;
- ``<!-- exit: 1 -->``: the last of them ends so;
- ``<!-- needs: PROGRAM -->``: they are run where that program is.

What serves is started, and stopped when the next one starts or the page ends. Ports and paths that
a page names are replaced by free ones.
"""

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pages

READY_TIME = 60
_BLOCK = re.compile(
    r"((?:^<!-- \w+: [^\n]+ -->\n)*)^```(?:console|sh)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_NOTE = re.compile(r"<!-- (\w+): (.+) -->")
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_COMMENT = re.compile(r"\s+# .*$", re.MULTILINE)
_SERVES = re.compile(r"^spdm-responder (serve|emu)\b(?!.*--help)", re.DOTALL)
_LISTENS = re.compile(r"--(port|listen|call)\b|^spdm-responder emu")
_PORTS = ("2323", "4194", "1883", "9323")


@dataclass(frozen=True)
class Command:
    """A command of a page.

    Attributes:
        text: the command; several lines if it is continued.
        code: what it exits with.
        elsewhere: the test that runs it; empty if it is run here.
        needs: the program without which it is not run.
        shown: what the page shows of its output.
    """

    text: str
    code: int = 0
    elsewhere: str = ""
    needs: str = ""
    shown: str = ""


def commands(page):
    """All commands of a page, in order."""
    found = []
    for notes, text in _BLOCK.findall(page):
        told = dict(_NOTE.findall(notes))
        lines = _COMMAND.findall(text)
        for number, (line, shown) in enumerate(lines, 1):
            word = _COMMENT.sub("", line).strip()
            code = int(told.get("exit", 0)) if number == len(lines) else 0
            found.append(Command(word, code, told.get("runs", ""), told.get("needs", ""), shown))
    return found


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Reader:
    """Somebody who types what a page says."""

    def __init__(self, folder):
        self.folder = folder
        self._places = {port: str(free_port()) for port in _PORTS} | {"/run/": f"{folder}/run/"}
        (folder / "run").mkdir()
        self._serving = []

    def local(self, text):
        """The text with the ports and folders that are used here."""
        for theirs, ours in self._places.items():
            text = re.sub(rf"(?<![\w.]){re.escape(theirs)}(?!\d)", ours, text)
        return text

    def run(self, command):
        """Run a command; what it printed, and what it told beside that."""
        text = self.local(command.text)
        if _SERVES.search(text):
            self._serve(text.rstrip("& "))
            return "", ""
        done = pages.run(text, self.folder)
        printed = f"$ {text}\n{done.stdout}{done.stderr}"
        assert done.returncode == command.code, printed
        return done.stdout, done.stderr

    def _serve(self, text):
        self.stop()
        if not _LISTENS.search(text):
            text += f" --port {self._places['2323']}"
        log = self.folder / f"served-{time.monotonic_ns()}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {text}"],
                cwd=self.folder,
                env=pages.environment(),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._serving.append((process, log))
        end = time.monotonic() + READY_TIME
        while "READY" not in log.read_text():
            assert process.poll() is None, f"$ {text}\n{log.read_text()}"
            assert time.monotonic() < end, f"$ {text}\nis not ready:\n{log.read_text()}"
            time.sleep(0.02)

    def stop(self):
        """End what serves; it must have gone well."""
        for process, log in self._serving:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            assert process.wait(READY_TIME) == 0, log.read_text()
        self._serving.clear()


@contextmanager
def reading(folder):
    """A reader, and the end of all that serves."""
    reader = Reader(Path(folder))
    try:
        yield reader
        reader.stop()
    finally:
        for process, _ in reader._serving:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
