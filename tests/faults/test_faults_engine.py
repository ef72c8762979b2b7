"""Where faults strike, in what order, how often; what they leave as evidence; what came nearest."""

import msgspec
import pytest
from core import raw_requests as raw
from core.chunks import chunk_get, cut, meet
from core.dialogue import Dialogue
from core.fakes import responder
from cryptography.exceptions import InvalidSignature
from faults.engines import engine, fault

from responder.core.effects import ArmTimer, Close, Emit, Send
from responder.core.events import FaultFired
from responder.core.hooks import Hooks
from responder.faults.memory import FaultMemory

FLIP = [{"do": "flip", "bit": 0}]


def bad_signature(**keys):
    return fault(**({"hook": "post_sign", "action": FLIP} | keys))


def strikes(spec, version=0x12, times=1):
    """Which of the answers to CHALLENGE and to signed GET_MEASUREMENTS, by turns, are wrong."""
    dialogue = Dialogue(responder(hooks=engine(spec)), version).reach("negotiated")
    struck = []
    for _ in range(times):
        for request in (raw.challenge(version), raw.get_measurements(version, attributes=1)):
            answer = dialogue.ask(request, request[1] & 0x7F)
            try:
                if request[1] == 0x83:
                    dialogue.check_challenge(request, answer)
                else:
                    dialogue.check_measurements([(request, answer)])
            except InvalidSignature:
                struck.append(True)
            else:
                struck.append(False)
    return struck


CONDITIONS = [
    ({}, [True, True, True, True]),
    ({"message": ["CHALLENGE_AUTH"]}, [True, False, True, False]),
    ({"message": ["GET_MEASUREMENTS"]}, [False, True, False, True]),
    ({"message": ["DIGESTS"]}, [False] * 4),
    ({"version": ["1.0", "1.2"]}, [True] * 4),
    ({"version": ["1.3"]}, [False] * 4),
    ({"algorithm": ["ECDSA-P256"]}, [True] * 4),
    ({"algorithm": ["ECDSA-P384", "SHA-384"]}, [False] * 4),
    ({"session": False}, [True] * 4),
    ({"session": True}, [False] * 4),
    ({"nth": [3]}, [False, False, True, False]),
    ({"nth": [2], "message": ["MEASUREMENTS"]}, [False, False, False, True]),
    ({"nth": [1, 4]}, [True, False, False, True]),
    ({"skip": 1, "times": 2}, [False, True, True, False]),
    ({"times": 1}, [True, False, False, False]),
    ({"connection": [1]}, [False] * 4),
    ({"after": ["sent:MEASUREMENTS"]}, [False, False, True, True]),
    ({"after": ["received:GET_MEASUREMENTS"]}, [False, True, True, True]),
    ({"until": ["sent:MEASUREMENTS"]}, [True, True, False, False]),
    ({"after": ["fired:x.test"]}, [False] * 4),
    ({"until": ["fired:x.test"]}, [True, False, False, False]),
    ({"request": {"slot_id": 0}}, [True] * 4),
    ({"request": {"operation": 0xFF}}, [False, True, False, True]),
    ({"request": {"slot_id": [1, 2]}}, [False] * 4),
    ({"probability": 1}, [True] * 4),
    ({"probability": 0}, [False] * 4),
]


@pytest.mark.parametrize(("keys", "expected"), CONDITIONS, ids=str)
def test_a_fault_strikes_where_all_its_conditions_hold(keys, expected):
    hooks_needed = "connection" in keys
    spec = bad_signature(**keys)
    if hooks_needed:  # nobody said that a connection was opened: it is the first one anyway
        assert strikes(spec, times=2) == [True] * 4
        return
    assert strikes(spec, times=2) == expected


def test_a_probability_is_drawn_from_the_seed():
    spec = bad_signature(probability=0.5)
    first = strikes(spec, times=8)
    assert first == strikes(spec, times=8)
    assert 0 < sum(first) < 16


NEAREST = [
    ({"message": ["MEASUREMENTS"]}, "CHALLENGE_AUTH: wanted MEASUREMENTS"),
    ({"version": ["1.3"]}, "CHALLENGE_AUTH: SPDM 1.2, wanted 1.3"),
    ({"request": {"slot_id": 1}}, "CHALLENGE_AUTH: request slot_id 0, wanted 1"),
    ({"nth": [2]}, "CHALLENGE_AUTH: time 1, wanted 2"),
    ({"after": ["sent:MEASUREMENTS"]}, "CHALLENGE_AUTH: not yet after sent:MEASUREMENTS"),
    ({"action": [{"do": "flip", "bit": 9999}]}, "CHALLENGE_AUTH: there is no bit 9999 in 64 bytes"),
]


@pytest.mark.parametrize(("keys", "nearest"), NEAREST, ids=str)
def test_a_fault_that_did_not_strike_says_what_came_nearest(keys, nearest):
    memory = FaultMemory()
    hooks = engine(bad_signature(**keys), memory=memory)
    dialogue = Dialogue(responder(hooks=hooks), 0x12).reach("negotiated")
    request = raw.challenge(0x12)
    dialogue.check_challenge(request, dialogue.ask(request, 0x03))
    assert memory.nearest["x.test"].text == nearest
    assert not memory.fired


def answers(hooks, version=0x12):
    """All that a responder with these hooks does in an attestation; one seed for all."""
    peer = responder(hooks=hooks)
    requests = (
        raw.get_version(), raw.get_capabilities(version), raw.negotiate(version),
        raw.get_digests(version), raw.get_certificate(version), raw.challenge(version),
        raw.get_measurements(version, attributes=1),
    )  # fmt: skip
    return [peer.receive(request, 0.0) for request in requests]


def sent(effects):
    return [effect.message for effect in effects if isinstance(effect, Send)]


def fired(*specs):
    effects = [effect for step in answers(engine(*specs)) for effect in step]
    return [e.event for e in effects if isinstance(getattr(e, "event", None), FaultFired)]


def test_no_faults_change_nothing():
    assert answers(engine()) == answers(Hooks())
    assert answers(engine(bad_signature())) != answers(Hooks())


def test_two_flips_of_one_bit_are_none():
    assert fired(bad_signature(action=FLIP * 2)) == []


def test_evidence_holds_the_bytes_before_and_after():
    healthy = answers(Hooks())
    (event,) = fired(
        fault(hook="draft", message=["DIGESTS"], action=[{"do": "flip", "field": "digest"}])
    )
    (right,) = sent(healthy[3])
    assert (event.fault, event.hook, event.message) == ("x.test", "draft", "DIGESTS")
    assert event.before == right
    assert event.after == right[:4] + bytes([right[4] ^ 1]) + right[5:]
    assert event.detail == "flip digest: 1 of 64 bytes"


def test_what_did_not_change_is_not_told_as_changed():
    same = fault(
        hook="draft", message=["DIGESTS"], action=[{"do": "set", "field": "code", "value": 1}]
    )
    assert fired(same) == []


def test_a_signature_covers_a_lie_of_the_draft_and_not_one_of_the_message():
    for hook, good in (("draft", True), ("message", False)):
        lie = fault(
            hook=hook,
            message=["CHALLENGE_AUTH"],
            action=[{"do": "set", "field": "slot", "value": 5}],
        )
        dialogue = Dialogue(responder(hooks=engine(lie)), 0x12).reach("negotiated")
        request = raw.challenge(0x12)
        answer = dialogue.ask(request, 0x03)
        assert answer[2] == 5
        if good:
            dialogue.check_challenge(request, answer)
        else:
            with pytest.raises(InvalidSignature):
                dialogue.check_challenge(request, answer)


OUTCOMES = [
    ("request", {"do": "silence"}, []),
    ("request", {"do": "error", "code": "Busy"}, ["127f0300"]),
    ("request", {"do": "error", "code": 0x41, "data": 7, "extended": 2}, ["127f41070000"]),
    ("request", {"do": "error", "code": 5, "data": "request"}, ["127f0581"]),
    ("request", {"do": "error", "code": "unspecified", "version": 16}, ["107f0500"]),
    ("request", {"do": "answer", "value": "12 01 00 00"}, ["12010000"]),
    ("message", {"do": "error", "code": "Busy"}, ["127f0300"]),
    ("message", {"do": "silence"}, []),
    ("message", {"do": "answer", "value": "request"}, ["12810000"]),
    ("draft", {"do": "answer", "value": "aabbccdd"}, ["aabbccdd"]),
    ("draft", {"do": "error", "code": "Busy"}, ["127f0300"]),
]


@pytest.mark.parametrize(("hook", "action", "expected"), OUTCOMES, ids=str)
def test_an_answer_may_be_another_one_or_none(hook, action, expected):
    spec = fault(hook=hook, message=["GET_DIGESTS"], action=[action])
    assert [message.hex() for message in sent(answers(engine(spec))[3])] == expected


def test_a_replay_is_an_earlier_message_of_this_connection_or_another():
    memory = FaultMemory()
    here = fault(
        hook="message", message=["DIGESTS"], action=[{"do": "replay", "message": "VERSION"}]
    )
    step = answers(engine(here, memory=memory))
    assert sent(step[3]) == sent(step[0])
    there = fault(
        hook="message", message=["DIGESTS"], action=[{"do": "replay", "connection": "previous"}]
    )
    memory = FaultMemory()
    first, second = engine(there, memory=memory), engine(there, memory=memory)
    first.connection("opened", None)
    honest = answers(first)
    second.connection("opened", None)
    assert sent(answers(second)[3]) == sent(honest[3])
    assert memory.fired["x.test"] == 1
    assert memory.nearest["x.test"].text.endswith("no earlier DIGESTS (previous connection)")


def test_a_replay_may_come_from_a_file():
    spec = fault(hook="message", message=["DIGESTS"], action=[{"do": "replay", "file": "old.hex"}])
    hooks = engine(spec, read_file={"old.hex": b"recorded"}.get)
    assert sent(answers(hooks)[3]) == [b"recorded"]


def test_held_answers_come_with_the_next_one():
    spec = fault(hook="message", message=["DIGESTS"], action=[{"do": "hold"}])
    held, healthy = answers(engine(spec)), answers(Hooks())
    assert sent(held[3]) == []
    assert sent(held[4]) == sent(healthy[4]) + sent(healthy[3])


def test_delays_and_closes_are_effects():
    late = fault(hook="message", message=["DIGESTS"], action=[{"do": "delay", "seconds": 2.5}])
    (send,) = [e for e in answers(engine(late))[3] if isinstance(e, Send)]
    assert send.delay == 2.5
    closed = fault(hook="message", message=["DIGESTS"], action=[{"do": "close", "how": "rst"}])
    effects = answers(engine(closed))[3]
    assert [(e.reason, e.how) for e in effects if isinstance(e, Close)] == [("x.test", "rst")]


def test_an_unsolicited_message_is_said_when_the_time_has_come():
    spec = fault(
        hook="message",
        message=["DIGESTS"],
        action=[{"do": "speak", "value": "12 7f 03 00", "seconds": 2, "times": 2}],
    )
    peer = responder(hooks=engine(spec))
    for request in (raw.get_version(), raw.get_capabilities(0x12), raw.negotiate(0x12)):
        peer.receive(request, 0.0)
    (timer,) = [e for e in peer.receive(raw.get_digests(0x12), 5.0) if isinstance(e, ArmTimer)]
    assert timer.at == 7.0
    effects = peer.expire(timer.name, 7.0)
    assert [message.hex() for message in sent(effects)] == ["127f0300"]
    assert any(isinstance(e, Emit) and isinstance(e.event, FaultFired) for e in effects)
    (again,) = [e for e in effects if isinstance(e, ArmTimer)]
    assert again.at == 9.0
    assert not [e for e in peer.expire(again.name, 9.0) if isinstance(e, ArmTimer)]
    assert peer.expire("somebody else's", 9.0) == []


@pytest.mark.parametrize(("size", "most"), [(0, 200), (9, 9), (10, 10)])
def test_an_answer_goes_out_in_chunks_of_a_size(size, most):
    whole = meet(0x12, limit=200).say(raw.get_digests(0x12))
    action = [{"do": "chunk", "size": size}]
    spec = fault(hook="message", message=["DIGESTS"], action=action, times=1)
    dialogue = meet(0x12, limit=200, hooks=engine(spec))
    handle = dialogue.say_one(raw.get_digests(0x12))[4]
    pieces = []
    while not pieces or not pieces[-1].last:
        pieces.append(cut(dialogue.say_one(chunk_get(0x12, handle, len(pieces)))))
    expected = [whole[at : at + most] for at in range(0, len(whole), most)]
    assert [piece.data for piece in pieces] == expected


def test_a_scenario_goes_from_step_to_step():
    spec = fault(
        step=[
            {"hook": "request", "message": ["GET_DIGESTS"], "name": "busy", "times": 1,
             "action": [{"do": "error", "code": "Busy"}]},
            {"hook": "post_sign", "after": ["step:busy"], "until": ["step:late"], "action": FLIP},
            {"hook": "message", "message": ["MEASUREMENTS"], "name": "late",
             "action": [{"do": "delay", "seconds": 1}]},
        ]
    )  # fmt: skip
    events = fired(spec)
    assert [(e.hook, e.message) for e in events] == [
        ("request", "GET_DIGESTS"),
        ("post_sign", "CHALLENGE_AUTH"),
        ("post_sign", "MEASUREMENTS"),
        ("message", "MEASUREMENTS"),
    ]


def test_counts_may_span_the_connections_of_a_device():
    for scope, expected in (("connection", 2), ("device", 1)):
        memory = FaultMemory()
        spec = bad_signature(message=["CHALLENGE_AUTH"], times=1, scope=scope)
        for _ in range(2):
            answers(engine(spec, memory=memory))
        assert memory.fired["x.test"] == expected


def test_a_phase_change_may_be_suppressed():
    spec = fault(hook="transition", phase=["NEGOTIATED"], action=[{"do": "suppress"}])
    peer = responder(hooks=engine(spec))
    for request in (raw.get_version(), raw.get_capabilities(0x12), raw.negotiate(0x12)):
        peer.receive(request, 0.0)
    assert peer.connection.phase.name == "AFTER_CAPABILITIES"


def test_a_device_fault_is_told_where_it_is_seen():
    spec = fault(hook="device", action=[{"do": "measure", "index": 1, "value": "random"}])
    events = fired(spec)
    assert {event.message for event in events} == {"GET_MEASUREMENTS"}
    assert all(event.before != event.after for event in events)


WRONG = {
    "an unknown key": {"colour": "red"},
    "an unknown hook": {"hook": "post_office"},
    "an unknown duty": {"duty": "applaud"},
    "an unknown basis": {"basis": "rumour"},
    "an unknown action": {"action": [{"do": "dance"}]},
    "an unknown key of an action": {"action": [{"do": "flip", "byte": 1}]},
    "an action without its value": {"action": [{"do": "set", "field": "x"}]},
    "a text for a number": {"nth": ["first"]},
    "a probability over one": {"probability": 2},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_declaration_is_refused(name):
    with pytest.raises(msgspec.ValidationError):
        bad_signature(**WRONG[name])


PARTLY = [
    ("draft", ["DIGESTS"], [{"do": "flip", "field": "digest"}, {"do": "flip", "bit": 99_999}]),
    ("message", ["DIGESTS"], [{"do": "delay", "seconds": 1}, {"do": "flip", "bit": 99_999}]),
    ("post_sign", [], [{"do": "flip"}, {"do": "flip", "bit": 99_999}]),
    ("pre_sign", [], [{"do": "set", "field": "context", "value": "x"},
                      {"do": "leave-out", "part": ["FINISH"]}]),
]  # fmt: skip


@pytest.mark.parametrize(("hook", "message", "action"), PARTLY)
def test_a_rule_that_cannot_do_all_does_nothing(hook, message, action):
    spec = fault(hook=hook, message=message, action=action)
    assert answers(engine(spec)) == answers(Hooks())


def test_a_suppressed_phase_change_is_told_with_the_next_answer():
    (event,) = fired(fault(hook="transition", phase=["NEGOTIATED"], action=[{"do": "suppress"}]))
    assert event.hook == "transition"
    assert event.detail == "AFTER_CAPABILITIES does not become NEGOTIATED"
