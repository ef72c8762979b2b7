"""``spdm-responder report``: show what came of a campaign."""

import click


@click.group("report")
def command() -> None:
    """Show what came of a campaign: each view is of its store, a file of JSON lines."""
