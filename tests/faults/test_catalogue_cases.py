"""Every case of the catalogue, in its conversation with the reference requester.

It strikes; its evidence is what happened, and nothing differs before it; and the requester does
its duty, in the way that the table of expectations has. ``catalogue_exceptions`` lists where it
does not.
"""

import pytest
from faults.catalogue_exceptions import WRONG

from responder.campaign.evidence import contradictions
from responder.campaign.expected import expected_of, load_expected
from responder.campaign.rehearsal import rehearse
from responder.faults import catalogue

FAULTS = list(catalogue.tables())
TABLE = load_expected()


def problems(case):
    """What is wrong with a case, in words."""
    rehearsal = rehearse(case)
    run, where = rehearsal.faulted, f"{case.id} [{rehearsal.setting.name}]"
    if not rehearsal.fired:
        return [f"{where} does not strike: {near}" for near in rehearsal.tried.values()]
    found = [*contradictions(rehearsal), *run.defects, *run.misdeeds]
    if run.crash:
        found.append(f"the requester crashed: {run.crash}")
    row = expected_of(rehearsal)
    if TABLE.get(case.id) != row:
        found.append(f"the table has not {row} (run python -m responder.campaign.expected)")
    expected = WRONG.get(case.id) or WRONG.get(case.family)
    if expected and rehearsal.satisfied:
        found.append(f"the requester does its duty; no longer true: {expected}")
    if not expected and not rehearsal.satisfied:
        duty = " or ".join((case.duty, *case.allows))
        found.append(f"the duty is {duty}, but: {rehearsal.reaction} ({rehearsal.verdict})")
    return [f"{where}: {text}" for text in found]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_strikes_and_meets_its_duty(name):
    cases = catalogue.find(name)
    assert cases
    assert [text for case in cases for text in problems(case)] == []


def test_exceptions_name_cases_and_reasons():
    known = {case.id for case in catalogue.all_cases()} | set(FAULTS)
    assert set(WRONG) <= known
    assert all(WRONG.values())
