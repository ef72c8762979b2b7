"""Shows how far a campaign is: a line that changes on a terminal, plain lines elsewhere."""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from responder.campaign.execution import Progress

_EVERY = 10.0
"""Seconds between two plain lines."""
_QUIET_VERDICTS = frozenset({"pass", "unimplemented"})


State = TypeVar("State")


@contextmanager
def shown(
    on_terminal: "Callable[[], Iterator[Callable[[State], None]]]",
    lines: "Callable[[], Callable[[State], None]]",
    *,
    quiet: bool,
) -> "Iterator[Callable[[State], None]]":
    """What is told how far something is, and shows it on the standard error stream.

    Args:
        on_terminal: shows it in a line that changes.
        lines: shows it in plain lines.
        quiet: nothing is shown.
    """
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        yield from on_terminal()
    else:
        yield lines()


def progress(*, quiet: bool) -> "AbstractContextManager[Callable[[Progress], None]]":
    """What is told of a campaign's progress."""
    return shown(_on_terminal, _Lines, quiet=quiet)


def text_of(state: "Progress") -> str:
    """How far it is, in one line: cases, rate, time left, verdicts."""
    if not state.done:
        return state.what or "begins"
    rate = state.done / max(state.seconds, 1e-9)
    left = (state.total - state.done) / rate
    verdicts = ", ".join(f"{count} {name}" for name, count in state.verdicts.most_common())
    return f"{state.done}/{state.total}  {rate:.1f}/s  {left:.0f} s left  {verdicts}"


class _Lines:
    """A line now and then, and one for each case that is not well."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, state: "Progress") -> None:
        last = state.last
        if not state.what and last is not None and last.verdict not in _QUIET_VERDICTS:
            click.echo(f"{last.verdict}: {last.case}: {last.text}", err=True)
        if state.what or state.seconds >= self._next or state.done == state.total:
            self._next = state.seconds + _EVERY
            click.echo(text_of(state), err=True)


def _on_terminal() -> "Iterator[Callable[[Progress], None]]":
    from rich.console import Console  # noqa: PLC0415 - on a terminal only
    from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - as above
    from rich.progress import Progress as Bar  # noqa: PLC0415 - as above

    console = Console(stderr=True)
    with Bar(TextColumn("{task.description}"), BarColumn(), console=console) as bar:
        task = bar.add_task("begins")

        def tell(state: "Progress") -> None:
            last = state.last
            if not state.what and last is not None and last.verdict not in _QUIET_VERDICTS:
                text = f"{last.verdict}: {last.case}: {last.text}"
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
            bar.update(task, total=state.total, completed=state.done, description=text_of(state))

        yield tell
