"""``spdm-responder dissector``: write the dissector for Wireshark."""

from pathlib import Path

import click

from responder.cli.output import reader_may_leave


@click.command("dissector")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to this file, not to stdout.",
)
def command(output: Path | None) -> None:
    """Write a dissector for Wireshark and tshark: one Lua script.

    It shows SPDM over the sockets of spdm-emu (MCTP, PCI DOE, TCP, storage, none) and DSP0287, with
    the fields that decode prints, and what secured records carry. Wireshark loads it from its
    folder of personal Lua plugins; tshark and wireshark do so with -X lua_script:FILE.
    """
    from responder.dissector.script import script  # noqa: PLC0415 - not needed for --help

    text = script()
    if output is not None:
        output.write_text(text, encoding="utf-8")
        return
    with reader_may_leave():
        click.echo(text, nl=False)
