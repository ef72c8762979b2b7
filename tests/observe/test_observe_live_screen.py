"""What the live view writes to a terminal, and what keys do."""

import os
import pty
import select
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
from observe.live_states import arrived, attestation

from responder.observe.live import Live
from responder.observe.live_page import Facts, page
from responder.observe.live_screen import Screen, ViewLostError
from responder.observe.live_terminal import Terminal
from responder.observe.observed import Turns

FACTS = Facts("default", "A device", "SPDM 1.2, slot 0", "spdm-emu://127.0.0.1:2323")
STALL = 2.0
BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"


class Viewed:
    """A live view on a terminal of 80 by 24 whose other end is here."""

    def __init__(self, **options):
        self.outer, self.inner = pty.openpty()
        termios.tcsetwinsize(self.inner, (24, 80))
        self.before = termios.tcgetattr(self.inner)
        self.time = 0.0
        self.ends = threading.Semaphore(0)
        terminal = Terminal(self.inner, self.inner)
        self.screen = Screen(
            Live(), terminal, lambda: self.time, self.ends.release, turns=Turns(), **options
        )
        self.seen = b""

    def read(self, mark):
        """What is written up to ``mark``; a second passes whenever nothing comes for a while."""
        stalls = 0
        while mark not in self.seen:
            if select.select([self.outer], [], [], STALL)[0]:
                self.seen += os.read(self.outer, 100_000)
            else:
                stalls += 1
                self.time += 1.0
                assert stalls < 30, f"{mark!r} does not come"
        read, _, self.seen = self.seen.partition(mark)
        return read

    def picture(self):
        """What is drawn next."""
        self.read(BEGIN)
        return self.read(END)

    def close(self):
        self.screen.close(10)
        os.close(self.inner)
        os.close(self.outer)


@pytest.fixture
def viewed():
    one = Viewed()
    yield one
    one.close()


def test_all_is_drawn_once_and_then_what_changes(viewed):
    viewed.screen.start(FACTS)
    viewed.read(b"?1049h")
    whole = viewed.picture()
    assert [whole.count(b"\x1b[%d;1H" % row) for row in range(1, 26)] == [1] * 24 + [0]
    viewed.screen.take([arrived()])
    viewed.time = 1.0
    changed = viewed.picture()
    assert b"1 open, 1 so far" in changed
    assert b"up 0:00:01" in changed
    assert 0 < changed.count(b";1H") < 6
    assert len(changed) < len(whole) / 3
    viewed.screen.close(10)
    assert viewed.read(b"?1049l").count(BEGIN) == 0, "nothing has changed since"
    assert termios.tcgetattr(viewed.inner) == viewed.before


def test_another_size_is_drawn_anew(viewed):
    viewed.screen.start(FACTS)
    viewed.picture()
    termios.tcsetwinsize(viewed.inner, (10, 40))
    viewed.time = 1.0
    whole = viewed.picture()
    assert whole.startswith(b"\x1b[2J")
    assert [whole.count(b"\x1b[%d;1H" % row) for row in range(1, 12)] == [1] * 10 + [0]


def test_q_ends_and_says_so(viewed):
    viewed.screen.start(FACTS)
    viewed.picture()
    os.write(viewed.outer, b"q")
    assert viewed.ends.acquire(timeout=10)
    viewed.time = 1.0
    assert b"ends when all that has arrived is answered" in viewed.picture()


def test_keys_are_heeded_however_long_drawing_takes(viewed, monkeypatch):
    def slow(*arguments):
        viewed.time += 1.0
        return page(*arguments)

    monkeypatch.setattr("responder.observe.live_screen.page", slow)
    viewed.screen.start(FACTS)
    viewed.picture()
    os.write(viewed.outer, b"q")
    assert viewed.ends.acquire(timeout=10)


def test_other_keys_do_nothing_but_ctrl_l_which_draws_anew(viewed):
    viewed.screen.start(FACTS)
    viewed.picture()
    os.write(viewed.outer, b"x")
    viewed.time = 1.0
    viewed.picture()
    for _ in range(30):
        os.write(viewed.outer, b"\x0c")  # with what has not been read yet it is a paste
        viewed.time += 1.0
        if viewed.picture().startswith(b"\x1b[2J"):
            break
    else:
        pytest.fail("it is not drawn anew")
    assert not viewed.ends.acquire(blocking=False)


def test_a_terminal_that_is_gone_is_told_of_and_nothing_else_happens():
    viewed = Viewed()
    viewed.screen.start(FACTS)
    viewed.picture()
    os.close(viewed.outer)
    viewed.time = 1.0
    viewed.screen._thread.join(10)
    with pytest.raises(ViewLostError, match="Input/output error"):
        viewed.screen.take([arrived()])
    viewed.screen.close(10)
    os.close(viewed.inner)


def test_a_bug_gives_the_terminal_back(viewed, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("responder.observe.live_screen.page", broken)
    viewed.screen.start(FACTS)
    viewed.read(b"?1049l")
    viewed.screen._thread.join(10)
    assert termios.tcgetattr(viewed.inner) == viewed.before
    with pytest.raises(ViewLostError, match="ZeroDivisionError: a bug"):
        viewed.screen.take([arrived()])


def draw(encoding):
    """Write the first picture, of a server that has seen something, to standard output."""
    viewed = Viewed(encoding=encoding)
    viewed.screen.take(attestation())
    viewed.screen.start(FACTS)
    sys.stdout.buffer.write(viewed.picture())
    viewed.close()


def drawn(environment, encoding="utf-8"):
    """The picture in an environment of its own: rich keeps what it has found out for good."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    tests = str(Path(__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {tests!r}); from observe.test_observe_live_screen "
    code += f"import draw; draw({encoding!r})"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, **environment},
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout


def test_colours_are_those_of_the_terminal():
    assert b"\x1b[38;5;28mauthenticated" in drawn({"TERM": "xterm-256color"})
    assert b"\x1b[38;5;" not in drawn({"TERM": "xterm-16color"})


def test_no_color_leaves_bold_and_reverse():
    picture = drawn({"TERM": "xterm-256color", "NO_COLOR": "1"})
    codes = {part.partition(b"m")[0] for part in picture.split(b"\x1b[")[1:] if b"m" in part[:8]}
    assert codes == {b"0", b"1", b"1;7"}


def test_a_terminal_without_unicode_gets_ascii():
    picture = drawn({"TERM": "xterm"}, encoding="ascii")
    assert picture.isascii()
    assert b"-- " in picture
    assert b"?" not in picture
