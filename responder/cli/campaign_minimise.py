"""``spdm-responder campaign minimise``: make a case, and the conversation before it, smaller."""

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import with_options
from responder.cli.campaign_run import TARGET_OPTIONS, read
from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave

if TYPE_CHECKING:
    from responder.campaign.minimise import Minimised


@click.command("minimise")
@click.argument("case_id", metavar="CASE")
@with_options(TARGET_OPTIONS)
@click.option("--seed", default="rehearsal", show_default=True, help="Of all randomness.")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the profile goes. [default: standard output]",
)
@click.option(
    "--runs",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="How often the requester may run.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    help="How long it may take.",
)
@click.option("--verbose", is_flag=True, help="Say what was tried in vain, too.")
def command(**given: Any) -> None:
    """Make a failing case smaller, as long as the requester fails in the same way.

    The fault gets fewer steps and smaller edits, the device fewer versions, algorithms and slots,
    the conversation fewer steps. What is left is a profile for `serve`, and for a bug report.

    Exits 0 when the verdict came each time, and 1 when it did not: then it says so.
    """
    from responder.campaign.minimise import Bounds, Minimiser, Subject  # noqa: PLC0415 - not for --help
    from responder.campaign.plan import case_named  # noqa: PLC0415 - as above
    from responder.campaign.targets.runner import runner_of  # noqa: PLC0415 - as above

    target, case = read(given), case_named(given["case_id"])
    bounds = Bounds(runs=given["runs"], seconds=given["seconds"])

    def tell(text: str, *, kept: bool) -> None:
        if kept or given["verbose"]:
            click.echo(f"{'without' if kept else 'needs  '} {text}", err=True)

    with tempfile.TemporaryDirectory(prefix="spdm-campaign-") as name:
        work = Path(name)
        runner = runner_of(target, work)
        try:
            subject = Subject(
                case=case,
                runner=runner,
                seed=given["seed"].encode(),
                work=work,
                ours=target.kind == "reference",
            )
            found = Minimiser(subject, bounds, time.monotonic, tell).run()
        finally:
            runner.close()
    _write(given["output"], f"{_head(given, found)}{found.profile()}")
    for line in _summary(found, ours=target.kind == "reference"):
        click.echo(line, err=True)
    sys.exit(Exit.OK if found.stable else Exit.FINDING)


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        path.write_text(text, "utf-8")
        return
    with reader_may_leave():
        click.echo(text, nl=False)


def _head(given: dict[str, Any], found: "Minimised") -> str:
    """What the profile says of itself."""
    result, setting = found.result, found.trial.setting
    lines = [
        f"{result.case}, made smaller by spdm-responder campaign minimise.",
        f"{given['target_name']}: {result.verdict}: {result.text}",
        f"The conversation is `{setting.name}`, the seed {given['seed']!r}.",
    ]
    return "".join(f"# {line}\n" for line in lines) + "\n"


def _summary(found: "Minimised", *, ours: bool) -> list[str]:
    from responder.campaign.minimise import BREAKDOWNS  # noqa: PLC0415 - not for --help

    result = found.result
    runs = f"{found.runs} runs of the requester, {found.checks} of ours to check the guesses"
    if not found.stable and not found.taken:
        return [f"the verdict is flaky, it did not come each time: nothing was taken away; {runs}"]
    lines = [f"{result.verdict}: {result.text}", f"{len(found.taken)} things taken away; {runs}"]
    if result.verdict not in BREAKDOWNS and not found.checked:
        lines.append(
            "our requester does not pass this case: whether the fault is one still is open"
        )
    if ours:
        plan = found.trial.setting.options.plan
        steps = [f"session: {', '.join(one.steps) or 'no steps'}" for one in plan.sessions]
        lines.append("; ".join([f"our requester: {', '.join(plan.connection)}", *steps]))
    if found.stopped:
        lines.append(f"it ended after {found.stopped}, and may not be as small as it can be")
    if not found.stable:
        lines.append("what is left is flaky: the verdict did not come each time")
    return lines
