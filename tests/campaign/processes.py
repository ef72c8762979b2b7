"""Finds out what was left running, in ``/proc``."""

import contextlib
import os
from pathlib import Path

SCRIPTED = Path(__file__).with_name("scripted")
MARK = "SPDM_RESPONDER_TEST_MARK"
INTERRUPTIBLE = ("env", "--default-signal=INT")
"""Begins a command: a shell's background jobs ignore SIGINT, and so does what they start."""


def marked(mark):
    """The processes whose environment has the mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def children():
    """The processes that this one has started and that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(after_name[1]) == os.getpid():
                found.append(int(folder.name))
    return found


def open_descriptors():
    """The names of this process's descriptors."""
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())
