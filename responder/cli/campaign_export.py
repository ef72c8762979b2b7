"""``spdm-responder campaign export``: write a folder that reproduces a case, for a bug report."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import with_options
from responder.cli.campaign_run import TARGET_OPTIONS, read
from responder.cli.exits import Exit
from responder.errors import ConfigError

if TYPE_CHECKING:
    from responder.campaign.replayed import Replayed

COMMAND = "spdm-responder campaign replay --from ."
"""What reproduces the verdict, in the folder."""
_README = """\
# {case}: {verdict}

{description}

- What was seen: {text}.
- What a requester must do: {duty}.
- Says who: {basis}; {source}.
- The requester: {target}{about}. The conversation: {setting} ({setting_text}).

## Reproduce

With spdm-responder {program} or later, and the requester, in a copy of this folder:

    {command}

It serves the device, runs the requester against it, shows the exchange, and exits 1 if the
requester fails again. `target.toml` says how the requester is run: paths in it may have to be
changed. By hand: `spdm-responder serve --profile profile.toml`.

## Files

| file | holds |
|---|---|
| `profile.toml` | the device, and the fault: how it lies |
| `target.toml` | how the requester is run, and what its output means |
| `case.json` | the case, the conversation, the seed (`{seed}`) and the verdict |
| `exchange.txt`, `exchange.json` | what was said, and the bytes that the fault changed |
| `certs/` | the device's keys and certificate chains (PEM), and their roots (PEM, DER) |

All keys and certificates in here are TEST KEYS: everybody has them. Never trust them.
"""


@click.command("export")
@click.argument("case_id", metavar="CASE")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_options(TARGET_OPTIONS)
@click.option("--seed", default="rehearsal", show_default=True, help="Of all randomness.")
def command(**given: Any) -> None:
    """Run a case, and write all that reproduces it into FOLDER, which is new or empty.

    Its README.md names the duty, what was seen, and the one command that runs it again.

    Exits 0, or 1 if the case is no failure: there is then nothing to report.
    """
    from responder.campaign.export import files_of  # noqa: PLC0415 - not for --help
    from responder.campaign.plan import case_named  # noqa: PLC0415 - as above
    from responder.campaign.replayed import replay  # noqa: PLC0415 - as above

    target, case, folder = read(given), case_named(given["case_id"]), given["folder"]
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigError("the folder is not empty", where=str(folder))
    with tempfile.TemporaryDirectory(prefix="spdm-campaign-") as work:
        found = replay(case, target, given["seed"].encode(), Path(work))
    if not found.result.failed:
        result = found.result
        click.echo(f"{case.id} is no failure: {result.verdict}: {result.text}", err=True)
        sys.exit(Exit.FINDING)
    about = f": {target.description}" if target.description else ""
    files = {
        **files_of(case, target, given["seed"], found.result),
        **_readable(found),
        "README.md": _readme(found, given["seed"], f"`{target.name}`", about.rstrip(".")).encode(),
    }
    _write(folder, files)
    click.echo(f"{folder}: {len(files)} files; there, `{COMMAND}` reproduces it", err=True)


def _readable(found: "Replayed") -> Mapping[str, bytes]:
    """The exchange, for people and as JSON."""
    from responder.cli.case_page import (  # noqa: PLC0415 - not for --help
        document,
        field_lines,
        page,
    )

    return {
        "exchange.txt": "".join(f"{one}\n" for one in (*page(found), *field_lines(found))).encode(),
        "exchange.json": (json.dumps(document(found), indent=2) + "\n").encode(),
    }


def _readme(found: "Replayed", seed: str, target: str, about: str) -> str:
    from responder import __version__  # noqa: PLC0415 - not for --help
    from responder.cli.fault_words import basis_text, duty_text  # noqa: PLC0415 - as above

    fault, result, setting = found.case.fault, found.result, found.case.setting
    return _README.format(
        case=found.case.id,
        verdict=result.verdict + (f" ({result.weight})" if result.weight else ""),
        description=fault.description,
        text=result.text,
        duty=duty_text(fault),
        basis=basis_text(fault.basis),
        source=fault.source,
        target=target,
        about=about,
        setting=setting.name,
        setting_text=setting.text.rstrip("."),
        program=__version__,
        command=COMMAND,
        seed=seed,
    )


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
