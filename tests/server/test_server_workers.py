"""A supervisor and its workers, as processes: what each is told, and who takes whose place."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("supervised.py")
TIMEOUT = 30


class Supervised:
    """The process, and what it and its workers have said so far."""

    def __init__(self, process):
        self.process = process
        self.workers = {}
        self.lines = []

    def until(self, pattern):
        """Read up to a line that matches; the match."""
        while True:
            line = self.process.stdout.readline().rstrip("\n")
            assert line, f"no {pattern!r} in {self.lines}"
            self.lines.append(line)
            if started := re.fullmatch(r"worker (\d+) (\d+)", line):
                self.workers[int(started[1])] = int(started[2])
            if match := re.fullmatch(pattern, line):
                return match

    def rest(self):
        """All that is said until all of them have ended, sorted; and the exit code."""
        rest, _ = self.process.communicate(timeout=TIMEOUT)
        return sorted(rest.splitlines()), self.process.returncode


@contextmanager
def supervised(count, how="as told"):
    process = subprocess.Popen(
        [sys.executable, PROGRAM, str(count), how],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run = Supervised(process)
    try:
        yield run
    finally:
        process.kill()
        for pid in run.workers.values():
            with_effect(os.kill, pid, signal.SIGKILL)
        process.communicate()


def with_effect(call, *arguments):
    """Whether a process was still there to be signalled."""
    try:
        call(*arguments)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_workers_are_ready_together_and_end_together(number):
    with supervised(3) as run:
        run.until("ready")
        assert sorted(run.workers) == [1, 2, 3]
        run.process.send_signal(number)
        assert run.rest() == (["stopping", "worker 1 stops", "worker 2 stops", "worker 3 stops"], 0)


def test_one_that_dies_is_replaced_and_that_is_said():
    with supervised(2) as run:
        run.until("ready")
        os.kill(run.workers[1], signal.SIGKILL)
        said = run.until("said (.*)")[1]
        assert (
            said
            == f"worker 1 (pid {run.workers[1]}) was ended by SIGKILL; worker 3 takes its place"
        )
        while 3 not in run.workers:
            run.until(".*")
        os.kill(run.workers[3], signal.SIGKILL)
        assert "worker 4 takes its place" in run.until("said (.*)")[1]
        while 4 not in run.workers:
            run.until(".*")
        run.process.terminate()
        assert run.rest() == (["stopping", "worker 2 stops", "worker 4 stops"], 0)
        assert run.lines.count("ready") == 1


def test_the_second_signal_gives_up_and_the_third_kills():
    with supervised(2, "deaf") as run:
        run.until("ready")
        run.process.terminate()
        run.until("stopping")
        run.process.terminate()
        assert {run.until(r"worker (\d) gives up")[1] for _ in range(2)} == {"1", "2"}
        run.process.terminate()
        said, code = run.rest()
        assert [line.partition(") ")[2] for line in said] == ["was ended by SIGKILL"] * 2
        assert code == 128 + signal.SIGKILL


def test_hangup_is_passed_on():
    with supervised(2) as run:
        run.until("ready")
        run.process.send_signal(signal.SIGHUP)
        assert {run.until(r"worker (\d) got SIGHUP")[1] for _ in range(2)} == {"1", "2"}
        run.process.terminate()
        assert run.rest()[1] == 0


def test_workers_give_up_when_their_supervisor_is_gone():
    with supervised(2, "impatient") as run:
        run.until("ready")
        run.process.kill()
        assert [line for line in run.rest()[0] if line.endswith("gives up")] == [
            "worker 1 gives up",
            "worker 2 gives up",
        ]


def test_one_that_cannot_begin_ends_all():
    with supervised(3, "fails") as run:
        said, code = run.rest()
        assert code == 4
        assert "ready" not in said
        assert [line for line in said if line.endswith("ended with 4")]
        assert {"worker 1 stops", "worker 3 stops"} <= set(said)


def test_a_defect_in_one_is_told_and_ends_all():
    with supervised(1, "raises") as run:
        said, code = run.rest()
        assert code == 70
        assert "ValueError: a defect" in said
