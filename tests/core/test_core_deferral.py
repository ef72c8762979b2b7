"""ResponseNotReady and RESPOND_IF_READY, in virtual time."""

from itertools import pairwise

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import VERSIONS, policy, responder

from responder.core.interfaces import TimingPolicy

WORK = 5_000
"""Microseconds that the slow responder works on each request."""
SLOW = {
    "GET_DIGESTS": raw.get_digests,
    "GET_CERTIFICATE": raw.get_certificate,
    "CHALLENGE": raw.challenge,
    "GET_MEASUREMENTS": raw.get_measurements,
    "VENDOR_DEFINED": raw.vendor_defined,
}
every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
INVALID, UNEXPECTED = 0x01, 0x04


def meet(version, *codes, state="negotiated"):
    """A dialogue with a responder that is slow with requests of these codes."""
    its_policy = policy(timing=TimingPolicy(ready_after=dict.fromkeys(codes, WORK)))
    return Dialogue(responder(its_policy=its_policy), version).reach(state)


def put_off(dialogue, request):
    """The request is answered ResponseNotReady; returns its RDTExponent and token."""
    answer = dialogue.say(request)
    assert answer[:4] == bytes([dialogue.version, 0x7F, 0x42, 0]), answer.hex()
    exponent, code, token, rdtm = answer[4:]
    assert code == (request[2] if request[1] == 0xFF else request[1])
    assert rdtm >= 1
    return exponent, token


def retry(dialogue, request, token):
    return dialogue.say(raw.respond_if_ready(dialogue.version, request[1], token))


def refused(dialogue, answer, code):
    assert answer == bytes([dialogue.version, 0x7F, code, 0]), answer.hex()


@every_version
@pytest.mark.parametrize("name", SLOW)
def test_the_answer_comes_after_the_time_that_was_told(version, name):
    dialogue = meet(version, 0x81, 0x82, 0x83, 0xE0, 0xFE)
    request = SLOW[name](version)
    exponent, token = put_off(dialogue, request)
    assert 2**exponent >= WORK
    dialogue.now += 2**exponent / 1_000_000
    answer = retry(dialogue, request, token)
    assert answer[:2] == bytes([version, request[1] & 0x7F]), answer.hex()
    refused(dialogue, retry(dialogue, request, token), UNEXPECTED)


@every_version
def test_too_early_gets_another_token(version):
    dialogue = meet(version, 0x83)
    request = raw.challenge(version)
    exponent, token = put_off(dialogue, request)
    dialogue.now += 0.001
    shorter, second = put_off(dialogue, raw.respond_if_ready(version, 0x83, token))
    assert second != token
    assert shorter <= exponent
    assert 2**shorter >= WORK - 1_000
    dialogue.now += 1
    refused(dialogue, retry(dialogue, request, token), INVALID)
    answer = retry(dialogue, request, second)
    dialogue.check_challenge(request, answer)


@every_version
def test_a_wrong_code_or_token_is_invalid_and_the_request_stays_deferred(version):
    dialogue = meet(version, 0x83)
    request = raw.challenge(version)
    _, token = put_off(dialogue, request)
    dialogue.now += 1
    for code, its_token in ((0x83, token ^ 1), (0x81, token), (0xFF, token), (0x00, token)):
        answer = dialogue.say(raw.respond_if_ready(version, code, its_token))
        refused(dialogue, answer, INVALID)
    wrong_version = bytes([version ^ 7]) + raw.respond_if_ready(version, 0x83, token)[1:]
    refused(dialogue, dialogue.say(wrong_version), 0x41)
    refused(dialogue, dialogue.say(raw.respond_if_ready(version, 0x83, token) + b"\0"), INVALID)
    dialogue.check_challenge(request, retry(dialogue, request, token))


@every_version
def test_m1_has_neither_response_not_ready_nor_respond_if_ready(version):
    dialogue = meet(version, 0x81, 0x82, 0x83)
    for name in ("GET_DIGESTS", "GET_CERTIFICATE"):
        request = SLOW[name](version)
        _, token = put_off(dialogue, request)
        dialogue.now += 1
        dialogue.took(request, retry(dialogue, request, token))
    request = raw.challenge(version)
    _, token = put_off(dialogue, request)
    dialogue.now += 1
    dialogue.check_challenge(request, retry(dialogue, request, token))


@every_version
def test_l1_of_a_signed_request_that_was_put_off(version):
    dialogue = meet(version, 0xE0)
    request = raw.get_measurements(version, attributes=1)
    _, token = put_off(dialogue, request)
    dialogue.now += 1
    dialogue.check_measurements([(request, retry(dialogue, request, token))])


@every_version
def test_the_resumed_request_is_refused_like_any_other(version):
    dialogue = meet(version, 0x82)
    request = raw.get_certificate(version, 1)
    answer = dialogue.say(request)
    if answer[2] == 0x42:  # whether a wrong request is put off first is the responder's choice
        dialogue.now += 1
        answer = retry(dialogue, request, answer[6])
    refused(dialogue, answer, INVALID)
    refused(dialogue, retry(dialogue, request, 1), UNEXPECTED)
    dialogue.authenticate()


@every_version
def test_get_version_forgets_what_was_deferred(version):
    dialogue = meet(version, 0x83)
    request = raw.challenge(version)
    _, token = put_off(dialogue, request)
    dialogue.now += 1
    dialogue.state = "nothing"
    dialogue.reach("negotiated")
    refused(dialogue, retry(dialogue, request, token), UNEXPECTED)


@every_version
def test_tokens_change(version):
    dialogue = meet(version, 0x81)
    tokens = [put_off(dialogue, raw.get_digests(version))[1] for _ in range(4)]
    assert all(one != other for one, other in pairwise(tokens))


@every_version
def test_what_is_put_off_does_not_move_the_connection(version):
    dialogue = meet(version, 0x83)
    put_off(dialogue, raw.challenge(version))
    certificates = raw.get_digests(version)
    certificates += dialogue.ask(certificates, 0x01)
    # B would be dropped had the connection not been authenticated by then: it was not.
    dialogue.ask(raw.get_measurements(version), 0x60)
    request = raw.challenge(version)
    _, token = put_off(dialogue, request)
    dialogue.now += 1
    dialogue.b = b""
    dialogue.check_challenge(request, retry(dialogue, request, token))


@pytest.mark.parametrize("work", [0, 1, 2, 3, 1_000, 1 << 20, 3 << 29])
def test_the_exponent_covers_the_work(work):
    its_policy = policy(timing=TimingPolicy(ready_after={0x81: work}))
    dialogue = Dialogue(responder(its_policy=its_policy), 0x12).reach("negotiated")
    exponent, token = put_off(dialogue, raw.get_digests(0x12))
    assert work <= 2**exponent <= max(2, 2 * work)
    dialogue.now += 2**exponent / 1_000_000
    assert retry(dialogue, raw.get_digests(0x12), token)[1] == 0x01


@every_version
def test_an_error_after_the_wait_empties_l1_as_any_other_does(version):
    """Measurements before it are then not covered by the signature after it."""
    dialogue = meet(version, 0xE0)

    def ask(request):
        _, token = put_off(dialogue, request)
        dialogue.now += WORK / 1_000_000
        return retry(dialogue, request, token)

    assert ask(raw.get_measurements(version))[1] == 0x60
    assert ask(raw.get_measurements(version, operation=0x77))[1:3] == bytes([0x7F, INVALID])
    request = raw.get_measurements(version, attributes=1)
    dialogue.check_measurements([(request, ask(request))])
