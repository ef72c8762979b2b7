"""Simpler versions of a fault: each is one thing less, and a chain of them ends."""

import pytest

from responder.campaign.simpler_fault import named, simpler_faults, without_names
from responder.faults.catalogue import find, tables
from responder.faults.written import written

ABOUT = {"id": "x", "description": "x", "duty": "reject", "basis": "spec", "source": "x"}
STEPS = {
    **ABOUT,
    "step": [
        {"hook": "request", "action": [{"do": "silence"}]},
        {"hook": "message", "after": ["step:1"], "action": [{"do": "truncate", "by": 1}]},
        {"hook": "message", "action": [{"do": "truncate", "by": 2}]},
    ],
}


def one(**rule):
    return {**ABOUT, "hook": "message", "message": ["DIGESTS"], **rule}


def simpler(fault):
    """What was taken away, and what is left."""
    return {text: table for table, text in simpler_faults(fault)}


def test_steps_go_and_the_last_one_is_no_step_any_more():
    found = simpler(named(STEPS))
    assert found["step 2, step 3"] == {**ABOUT, "hook": "request", "action": [{"do": "silence"}]}
    left = found["step 3"]["step"]
    assert [step["name"] for step in left] == ["1", "2"]
    assert "after" not in found["step 2: the condition after"]["step"][1]


def test_names_of_steps_stay_only_where_they_are_spoken_of():
    steps = without_names(named(STEPS))["step"]
    assert [step.get("name") for step in steps] == ["1", None, None]
    assert without_names(ABOUT) == ABOUT


def test_conditions_and_entries_of_lists_go_and_where_it_strikes_stays():
    action = [{"do": "truncate", "by": 1}]
    fault = one(message=["DIGESTS", "CERTIFICATE"], nth=[2], times=3, action=action)
    found = simpler(fault)
    assert "nth" not in found["the condition nth"]
    assert "times" not in found["the condition times"]
    assert found["message: CERTIFICATE"]["message"] == ["DIGESTS"]
    assert all(table["message"] and table["hook"] == "message" for table in found.values())


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"do": "set-bits", "field": "f", "mask": 0x30}, {"mask": 0x10}),
        ({"do": "xor", "field": "f", "mask": "ff"}, {"do": "flip", "field": "f"}),
        ({"do": "flip", "bit": -8}, {"do": "flip"}),
        ({"do": "extend", "by": 100, "value": "ones"}, {"by": 1, "value": "ones"}),
        ({"do": "extend", "by": 100, "value": "ones"}, {"by": 100, "value": "zeros"}),
        ({"do": "truncate", "to": 3}, {"do": "truncate", "by": 1}),
        ({"do": "add", "field": "f", "by": -7}, {"by": -1}),
        ({"do": "set", "field": "f", "value": 9}, {"value": 0}),
        ({"do": "set", "field": "f", "value": "random"}, {"value": "zeros"}),
        ({"do": "answer", "value": "12ff03"}, {"value": "000000"}),
        ({"do": "answer", "value": "12ff03"}, {"value": "12"}),
        ({"do": "delay", "seconds": 8.0, "jitter": 1.0}, {"seconds": 8.0, "do": "delay"}),
        ({"do": "delay", "seconds": 8.0}, {"seconds": 0.5}),
        ({"do": "error", "code": 3, "data": 7}, {"do": "error", "code": 3}),
    ],
)
def test_actions_get_smaller(action, expected):
    found = [table["action"][0] for table, _ in simpler_faults(one(action=[action]))]
    assert any(expected.items() <= one.items() for one in found), found
    assert action not in found


def test_several_actions_become_fewer():
    actions = [{"do": "flip"}, {"do": "truncate", "by": 1}]
    assert simpler(one(action=actions))["actions: truncate"]["action"] == actions[:1]


@pytest.mark.parametrize("part", [0.0, 0.5], ids=["first", "middle"])
def test_whatever_is_taken_the_end_comes(part):
    for name in sorted(tables())[::20]:
        fault = named(written(find(name)[0]))
        for _ in range(1000):
            guesses = [table for table, _ in simpler_faults(fault)]
            if not guesses:
                break
            fault = guesses[int(part * len(guesses))]
        assert guesses == [], name
