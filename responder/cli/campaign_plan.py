"""``spdm-responder campaign plan``: say what a campaign would run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import with_options
from responder.cli.output import reader_may_leave
from responder.errors import ConfigError

if TYPE_CHECKING:
    from responder.campaign.plan import Case

DUTIES = ("reject", "accept", "retry", "resync", "end", "bounded", "policy")
CHOICE_OPTIONS = (
    click.argument("ids", nargs=-1, metavar="[CASE...]"),
    click.option("--without", multiple=True, metavar="CASE", help="Not these; repeatable."),
    click.option("--group", "groups", multiple=True, metavar="LETTER", help="Only this group."),
    click.option(
        "--duty", "duties", multiple=True, type=click.Choice(DUTIES), help="Only of this duty."
    ),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="PATTERN",
        help="Only with such a hook, message, duty, basis, conversation or check.",
    ),
    click.option(
        "--importance",
        type=click.IntRange(1, 3),
        default=3,
        show_default=True,
        help="1: only what security rests on; 3: all.",
    ),
    click.option(
        "--file",
        "files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Cases named in a file, one a line; # begins a comment.",
    ),
    click.option(
        "--setting",
        "settings",
        multiple=True,
        metavar="PATTERN",
        help="Not each in its own conversation, but in these.",
    ),
    click.option("--sample", type=click.IntRange(1), help="So many, drawn by the seed."),
    click.option("--seed", default="rehearsal", show_default=True, help="Of all randomness."),
    click.option(
        "--shard",
        default="1/1",
        show_default=True,
        metavar="I/N",
        help="Only the I-th of N parts of it.",
    ),
    click.option("--telling-first", is_flag=True, help="The most telling cases first."),
)


@click.command("plan")
@with_options(CHOICE_OPTIONS)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
def command(**given: Any) -> None:
    """Say which cases a campaign would run, in their order.

    CASE is an id or a pattern of ids of cases or faults, as `fault list` names them.
    """
    plan, part = planned(given)
    with reader_may_leave():
        if given["as_json"]:
            click.echo(json.dumps([document(case) for case in part], indent=2))
        else:
            for case in part:
                click.echo(f"{case.id}  {case.fault.duty}  [{case.setting.name}]")
    click.echo(f"{len(part)} of {len(plan)} cases", err=True)


def planned(
    given: dict[str, Any], *, telling_first: bool = False
) -> "tuple[list[Case], list[Case]]":
    """The whole plan, and the part of it that is meant.

    Raises:
        UsageError: an option names something that there is not.
    """
    from responder.campaign.plan import (  # noqa: PLC0415 - not for --help
        Choice,
        chosen,
        full_plan,
        sharded,
        telling,
    )

    choice = Choice(
        ids=(*given["ids"], *(line for file in given["files"] for line in _lines(file))),
        without=given["without"],
        groups=given["groups"],
        tags=given["tags"],
        duties=given["duties"],
        importance=given["importance"],
        settings=given["settings"],
        sample=given["sample"],
        seed=given["seed"],
    )
    try:
        plan = chosen(full_plan(), choice)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if telling_first or given["telling_first"]:
        plan = telling(plan)
    return plan, sharded(plan, *shard_numbers(given["shard"]))


def shard_numbers(text: str) -> tuple[int, int]:
    """The numbers of ``2/4``.

    Raises:
        UsageError: it is written in another way.
    """
    number, _, shards = text.partition("/")
    if number.isdecimal() and shards.isdecimal() and 1 <= int(number) <= int(shards):
        return int(number), int(shards)
    raise click.UsageError(f"--shard: {text!r} is not I/N, such as 2/4")


def document(case: "Case") -> dict[str, Any]:
    """A case as a JSON document."""
    fault = case.fault
    return {
        "id": case.id,
        "description": fault.description,
        "duty": fault.duty,
        "allows": fault.allows,
        "basis": fault.basis,
        "source": fault.source,
        "importance": fault.importance,
        "group": case.group,
        "setting": case.setting.name,
        "expected": case.expected,
    }


def _lines(path: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]
