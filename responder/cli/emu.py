"""``spdm-responder emu``: be the device, with the options of ``spdm_responder_emu``."""

from pathlib import Path
from typing import Any

import click

from responder.cli.emu_options import translate


@click.command(
    "emu",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
)
@click.argument("arguments", metavar="ARGS…", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Be the device that spdm_responder_emu would be with ARGS, its own options.

    For example: --trans PCI_DOE --ver 1.2 --asym ECDSA_P384 --hash SHA_384. What is asked for and
    not there yet is named in a warning. Keys and chains come from the working directory if it is
    that program's key folder (ecp384/bundle_responder.certchain.der and so on).

    Unlike that program, this one listens on loopback unless --ip says otherwise.
    """
    from responder.cli.serve import serve  # noqa: PLC0415 - not needed for --help
    from responder.profiles.load import load_profile  # noqa: PLC0415 - as above

    run = translate(arguments, Path.cwd())
    for warning in run.warnings:
        click.echo(f"warning: {warning}", err=True)
    options: dict[str, Any] = {
        "call" if run.call else "listen": [run.endpoint],
        "allow_remote": run.remote,
        "once": run.once,
        "log_level": "debug" if run.verbose else "info",
    }
    if run.states is not None:
        # There all connections find one endpoint, one after the other.
        options |= {"keeper": run.states, "attach": "sticky"}
    serve(load_profile("default", run.overrides), options)
