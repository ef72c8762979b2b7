"""``spdm-responder doctor``: what of this machine the program can use, and how to get the rest."""

import json
import sys
from typing import TYPE_CHECKING

import click

from responder.cli.exits import Exit

if TYPE_CHECKING:
    from responder.cli.doctor_checks import Check

_WORDS = {(True, True): "good", (True, False): "good", (False, True): "BAD", (False, False): "-"}
"""By whether a thing is good, and whether it is required."""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(as_json: bool) -> None:
    """Check Python, packages, algorithms, sockets, limits and the programs of others.

    What is missing is told with what it is for and how to get it. The exit code is 4 if something
    is missing (BAD) without which this program does not work, else 0.
    """
    from responder.cli.doctor_checks import checks  # noqa: PLC0415 - not for --help

    found = list(checks())
    works = all(check.good or not check.required for check in found)
    click.echo(_json(found, works=works) if as_json else _text(found, works=works))
    sys.exit(Exit.OK if works else Exit.ENVIRONMENT)


def _json(found: "list[Check]", *, works: bool) -> str:
    import msgspec  # noqa: PLC0415 - not for --help

    return json.dumps({"works": works, "checks": msgspec.to_builtins(found)}, indent=2)


def _text(found: "list[Check]", *, works: bool) -> str:
    width = max(len(check.name) for check in found)
    lines = []
    for check in found:
        word = _WORDS[check.good, check.required]
        lines.append(f"{word:4}  {check.name:{width}}  {check.found}")
        if not check.good:
            lines.append(f"{'':{width + 8}}for: {check.use}")
            lines.append(f"{'':{width + 8}}get: {check.get}")
    lacking = sum(not check.good for check in found)
    end = (
        "all is well" if not lacking else f"{lacking} of {len(found)} are missing or not as wanted"
    )
    return "\n".join([*lines, "", end + ("" if works else "; it will not work like this")])
