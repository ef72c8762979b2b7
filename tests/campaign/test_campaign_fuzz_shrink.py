"""Inputs are made smaller while the breakdown stays the same."""

from responder.campaign.fuzz.shrink import shrunk
from responder.faults.edits import Add, Extend, Set
from responder.faults.rule import Rule

LIE = Rule(
    hook="draft", message=["CERTIFICATE"], nth=[1], action=[Add(field="portion_length", by=9)]
)
OTHERS = tuple(
    Rule(hook="draft", message=[name], action=[Set(field="param2", value=7)])
    for name in ("VERSION", "CAPABILITIES", "ALGORITHMS")
)


def lies(rules):
    """Whether a portion says that it is longer than it is."""
    return any(
        isinstance(action, Add) and action.field == "portion_length" and action.by > 0
        for rule in rules
        for action in rule.action
    )


def test_what_the_breakdown_needs_is_left():
    small = shrunk((*OTHERS[:2], LIE, OTHERS[2]), lies, 100)
    (rule,) = small.rules
    assert (rule.message, rule.nth) == (["CERTIFICATE"], [])
    assert rule.action == [Add(field="portion_length", by=1)]
    assert small.again


def test_sizes_become_smaller_too():
    grown = Rule(hook="draft", message=["DIGESTS"], action=[Extend(field="digest", by=4_000)])
    small = shrunk((grown,), lambda rules: rules[0].action[0].by >= 60, 100)
    assert small.rules[0].action[0].by in range(60, 130)


def test_a_breakdown_that_does_not_come_again_is_left_as_it_is():
    small = shrunk((LIE, *OTHERS), lambda _: False, 100)
    assert small.rules == (LIE, *OTHERS)
    assert (small.again, small.runs) == (False, 1)


def test_it_is_not_tried_more_often_than_allowed():
    asked = []

    def still(rules):
        asked.append(rules)
        return lies(rules)

    small = shrunk((*OTHERS, LIE), still, 2)
    assert len(asked) == small.runs == 2
    assert lies(small.rules)


def test_nothing_is_tried_twice():
    asked = []
    shrunk((*OTHERS, LIE), lambda rules: asked.append(repr(rules)) or lies(rules), 500)
    assert len(asked) == len(set(asked))
