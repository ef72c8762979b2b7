"""What watches a server: the observers that the command line of ``serve`` asks for."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.errors import UnavailableError, system_reason
from responder.observe.bus import Bus
from responder.observe.log import FORMS, Form, Level, Log, notice
from responder.observe.observed import Observed

if TYPE_CHECKING:
    from responder.profiles.load import Profile
    from responder.server.control.steering import Steering
    from responder.transport.uri import Endpoint

Announce = Callable[[Sequence["Endpoint"], Sequence[str]], None]
"""Says that a server is ready: gets its endpoints, and the lines that say so."""

_STDERR = 2
_FLUSH_TIME = 1.0
"""Seconds that a stop waits for journal and log to be written."""
_OWNER_ONLY = 0o600


def observers(stack: ExitStack, options: Mapping[str, Any], form: Form | None = None) -> Bus:
    """The bus with the observers that the options of ``serve`` ask for.

    Args:
        stack: its end closes them, and says what was lost.
        options: by name.
        form: of the log; that of the options if not given.

    Raises:
        UnavailableError: a file cannot be had.
    """
    bus, say = Bus(), sayer(options)
    if not (options.get("live") and _view_is_on_stderr()):
        level = Level[(options.get("log_level") or "info").upper()]
        log = Log(_STDERR, level, form or FORMS[options.get("log_format") or "text"])
        stack.callback(bus.observe("log", log.take, kinds=log.kinds).close, _FLUSH_TIME)
    if options.get("journal") is not None:
        from responder.observe.lines import JsonLines  # noqa: PLC0415 - only if asked for

        file = _file(stack, "journal", options["journal"])
        journal = bus.observe("journal", JsonLines(file).take)
        _close_at_end(stack, say, f"journal {file.name}", journal)
    if options.get("keylog") is not None:
        from responder.observe.keylog import KeyLog  # noqa: PLC0415 - only if asked for

        file = _file(stack, "key log", options["keylog"], _private)
        keys = bus.observe_keys("key log", KeyLog(file).take)
        _close_at_end(stack, say, f"key log {file.name}", keys)
    if options.get("capture") is not None:
        from responder.cli.observing_capture import CapturedWire  # noqa: PLC0415 - if asked for

        opener = _private if options.get("capture_plaintext") else None
        file = _file(stack, "capture", options["capture"], opener)
        stack.callback(CapturedWire(bus, file, options, say).close, _FLUSH_TIME)
    return bus


def announcer(
    stack: ExitStack,
    bus: Bus,
    profile: "Profile",
    served: "Profile | Steering",
    options: Mapping[str, Any],
    announce: Announce,
) -> Announce:
    """Begin what shows itself when a server is ready: metrics, the live view.

    Args:
        stack: its end stops it.
        bus: tells what happens.
        profile: what is served.
        served: what is served in its place, if it can be steered; else the same.
        options: by name.
        announce: says that the server is ready.

    Returns:
        What is to be called in the place of ``announce``.

    Raises:
        UsageError: an address needs ``allow_remote``.
        UnavailableError: an address cannot be had.
    """
    if options.get("live"):
        from responder.cli.observing_live import live_view  # noqa: PLC0415 - only if asked for

        announce = live_view(stack, bus, profile, served, options, announce)
    if options.get("metrics") is not None:
        from responder.cli.observing_metrics import serve_metrics  # noqa: PLC0415 - as above

        remote = bool(options.get("allow_remote"))
        at = options["metrics"]
        announce = serve_metrics(stack, bus, profile, announce, at, allow_remote=remote)
    return announce


def sayer(options: Mapping[str, Any]) -> Callable[[str], None]:
    """Says on stderr what no event tells, in the form of the log."""
    form = options.get("log_format") or "text"
    return lambda text: click.echo(notice(form, text), nl=False, err=True)


def _view_is_on_stderr() -> bool:
    from responder.cli.observing_live import shares_terminal  # noqa: PLC0415 - only if asked for

    return shares_terminal()


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


def _close_at_end(
    stack: ExitStack, say: Callable[[str], None], what: str, observed: Observed
) -> None:
    """Close an observer when all is over, and say what it lost."""

    def close() -> None:
        observed.close(_FLUSH_TIME)
        if observed.lost:
            say(f"{what}: {observed.lost} entries lost {observed.error}".rstrip())

    stack.callback(close)
