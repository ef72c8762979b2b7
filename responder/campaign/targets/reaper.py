"""A helper process that runs targets: the parent of all that they leave, which it finds and ends.

It takes orders from stdin (``process.Job``) and answers on stdout; see ``caller``. If its caller
goes, so does the target that runs, and this process. It is small, has one thread and imports the
standard library alone: it forks quickly and safely, and what memory a target is said to take is
not that of a large parent.
"""

import base64
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from responder.campaign.targets.called import call, load
from responder.campaign.targets.caller import Caller
from responder.campaign.targets.containment import Containment, StuckError

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
CANNOT_START = 127
_TO_DEFAULT = ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGPIPE", "SIGXFSZ")
_LIBC = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Carry out the orders of whoever started this process."""
    caller = Caller(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake = _wake_descriptor()
    while order := caller.order():
        try:
            become = _program(order) if order["command"] else _function(order, caller)
            process = Containment(order, caller, wake).run(partial(_start, order, become))
            caller.answer({"process": process})
        except OSError as error:
            caller.answer({"error": f"{error.filename}: {error.strerror}"})
        except ImportError as error:
            caller.answer({"error": str(error)})
        except StuckError as error:
            caller.answer({"stuck": str(error)})


def _wake_descriptor() -> int:
    """What becomes readable when a child has ended; other signals that might end this end nothing.

    Who sends those means the caller, or all processes: the end of the caller is seen.
    """
    wake, end = os.pipe()
    for one in (wake, end):
        os.set_blocking(one, False)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    for name in ("SIGCHLD", "SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda *_: None)
    return wake


def _program(order: dict[str, Any]) -> Callable[[], NoReturn]:
    command: list[str] = order["command"]

    def become() -> NoReturn:
        try:
            os.execvpe(command[0], command, order["env"])  # noqa: S606 - no shell is wanted
        except OSError as error:  # which has the last place that was looked at
            raise OSError(error.errno, error.strerror, command[0]) from error

    return become


def _function(order: dict[str, Any], caller: Caller) -> Callable[[], NoReturn]:
    """Import what is to be called, once for all orders; the child calls it.

    Raises:
        ImportError: it cannot be had.
    """
    function = load(order["call"], order["path"])

    def become() -> NoReturn:
        caller.close()
        os.environ.update(order["env"])
        code = call(function, order["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    return become


def _start(order: dict[str, Any], become: Callable[[], NoReturn], out: int, err: int) -> int:
    """Fork, and become the target in the child.

    Raises:
        OSError: it cannot be started.
    """
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        _in_child(order, become, (out, err), tell)
    os.close(tell)
    with os.fdopen(told) as file:
        failed = file.read()
    if failed:
        os.waitpid(pid, 0)
        number, _, filename = failed.partition(" ")
        raise OSError(int(number), os.strerror(int(number)), filename)
    return pid


def _in_child(
    order: dict[str, Any], become: Callable[[], NoReturn], streams: tuple[int, int], tell: int
) -> NoReturn:
    """Be the target, in a session of its own; ``tell`` takes why that cannot be."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for name in _TO_DEFAULT:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number, stream in enumerate((_stdin(order), *streams)):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(order["cwd"])
        _limit(order["limits"]["address_space"])
        if order["call"]:
            os.close(tell)
        become()
    except OSError as error:
        os.write(tell, f"{error.errno} {error.filename}".encode())
    finally:
        os._exit(CANNOT_START)


def _limit(address_space: int | None) -> None:
    if address_space is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        size = address_space if hard == resource.RLIM_INFINITY else min(address_space, hard)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _stdin(order: dict[str, Any]) -> int:
    """A file in memory with what the target may read: it never waits, nor does its writer."""
    descriptor = os.memfd_create("stdin")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(base64.b64decode(order["stdin"]))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "prctl")
