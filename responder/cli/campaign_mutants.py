"""``spdm-responder campaign mutants``: measure the faults by our requester without each check."""

import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave
from responder.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from responder.campaign.mutants import Measured, Mutant


@click.command("mutants")
@click.option("--check", "checks", multiple=True, metavar="ID", help="Only without this check.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--jobs", type=click.IntRange(1), default=os.cpu_count(), help="How many work at once."
)
@click.option("--seed", default="rehearsal", show_default=True, help="Of all randomness.")
def command(checks: tuple[str, ...], jobs: int, seed: str, *, as_json: bool) -> None:
    """Measure the faults: remove each check of our requester in turn.

    A requester that lacks a check must fail in a case that is about it: then the mutant is killed.
    It is noticed if it only refuses later, for another reason. Exit 1 if our requester itself
    fails in a case that kills, if a mutant is not killed and nobody has said why, or if one is
    killed of which somebody has said why it cannot be.
    """
    from responder.campaign.mutants import measure, problems  # noqa: PLC0415 - not for --help
    from responder.campaign.mutants_known import known_mutants, reasons  # noqa: PLC0415 - likewise
    from responder.requester.check_table import CHECKS  # noqa: PLC0415 - likewise

    for check in checks:
        if check not in CHECKS:
            meant = suggest(check, CHECKS)
            hint = f" Did you mean {meant!r}?" if meant else ""
            raise click.UsageError(f"There is no check {check!r}.{hint}")
    begin = time.monotonic()
    found: list[Measured] = []
    with reader_may_leave():
        for one in measure(checks or CHECKS, seed.encode(), jobs=jobs, known=known_mutants()):
            found.append(one)
            for line in _lines(one.mutant, as_json=as_json, every=bool(checks)):
                click.echo(line)
    click.echo(summary(found, time.monotonic() - begin), err=True)
    wrong = list(problems(found, reasons(), whole=not checks))
    for problem in wrong:
        click.echo(problem, err=True)
    sys.exit(Exit.FINDING if wrong else Exit.OK)


def _lines(mutant: "Mutant", *, as_json: bool, every: bool) -> "Iterator[str]":
    from responder.campaign.mutants_known import line_of  # noqa: PLC0415 - as above

    if as_json:
        yield line_of(mutant)
    elif every or mutant.outcome != "killed":
        behind = f": {', '.join(mutant.behind)}" if mutant.behind else ""
        verdict = f": {mutant.verdict}" if mutant.outcome == "killed" else ""
        yield f"{mutant.outcome:<9}  {mutant.check}  {mutant.case or '-'}{behind}{verdict}"


def summary(found: "Sequence[Measured]", seconds: float) -> str:
    """The totals, and how fast this was."""
    outcomes = Counter(one.mutant.outcome for one in found)
    told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    held = sum(one.conversations for one in found)
    work = sum(one.seconds for one in found)
    return (
        f"{len(found)} mutants: {told}; {held} conversations in {seconds:.1f} s,"
        f" {held / max(work, 1e-9):.0f} for each second of processor time"
    )
