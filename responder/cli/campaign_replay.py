"""``spdm-responder campaign replay``: run one case again, and show the exchange."""

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import with_options
from responder.cli.campaign_run import TARGET_OPTIONS, read
from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave

if TYPE_CHECKING:
    from responder.campaign.plan import Case
    from responder.campaign.replayed import Replayed
    from responder.campaign.result import Verdict
    from responder.campaign.target import Target


@click.command("replay")
@click.argument("case_id", required=False, metavar="[CASE]")
@click.option(
    "--target", "target_name", metavar="NAME|FILE", help="The requester: a name, or a file."
)
@with_options(TARGET_OPTIONS[1:])
@click.option("--seed", help="Of all randomness. [default: rehearsal, or that of the folder]")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of `campaign export`: its case, device, target and seed.",
)
@click.option(
    "--pcapng",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the exchanges to this file, for Wireshark.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(**given: Any) -> None:
    """Run one case again, and show the exchange, what the requester wrote, and the verdict.

    Exits 0 when the requester did what it must, and 1 when it did not.
    """
    from responder.campaign.replayed import replay  # noqa: PLC0415 - not for --help

    case, target, seed, before = _meant(given)
    with tempfile.TemporaryDirectory(prefix="spdm-campaign-") as work:
        found = replay(case, target, seed.encode(), Path(work))
    if given["pcapng"]:
        _capture(given["pcapng"], found, target)
    with reader_may_leave():
        _show(found, as_json=given["as_json"])
    if before:
        same = "reproduced" if before == found.result.verdict else "not reproduced"
        click.echo(f"{same}: it was {before}", err=True)
    sys.exit(Exit.FINDING if found.result.failed else Exit.OK)


def _meant(given: dict[str, Any]) -> "tuple[Case, Target, str, Verdict | None]":
    """The case, the target, the seed, and the verdict that a folder names."""
    from responder.campaign.plan import case_named  # noqa: PLC0415 - not for --help

    if given["folder"] is None:
        if not (given["case_id"] and given["target_name"]):
            raise click.UsageError("CASE and --target are needed, or --from")
        return case_named(given["case_id"]), read(given), given["seed"] or "rehearsal", None
    if given["case_id"]:
        raise click.UsageError("--from names the case already")
    from responder.campaign.export import exported_in  # noqa: PLC0415 - not for --help

    found = exported_in(given["folder"])
    target = read(given) if given["target_name"] else found.target
    seed = given["seed"] or found.manifest.seed
    return found.case, target, seed, found.manifest.verdict


def _capture(path: Path, found: "Replayed", target: "Target") -> None:
    from responder.campaign.capture import write_capture  # noqa: PLC0415 - only if it is wanted

    title = f"{found.case.id} with {target.name}: {found.result.verdict}"
    with path.open("wb") as file:
        write_capture(file, found.result.observed.wire, found.transport, title)


def _show(found: "Replayed", *, as_json: bool) -> None:
    from responder.cli.case_page import document, page  # noqa: PLC0415 - as above

    if as_json:
        click.echo(json.dumps(document(found), indent=2))
        return
    for line in page(found, colour=sys.stdout.isatty()):
        click.echo(line)
