"""Where inputs come from: each place in turn, then chance, and always the same ones."""

from fuzzed import healthy, search_of, searched, seen

from responder.campaign.fuzz.breed import Breeder, Ground
from responder.campaign.fuzz.inputs import MAX_RULES
from responder.campaign.fuzz.mutators import mutators_for
from responder.campaign.fuzz.sites import Sites
from responder.campaign.settings import SETTINGS
from responder.campaign.targets.reference import ReferenceRunner
from responder.crypto.random_tree import RandomTree
from responder.faults.edits import Add
from responder.faults.rule import Rule

ADD = Rule(hook="draft", message=["DIGESTS"], action=[Add(field="provisioned_slot_mask", by=1)])


def breeder(seed=b"fuzz"):
    made = Breeder(Ground(Sites()), RandomTree(seed))
    made.learn(healthy().wire)
    return made


def nothing(random):
    del random


def picked(random):
    del random
    return (ADD,)


def inputs(made, count, pick=nothing):
    return [made.make(number, pick) for number in range(1, count + 1)]


def test_the_same_seed_makes_the_same_inputs():
    assert inputs(breeder(), 700, picked) == inputs(breeder(), 700, picked)
    assert inputs(breeder(), 20) != inputs(breeder(b"another"), 20)


def test_every_place_is_tried_in_the_ways_that_tell_most_before_anything_else():
    ground = Ground(Sites())
    made = Breeder(ground, RandomTree(b"fuzz"))
    made.learn(healthy().wire)
    telling = [
        (site.message, site.address)
        for sites in ground.sites.by_message.values()
        for site in sites
        for mutator in mutators_for(site)
        if mutator.sweep == 0 and not (mutator.name == "zero" and site.value == 0)
    ]
    found = inputs(made, len(ground.waiting[0]))
    places = [(rule.message[0], rule.action[0].field) for (rule,) in found]
    assert sorted(places) == sorted(telling)


def test_what_is_picked_is_changed_a_little():
    found = inputs(breeder(), 3_000, picked)[-500:]
    assert any(ADD in rules and len(rules) > 1 for rules in found), "a rule is added"
    assert any(
        isinstance(rule.action[0], Add)
        and rule.action[0].field == "provisioned_slot_mask"
        and rule.action[0].by not in {1, -1}
        for rules in found
        for rule in rules
    ), "its number is changed"


def test_no_input_is_empty_or_grows_without_end():
    many = (ADD,) * MAX_RULES
    sizes = {len(rules) for rules in inputs(breeder(), 3_000, lambda _: many)}
    assert sizes <= set(range(1, MAX_RULES + 1))
    assert MAX_RULES in sizes


def test_responses_that_come_later_are_mutated_too():
    made = breeder()
    inputs(made, 100)
    made.learn(ReferenceRunner().run(SETTINGS["session"], (), b"fuzz").wire)
    after = {rule.message[0] for rules in inputs(made, 400) for rule in rules}
    assert "KEY_EXCHANGE_RSP" in after


def test_draws_depend_on_nothing_that_was_drawn_before():
    one, other = breeder(), breeder()
    inputs(one, 2_000)
    inputs(other, 2_000, picked)
    assert one.make(2_001, picked) == other.make(2_001, picked)


def test_a_search_sees_the_same_inputs_again():
    runs = [searched(search_of(), lambda rules: seen(str(len(rules))), 300) for _ in range(2)]
    assert runs[0] == runs[1]
