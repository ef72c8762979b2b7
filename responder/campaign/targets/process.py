"""Runs programs that may do anything: hang, break down, fill the memory, leave others behind.

They run below a helper process of their own (``reaper``), which ends all that they started. That
needs Linux.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

import responder
from responder.campaign.result import Process
from responder.errors import ConfigError, UnavailableError

MEBIBYTE = 1 << 20
_CHUNK = 1 << 16
_PATIENCE = 15.0  # seconds; longer than the helper tries to end what does not end
_HELPER = (
    "import sys; sys.path.append(sys.argv.pop()); "
    "from responder.campaign.targets.reaper import main; main()"
)
_PACKAGES = str(Path(responder.__file__).parents[1])


class ProcessLimits(msgspec.Struct, frozen=True):
    """What a run may take.

    Attributes:
        seconds: until it is ended.
        memory: bytes that all its processes together may hold in memory; it is looked at twenty
            times a second, and who has more is ended. It does not disturb programs that reserve
            much more than they use, as those with a sanitizer do.
        output: bytes of stdout that are kept, and of stderr; the rest is read and dropped.
        grace: seconds from SIGTERM to SIGKILL.
        address_space: bytes that each of its processes may reserve (RLIMIT_AS): asking for more
            fails there and then. Not for programs with a sanitizer.
    """

    seconds: float
    memory: int | None = None
    output: int = MEBIBYTE
    grace: float = 1.0
    address_space: int | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run: a program, or a Python function in a process of its own.

    Attributes:
        limits: what it may take.
        command: the program and its arguments; it is looked for in the ``PATH`` of ``env``.
        call: the function, as ``package.module:function``; without a command.
        arguments: what it may be called with, by name.
        path: where its module is looked for.
        env: all of the program's environment; of a function, what is added to it.
        cwd: where it is started.
        stdin: what it may read.
        done: a regular expression; when a line of the output has it, the run is over, and ended.
        done_flags: those of ``re``.
    """

    limits: ProcessLimits
    command: tuple[str, ...] = ()
    call: str = ""
    arguments: dict[str, str] = {}
    path: tuple[str, ...] = ()
    env: dict[str, str] = {}
    cwd: str = ""
    stdin: bytes = b""
    done: str = ""
    done_flags: int = 0


class _Answer(msgspec.Struct):
    process: Process | None = None
    error: str = ""
    stuck: str = ""


class Reaper:
    """Runs jobs, one after the other, below one helper; a context manager that ends it.

    The helper starts with the first job. It ends the job that runs, and itself, when this process
    ends, however it does.

    Args:
        site: start it as an interpreter of programs; for functions, which may need that.
    """

    def __init__(self, *, site: bool = False) -> None:
        self._flags = [] if site else ["-I", "-S"]
        self._helper: _Helper | None = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the helper, and what it runs."""
        self.close()

    def run(self, job: Job) -> Process:
        """Run a job to its end; errors as of ``wait``."""
        self.start(job)
        return self._end()

    def start(self, job: Job) -> None:
        """Begin a job."""
        if self._helper is None:
            self._helper = _Helper(self._flags)
        # Not by msgspec: what is no text in an environment is surrogates here, and stays so.
        self._helper.tell(json.dumps(msgspec.to_builtins(job)).encode())

    def wait(self, seconds: float | None = None) -> Process | None:
        """How the job ended; ``None`` if it has not after so many seconds.

        Whatever interrupts this ends the helper.

        Raises:
            ConfigError: it could not be started.
            UnavailableError: it cannot be ended, or has ended the helper.
        """
        if self._helper is None:
            raise RuntimeError("nothing was started")
        try:
            line = self._helper.hear(seconds)
        except TimeoutError:
            return None
        except BaseException:
            self.close()
            raise
        answer = msgspec.json.decode(line, type=_Answer)
        if answer.stuck:
            raise UnavailableError(answer.stuck)
        if answer.process is None:
            raise ConfigError(answer.error)
        return answer.process

    def stop(self) -> Process:
        """End the job that runs, and say how it ended; errors as of ``wait``."""
        if self._helper is not None:
            self._helper.tell(b"{}")
        return self._end()

    def close(self) -> None:
        """End what runs at once, and the helper."""
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.end()

    def _end(self) -> Process:
        process = self.wait()
        if process is None:
            raise RuntimeError("it waited without a limit")
        return process


class _Helper:
    """The helper process, and the socket that leads to it."""

    def __init__(self, flags: Sequence[str]) -> None:
        self._said = b""
        self._link, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, *flags, "-c", _HELPER, _PACKAGES],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                start_new_session=True,
            )

    def tell(self, line: bytes) -> None:
        """Send a line."""
        self._link.settimeout(None)
        self._link.sendall(line + b"\n")

    def hear(self, seconds: float | None) -> bytes:
        """Wait for a line.

        Raises:
            TimeoutError: nothing has come for so many seconds.
            UnavailableError: it has ended.
        """
        self._link.settimeout(seconds)
        while b"\n" not in self._said:
            data = self._link.recv(_CHUNK)
            if not data:
                raise UnavailableError("the helper that runs the target was ended")
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        return line

    def end(self) -> None:
        """End it, and what it runs."""
        self._link.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def program(
    command: Sequence[str],
    limits: ProcessLimits,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    done: re.Pattern[str] | None = None,
    stdin: bytes = b"",
) -> Job:
    """The job of running a program; see ``run_process``."""
    return Job(
        limits=limits,
        command=tuple(command),
        env={**os.environ, **(env or {})},
        cwd=str((cwd or Path.cwd()).absolute()),
        stdin=stdin,
        done=done.pattern if done is not None else "",
        done_flags=done.flags if done is not None else 0,
    )


def run_process(
    command: Sequence[str],
    limits: ProcessLimits,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    done: re.Pattern[str] | None = None,
    stdin: bytes = b"",
) -> Process:
    """Run a program to its end, and end all that it leaves; for many use one ``Reaper``.

    Args:
        command: the program and its arguments.
        limits: what it may take.
        env: what is added to the environment of this process, which it gets.
        cwd: where it is started; ``None`` for here.
        done: when a line of the output has this, the run is over, and the program is ended.
        stdin: what it may read.

    Raises:
        ConfigError: it cannot be started.
        UnavailableError: it cannot be ended, or has ended its helper.
    """
    with Reaper() as reaper:
        return reaper.run(program(command, limits, env=env, cwd=cwd, done=done, stdin=stdin))
