"""``serve --live``: the live view, or lines where there is no terminal for one."""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stderr
from functools import partial
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING, Any

import click

from responder.cli.observing import Announce, sayer
from responder.observe.log import FORMS, Form, Level, Log

if TYPE_CHECKING:
    from responder.observe.bus import Bus
    from responder.observe.entry import Entry
    from responder.observe.live import Live
    from responder.observe.live_page import Facts
    from responder.observe.live_screen import Screen
    from responder.profiles.load import Profile
    from responder.server.control.steering import Steering
    from responder.transport.uri import Endpoint

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CLOSE_TIME = 2.0
"""Seconds that a stop waits for the terminal."""
_KEPT = 1000
"""Lines of the log that are said when the view has ended."""
_LISTENING = "LISTENING "


def has_terminal() -> bool:
    """Whether the view can be drawn: standard output is a terminal that can move its cursor."""
    return os.isatty(_STDOUT) and os.environ.get("TERM", "dumb") not in {"", "dumb", "unknown"}


def shares_terminal() -> bool:
    """Whether what goes to standard error would be written into the view."""
    return has_terminal() and os.isatty(_STDERR)


def live_view(
    stack: ExitStack,
    bus: "Bus",
    profile: "Profile",
    served: "Profile | Steering",
    options: Mapping[str, Any],
    announce: Announce,
) -> Announce:
    """Show what happens from the moment on that the server is ready.

    Args:
        stack: its end closes the view and gives the terminal back.
        bus: tells what happens.
        profile: what is served.
        served: what is served in its place, if it can be steered; else the same.
        options: of ``serve``, by name.
        announce: says that the server is ready.

    Returns:
        What is to be called in the place of ``announce``.
    """
    from responder.observe.live import Live  # noqa: PLC0415 - with the rest of the view

    say = sayer(options)
    functions = profile.functions
    state = "CONFIG_UNLOCKED" if functions is not None and functions.tdisp is not None else ""
    count = 0 if functions is None else len(functions.layouts)
    live = Live(partial(_in_force, served), count, state)
    began = time.monotonic()

    def now() -> float:
        return time.monotonic() - began

    if not has_terminal():
        from responder.observe.live_lines import LiveLines  # noqa: PLC0415 - as above

        lines = LiveLines(live, now, say)
        stack.callback(lines.close, _CLOSE_TIME)
        stack.callback(bus.observe("live view", lines.take).close, _CLOSE_TIME)
        return announce
    if shares_terminal():
        _put_off(stack, bus, FORMS[options.get("log_format") or "text"])
    screen = _screen(stack, bus, live, now, say)

    def announced(endpoints: "Sequence[Endpoint]", lines: Sequence[str]) -> None:
        announce(endpoints, lines)
        listeners = [line[len(_LISTENING) :] for line in lines if line.startswith(_LISTENING)]
        for address in listeners:
            if address.startswith("vfio-user:") and not _is_beside(address, listeners):
                live.plug(address)
        screen.start(_facts(profile, listeners))

    return announced


def _screen(
    stack: ExitStack,
    bus: "Bus",
    live: "Live",
    now: Callable[[], float],
    say: Callable[[str], None],
) -> "Screen":
    """The view on the terminal; after its end the totals are said."""
    from responder.observe.live_lines import summary  # noqa: PLC0415 - as in live_view
    from responder.observe.live_screen import Screen  # noqa: PLC0415 - as in live_view
    from responder.observe.live_terminal import Terminal  # noqa: PLC0415 - as in live_view

    stack.callback(lambda: say(summary(live, now())))
    keyboard = _STDIN if os.isatty(_STDIN) else None
    terminal, encoding = Terminal(_STDOUT, keyboard), sys.stdout.encoding
    screen = Screen(live, terminal, now, _end, turns=bus.turns, encoding=encoding)
    stack.callback(screen.close, _CLOSE_TIME)
    stack.callback(bus.observe("live view", screen.take).close, _CLOSE_TIME)
    return screen


def _in_force(served: "Profile | Steering") -> list[str]:
    """The ids of the faults that the next connection meets, without the ways of a persona."""
    from responder.profiles.personas import FAULT_PREFIX  # noqa: PLC0415 - as in live_view

    faults = served.faults
    ids = [fault.id for fault in (faults() if callable(faults) else faults)]
    return [one for one in ids if not one.startswith(FAULT_PREFIX)]


def _put_off(stack: ExitStack, bus: "Bus", form: Form) -> None:
    """Keep what would be said on the terminal meanwhile, and say it when the view has ended.

    That is the log down to warnings, and all that goes to ``sys.stderr``.
    """
    kept: deque[Entry] = deque(maxlen=_KEPT)
    said = TextIOWrapper(BytesIO(), "utf-8", "backslashreplace", write_through=True)

    def say() -> None:
        said.seek(0)
        click.echo(b"".join(map(form, kept)) + said.buffer.read(), err=True, nl=False)

    stack.callback(say)
    stack.enter_context(redirect_stderr(said))
    log = Log(_STDERR, Level.WARNING, form)
    stack.callback(bus.observe("log", kept.extend, kinds=log.kinds).close, _CLOSE_TIME)


def _is_beside(address: str, others: Sequence[str]) -> bool:
    """Whether it is that of another function of a device that has its own."""
    return any(address.startswith(f"{other}.") for other in others)


def _facts(profile: "Profile", listeners: Sequence[str]) -> "Facts":
    from responder.observe.live import printable  # noqa: PLC0415 - as in live_view
    from responder.observe.live_page import Facts  # noqa: PLC0415 - as in live_view
    from responder.observe.live_text import counted  # noqa: PLC0415 - as in live_view

    mask = profile.device.supported_slot_mask()
    slots = [str(slot) for slot in range(mask.bit_length()) if mask >> slot & 1]
    parts = [
        f"SPDM {' '.join(profile.spec.spdm.versions)}",
        f"{'slot' if len(slots) == 1 else 'slots'} {' '.join(slots) or 'none'}",
        counted(len(profile.device.measurements()), "measurement"),
    ]
    functions = profile.functions
    if functions is not None:
        parts.append(counted(len(functions.layouts), "PCIe function"))
        parts += ["IDE"] if functions.ide is not None else []
        parts += ["TDISP"] if functions.tdisp is not None else []
    texts = (profile.name, profile.spec.description, ", ".join(parts), "  ".join(listeners))
    return Facts(*map(printable, texts))


def _end() -> None:
    """What Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)
