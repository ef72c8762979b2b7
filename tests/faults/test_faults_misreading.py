"""Requests that a device takes for other ones: what it does, and what its signatures cover."""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import responder
from faults.engines import engine, fault

from responder.faults.memory import FaultMemory

NEGOTIATE = {"hook": "request", "message": ["NEGOTIATE_ALGORITHMS"]}
P256, P384 = 0x10, 0x80


def misread(field, value, message="NEGOTIATE_ALGORITHMS", **keys):
    action = [{"do": "set", "field": field, "value": value}]
    return fault(hook="request", message=[message], action=action, **keys)


def test_a_device_selects_what_it_was_not_offered_and_signs_what_came():
    wanted = raw.negotiate(0x12, asym=P384)
    dialogue = Dialogue(responder(hooks=engine(misread("base_asym_algo", P256))), 0x12)
    dialogue.reach("capabilities")

    algorithms = dialogue.ask(wanted, 0x63)

    dialogue.took(wanted, algorithms, "negotiated")
    assert int.from_bytes(algorithms[12:16], "little") == P256
    request = raw.challenge(0x12)
    dialogue.check_challenge(request, dialogue.ask(request, 0x03))


def test_the_evidence_is_the_request_as_it_came_and_as_it_was_taken():
    spec, request = misread("base_asym_algo", P384), raw.negotiate(0x12)
    hooks = engine(spec, memory=(memory := FaultMemory()))
    peer = responder(hooks=hooks)
    for one in (raw.get_version(), raw.get_capabilities(0x12)):
        peer.receive(one, 0.0)

    effects = peer.receive(request, 0.0)

    (event,) = [
        e.event for e in effects if type(getattr(e, "event", None)).__name__ == "FaultFired"
    ]
    assert (event.hook, event.message, event.before) == ("request", "NEGOTIATE_ALGORITHMS", request)
    assert event.after == request[:8] + P384.to_bytes(4, "little") + request[12:]
    assert memory.fired["x.test"] == 1


@pytest.mark.parametrize(
    ("action", "near"),
    [
        ({"do": "set", "field": "code", "value": 0x81}, "no other kind of request"),
        ({"do": "set", "field": "param2", "value": 0}, "the bytes stay as they are"),
    ],
)
def test_what_changes_nothing_or_the_kind_of_request_misses(action, near):
    memory = FaultMemory()
    peer = responder(hooks=engine(fault(**NEGOTIATE, action=[action]), memory=memory))
    requests = (raw.get_version(), raw.get_capabilities(0x12), raw.negotiate(0x12))

    for request in requests:
        answered = peer.receive(request, 0.0)

    assert not memory.fired["x.test"]
    assert near in memory.nearest["x.test"].text
    assert answered == responder_after(requests)


def responder_after(requests):
    peer = responder()
    for request in requests:
        answered = peer.receive(request, 0.0)
    return answered
