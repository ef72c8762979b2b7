"""Programs that do their worst are contained: what is said of each, and that nothing is left."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from processes import INTERRUPTIBLE, MARK, SCRIPTED, children, marked, open_descriptors

from responder.campaign.targets.process import (
    MEBIBYTE,
    ProcessLimits,
    Reaper,
    program,
    run_process,
)
from responder.errors import ConfigError, UnavailableError

PYTHON = (sys.executable, "-I", "-S")
LIMITS = ProcessLimits(20.0, memory=256 * MEBIBYTE, output=20_000)
SHORT = ProcessLimits(0.3, memory=256 * MEBIBYTE, grace=0.2)


@pytest.fixture
def mark():
    """A mark for the environment of a target; nothing that has it is left."""
    mark = uuid4().hex
    descriptors, before = open_descriptors(), children()
    yield mark
    assert marked(mark) == []
    assert set(children()) <= set(before)
    assert open_descriptors() == descriptors


@pytest.fixture
def misbehave(mark):
    """Runs a function of the scripted target."""

    def run(function, limits=LIMITS, **options):
        command = (*PYTHON, str(SCRIPTED / "misbehave.py"), function)
        return run_process(command, limits, env={MARK: mark}, **options)

    return run


def sh(script, limits=LIMITS, **options):
    return run_process(("sh", "-c", script), limits, **options)


def test_a_program_that_ends_well():
    process = sh("wc -c; echo two >&2; exit 3", stdin=b"one\n" * 50_000)
    assert (process.exit, process.signal) == (3, "")
    assert process.stdout.strip() == "200000"
    assert process.stderr == "two\n"
    assert not process.timed_out
    assert not process.over_memory
    assert process.left_behind == 0
    assert 0 < process.seconds < 10
    assert not process.over_output


def test_environment_and_folder_are_what_they_are_said_to_be(tmp_path):
    process = sh('printf "%s %s" "$SAID" "$(pwd)"', env={"SAID": "grün"}, cwd=tmp_path)
    assert process.stdout == f"grün {tmp_path}"


def test_an_environment_need_not_be_text():
    process = sh('printf %s "$SAID" | od -An -tx1', env={"SAID": os.fsdecode(b"\xff\xfe")})
    assert process.stdout.split() == ["ff", "fe"]


def test_a_time_limit(misbehave):
    process = misbehave("hang", SHORT)
    assert process.timed_out
    assert (process.exit, process.signal, process.stubborn) == (None, "", False)
    assert 0.3 <= process.seconds < 5


def test_sigterm_is_not_enough(misbehave):
    process = misbehave("stubborn", SHORT)
    assert process.timed_out
    assert process.stubborn
    assert 0.5 <= process.seconds < 5


def test_closed_streams_are_no_end(misbehave):
    process = misbehave("closed", SHORT)
    assert process.timed_out


def test_a_crash_has_the_name_of_its_signal(misbehave):
    process = misbehave("segfault")
    assert (process.exit, process.signal) == (None, "SIGSEGV")


def test_a_target_that_kills_itself_was_not_ended_by_us():
    assert sh("kill -KILL $$").signal == "SIGKILL"
    assert sh("kill -TERM $$").signal == "SIGTERM"


def test_a_sanitizer_reports(misbehave):
    process = misbehave("sanitizer")
    assert process.exit == 1
    assert process.sanitizer == "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x5"


@pytest.mark.parametrize("function", ["memory", "memory_in_children"])
def test_memory_blows_up(misbehave, function):
    process = misbehave(function, ProcessLimits(20.0, memory=128 * MEBIBYTE))
    assert process.over_memory
    assert (process.exit, process.signal, process.timed_out) == (None, "", False)
    if function == "memory":
        assert 128 * MEBIBYTE < process.peak_memory < 1024 * MEBIBYTE


def test_shared_memory_counts_once():
    script = "import os, time\nkept = b'1' * (90 << 20)\nos.fork()\nos.fork()\ntime.sleep(0.3)"
    process = run_process((*PYTHON, "-c", script), ProcessLimits(20.0, memory=160 * MEBIBYTE))
    assert (process.exit, process.over_memory) == (0, False)


def test_an_address_space_may_be_limited():
    limits = ProcessLimits(20.0, address_space=256 * MEBIBYTE)
    process = run_process((*PYTHON, "-c", "bytearray(1 << 30)"), limits)
    assert process.exit == 1
    assert process.stderr.endswith("MemoryError\n")


def test_zombies_are_counted(misbehave):
    process = misbehave("zombies")
    assert (process.exit, process.left_behind) == (0, 3)


def test_a_daemon_is_found_and_ended(misbehave):
    process = misbehave("daemon")
    assert (process.exit, process.left_behind) == (0, 1)


def test_output_of_100_mb(misbehave):
    process = misbehave("flood")
    assert process.exit == 0
    assert process.over_output
    left_out = f"[... {100 * MEBIBYTE - 20_000} bytes are left out ...]"
    assert left_out in process.stdout
    assert len(process.stdout) == 20_000 + len(left_out) + 2
    assert process.stdout.startswith("0123456789abcde\n")
    assert process.stdout.endswith("0123456789abcde\n")


def test_a_report_is_found_in_much_output(misbehave):
    process = misbehave("flood_with_report")
    assert "runtime error" not in process.stderr
    assert process.sanitizer == "a.c:12:3: runtime error: signed integer overflow"


def test_processes_that_hide_from_each_other_are_all_ended(misbehave):
    process = misbehave("scattered")
    assert (process.exit, process.left_behind) == (0, 30)


@pytest.mark.parametrize("stream", [1, 2])
def test_a_word_that_says_the_end(mark, stream):
    script = f"printf 'this is '; printf 'the end' >&{stream}; sleep 60"
    done = re.compile("THE END$", re.IGNORECASE)
    process = sh(script, done=done, env={MARK: mark})
    assert process.done
    assert not process.timed_out
    assert (process.exit, process.signal, process.left_behind) == (None, "", 0)
    assert process.seconds < 10


@pytest.mark.parametrize("command", [("no-such-program",), ("/etc/passwd",), ("/",)])
def test_what_cannot_be_started_is_a_mistake(command, mark):
    with pytest.raises(ConfigError, match=rf"^{command[0]}: (No such file|Permission denied)"):
        run_process(command, LIMITS)


def test_a_folder_that_is_not_there_is_a_mistake(mark):
    with pytest.raises(ConfigError, match=r"^/no-such-folder: No such file"):
        sh("true", cwd=Path("/no-such-folder"))


def test_a_helper_serves_for_many_and_can_be_stopped(mark):
    env = {MARK: mark}
    with Reaper() as reaper:
        for number in range(5):
            assert reaper.run(program(("sh", "-c", f"exit {number}"), LIMITS)).exit == number
        with pytest.raises(ConfigError):
            reaper.run(program(("no-such-program",), LIMITS))
        reaper.start(program(("sleep", "60"), LIMITS, env=env))
        assert reaper.wait(0.05) is None
        process = reaper.stop()
        assert (process.exit, process.signal, process.timed_out) == (None, "", False)
        reaper.start(program(("sleep", "60"), LIMITS, env=env))


def test_a_target_may_end_its_helper(mark):
    with Reaper() as reaper:
        with pytest.raises(UnavailableError, match="was ended"):
            reaper.run(program(("sh", "-c", "kill -KILL $PPID; exec sleep 60"), LIMITS))
        assert reaper.run(program(("true",), LIMITS)).exit == 0


CALLER = """
from responder.campaign.targets.process import ProcessLimits, run_process
script = "sleep 600 & setsid sleep 600 & trap '' TERM; wait"
run_process(("sh", "-c", script), ProcessLimits(600))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_caller_is_ended(mark, number):
    """Whether it may still do something or not."""
    env = {**os.environ, MARK: mark, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    caller = subprocess.Popen(
        (*INTERRUPTIBLE, sys.executable, "-c", CALLER),
        env=env,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _until(lambda: len(marked(mark)) == 5)  # the caller, its helper, the shell, two that sleep
    caller.send_signal(number)
    caller.communicate(timeout=20)
    assert caller.returncode == -number
    _until(lambda: not marked(mark))


def _until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)
