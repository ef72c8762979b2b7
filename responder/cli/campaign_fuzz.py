"""``spdm-responder campaign fuzz``: mutate responses, and keep what breaks the requester."""

import os
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import with_options
from responder.cli.campaign_progress import shown
from responder.cli.campaign_run import TARGET_OPTIONS, read, seconds_of
from responder.cli.exits import Exit
from responder.errors import ConfigError, suggest
from responder.spec.codes import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from responder.campaign.fuzz.drive import Observe, Terms
    from responder.campaign.fuzz.session import Progress
    from responder.campaign.targets.runner import Runner

_INTERRUPTED = 130
_TELL_EVERY = 10.0
"""Seconds between two plain lines."""


def _response(text: str) -> str:
    if text not in ResponseCode.__members__:
        meant = suggest(text, ResponseCode.__members__)
        hint = f" (did you mean {meant!r}?)" if meant else ""
        raise click.BadParameter(f"{text!r} is no response{hint}")
    return text


@click.command("fuzz")
@with_options(TARGET_OPTIONS)
@click.option("--seed", default="campaign", show_default=True, help="Of all randomness.")
@click.option("--time", "budget", type=seconds_of, metavar="TIME", help="Such as 60s.")
@click.option("--runs", type=click.IntRange(1), help="So many inputs.")
@click.option(
    "--corpus",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what is learnt in this folder, and go on with it. [default: nowhere]",
)
@click.option(
    "--setting", default="attestation", show_default=True, help="The conversation, by name."
)
@click.option(
    "--message",
    "messages",
    multiple=True,
    type=_response,
    metavar="NAME",
    help="Mutate only this response; may be repeated. [default: all]",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    help="Save crashes and hangs in this folder. [default: TARGET.fuzz]",
)
@click.option("--jobs", type=click.IntRange(1), help="Runs at once. [default: as many as cores]")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(**given: Any) -> None:
    """Look for crashes and hangs with lies that are in no catalogue.

    Goes on until --time or --runs is over, or until it is interrupted; then what was found is made
    smaller and saved as profiles. Exits 1 if anything was found, 4 if the requester fails without
    any fault.
    """
    from responder.campaign.fuzz.drive import Terms  # noqa: PLC0415 - not for --help
    from responder.campaign.targets.runner import runner_of  # noqa: PLC0415 - as above

    target = read(given)
    with tempfile.TemporaryDirectory(prefix="spdm-fuzz-") as work:
        terms = Terms(target, given["setting"], given["seed"].encode(), work)
        with closing(runner_of(target, Path(work))) as runner:
            sys.exit(_fuzz(runner, terms, given))


def _fuzz(runner: "Runner", terms: "Terms", given: dict[str, Any]) -> int:
    """Search, make smaller what was found, and say what came of it; the exit code."""
    from responder.campaign.fuzz.drive import alone  # noqa: PLC0415 - not for --help
    from responder.campaign.fuzz.findings import Findings  # noqa: PLC0415 - as above
    from responder.campaign.fuzz.session import (  # noqa: PLC0415 - as above
        Bounds,
        Session,
        prepare,
    )

    try:
        search, folder = prepare(runner, terms, given["messages"], given["corpus"])
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    output = given["output"] or Path(f"{terms.target.name}.fuzz")
    findings = Findings(output, terms.target, terms.setting, terms.seed)
    jobs = given["jobs"] or terms.target.parallel or os.cpu_count() or 1
    with (
        shown(_on_terminal, _Lines, quiet=given["quiet"]) as tell,
        _workers(runner, terms, jobs) as observe,
    ):
        session = Session(search, folder, findings, alone(runner, terms), time.monotonic, tell)
        interrupted = False
        try:
            session.run(observe, Bounds(given["runs"], given["budget"]))
            session.shrink()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            session.save()
    for line in session.summary:
        click.echo(line)
    if interrupted:
        return _INTERRUPTED
    return Exit.FINDING if search.state.breakdowns else Exit.OK


@contextmanager
def _workers(runner: "Runner", terms: "Terms", jobs: int) -> "Iterator[Observe]":
    """Runs inputs in as many processes, or in this one."""
    from responder.campaign.executors import executor_of  # noqa: PLC0415 - not for --help
    from responder.campaign.fuzz.drive import alone, in_workers  # noqa: PLC0415 - as above

    if jobs == 1:
        yield alone(runner, terms)
        return
    with executor_of("processes", jobs)() as executor:
        yield in_workers(executor, terms)


class _Lines:
    """A line now and then, and one for all that is new."""

    def __init__(self) -> None:
        self._next = _TELL_EVERY

    def __call__(self, state: "Progress") -> None:
        if state.new:
            click.echo(state.new, err=True)
        if state.seconds >= self._next:
            self._next = state.seconds + _TELL_EVERY
            click.echo(_text(state), err=True)


def _on_terminal() -> "Iterator[Callable[[Progress], None]]":
    from rich.console import Console  # noqa: PLC0415 - on a terminal only

    console = Console(stderr=True)
    with console.status("begins") as status:

        def tell(state: "Progress") -> None:
            if state.new:
                console.print(state.new, markup=False)
            status.update(_text(state))

        yield tell


def _text(state: "Progress") -> str:
    rate = state.runs / max(state.seconds, 1e-9)
    found = f"{state.breakdowns} crashes and hangs"
    return f"{state.runs} inputs  {rate:.1f}/s  {state.kept} kept  {found}"
