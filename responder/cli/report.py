"""``spdm-responder report``: show what came of a campaign."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave

if TYPE_CHECKING:
    from responder.campaign.reports.summary import Summary

_STORE = click.argument(
    "store", metavar="STORE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_OUTPUT = click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, and not to standard output.",
)


@click.group("report")
def command() -> None:
    """Show what came of a campaign: each view is of its store, a file of JSON lines."""


@command.command("terminal")
@_STORE
def terminal_command(store: Path) -> None:
    """Say what came of it: counts, and each failure with its sentence."""
    from responder.campaign.reports.terminal import print_summary  # noqa: PLC0415 - not for --help

    with reader_may_leave():
        print_summary(_summary(store))


@command.command("junit")
@_STORE
@_OUTPUT
def junit_command(store: Path, output: Path | None) -> None:
    """Write JUnit XML: a suite for each group, a test case for each case."""
    from responder.campaign.reports.junit import junit  # noqa: PLC0415 - not for --help

    _write(output, junit(_summary(store)))


@command.command("sarif")
@_STORE
@_OUTPUT
@click.option(
    "--file",
    "location",
    metavar="FILE",
    help="The file of the repository to show the results on, such as that of the target;"
    " by default the store.",
)
def sarif_command(store: Path, output: Path | None, location: str | None) -> None:
    """Write SARIF 2.1.0: a rule for each fault, a result for each failure."""
    from responder.campaign.reports.sarif import sarif  # noqa: PLC0415 - not for --help

    document = sarif(_summary(store), location or store.name)
    _write(output, json.dumps(document, indent=1) + "\n")


@command.command("github")
@_STORE
@click.option(
    "--step-summary",
    is_flag=True,
    help="Append the Markdown report to the file that GITHUB_STEP_SUMMARY names, too.",
)
def github_command(store: Path, step_summary: bool) -> None:
    """Print annotations for GitHub Actions: the ten heaviest failures, and the counts."""
    from responder.campaign.reports.github import annotations  # noqa: PLC0415 - not for --help
    from responder.campaign.reports.markdown import MOST_BYTES, markdown  # noqa: PLC0415 - as above

    page = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if step_summary and not page:
        raise click.UsageError("--step-summary needs GITHUB_STEP_SUMMARY, as GitHub Actions has it")
    summary = _summary(store)
    with reader_may_leave():
        for line in annotations(summary):
            click.echo(line)
    if step_summary:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(markdown(summary, MOST_BYTES))


@command.command("markdown")
@_STORE
@_OUTPUT
def markdown_command(store: Path, output: Path | None) -> None:
    """Write Markdown: counts, and tables of failures and groups."""
    from responder.campaign.reports.markdown import markdown  # noqa: PLC0415 - not for --help

    _write(output, markdown(_summary(store)))


@command.command("html")
@_STORE
@_OUTPUT
def html_command(store: Path, output: Path | None) -> None:
    """Write one page that needs no network: filters, each case's exchange, its bytes."""
    from responder.campaign.reports.html import html  # noqa: PLC0415 - not for --help
    from responder.cli.report_changes import changes_of  # noqa: PLC0415 - as above

    _write(output, html(_summary(store), changes_of))


@command.command("merge")
@click.argument(
    "stores",
    metavar="STORE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The store to write.",
)
@click.option(
    "--expect",
    "expectations",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Those of the campaign, to say which of them nothing met.",
)
def merge_command(stores: tuple[Path, ...], output: Path, expectations: Path | None) -> None:
    """Make one store of those of a campaign's shards.

    Exits 1 if a shard, or a case of one, is missing: the store says so too.
    """
    from responder.campaign.expectations import (  # noqa: PLC0415 - not for --help
        read_expectations,
    )
    from responder.campaign.merge import merge  # noqa: PLC0415 - as above

    expected = read_expectations(expectations) if expectations else None
    lacking = merge(stores, output, expected)
    for sentence in lacking:
        click.echo(sentence, err=True)
    sys.exit(Exit.FINDING if lacking else Exit.OK)


def _summary(store: Path) -> "Summary":
    from responder.campaign.reports.summary import summarise  # noqa: PLC0415 - not for --help
    from responder.campaign.store import read_store  # noqa: PLC0415 - as above

    return summarise(read_store(store))


def _write(output: Path | None, text: str) -> None:
    if output is None:
        with reader_may_leave():
            click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
