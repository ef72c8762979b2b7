"""``spdm-responder campaign``: put a requester through the faults, and say what it got wrong."""

import click

from responder.cli.verbs import Verbs

VERBS = {
    "run": "Run a campaign, or go on with one.",
    "plan": "Say what a campaign would run.",
    "replay": "Run one case again, and show the exchange.",
    "minimise": "Make a case, and the conversation before it, smaller.",
    "export": "Write a folder that reproduces a case, for a bug report.",
    "fuzz": "Mutate responses, and keep what the requester breaks down on.",
    "mutants": "Measure the faults: leave out each check of our requester in turn.",
}
"""Each verb is the click command ``command`` of the module ``responder.cli.campaign_<verb>``."""


@click.group(
    "campaign",
    cls=Verbs,
    verbs=VERBS,
    modules="responder.cli.campaign_",
    subcommand_metavar="VERB [ARGS]...",
)
def command() -> None:
    """Put a requester through the faults, and say what it got wrong."""
