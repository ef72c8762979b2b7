"""All mutants, measured: they are as the page says, those that live are explained, it is quick."""

import os
import time

from responder.campaign.mutants import LIMIT, measure, problems
from responder.campaign.mutants_known import known_mutants, reasons
from responder.campaign.plan import cases_named
from responder.campaign.rehearsal import SEED
from responder.cli.campaign_mutants import summary
from responder.requester.check_table import CHECKS

MOST_SECONDS = 480
SLOWEST = 8


def test_every_mutant_is_killed_or_it_is_known_why_not(say):
    begin = time.monotonic()
    found = list(measure(CHECKS, SEED, jobs=os.cpu_count() or 1, known=known_mutants()))
    seconds = time.monotonic() - begin
    say(f"{summary(found, seconds)}; at most {LIMIT} cases each")
    for one in sorted(found, key=lambda one: -one.seconds)[:SLOWEST]:
        say(f"  {one.mutant.check}: {one.conversations} held, {one.seconds:.1f} s")
    assert list(problems(found, reasons())) == []
    measured = {one.mutant.check: one.mutant for one in found}
    assert measured == known_mutants(), (
        "run spdm-responder campaign mutants --json > responder/campaign/mutants.jsonl"
    )
    assert seconds < MOST_SECONDS


def test_the_cases_exist():
    cases = [mutant.case for mutant in known_mutants().values() if mutant.case]
    assert [case.id for case in cases_named(cases)] == cases


def test_those_that_live_are_explained_and_no_others():
    living = {one.check for one in known_mutants().values() if one.outcome != "killed"}
    assert set(reasons()) == living
    assert all(reason.endswith(".") for reason in reasons().values())
