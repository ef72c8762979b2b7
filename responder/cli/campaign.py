"""``spdm-responder campaign``: put a requester through the faults, and say what it got wrong."""

from importlib import import_module

import click

from responder.errors import suggest

VERBS = {
    "run": "Run a campaign, or go on with one.",
    "plan": "Say what a campaign would run.",
    "replay": "Run one case again, and show the exchange.",
    "minimise": "Make a case, and the conversation before it, smaller.",
    "export": "Write a folder that reproduces a case, for a bug report.",
    "fuzz": "Mutate responses, and keep what the requester breaks down on.",
    "mutants": "Measure the faults: leave out each check of our requester in turn.",
}
"""Each verb is the click command ``command`` of the module ``responder.cli.campaign_<verb>``."""


class _Verbs(click.Group):
    """A group that imports a verb's module only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"responder.cli.campaign_{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS:
            meant = suggest(args[0], VERBS)
            hint = f" Did you mean {meant!r}?" if meant else ""
            ctx.fail(f"There is no verb {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group("campaign", cls=_Verbs, subcommand_metavar="VERB [ARGS]...")
def command() -> None:
    """Put a requester through the faults, and say what it got wrong."""
