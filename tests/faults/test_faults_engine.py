"""Which exchanges a fault strikes, and what its actions do to bytes."""

import msgspec
import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import responder
from cryptography.exceptions import InvalidSignature
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.core.events import FaultFired
from responder.core.hooks import Hooks
from responder.faults.engine import DeviceMemory, FaultEngine, flip_bit
from responder.faults.rule import FaultSpec, Flip, Recall

ABOUT = {
    "id": "sig.bitflip",
    "description": "One bit.",
    "duty": "reject",
    "basis": "spec",
    "source": "DSP0274",
}


def fault(**fields):
    """A fault as a profile would write it."""
    written = ABOUT | {"hook": "post_sign", "action": [{"do": "flip", "bit": 0}]} | fields
    return msgspec.convert(written, FaultSpec)


def strikes(spec, version, times=1):
    """Which of the answers to CHALLENGE and to signed GET_MEASUREMENTS, by turns, are wrong."""
    hooks = FaultEngine([spec], DeviceMemory())
    dialogue = Dialogue(responder(hooks=hooks), version).reach("negotiated")
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


def test_without_conditions_every_signature_is_struck():
    assert strikes(fault(), 0x12) == [True, True]


def test_a_fault_may_name_its_responses():
    assert strikes(fault(message=["CHALLENGE_AUTH"]), 0x12) == [True, False]
    assert strikes(fault(message=["MEASUREMENTS"]), 0x12) == [False, True]
    assert strikes(fault(message=["DIGESTS"]), 0x12) == [False, False]


@pytest.mark.parametrize("version", [0x10, 0x12, 0x14])
def test_a_fault_may_name_its_versions(version):
    assert strikes(fault(version=["1.0", "1.2"]), version) == [version < 0x14] * 2


def test_a_fault_may_strike_only_once():
    assert strikes(fault(nth=3), 0x12, times=2) == [False, False, True, False]
    only = fault(nth=2, message=["MEASUREMENTS"])
    assert strikes(only, 0x12, times=2) == [False, False, False, True]


def test_two_flips_of_one_bit_are_none():
    assert strikes(fault(action=[{"do": "flip"}, {"do": "flip"}]), 0x12) == [False, False]


def test_an_action_of_another_hook_does_nothing():
    recall = {"do": "recall", "field": "nonce", "of": ["CHALLENGE"]}
    assert strikes(fault(action=[recall]), 0x12) == [False, False]
    assert strikes(fault(hook="pre_sign"), 0x12) == [False, False]


def test_a_recall_of_one_request_does_not_touch_the_other():
    recall = {"do": "recall", "field": "nonce", "of": ["GET_MEASUREMENTS"]}
    assert strikes(fault(hook="pre_sign", action=[recall]), 0x12) == [False, True]


def answers(hooks):
    """All that a responder with these hooks says in an attestation; one seed for all."""
    peer, version = responder(hooks=hooks), 0x12
    requests = (
        raw.get_version(), raw.get_capabilities(version), raw.negotiate(version),
        raw.get_digests(version), raw.get_certificate(version), raw.challenge(version),
        raw.get_measurements(version, attributes=1),
    )  # fmt: skip
    return [peer.receive(request, 0.0) for request in requests]


def test_no_faults_change_nothing():
    assert answers(FaultEngine([], DeviceMemory())) == answers(Hooks())
    assert answers(FaultEngine([fault()], DeviceMemory())) != answers(Hooks())


def fired(spec):
    effects = [effect for step in answers(FaultEngine([spec], DeviceMemory())) for effect in step]
    return [e.event.detail for e in effects if isinstance(getattr(e, "event", None), FaultFired)]


def test_what_changed_is_told():
    assert fired(fault(action=[{"do": "flip", "bit": 3}])) == ["bit 3 of 64 bytes"] * 2
    recall = {"do": "recall", "field": "nonce", "of": ["CHALLENGE"]}
    assert fired(fault(hook="pre_sign", action=[recall])) == ["nonce = " + "00" * 32]


def test_what_did_not_change_is_not_told_as_changed():
    assert fired(fault(action=[{"do": "flip", "bit": 100_000}])) == []
    recall = {"do": "recall", "field": "nonce", "of": ["GET_DIGESTS"]}
    assert fired(fault(hook="pre_sign", action=[recall])) == []


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.binary(min_size=1, max_size=70), st.integers(-600, 600))
def test_flipping_changes_one_bit_or_nothing(data, bit):
    changed = flip_bit(data, bit)
    difference = int.from_bytes(data, "little") ^ int.from_bytes(changed, "little")
    inside = -8 * len(data) <= bit < 8 * len(data)
    assert len(changed) == len(data)
    assert difference == (1 << bit % (8 * len(data)) if inside else 0)


def test_bits_count_from_the_first_byte_and_negative_ones_from_the_end():
    assert flip_bit(bytes(2), 0) == b"\x01\x00"
    assert flip_bit(bytes(2), 7) == b"\x80\x00"
    assert flip_bit(bytes(2), -1) == b"\x00\x80"
    assert flip_bit(bytes(2), -8) == b"\x00\x01"
    assert flip_bit(b"", 0) == b""


def test_a_declaration_is_read_as_it_is_written():
    spec = fault(action=[{"do": "flip", "bit": -8}, {"do": "recall", "field": "f", "of": ["A"]}])
    assert spec.action == [Flip(bit=-8), Recall(field="f", of=["A"])]
    assert (spec.importance, spec.message, spec.version, spec.nth) == (1, [], [], None)


WRONG = {
    "an unknown field": {"colour": "red"},
    "an unknown hook": {"hook": "post_office"},
    "an unknown duty": {"duty": "applaud"},
    "an unknown basis": {"basis": "rumour"},
    "an unknown action": {"action": [{"do": "dance"}]},
    "an unknown field of an action": {"action": [{"do": "flip", "byte": 1}]},
    "an action without its field": {"action": [{"do": "recall", "of": []}]},
    "a text for a number": {"nth": "first"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_declaration_is_refused(name):
    with pytest.raises(msgspec.ValidationError):
        fault(**WRONG[name])
