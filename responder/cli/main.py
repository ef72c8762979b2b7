"""``spdm-responder``: finds the verb, and turns what went wrong into an exit code."""

import sys
from importlib import import_module
from typing import Any

import click

from responder import __version__
from responder.cli.exits import Exit
from responder.cli.output import open_closed_streams, reader_may_leave
from responder.errors import ConfigError, UnavailableError, suggest, system_reason

VERBS = {
    "serve": "Be the device: listen and answer.",
    "emu": "Be the device, with the options of spdm_responder_emu.",
    "attest": "Be the requester: authenticate a device and read its measurements.",
    "tdi": "Lock, verify, start and stop an interface of a device (TDISP).",
    "decode": "Print SPDM messages field by field.",
    "certs": "Make and export certificate sets.",
    "profile": "Make a profile of a recorded device.",
    "profiles": "List, show and check profiles.",
    "fault": "List and explain faults.",
    "campaign": "Put a requester through the faults, and say what it got wrong.",
    "report": "Show what came of a campaign.",
}
"""Each verb is the click command ``command`` of the module ``responder.cli.<verb>``."""


class _Verbs(click.Group):
    """A group that imports a verb's module only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"responder.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with reader_may_leave():
            return super().invoke(ctx)
        return None

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


@click.command(
    cls=_Verbs,
    subcommand_metavar="VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="spdm-responder")
def cli() -> None:
    """A PCIe device that is not there: an SPDM responder that can misbehave on purpose."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code of ``Exit``."""
    open_closed_streams()
    try:
        code = cli.main(arguments, prog_name="spdm-responder", standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ConfigError as error:
        click.echo(f"error: {error}", err=True)
        code = Exit.PROFILE
    except UnavailableError as error:
        click.echo(f"error: {error}", err=True)
        code = Exit.ENVIRONMENT
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {about}{system_reason(error)}", err=True)
        code = Exit.ENVIRONMENT
    except Exception:  # noqa: BLE001 - the outermost frame: a defect of this program
        import traceback  # noqa: PLC0415 - only needed here

        traceback.print_exc()
        click.echo("this is a bug in spdm-responder", err=True)
        code = Exit.BUG
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
