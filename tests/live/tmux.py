"""A terminal that a test looks at: tmux with one pane, in which a shell runs."""

import re
import subprocess
import tempfile
import time
from pathlib import Path

TIMEOUT = 15
_POLL = 0.05


class Tmux:
    """A pane with a shell whose prompt is ``$ ``."""

    def __init__(self, program, columns, rows, environment):
        self._folder = tempfile.TemporaryDirectory(prefix="tmux")  # socket paths must be short
        self._base = [program, "-S", str(Path(self._folder.name, "s")), "-f", "/dev/null"]
        given = [f"-e{name}={value}" for name, value in environment.items()]
        size = ["-x", str(columns), "-y", str(rows)]
        self.run("new-session", "-d", *size, *given, "env PS1='$ ' sh")
        self.run("set-option", "-g", "remain-on-exit", "on")

    def run(self, *arguments):
        """Give tmux a command; what it says."""
        done = subprocess.run(
            [*self._base, *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self, *options):
        """The lines on the screen, without spaces at their ends."""
        return [line.rstrip() for line in self.run("capture-pane", "-p", *options).split("\n")][:-1]

    def state(self, name):
        """A variable of the pane, such as ``alternate_on``."""
        return self.run("display-message", "-p", f"#{{{name}}}").strip()

    def type(self, *keys):
        """Press keys, by their names."""
        self.run("send-keys", *keys)

    def command(self, text):
        """Type a line and end it."""
        self.run("send-keys", "-l", text)
        self.type("Enter")

    def paste(self, text, *, marked):
        """Paste; a terminal that marks pastes does so if the program has asked for it."""
        self.run("set-buffer", "--", text)
        self.run("paste-buffer", *(["-p"] if marked else []))

    def resize(self, columns, rows):
        """Give the window another size."""
        self.run("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_for(self, wanted):
        """The screen once ``wanted`` holds for it: a pattern in it, or a function of its lines."""
        holds = wanted if callable(wanted) else lambda lines: re.search(wanted, "\n".join(lines))
        end = time.monotonic() + TIMEOUT
        while not holds(lines := self.screen()):
            assert time.monotonic() < end, "waited in vain:\n" + "\n".join(lines)
            time.sleep(_POLL)
        return lines

    def close(self):
        self.run("kill-server")
        self._folder.cleanup()
