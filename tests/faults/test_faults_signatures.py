"""The two faults of signatures, as the shipped profiles declare them, seen from a requester.

The requester is the test: it lays out requests by hand and checks signatures with
``cryptography`` alone, over transcripts that it puts together itself.
"""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue, signature_size
from core.fakes import (
    ED25519,
    KEY_OF,
    ML_DSA_44,
    NONCE,
    OTHER_NONCE,
    P256,
    P384,
    RSAPSS_2048,
    VERSIONS,
    FakeDevice,
    policy,
    responder,
)
from cryptography.exceptions import InvalidSignature
from faults.engines import engine

from responder.core.effects import Emit
from responder.core.events import FaultFired
from responder.core.interfaces import TimingPolicy
from responder.crypto.random_tree import RandomTree
from responder.faults.memory import FaultMemory
from responder.profiles.load import load_profile

every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
DETERMINISTIC = [
    (version, asym)
    for version in VERSIONS
    for asym in KEY_OF
    if asym < ML_DSA_44
    if asym not in (1 << 1, 1 << 3, 1 << 6) and (asym != ED25519 or version >= 0x12)
]
THIRD_NONCE = bytes(range(200, 232))


@pytest.fixture(scope="module")
def faults():
    """The faults of a shipped profile by its name."""
    return {name: load_profile(name).faults for name in ("bad-signature", "stale-nonce")}


def meet(faults, version, asym=P256, memory=None):
    """A dialogue with a fake device of which only the faults are the profile's."""
    hooks = engine(*faults, memory=memory)
    hooks.connection("opened", None)
    return Dialogue(responder(FakeDevice(), policy(), hooks=hooks), version, asym)


def signed_answers(dialogue):
    """The signed answers of one connection, each with its request."""
    dialogue.reach("certificate")
    challenge = raw.challenge(dialogue.version)
    measure = raw.get_measurements(dialogue.version, attributes=1, nonce=OTHER_NONCE)
    return [(challenge, dialogue.ask(challenge, 0x03)), (measure, dialogue.ask(measure, 0x60))]


# The profile bad-signature: a correct signature of which one bit is wrong.


@pytest.mark.parametrize(("version", "asym"), DETERMINISTIC)
def test_one_bit_of_a_correct_signature_is_wrong(faults, version, asym):
    good, bad = meet((), version, asym), meet(faults["bad-signature"], version, asym)
    size = signature_size(asym)
    answers = zip(signed_answers(good), signed_answers(bad), strict=True)
    for (request, right), (same_request, wrong) in answers:
        assert request == same_request
        assert right[:-size] == wrong[:-size]
        difference = int.from_bytes(right, "big") ^ int.from_bytes(wrong, "big")
        assert difference.bit_count() == 1
    assert (good.a, good.b) == (bad.a, bad.b)


@every_version
def test_one_bit_of_an_rsapss_signature_is_wrong(faults, version):
    """Its salt is random: turning the lowest bit of the last byte back makes it right."""
    dialogue = meet(faults["bad-signature"], version, RSAPSS_2048)
    (request, answer), (measure, measured) = signed_answers(dialogue)
    with pytest.raises(InvalidSignature):
        dialogue.check_challenge(request, answer)
    dialogue.check_challenge(request, answer[:-1] + bytes([answer[-1] ^ 1]))
    with pytest.raises(InvalidSignature):
        dialogue.check_measurements([(measure, measured)])
    dialogue.check_measurements([(measure, measured[:-1] + bytes([measured[-1] ^ 1]))])


@every_version
def test_every_bad_signature_of_a_connection_is_bad(faults, version):
    dialogue = meet(faults["bad-signature"], version).reach("negotiated")
    for _ in range(3):
        request = raw.challenge(version)
        answer = dialogue.ask(request, 0x03)
        with pytest.raises(InvalidSignature):
            dialogue.check_challenge(request, answer)


def test_what_struck_is_told(faults):
    dialogue = meet(faults["bad-signature"], 0x12).reach("negotiated")
    effects = dialogue.responder.receive(raw.challenge(0x12), 0.0)
    fired = [e.event for e in effects if isinstance(e, Emit) and isinstance(e.event, FaultFired)]
    assert [(event.fault, event.hook) for event in fired] == [("sig.bitflip", "post_sign")]


# The profile stale-nonce: the signature covers the nonce before, zeros at first.


def check_stale(dialogue, request, answer, stale, exchanges=()):
    """The signature is right with the stale nonce and wrong with the fresh one."""
    if request[1] == 0x83:
        dialogue.check_challenge(request, answer, nonce=stale)
        with pytest.raises(InvalidSignature):
            dialogue.check_challenge(request, answer)
        dialogue.b = b""
        return
    series = [*exchanges, (request, answer)]
    dialogue.check_measurements(series, nonce=stale)
    with pytest.raises(InvalidSignature):
        dialogue.check_measurements(series)


def ask(dialogue, request):
    return dialogue.ask(request, request[1] & 0x7F)


@every_version
@pytest.mark.parametrize("asym", [P256, P384, 1 << 0, RSAPSS_2048])
def test_the_first_signature_covers_zeros(faults, version, asym):
    dialogue = meet(faults["stale-nonce"], version, asym).reach("certificate")
    request = raw.challenge(version)
    check_stale(dialogue, request, ask(dialogue, request), bytes(32))


@every_version
def test_the_first_measurements_cover_zeros_too(faults, version):
    dialogue = meet(faults["stale-nonce"], version).reach("negotiated")
    unsigned = raw.get_measurements(version)
    exchanges = [(unsigned, ask(dialogue, unsigned))]
    request = raw.get_measurements(version, attributes=1)
    check_stale(dialogue, request, ask(dialogue, request), bytes(32), exchanges)


@every_version
def test_later_ones_cover_the_nonce_before(faults, version):
    dialogue = meet(faults["stale-nonce"], version).reach("certificate")
    stale = bytes(32)
    for nonce in (NONCE, OTHER_NONCE, THIRD_NONCE):
        request = raw.challenge(version, nonce=nonce)
        check_stale(dialogue, request, ask(dialogue, request), stale)
        request = raw.get_measurements(version, attributes=1, nonce=nonce[::-1])
        check_stale(dialogue, request, ask(dialogue, request), nonce)
        stale = nonce[::-1]


@every_version
def test_the_answer_itself_shows_nothing(faults, version):
    """All but the signature is what a good responder says."""
    size = signature_size(P256)
    good, bad = meet((), version), meet(faults["stale-nonce"], version)
    for (_, right), (_, wrong) in zip(signed_answers(good), signed_answers(bad), strict=True):
        assert right[:-size] == wrong[:-size]
        assert right[-size:] != wrong[-size:]


@every_version
def test_the_device_remembers_from_connection_to_connection(faults, version):
    memory = FaultMemory()
    first = meet(faults["stale-nonce"], version, memory=memory).reach("negotiated")
    request = raw.challenge(version, nonce=OTHER_NONCE)
    check_stale(first, request, ask(first, request), bytes(32))
    second = meet(faults["stale-nonce"], version, memory=memory).reach("certificate")
    request = raw.challenge(version, nonce=NONCE)
    check_stale(second, request, ask(second, request), OTHER_NONCE)
    # The first connection goes on, and hears of what the second one said.
    request = raw.get_measurements(version, attributes=1, nonce=THIRD_NONCE)
    check_stale(first, request, ask(first, request), NONCE)


def test_another_device_remembers_nothing(faults):
    one, other = (meet(faults["stale-nonce"], 0x12).reach("negotiated") for _ in range(2))
    request = raw.challenge(0x12, nonce=OTHER_NONCE)
    check_stale(one, request, ask(one, request), bytes(32))
    check_stale(other, request, ask(other, request), bytes(32))


def test_the_profile_gives_all_its_connections_one_memory():
    profile = load_profile("stale-nonce")
    first, second = (profile.hooks(RandomTree(b"")) for _ in range(2))
    for hooks in (first, second):
        hooks.connection("opened", None)
    for hooks, stale in ((first, bytes(32)), (second, NONCE)):
        dialogue = Dialogue(responder(hooks=hooks), 0x12).reach("negotiated")
        request = raw.challenge(0x12)
        answer = ask(dialogue, request)
        dialogue.check_challenge(request, answer, nonce=stale)


@every_version
def test_get_version_does_not_make_it_forget(faults, version):
    dialogue = meet(faults["stale-nonce"], version).reach("negotiated")
    ask(dialogue, raw.challenge(version, nonce=OTHER_NONCE))
    dialogue.state = "nothing"
    dialogue.reach("certificate")
    request = raw.challenge(version)
    check_stale(dialogue, request, ask(dialogue, request), OTHER_NONCE)


def test_unsigned_measurements_have_no_nonce_to_remember(faults):
    dialogue = meet(faults["stale-nonce"], 0x12).reach("negotiated")
    ask(dialogue, raw.get_measurements(0x12))
    request = raw.challenge(0x12)
    check_stale(dialogue, request, ask(dialogue, request), bytes(32))


def test_a_request_that_was_refused_was_seen(faults):
    dialogue = meet(faults["stale-nonce"], 0x12).reach("negotiated")
    assert dialogue.say(raw.challenge(0x12, 1, nonce=OTHER_NONCE))[1] == 0x7F
    request = raw.challenge(0x12)
    check_stale(dialogue, request, ask(dialogue, request), OTHER_NONCE)


def test_a_request_that_was_put_off_is_answered_with_the_nonce_before_it(faults):
    hooks = engine(*faults["stale-nonce"])
    slow = policy(timing=TimingPolicy(ready_after={0x83: 1_000}))
    dialogue = Dialogue(responder(its_policy=slow, hooks=hooks), 0x12).reach("negotiated")
    ask(dialogue, raw.get_measurements(0x12, attributes=1, nonce=OTHER_NONCE))
    request = raw.challenge(0x12)
    token = dialogue.say(request)[6]
    dialogue.now += 1
    answer = dialogue.say(raw.respond_if_ready(0x12, 0x83, token))
    check_stale(dialogue, request, answer, OTHER_NONCE)


def test_what_was_recalled_is_told(faults):
    dialogue = meet(faults["stale-nonce"], 0x12).reach("negotiated")
    ask(dialogue, raw.challenge(0x12, nonce=OTHER_NONCE))
    effects = dialogue.responder.receive(raw.challenge(0x12), 0.0)
    (fired,) = [e.event for e in effects if isinstance(e, Emit) and isinstance(e.event, FaultFired)]
    assert fired.hook == "pre_sign"
    assert OTHER_NONCE in fired.after
    assert OTHER_NONCE not in fired.before
