"""What watches a server: the observers that the command line of ``serve`` asks for."""

import os
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from responder.errors import UnavailableError, system_reason
from responder.observe.bus import Bus
from responder.observe.log import Level, Log, LogSink
from responder.observe.queued import QueuedSink

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
    level = Level[(options.get("log_level") or "info").upper()]
    log = LogSink(Log(_STDERR, level))
    stack.callback(log.queue.close, _FLUSH_TIME)  # what is lost has no other place to be told
    bus = Bus(log)
    if options.get("journal") is not None:
        from responder.observe.lines import JsonLines  # noqa: PLC0415 - only if asked for

        bus.add(_file_sink(stack, "journal", options["journal"], JsonLines))
    if options.get("keylog") is not None:
        from responder.observe.keylog import KeyLog  # noqa: PLC0415 - only if asked for

        bus.add_for_keys(_file_sink(stack, "key log", options["keylog"], KeyLog, _private))
    return bus


def _file_sink(
    stack: ExitStack, name: str, path: Path, writer: Any, opener: Any = None
) -> QueuedSink:
    try:
        file = stack.enter_context(open(path, "wb", 0, opener=opener))  # noqa: SIM115
    except OSError as error:
        raise UnavailableError(f"{name} {path}: {system_reason(error)}") from error
    sink = QueuedSink(writer(file).write)
    stack.callback(_close_sink, f"{name} {path}", sink)
    return sink


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read, also one that was there before; devices stay."""
    descriptor = os.open(path, flags, _OWNER_ONLY)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, _OWNER_ONLY)
    return descriptor


def _close_sink(name: str, sink: Any) -> None:
    complete = sink.close(_FLUSH_TIME)
    if not complete or sink.dropped:
        click.echo(f"{name}: {sink.dropped} entries lost {sink.error}".rstrip(), err=True)
