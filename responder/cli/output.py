"""The standard streams: closed ones, and readers who leave before everything is said."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Put the null device where whoever started us closed a standard stream.

    Else the next socket or file would get its descriptor, and what is meant for people with it.
    """
    for name, mode in _STREAMS:
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, stream)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print in here: when the reader has gone (``| head -1``), the rest is not printed.

    What follows happens all the same, so that an exit code does not depend on who reads.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter must not try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
