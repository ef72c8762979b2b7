"""What watches a server: the observers that the command line of ``serve`` asks for."""

import os
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import Any

import click

from responder.errors import UnavailableError, system_reason
from responder.observe.bus import Bus
from responder.observe.log import Level, Log
from responder.observe.observed import Observed

_STDERR = 2
_FLUSH_TIME = 1.0
"""Seconds that a stop waits for journal and log to be written."""
_OWNER_ONLY = 0o600


def observers(stack: ExitStack, options: Mapping[str, Any]) -> Bus:
    """The bus with the observers that the options of ``serve`` ask for.

    Args:
        stack: its end closes them, and says what was lost.
        options: by name.

    Raises:
        UnavailableError: a file cannot be had.
    """
    log = Log(_STDERR, Level[(options.get("log_level") or "info").upper()])
    bus = Bus()
    stack.callback(bus.observe("log", log.take, kinds=log.kinds).close, _FLUSH_TIME)
    if options.get("journal") is not None:
        from responder.observe.lines import JsonLines  # noqa: PLC0415 - only if asked for

        file = _file(stack, "journal", options["journal"])
        _close_at_end(stack, f"journal {file.name}", bus.observe("journal", JsonLines(file).take))
    if options.get("keylog") is not None:
        from responder.observe.keylog import KeyLog  # noqa: PLC0415 - only if asked for

        file = _file(stack, "key log", options["keylog"], _private)
        keys = bus.observe_keys("key log", KeyLog(file).take)
        _close_at_end(stack, f"key log {file.name}", keys)
    return bus


def _file(stack: ExitStack, name: str, path: Path, opener: Any = None) -> FileIO:
    try:
        return stack.enter_context(open(path, "wb", 0, opener=opener))
    except OSError as error:
        raise UnavailableError(f"{name} {path}: {system_reason(error)}") from error


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read, also one that was there before; devices stay."""
    descriptor = os.open(path, flags, _OWNER_ONLY)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, _OWNER_ONLY)
    return descriptor


def _close_at_end(stack: ExitStack, what: str, observed: Observed) -> None:
    """Close an observer when all is over, and say on stderr what it lost."""

    def close() -> None:
        observed.close(_FLUSH_TIME)
        if observed.lost:
            click.echo(f"{what}: {observed.lost} entries lost {observed.error}".rstrip(), err=True)

    stack.callback(close)
