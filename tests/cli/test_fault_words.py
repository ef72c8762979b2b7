"""Faults in words."""

import msgspec
import pytest

from responder.cli.fault_words import PLACES, action_text, duty_text, place_text, rule_texts
from responder.faults.rule import ACTIONS, FaultSpec
from responder.profiles.faults import DOES


def fault(**changes):
    table = {
        "id": "t.fault",
        "description": "A fault.",
        "duty": "reject",
        "basis": "spec",
        "source": "DSP0274",
        "hook": "post_sign",
        "action": [{"do": "flip", "bit": -8}],
    }
    return msgspec.convert({**table, **changes}, FaultSpec)


def test_every_hook_has_words():
    assert set(PLACES) == set(DOES)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "in the signature (post_sign)"),
        ({"message": ["CHALLENGE_AUTH", "MEASUREMENTS"]}, "of CHALLENGE_AUTH or MEASUREMENTS"),
        ({"version": ["1.2"]}, "in SPDM 1.2"),
        ({"session": False}, "outside of sessions"),
        ({"algorithm": ["SHA-256", "SHA-384", "SHA-512"]}, "with SHA-256, SHA-384 or SHA-512"),
        ({"request": {"slot_id": [0, 1]}}, "if in the request slot_id is 0 or 1"),
        ({"response": {"slot": 3}}, "if in the response slot is 3"),
        ({"connection": [2]}, "on connection 2"),
        ({"after": ["sent:DIGESTS"]}, "after sent:DIGESTS"),
        ({"until": ["step:1"]}, "before step:1"),
        ({"probability": 0.5}, "with probability 0.5"),
        ({"nth": [2]}, "time 2 in a connection"),
        ({"skip": 1, "scope": "device"}, "after 1 that are let pass on a device"),
        ({"times": 1}, "at most once in a connection"),
        ({"times": 2}, "at most twice in a connection"),
        ({"times": 3}, "at most 3 times in a connection"),
        ({"hook": "connection", "event": "accepted"}, "when a transport connection is accepted"),
        ({"hook": "frame", "kind": ["discovery"]}, "of a frame that carries discovery"),
        ({"hook": "frame", "binding": ["doe"]}, "over doe"),
    ],
)
def test_where_it_strikes(changes, words):
    text = place_text(fault(**changes))
    first, *conditions = text.split(", ", 1)
    assert words == text if not changes else words in text
    assert first.endswith(")")
    assert bool(conditions) == bool(changes)


def test_what_it_does_names_what_is_given_and_what_its_kind_does():
    (flip,) = fault().action
    assert action_text(flip) == "flip (bit = -8): inverts one bit."
    (error,) = fault(hook="request", action=[{"do": "error", "code": "Busy"}]).action
    assert action_text(error).startswith('error (code = "Busy"): an ERROR is the answer.')
    (silence,) = fault(hook="request", action=[{"do": "silence"}]).action
    assert action_text(silence).startswith("silence: nothing is sent.")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda cls: cls.__struct_config__.tag)
def test_every_action_has_words(action):
    """Its docstring says what it does, after the hooks if there are any, and every key."""
    from responder.profiles.docstrings import documented

    told = documented(action)
    assert told.summary.endswith(".")
    assert set(told.keys) == set(action.__struct_fields__)


def test_steps_are_numbered_or_named():
    step = {"hook": "post_sign", "action": [{"do": "flip"}]}
    table = msgspec.to_builtins(fault())
    del table["hook"], table["action"]
    scenario = msgspec.convert({**table, "step": [step, {**step, "name": "last"}]}, FaultSpec)
    assert [text for text in rule_texts(scenario) if text.startswith("step")] == [
        "step 1: in the signature (post_sign)",
        "step last: in the signature (post_sign)",
    ]


def test_duty_and_what_is_as_good():
    assert duty_text(fault()) == "reject: reject the response and stop"
    assert duty_text(fault(allows=["accept"])).endswith("; as good: accept")
