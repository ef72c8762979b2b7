"""A terminal is taken and given back; which bytes are keys."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios

import pytest

from responder.observe.live_terminal import Keys, Terminal

LOCAL_FLAGS, CHARACTERS = 3, 6


@pytest.fixture
def ends():
    """Both ends of a terminal: what a person sees and types, and ours."""
    outer, inner = pty.openpty()
    yield outer, inner
    os.close(outer)
    os.close(inner)


def read_until(outer, mark, seen=b""):
    """What a person has seen when ``mark`` is there."""
    while mark not in seen:
        assert select.select([outer], [], [], 60)[0], f"{mark!r} does not come"
        seen += os.read(outer, 1000)
    return seen


@pytest.mark.parametrize(
    ("reads", "keys"),
    [
        ([b"q"], [b"q"]),
        ([b"\x1b[A", b"\x1bOP", b"qq", b"some q junk"], []),
        ([b"\x1b[200~", b"q", b"\x1b[201~", b"q"], [b"q"]),
        ([b"\x1b[200~q\x1b[201~"], []),
        ([b"\x1b[200~a\x1b[201~\x1b[200~b", b"q"], []),
        ([b""], []),
    ],
)
def test_keys_are_told_from_pastes_and_codes(reads, keys):
    reader = Keys()
    assert [key for data in reads if (key := reader.pressed(data))] == keys


def test_modes_are_changed_and_restored(ends):
    outer, inner = ends
    before = termios.tcgetattr(inner)
    terminal = Terminal(inner, inner)
    terminal.enter()
    inside = termios.tcgetattr(inner)
    assert inside[LOCAL_FLAGS] & (termios.ECHO | termios.ICANON) == 0
    assert inside[LOCAL_FLAGS] & termios.ISIG, "Ctrl-C stays what it is"
    assert inside[CHARACTERS][termios.VINTR] == before[CHARACTERS][termios.VINTR]
    assert terminal.entered
    os.write(outer, b"junk that nobody read")
    terminal.leave()
    assert termios.tcgetattr(inner) == before
    written = read_until(outer, b"?1049l")
    for turned_on, turned_off in ((b"?1049h", b"?1049l"), (b"?25l", b"?25h"), (b"?7l", b"?7h")):
        assert 0 <= written.find(turned_on) < written.find(turned_off)
    os.set_blocking(inner, False)
    with pytest.raises(BlockingIOError):
        os.read(inner, 1000)


def test_a_key_is_read_without_waiting_for_a_line(ends):
    outer, inner = ends
    terminal = Terminal(inner, inner)
    terminal.enter()
    os.write(outer, b"q")
    assert terminal.key(10) == b"q"
    assert terminal.key(0) == b""
    terminal.leave()


def test_there_may_be_no_keyboard(ends):
    outer, inner = ends
    terminal = Terminal(inner, None)
    terminal.enter()
    os.write(outer, b"q\n")
    assert terminal.key(0) == b""
    terminal.leave()
    read_until(outer, b"?1049l")


def test_the_size_has_at_least_one_of_each(ends):
    _, inner = ends
    terminal = Terminal(inner, None)
    termios.tcsetwinsize(inner, (24, 80))
    assert terminal.size() == (80, 24)
    termios.tcsetwinsize(inner, (0, 0))
    assert terminal.size() == (1, 1)


SUSPENDED = """
import signal, sys
from responder.observe.live_terminal import Terminal
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
for number in (signal.SIGQUIT, signal.SIGTSTP):  # a shell's background job ignores the first
    signal.signal(number, signal.SIG_DFL)
terminal = Terminal(1, 0)
terminal.enter()
while terminal.key(0.1) == b"":
    pass
print("entered" if terminal.entered else "left", flush=True)
"""


@pytest.mark.parametrize(("key", "number"), [(b"\x1a", signal.SIGTSTP), (b"\x1c", signal.SIGQUIT)])
def test_keys_that_stop_a_program_do_so_with_the_terminal_given_back(ends, key, number):
    outer, inner = ends
    before = termios.tcgetattr(inner)
    process = subprocess.Popen(
        [sys.executable, "-c", SUSPENDED],
        stdin=inner,
        stdout=inner,
        process_group=0,
    )
    try:
        seen = read_until(outer, b"?1049h")
        os.write(outer, key)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        stopped = os.WSTOPSIG(status) if os.WIFSTOPPED(status) else os.WTERMSIG(status)
        assert stopped == number
        assert termios.tcgetattr(inner) == before
        seen = read_until(outer, b"?1049l", seen)
        if number == signal.SIGTSTP:
            process.send_signal(signal.SIGCONT)
            assert read_until(outer, b"\n", seen).endswith(b"left\r\n")
    finally:
        process.kill()
        process.wait()
