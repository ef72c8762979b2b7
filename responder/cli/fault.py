"""``spdm-responder fault``: what lies there are, and what each of them does."""

import json
import sys
from pathlib import Path
from typing import get_args

import click

from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave
from responder.errors import ConfigError
from responder.faults.rule import Duty


class _Fault(click.Group):
    """What is wrong here is an argument, not a profile."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.UsageError(str(error)) from None


@click.group("fault", cls=_Fault)
def command() -> None:
    """List and explain faults, print their schema."""


@command.command("list")
@click.option(
    "--group", "letters", multiple=True, metavar="LETTER", help="Only this group; may be repeated."
)
@click.option(
    "--duty",
    "duties",
    multiple=True,
    type=click.Choice(get_args(Duty)),
    help="Only faults after which a requester must do this; may be repeated.",
)
@click.option("--cases", is_flag=True, help="Each case of a fault by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
def list_command(
    letters: tuple[str, ...], duties: tuple[str, ...], cases: bool, as_json: bool
) -> None:
    """Name every fault, its duty and what it does.

    The duty is what a conforming requester must do in answer.
    """
    from responder.cli.fault_list import listed, print_list  # noqa: PLC0415 - not for --help

    found = listed(letters, duties, cases=cases)
    with reader_may_leave():
        if as_json:
            click.echo(json.dumps([one.document() for one in found], indent=2))
        else:
            print_list(found)
    each = "" if cases else f", {sum(one.cases for one in found)} cases"
    click.echo(f"{len(found)} {'cases' if cases else 'faults'}{each}", err=True)


@command.command("explain")
@click.argument("fault_id", metavar="[ID]", default="")
@click.option(
    "--profile",
    metavar="NAME|FILE",
    help="A fault of this profile, on its device; without ID its first one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
def explain_command(fault_id: str, profile: str | None, as_json: bool) -> None:
    """Say what a fault is, where it strikes, and show it in an example exchange.

    Of a fault with several cases the first is shown.
    """
    if not (fault_id or profile):
        raise click.UsageError("which fault? `spdm-responder fault list` names them")
    from responder.cli.fault_explain import (  # noqa: PLC0415 - as above
        explained,
        explained_in,
        unbuilt_text,
    )

    reason = "" if profile else unbuilt_text(fault_id)
    if reason:
        click.echo(reason)
        return
    found = explained_in(profile, fault_id) if profile else explained(fault_id)
    with reader_may_leave():
        if as_json:
            click.echo(json.dumps(found.document(), indent=2))
        else:
            from responder.cli.fault_page import print_page  # noqa: PLC0415 - as above

            print_page(found)


@command.command("judge")
@click.argument(
    "journals",
    nargs=-1,
    required=True,
    metavar="JOURNAL...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def judge_command(journals: tuple[Path, ...]) -> None:
    """Say what a requester did wrong whatever it was answered.

    JOURNAL is what `serve --journal` wrote; several are compared with each other, which must be of
    one requester. Exits 1 if anything was wrong.
    """
    from responder.campaign.journals import conversations  # noqa: PLC0415 - not for --help
    from responder.campaign.oracles import judged  # noqa: PLC0415 - as above

    asked = [
        one
        for path in journals
        for one in conversations(path.read_text("utf-8").splitlines(), str(path))
    ]
    found = judged(asked)
    with reader_may_leave():
        for name, text in found:
            click.echo(f"{name}: {text}")
    click.echo(f"{len(asked)} connections, {len(found)} findings", err=True)
    sys.exit(Exit.FINDING if found else Exit.OK)


@command.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of a [[fault]] table."""
    from responder.profiles.document import (  # noqa: PLC0415 - not for --help
        fault_schema,
        text_of_schema,
    )

    with reader_may_leave():
        click.echo(text_of_schema(fault_schema()), nl=False)
