"""Random cases of the catalogue, run twice: the journal is a function of the seed."""

from functools import cache
from random import Random

import pytest

from responder.campaign.conversation import converse
from responder.campaign.mask import masked_journal
from responder.campaign.rehearsal import healthy_run, settings_for
from responder.core.events import RequestReceived
from responder.faults import catalogue
from responder.spec.codes import RequestCode

CASES = 300
PARTS = 10
SEED, OTHER_SEED = b"one seed", b"another seed"


@cache
def chosen():
    """The cases, by a seed of their own."""
    every = sorted(catalogue.all_cases(), key=lambda case: case.id)
    return Random(20261123).sample(every, CASES)


def journal(case, seed):
    """The masked journal of a case, and whether random values of both sides were in it."""
    setting = next(settings_for(case))
    run = converse(setting, [case], seed)
    report = healthy_run(setting.name, SEED).reports[0]
    asked = {e.event.code for e in run.journal if isinstance(e.event, RequestReceived)}
    entries = masked_journal(
        run.journal,
        algorithm=report.algorithms.get("base_asym") or report.algorithms["pqc_asym"],
        kem="kem" in report.algorithms,
        real_time=bool(setting.listen),
    )
    return entries, RequestCode.CHALLENGE in asked


@pytest.mark.parametrize("part", range(PARTS))
def test_two_runs_of_one_seed_are_the_same_and_another_seed_is_not(part):
    seen = 0
    for case in chosen()[part::PARTS]:
        first, has_nonces = journal(case, SEED)
        again, _ = journal(case, SEED)
        other, _ = journal(case, OTHER_SEED)
        assert first == again, f"{case.id}: two runs of one seed differ"
        assert not has_nonces or first != other, f"{case.id}: the seed makes no difference"
        seen += has_nonces
    assert seen


def test_the_sample_is_of_many_groups_and_kinds():
    cases = chosen()
    assert len({case.id for case in cases}) == CASES
    assert len({catalogue.group_of(case.id).letter for case in cases}) >= 10
    assert len({rule.hook for case in cases for rule in case.rules}) >= 7
