"""What the mutators do at each place of a conversation."""

from random import Random

import pytest
from fuzzed import SEED, SETTING, healthy

from responder.campaign.conversation import converse
from responder.campaign.fuzz.inputs import fault_of
from responder.campaign.fuzz.mutators import MUTATORS, mutators_for
from responder.campaign.fuzz.sites import Site, Sites
from responder.faults.rule import Rule


def sites():
    found = Sites()
    return found.learn(healthy().wire)


def struck(site, mutator, number):
    """Whether what a mutator makes changes anything, in a conversation."""
    hook = "message" if site.late or site.kind == "message" else "draft"
    action = mutator.make(site, Random(number))
    rule = Rule(hook=hook, message=[site.message], action=[action])
    run = converse(SETTING, [fault_of((rule,))], SEED)
    assert not run.defects, run.defects
    return bool(run.evidence)


@pytest.mark.parametrize("mutator", MUTATORS, ids=lambda one: one.name)
def test_a_mutator_changes_something_at_some_of_its_places(mutator):
    fitting = [site for site in sites() if mutator in mutators_for(site)]
    some = Random(mutator.name).sample(fitting, min(8, len(fitting)))
    assert any(struck(site, mutator, number) for number, site in enumerate(some))


def test_each_kind_of_place_can_be_changed_in_turn_and_by_chance():
    for kind in ("message", "length", "number", "list", "element", "bytes"):
        found = mutators_for(Site("X", "x", kind, width=2, size=4))
        assert any(one.sweep is not None for one in found), kind
        assert any(one.sweep is None for one in found), kind


def test_bytes_that_are_not_there_can_only_be_added():
    found = {one.name for one in mutators_for(Site("X", "x", "bytes"))}
    assert found == {"one more, lengths follow", "grown", "grown to a limit", "put in"}
