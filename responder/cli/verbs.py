"""A group of verbs, each a module that is imported only when the verb is used."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from responder.errors import suggest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Verbs(click.Group):
    """Verbs with their help; each is the click command ``command`` of a module."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], modules: str, **kwargs: Any) -> None:
        """Name the verbs.

        Args:
            *args: as of ``click.Group``.
            verbs: each with one line of help.
            modules: what a module's name begins with, before the verb.
            **kwargs: as of ``click.Group``.
        """
        super().__init__(*args, **kwargs)
        self._verbs = verbs
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in their order."""
        del ctx
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb."""
        del ctx
        if cmd_name not in self._verbs:
            return None
        command: click.Command = import_module(f"{self._modules}{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was probably meant."""
        if args[0] not in self._verbs and not ctx.resilient_parsing:
            meant = suggest(args[0], self._verbs)
            hint = f" Did you mean {meant!r}?" if meant else ""
            ctx.fail(f"There is no verb {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The verbs that begin so, without importing any, and the options."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - if somebody presses Tab

        verbs = [
            CompletionItem(verb, help=text)
            for verb, text in self._verbs.items()
            if verb.startswith(incomplete)
        ]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs and their help, without importing any."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))
