"""Jobs whose worker ends with them; in a module of its own, since workers import it."""

import os
from pathlib import Path

from responder.campaign.work import do

VICTIM = "victim"


def do_or_die(job):
    """Do a job, unless it has the case that a file in the campaign's folder names."""
    if (Path(job.work) / VICTIM).read_text() in job.cases:
        os._exit(3)
    return do(job)
