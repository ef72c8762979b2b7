"""A terminal that is drawn on, and afterwards is as it was."""

import os
import select
import signal
import termios
from typing import Any

_ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[2J"
"""Other screen, no cursor, no wrapping, pastes marked, all clear."""
_LEAVE = b"\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
_PASTE_BEGINS, _PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"
_INPUT_FLAGS, _LOCAL_FLAGS, _CHARACTERS = 0, 3, 6
"""Where they are in what ``tcgetattr`` returns."""
_SIGNALS = {b"\x1a": signal.SIGTSTP, b"\x1c": signal.SIGQUIT}
"""What Ctrl-Z and Ctrl-\\ would have led to; the terminal is given back before."""
_CHUNK = 4096


class Keys:
    """Tells a key that was pressed from what was pasted, and from the codes of special keys."""

    def __init__(self) -> None:
        self._pasting = False

    def pressed(self, data: bytes) -> bytes:
        """The key that ``data``, all that could be read at once, stands for; or nothing."""
        begins, ends = data.rfind(_PASTE_BEGINS), data.rfind(_PASTE_ENDS)
        if begins >= 0 or ends >= 0:
            self._pasting = begins > ends
            return b""
        return data if len(data) == 1 and not self._pasting else b""


class Terminal:
    """What is drawn on, and what keys come from, from ``enter`` to ``leave``.

    All methods but ``restore_modes`` may wait for the terminal.
    """

    def __init__(self, screen: int, keyboard: int | None) -> None:
        """Change nothing yet.

        Args:
            screen: the descriptor that is written to.
            keyboard: the one that is read from; ``None`` if there is none.
        """
        self._screen = screen
        self._keyboard = keyboard
        self._keys = Keys()
        self._saved: list[Any] | None = None
        self.entered = False

    def in_foreground(self) -> bool:
        """Whether the terminal is ours to draw on: a shell may have put us in the background."""
        try:
            return os.tcgetpgrp(self._screen) == os.getpgrp()
        except OSError:  # not our controlling terminal: nobody else minds
            return True

    def size(self) -> tuple[int, int]:
        """Columns and rows; at least one of each."""
        columns, rows = os.get_terminal_size(self._screen)
        return max(columns, 1), max(rows, 1)

    def enter(self) -> None:
        """Take the terminal: what was on it comes back when it is left."""
        if self._keyboard is not None:
            self._saved = termios.tcgetattr(self._keyboard)
            termios.tcsetattr(self._keyboard, termios.TCSANOW, _modes(self._saved))
        self.entered = True
        self.write(_ENTER)

    def leave(self) -> None:
        """Give the terminal back; does nothing if it was not taken."""
        if self.entered:
            self.restore_modes()
            self.entered = False
            self.write(_LEAVE)

    def restore_modes(self) -> None:
        """Let the keyboard be as it was; what was typed and not read is forgotten."""
        if self._saved is not None and self._keyboard is not None:
            termios.tcflush(self._keyboard, termios.TCIFLUSH)
            termios.tcsetattr(self._keyboard, termios.TCSANOW, self._saved)
            self._saved = None

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OSError: the terminal is gone.
        """
        while data:
            data = data[os.write(self._screen, data) :]

    def key(self, timeout: float) -> bytes:
        r"""The key that is pressed within that many seconds; nothing if none is.

        Ctrl-Z and Ctrl-\ do what they always do, with the terminal left in the meantime.
        """
        wanted = [] if self._keyboard is None else [self._keyboard]
        readable, _, _ = select.select(wanted, [], [], timeout)
        if not (readable and self.in_foreground()):  # else reading would stop the program
            return b""
        data = os.read(readable[0], _CHUNK)
        if not data:  # nobody is there any more
            self._keyboard = None
        key = self._keys.pressed(data)
        if key in _SIGNALS:
            self.leave()
            os.kill(0, _SIGNALS[key])
        return key


def _modes(saved: list[Any]) -> list[Any]:
    """Keys are read one by one and not shown; of those that make signals only Ctrl-C does."""
    modes = [*saved[:_CHARACTERS], list(saved[_CHARACTERS])]
    modes[_INPUT_FLAGS] &= ~termios.IXON
    modes[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    characters = modes[_CHARACTERS]
    characters[termios.VSUSP] = characters[termios.VQUIT] = b"\0"
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    return modes
