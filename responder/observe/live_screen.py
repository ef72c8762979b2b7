"""Draws the live view on a terminal, in a thread of its own."""

import codecs
import io
import signal
import threading
from collections.abc import Callable, Sequence
from functools import partial

from rich.console import Console
from rich.text import Text

from responder.observe.entry import Entry
from responder.observe.live import Live
from responder.observe.live_page import Facts, page
from responder.observe.live_terminal import Terminal
from responder.observe.live_text import Line
from responder.observe.observed import Turns

_INTERVAL = 0.25
"""Seconds between two pictures: often enough to follow, and calm to look at."""
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Terminals that know them show what is between them all at once."""
_CLEAR = "\x1b[2J"
_REDRAW = b"\x0c"
_ENDS = frozenset({b"q", b"Q"})
_ASCII = str.maketrans("─│…▁▂▃▄▅▆▇█", "-|~.:-=+*%#")


class ViewLostError(Exception):
    """The terminal that the live view was on takes no more."""


class Screen:
    """The live view on a terminal; only lines that have changed are written."""

    def __init__(
        self,
        live: Live,
        terminal: Terminal,
        now: Callable[[], float],
        end: Callable[[], None],
        *,
        turns: Turns,
        encoding: str = "utf-8",
    ) -> None:
        """Begin when ``start`` says so.

        Args:
            live: what is shown; only ``take`` may change it from here on.
            terminal: where.
            now: virtual time in seconds.
            end: called, in the thread that draws, for each key that ends the program.
            turns: those of the observers, of which drawing takes one.
            encoding: what the terminal understands.
        """
        self._live = live
        self._terminal = terminal
        self._now = now
        self._end = end
        self._turns = turns
        self._encoding = codecs.lookup(encoding).name
        # Rich finds out from the environment what colours there are, and whether any are wanted.
        self._console = Console(file=io.StringIO(), force_terminal=True, highlight=False)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._size = (0, 0)
        self._shown: list[Line] = []
        self._picture = b""
        self._codes: dict[str, tuple[str, str]] = {}
        self._footer = "q ends"
        self._error = ""

    def take(self, entries: Sequence[Entry]) -> None:
        """Show what has happened, from the next picture on.

        Raises:
            ViewLostError: nothing can be shown any more.
        """
        if self._error:
            raise ViewLostError(self._error)
        with self._lock:
            self._live.take(entries)

    def start(self, facts: Facts) -> None:
        """Take the terminal and begin to draw."""
        self._thread = threading.Thread(
            target=self._run, args=(facts,), name="spdm-live-screen", daemon=True
        )
        self._thread.start()

    def close(self, timeout: float) -> None:
        """Give the terminal back, within ``timeout`` seconds if it takes what is written."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                self._terminal.restore_modes()

    def _run(self, facts: Facts) -> None:
        # To give the terminal back is allowed in the background as well.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            try:
                while not self._closing.is_set():
                    self._turn(facts)
            finally:
                self._terminal.leave()
        except Exception as error:  # noqa: BLE001 - the server goes on without the terminal
            self._error = f"{type(error).__name__}: {error}"

    def _turn(self, facts: Facts) -> None:
        """Draw one picture, and heed the keys until it is time for the next."""
        until = self._now() + _INTERVAL
        if not self._terminal.in_foreground():
            self._terminal.leave()
            self._closing.wait(_INTERVAL)
            return
        if not self._terminal.entered:
            self._terminal.enter()
            self._shown = []
        self._turns.run(partial(self._draw, facts))
        self._terminal.write(self._picture)
        while self._has_terminal():
            left = max(until - self._now(), 0)
            self._heed(self._terminal.key(left))
            if not left:  # keys are heeded however long drawing takes
                return
        # A signal that stops the program may take a moment to do so.
        self._closing.wait(max(until - self._now(), 0))

    def _heed(self, key: bytes) -> None:
        if key in _ENDS:
            self._footer = "ends when all that has arrived is answered; q does not wait"
            self._end()
        elif key == _REDRAW:
            self._size = (0, 0)

    def _has_terminal(self) -> bool:
        """Whether the terminal is to be read from: it may be somebody else's by now."""
        terminal = self._terminal
        return terminal.entered and terminal.in_foreground() and not self._closing.is_set()

    def _draw(self, facts: Facts) -> None:
        """Find out what is to be written; ``_picture`` is that."""
        size = self._terminal.size()
        with self._lock:
            lines = page(self._live, facts, self._now(), size, self._footer)
        clear = ""
        if size != self._size:
            self._size, self._shown, clear = size, [], _CLEAR
        changed = [
            f"\x1b[{number + 1};1H{self._rendered(line)}"
            for number, line in enumerate(lines)
            if number >= len(self._shown) or line != self._shown[number]
        ]
        self._shown = lines
        text = f"{_BEGIN}{clear}{''.join(changed)}{_END}" if changed else ""
        if self._encoding != "utf-8":
            text = text.translate(_ASCII)
        self._picture = text.encode(self._encoding, "replace")

    def _rendered(self, line: Line) -> str:
        parts = []
        for text, style in line:
            before, after = self._codes_of(style) if style else ("", "")
            parts.append(f"{before}{text}{after}")
        return "".join(parts)

    def _codes_of(self, style: str) -> tuple[str, str]:
        """What the terminal is sent before and after text of a style."""
        if style not in self._codes:
            with self._console.capture() as capture:
                self._console.print(Text("|", style), end="")
            before, _, after = capture.get().partition("|")
            self._codes[style] = before, after
        return self._codes[style]
