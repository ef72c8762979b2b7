"""Finds the processes below this one, and what memory they hold, in Linux' ``/proc``.

The standard library only: ``reaper`` starts with it.
"""

import contextlib
import os
import signal
from collections.abc import Iterable

_PAGE = os.sysconf("SC_PAGESIZE")


def descendants() -> list[int]:
    """The ids of all processes below this one, those that have ended and wait included."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib is not imported here
        if name.isdigit():
            parent = _parent(int(name))
            children.setdefault(parent, []).append(int(name))
    found = children.get(os.getpid(), [])
    for pid in found:  # it grows meanwhile
        found += children.get(pid, [])
    return found


def kill(pids: Iterable[int]) -> None:
    """End processes at once; those that have ended already are no error."""
    for pid in pids:
        send(pid, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    """Send a signal to a process, or to a group (a negative number), if there still is one."""
    # It has ended, or is another user's: the latter is found to be left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def resident(pids: Iterable[int]) -> int:
    """The memory that processes hold, in bytes; what two of them share counts twice."""
    return sum(int(_read(pid, "statm", "0 0").split()[1]) * _PAGE for pid in pids)


def proportional(pids: Iterable[int]) -> int:
    """The memory that processes hold together, in bytes: what they share counts once."""
    total = 0
    for pid in pids:
        for line in _read(pid, "smaps_rollup", "").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def _parent(pid: int) -> int:
    # The name of the program, in parentheses, may have any character.
    after_name = _read(pid, "stat", ") X 0").rpartition(")")[2]
    return int(after_name.split()[1])


def _read(pid: int, name: str, gone: str) -> str:
    """A file of a process; ``gone`` if there is no such process any more."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - as above
            return file.read().decode("utf-8", "replace") or gone
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return gone
