"""What each deviation changes, byte by byte; the expectations were seen on the wire of the peer."""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import CERT, CHAL, ENCAP, ENCRYPT, KEY_EX, MAC
from core.in_session import InSession
from msgspec.structs import fields

from responder.core.interfaces import Deviations
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import load_profile
from responder.profiles.personas import DEVIATIONS, FAULT_PREFIX, PERSONAS

INVALID, UNEXPECTED, UNSUPPORTED, TOO_LARGE = 0x01, 0x04, 0x07, 0x0D
SESSION_REQUIRED = 0x0B
KEY_PAIRS = {
    "spdm": {"capabilities": ["CERT", "CHAL", "MEAS_SIG", "GET_KEY_PAIR_INFO"]},
}
CAPABILITIES = ["CERT", "CHAL", "MEAS_SIG", "KEY_EX", "MUT_AUTH", "ENCAP", "ENCRYPT", "MAC"]
SESSIONS = {
    "spdm": {"capabilities": CAPABILITIES},
    "algorithms": {
        "dhe": ["SECP256R1"], "aead": ["AES-256-GCM"], "key_schedule": ["SPDM"],
        "req_base_asym": ["ECDSA-P384"],
    },
    "session": {"mutual_auth": "with-encapsulation"},
}  # fmt: skip


def meet(version, *names, state="negotiated", changes=None, **kwargs):
    """A dialogue with the default device, with these deviations and no others."""
    profile = load_profile("default", {"deviations": list(names)} | (changes or {}))
    random = RandomTree(b"seed")
    responder = Responder(profile.device, profile.policy, random, profile.hooks(random))
    return Dialogue(responder, version, **kwargs).reach(state)


def error(version, code, data=0):
    return bytes([version, 0x7F, code, data])


def both(version, name, request, **kwargs):
    """The answers without the deviation, and with it."""
    return [meet(version, *names, **kwargs).say(request) for names in ((), (name,))]


@pytest.mark.parametrize("version", [0x10, 0x12, 0x14])
def test_trailing_bytes(version):
    request = raw.get_digests(version) + b"!"
    without, having = both(version, "trailing-bytes", request)
    assert without == error(version, INVALID)
    assert having[:2] == bytes([version, 0x01])


@pytest.mark.parametrize("version", [0x10, 0x14])
@pytest.mark.parametrize("code", [0x04, 0x61, 0x80, 0x89, 0xF2])
def test_unhandled_invalid(version, code):
    without, having = both(version, "unhandled-invalid", bytes([version, code, 0, 0]))
    assert without == error(version, UNSUPPORTED, code)
    assert having == error(version, INVALID)


@pytest.mark.parametrize("code", [0xE4, 0xED, 0x87])
def test_unhandled_invalid_is_not_about_requests_that_libspdm_handles(code):
    (without, having) = both(0x13, "unhandled-invalid", bytes([0x13, code, 0, 0]) + bytes(40))
    assert without == having == error(0x13, UNSUPPORTED, code)


def test_unhandled_invalid_of_vendor_defined():
    without, having = both(0x12, "unhandled-invalid", raw.vendor_defined(0x12))
    assert without == error(0x12, UNSUPPORTED, 0xFE)
    assert having == error(0x12, INVALID)


@pytest.mark.parametrize("version", [0x10, 0x14])
def test_nothing_deferred_invalid(version):
    request = raw.respond_if_ready(version, 0x83, 1)
    without, having = both(version, "nothing-deferred-invalid", request)
    assert without == error(version, UNEXPECTED)
    assert having == error(version, INVALID)


@pytest.mark.parametrize("version", [0x13, 0x14])
def test_empty_slot_no_size(version):
    request = raw.get_certificate(version, 3, attributes=1)
    slots = {"slot": [{"id": 0, "set": "device"}, {"id": 3}]}
    without, having = both(version, "empty-slot-no-size", request, changes=slots)
    assert (without[1], without[6:8]) == (0x02, b"\xff\xff")
    assert having == error(version, INVALID)


@pytest.mark.parametrize("version", [0x12, 0x14])
def test_whole_portions(version):
    request = raw.get_certificate(version)
    offer = {"offer": {"transfer": 256}}
    without, having = both(version, "whole-portions", request, **offer)
    assert (without[1], len(without)) == (0x02, 256)
    size = 8 + int.from_bytes(without[4:6], "little") + int.from_bytes(without[6:8], "little")
    assert having == error(version, TOO_LARGE) + size.to_bytes(4, "little")


@pytest.mark.parametrize("version", [0x10, 0x11, 0x12])
def test_extended_always(version):
    without, having = both(version, "extended-always", raw.get_measurements(version, 0x11))
    assert without == error(version, INVALID)
    assert (having[1], having[4], having[8], having[12]) == (0x60, 1, 0x11, 0x08)


@pytest.mark.parametrize(("version", "tail"), [(0x13, 0), (0x14, 6)])
def test_key_pair_info_tail(version, tail):
    pairs = {"slot": [{"id": 0, "set": "device", "key_pair_id": 1}]} | KEY_PAIRS
    request = bytes([version, 0xFC, 0, 0, 1])
    without, having = both(version, "key-pair-info-tail", request, changes=pairs)
    assert without[1] == 0x7C
    assert having == without + bytes(tail)


@pytest.mark.parametrize("version", [0x11, 0x13])
def test_mutual_auth_of_anyone(version):
    asked = []
    flags = CERT | CHAL | KEY_EX | ENCRYPT | MAC | ENCAP
    for names in ((), ("mutual-auth-of-anyone",)):
        algorithms = {"tables": [raw.structure(2, 0x08), *(raw.structure(*row) for row in TABLES)]}
        dialogue = meet(
            version, *names, changes=SESSIONS, offer={"flags": flags}, algorithms=algorithms
        )
        asked.append(dialogue.ask(key_exchange(version), 0x64)[6])
    assert asked == [0, 2]


TABLES = ((3, 0x02), (4, 0x80), (5, 0x01))
POINT = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""The generator of P-256 is as good a public key as any."""


def key_exchange(version):
    """KEY_EXCHANGE of slot 0, without a summary, that knows secured messages 1.1."""
    element = bytes.fromhex("00 00 0500 01 01 01 0011 000000")
    opaque = b"\x01\0\0\0" + element if version >= 0x12 else b"FTMD\x01\x01\0\0" + element
    head = bytes([version, 0xE4, 0, 0]) + b"\x01\0\0\0" + bytes(32) + POINT
    return head + len(opaque).to_bytes(2, "little") + opaque


def test_cleared_goes_on():
    changes = SESSIONS | {"spdm": {"capabilities": [*CAPABILITIES, "CACHE"]}}
    answers = []
    for names in ((), ("cleared-goes-on",)):
        session = InSession(meet(0x12, *names, changes=changes))
        assert session.say(bytes([0x12, 0xEC, 1, 0]))[1] == 0x6C
        answers.append(session.dialogue.say(raw.get_digests(0x12)))
    assert answers[0] == error(0x10, 0x41)
    assert answers[1][1] == 0x01


@pytest.mark.parametrize("version", [0x10, 0x14])
def test_no_respond_if_ready(version):
    slow = {"timing": {"ready_after": {"GET_DIGESTS": 5}}}
    dialogue = meet(version, "no-respond-if-ready", changes=slow)
    token = dialogue.say(raw.get_digests(version))[6]
    dialogue.now = 1.0
    answer = dialogue.say(raw.respond_if_ready(version, 0x81, token))
    assert answer == error(version, UNSUPPORTED, 0xFF)


@pytest.mark.parametrize(("version", "code"), [(0x11, 0x05), (0x12, SESSION_REQUIRED)])
@pytest.mark.parametrize("request_code", [0xE9, 0xEC])
def test_session_required_unexpected(version, code, request_code):
    changes = SESSIONS | {"spdm": {"capabilities": [*CAPABILITIES, "KEY_UPD"]}}
    request = bytes([version, request_code, 1, 0])
    without, having = both(version, "session-required-unexpected", request, changes=changes)
    assert without == error(version, code)
    assert having == error(version, UNEXPECTED)


def test_a_deviation_holds_in_sessions_too():
    session = InSession(meet(0x13, "trailing-bytes"))
    assert session.say(raw.get_measurements(0x13) + b"!")[1] == 0x60


def test_every_deviation_is_tested_here_and_does_something():
    tested = {name for name in globals() if name.startswith("test_")}
    for name, deviation in DEVIATIONS.items():
        assert f"test_{name.replace('-', '_')}" in tested
        assert bool(deviation.switch) != bool(deviation.faults)
        assert deviation.source
    switches = [one.switch for one in DEVIATIONS.values() if one.switch]
    assert sorted(switches) == sorted(field.name for field in fields(Deviations))


def test_a_persona_is_all_of_its_deviations():
    for name, persona in PERSONAS.items():
        profile = load_profile("default", {"persona": name})
        on = {
            field.name
            for field in fields(Deviations)
            if getattr(profile.policy.deviations, field.name)
        }
        faults = {fault.id.removeprefix(FAULT_PREFIX) for fault in profile.faults}
        chosen = [DEVIATIONS[one] for one in persona.deviations]
        assert on == {one.switch for one in chosen if one.switch}
        assert faults == {one.name for one in chosen if one.faults}
        assert profile.missed() == [], "its ways are no tests"


def test_without_a_persona_nothing_deviates():
    profile = load_profile("default")
    assert profile.policy.deviations == Deviations()
    assert profile.faults == ()


@pytest.mark.parametrize(
    ("line", "reason", "suggestion"),
    [
        ("persona = 'libspmd'", "unknown persona 'libspmd'", "libspdm"),
        ("deviations = ['trailing-byte']", "unknown deviation 'trailing-byte'", "trailing-bytes"),
        ("deviations = ['trailing-bytes', 'trailing-bytes']", "is there twice", ""),
    ],
)
def test_mistakes(refused, head, line, reason, suggestion):
    where, why, hint = refused(f"{line}\n{head}")
    assert (where, hint) == (1, suggestion)
    assert reason in why
