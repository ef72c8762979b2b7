"""``spdm-responder``: finds the verb."""

import sys
from typing import Any

import click

from responder import __version__
from responder.cli.exits import exit_code
from responder.cli.output import open_closed_streams, reader_may_leave
from responder.cli.verbs import Verbs

VERBS = {
    "serve": "Be the device: listen and answer.",
    "emu": "Be the device, with the options of spdm_responder_emu.",
    "ctl": "Steer a running server.",
    "attest": "Be the requester: authenticate a device and read its measurements.",
    "tdi": "Lock, verify, start and stop an interface of a device (TDISP).",
    "decode": "Print SPDM messages field by field.",
    "diff": "Compare two conversations.",
    "dissector": "Write a dissector for Wireshark.",
    "certs": "Make and export certificate sets.",
    "profile": "Make a profile of a recorded device.",
    "profiles": "List, show and check profiles.",
    "fault": "List and explain faults.",
    "campaign": "Put a requester through the faults, and say what it got wrong.",
    "report": "Show what came of a campaign.",
    "doctor": "Check what of this machine can be used, and how to get the rest.",
    "completion": "Let a shell complete what is typed.",
}
"""Each verb is the click command ``command`` of the module ``responder.cli.<verb>``."""


class _Verbs(Verbs):
    """The verbs; whoever reads their output may leave."""

    def invoke(self, ctx: click.Context) -> Any:
        with reader_may_leave():
            return super().invoke(ctx)
        return None


@click.command(
    cls=_Verbs,
    verbs=VERBS,
    modules="responder.cli.",
    subcommand_metavar="VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="spdm-responder")
def cli() -> None:
    """A PCIe device that is not there: an SPDM responder that can misbehave on purpose."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code of ``Exit``."""
    open_closed_streams()
    sys.exit(
        exit_code(lambda: cli.main(arguments, prog_name="spdm-responder", standalone_mode=False))
    )


if __name__ == "__main__":
    main()
