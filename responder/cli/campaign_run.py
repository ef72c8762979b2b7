"""``spdm-responder campaign run``: put a requester through the faults."""

import os
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from responder import __version__
from responder.cli.attest_plan import with_options
from responder.cli.campaign_plan import CHOICE_OPTIONS, planned
from responder.cli.exits import Exit
from responder.cli.mqtt_options import check_mqtt, with_mqtt_options
from responder.errors import ConfigError
from responder.profiles.overrides import parse_overrides

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from responder.campaign.execution import Terms
    from responder.campaign.expectations import Expectations
    from responder.campaign.plan import Case
    from responder.campaign.result import Begin, End, Result
    from responder.campaign.target import Target

TARGET_OPTIONS = (
    click.option(
        "--target",
        "target_name",
        required=True,
        metavar="NAME|FILE",
        help="The requester: our-requester, spdm-emu, spdm-utils, or a TOML file.",
    ),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a key of the target, such as time_limit=5.",
    ),
)
_INTERRUPTED = 130


def seconds_of(text: str) -> float:
    """``90s``, ``5m``, ``1h``, or seconds."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    try:
        seconds = float(text[:-1] if unit else text) * (unit or 1.0)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise click.BadParameter(f"{text!r} is no time such as 60s or 5m")
    return seconds


@click.command("run")
@with_options(TARGET_OPTIONS)
@with_options(CHOICE_OPTIONS)
@click.option(
    "--store",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where results are kept, as JSON lines. [default: TARGET.campaign.jsonl]",
)
@click.option("--resume", is_flag=True, help="Go on with the store that is there.")
@click.option(
    "--budget", type=seconds_of, metavar="TIME", help="Such as 60s: the most telling cases first."
)
@click.option("--jobs", type=click.IntRange(1), help="Cases at once. [default: as many as cores]")
@click.option(
    "--executor",
    default="processes",
    show_default=True,
    metavar="NAME",
    help="processes, inline, dask://HOST:PORT, or MODULE:FUNCTION that gives an Executor.",
)
@click.option(
    "--expect",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is known to fail, and why.",
)
@click.option(
    "--repeat",
    type=click.IntRange(0),
    help="How often a verdict that is no pass must be repeated. [default: 1; our-requester: 0]",
)
@click.option("--quiet", is_flag=True, help="No progress.")
@with_mqtt_options
def command(**given: Any) -> None:
    """Run a campaign: each case once, or those that are named; or go on with one.

    Exits 0 when the requester did all it must, or what was expected; 1 when it did not, or a case
    was not reached; 4 when the campaign could not go on.
    """
    check_mqtt(given)
    target = read(given)
    plan, part = planned(given, telling_first=given["budget"] is not None)
    if not part:
        raise click.UsageError("there is no such case")
    expectations = _expectations(given)
    path = given["store"] or Path(f"{target.name}.campaign.jsonl")
    with tempfile.TemporaryDirectory(prefix="spdm-campaign-") as work:
        end = _run(_terms(given, target, expectations, work), plan, part, path, given)
    sys.exit(_finish(path, end))


def read(given: dict[str, Any]) -> "Target":
    """The target that is meant.

    Raises:
        UsageError: there is none, or it is wrong.
    """
    from responder.campaign.target import read_target  # noqa: PLC0415 - not for --help

    try:
        return read_target(given["target_name"], parse_overrides(given["changes"]))
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


def _expectations(given: dict[str, Any]) -> "Expectations":
    from responder.campaign.expectations import (  # noqa: PLC0415 - not for --help
        Expectations,
        read_expectations,
    )

    return read_expectations(given["expect"]) if given["expect"] else Expectations()


def _terms(
    given: dict[str, Any], target: "Target", expectations: "Expectations", work: str
) -> "Terms":
    from responder.campaign.execution import Terms  # noqa: PLC0415 - not for --help

    inside = target.kind == "reference"
    repeat = given["repeat"]
    return Terms(
        target=target,
        work=work,
        seed=given["seed"].encode(),
        jobs=given["jobs"] or target.at_once or os.cpu_count() or 1,
        chunk=20 if inside else 4,
        budget=given["budget"],
        repeat=(0 if inside else 1) if repeat is None else repeat,
        expectations=expectations,
    )


def _run(
    terms: "Terms",
    plan: "Sequence[Case]",
    part: "Sequence[Case]",
    path: Path,
    given: dict[str, Any],
) -> "End":
    """Run what is left of it, and write the last line of the store."""
    from responder.campaign.execution import Execution  # noqa: PLC0415 - not for --help
    from responder.campaign.executors import executor_of  # noqa: PLC0415 - as above
    from responder.campaign.store import Store, read_store  # noqa: PLC0415 - as above
    from responder.cli.campaign_progress import progress  # noqa: PLC0415 - as above

    begin = _begin(terms, plan, given)
    done = _already(path, begin, resume=given["resume"])
    make = executor_of(given["executor"], terms.jobs)
    with ExitStack() as stack:
        store = stack.enter_context(Store(path))
        tell = stack.enter_context(progress(quiet=given["quiet"]))
        ended: Callable[[str], None] = lambda _: None  # noqa: E731 - nobody else is told
        if given["mqtt"] is not None:
            from responder.cli.campaign_mqtt import published  # noqa: PLC0415 - only if asked for

            tell, ended = stack.enter_context(published(given, terms.target.name, tell))
        if path.stat().st_size == 0:
            store.append(begin)
        execution = Execution(terms, make, store.append, tell)
        try:
            end = execution.run([case for case in part if case.id not in done])
        except KeyboardInterrupt:
            click.echo(f"interrupted; go on with --resume: {path}", err=True)
            sys.exit(_INTERRUPTED)
        if given["expect"]:
            stale = terms.expectations.stale(read_store(path).results, _known(plan))
            end = replace(end, stale=tuple(stale))
        store.append(end)
        ended(f"stopped: {end.stopped}" if end.stopped else "finished")
    return end


def _known(plan: "Sequence[Case]") -> set[str]:
    from responder.campaign.plan import full_plan  # noqa: PLC0415 - not for --help

    return {case.id for case in (*full_plan(), *plan)}


def _begin(terms: "Terms", plan: "Sequence[Case]", given: dict[str, Any]) -> "Begin":
    from responder.campaign.result import Begin  # noqa: PLC0415 - not for --help
    from responder.campaign.store import VERSION  # noqa: PLC0415 - as above

    return Begin(
        version=VERSION,
        program=__version__,
        target=terms.target.name,
        target_digest=terms.target.digest,
        seed=given["seed"],
        plan=tuple(case.id for case in plan),
        shard=given["shard"],
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _already(path: Path, begin: "Begin", *, resume: bool) -> set[str]:
    """The cases that have a result in the store that is there."""
    from responder.campaign.store import read_store  # noqa: PLC0415 - not for --help

    if not path.exists() or path.stat().st_size == 0:
        return set()
    if not resume:
        raise click.UsageError(f"{path} is there: go on with --resume, or name another --store")
    campaign = read_store(path)
    for name in ("target_digest", "seed", "plan", "shard", "program"):
        if getattr(campaign.begin, name) != getattr(begin, name):
            what = "target" if name == "target_digest" else name
            raise click.UsageError(f"{path} is of a campaign with another {what}")
    return {result.case for result in campaign.results}


def _finish(path: Path, end: "End") -> int:
    """Say what came of it; the exit code."""
    from responder.campaign.reports.summary import summarise  # noqa: PLC0415 - not for --help
    from responder.campaign.reports.terminal import print_summary  # noqa: PLC0415 - as above
    from responder.campaign.store import read_store  # noqa: PLC0415 - as above

    campaign = read_store(path)
    print_summary(summarise(campaign))
    if end.stopped:
        click.echo(f"the campaign was stopped: {end.stopped}", err=True)
        return Exit.ENVIRONMENT
    return Exit.FINDING if any(_is_bad(one) for one in campaign.results) else Exit.OK


def _is_bad(result: "Result") -> bool:
    return result.failed or (result.verdict == "unreached" and not result.expectation)
