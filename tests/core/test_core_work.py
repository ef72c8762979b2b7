"""Work that takes time: waited for, put off, or in the way of other requests; in virtual time."""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.error_rows_information import get_endpoint_info
from core.fakes import CERT, CHAL, EP_INFO_SIG, MEAS_SIG, NONCE, VERSIONS, policy, responder
from core.in_session import InSession

from responder.core.effects import Send
from responder.core.interfaces import TimingPolicy

ST1 = 100_000
CT_EXPONENT = 18
CT = 1 << CT_EXPONENT
BUSY, UNEXPECTED, NOT_READY = 0x03, 0x04, 0x42
every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
since_13 = pytest.mark.parametrize("version", VERSIONS[3:], ids="1.{0.real}".format)

REQUESTS = {
    "GET_DIGESTS": (raw.get_digests, ST1),
    "CHALLENGE": (raw.challenge, CT),
    "GET_MEASUREMENTS": (raw.get_measurements, ST1),
    "signed GET_MEASUREMENTS": (lambda version: raw.get_measurements(version, attributes=1), CT),
    "VENDOR_DEFINED": (raw.vendor_defined, ST1),
}


def meet(version, *, ct=CT_EXPONENT, state="negotiated", **timing):
    its_policy = policy(
        flags=CERT | CHAL | MEAS_SIG | EP_INFO_SIG,
        ct_exponent=ct,
        timing=TimingPolicy(**timing),
    )
    return Dialogue(responder(its_policy=its_policy), version).reach(state)


def sends(dialogue, request):
    """What is sent in answer, each with its delay in seconds."""
    effects = dialogue.responder.receive(request, dialogue.now)
    return [(one.message, one.delay) for one in effects if isinstance(one, Send)]


def refused(dialogue, answer, code):
    assert answer == bytes([dialogue.version, 0x7F, code, 0]), answer.hex()


@every_version
@pytest.mark.parametrize("name", REQUESTS)
def test_what_takes_no_longer_than_it_may_is_answered_late(version, name):
    make, limit = REQUESTS[name]
    request = make(version)
    dialogue = meet(version, takes={request[1]: limit})
    ((message, delay),) = sends(dialogue, request)
    assert message[1] == request[1] & 0x7F
    assert delay == pytest.approx(limit / 1_000_000)


@every_version
@pytest.mark.parametrize("name", REQUESTS)
def test_what_takes_longer_is_put_off(version, name):
    make, limit = REQUESTS[name]
    request = make(version)
    dialogue = meet(version, takes={request[1]: limit + 1})
    ((message, delay),) = sends(dialogue, request)
    assert (message[2], delay) == (NOT_READY, 0.0)
    exponent, code, token, rdtm = message[4:]
    assert (1 << exponent >= limit + 1, code, rdtm) == (True, request[1], 2)
    dialogue.now += (1 << exponent) / 1_000_000
    retry = raw.respond_if_ready(version, request[1], token)
    ((message, delay),) = sends(dialogue, retry)
    assert (message[1], delay) == (request[1] & 0x7F, 0.0), "the work is done by then"


@since_13
def test_only_signed_endpoint_info_may_take_longer(version):
    dialogue = meet(version, takes={0x87: ST1 + 1})
    assert sends(dialogue, get_endpoint_info(version))[0][0][2] == NOT_READY
    signed = get_endpoint_info(version, attributes=1, nonce=NONCE)
    assert sends(dialogue, signed)[0][0][1] == 0x07


@every_version
def test_requests_of_vca_are_never_put_off(version):
    dialogue = meet(version, state="nothing", takes=dict.fromkeys((0x84, 0xE1, 0xE3), 10 * ST1))
    ((message, delay),) = sends(dialogue, raw.get_version())
    assert (message[1], delay) == (0x04, 1.0)
    dialogue.reach("negotiated")


@every_version
def test_a_device_at_work_is_busy_with_everything_else(version):
    dialogue = meet(version, ready_after={0x83: 5_000}, busy=True)
    request = raw.challenge(version)
    token = dialogue.say(request)[6]
    for other in (raw.get_digests(version), raw.get_measurements(version), request):
        refused(dialogue, dialogue.say(other), BUSY)
    assert dialogue.say(raw.respond_if_ready(version, 0x83, token))[2] == NOT_READY
    dialogue.now += 0.005
    dialogue.ask(raw.get_digests(version), 0x01)


@every_version
def test_busy_leaves_what_was_put_off_alone(version):
    dialogue = meet(version, ready_after={0x83: 5_000}, busy=True, state="certificate")
    request = raw.challenge(version)
    token = dialogue.say(request)[6]
    refused(dialogue, dialogue.say(raw.get_digests(version)), BUSY)
    dialogue.now += 0.005
    dialogue.check_challenge(request, dialogue.say(raw.respond_if_ready(version, 0x83, token)))


@every_version
def test_a_busy_device_still_begins_anew(version):
    dialogue = meet(version, ready_after={0x83: 5_000}, busy=True)
    assert dialogue.say(raw.challenge(version))[1:3] == bytes([0x7F, 0x42])
    refused(dialogue, dialogue.say(raw.get_digests(version)), BUSY)
    dialogue.state = "nothing"
    dialogue.reach("certificate")


@every_version
@pytest.mark.parametrize("late", [False, True])
def test_what_is_not_fetched_in_time_is_forgotten(version, late):
    dialogue = meet(version, ready_after={0x83: 4_096}, rdtm=3, forget_late=True)
    request = raw.challenge(version)
    exponent, _, token, rdtm = dialogue.say(request)[4:]
    assert (exponent, rdtm) == (12, 3)
    dialogue.now += 3 * 4_096e-6 + (1e-6 if late else -1e-6)
    retry = raw.respond_if_ready(version, 0x83, token)
    if late:
        refused(dialogue, dialogue.say(retry), UNEXPECTED)
        refused(dialogue, dialogue.say(retry), UNEXPECTED)
    else:
        dialogue.ask(retry, 0x03)


@every_version
def test_without_that_it_is_kept_for_ever(version):
    dialogue = meet(version, ready_after={0x83: 4_096})
    token = dialogue.say(raw.challenge(version))[6]
    dialogue.now += 1_000
    dialogue.ask(raw.respond_if_ready(version, 0x83, token), 0x03)


@pytest.mark.parametrize("version", VERSIONS[1:], ids="1.{0.real}".format)
def test_a_request_is_resumed_only_where_it_was_put_off(version):
    dialogue = meet(version, ready_after={0xE0: 5_000})
    one, other = InSession(dialogue), InSession(dialogue, 0xFFFE_0002)
    request = raw.get_measurements(version)
    token = one.say(request)[6]
    retry = raw.respond_if_ready(version, 0xE0, token)
    dialogue.now += 1
    refused(dialogue, other.say(retry), UNEXPECTED)
    refused(dialogue, dialogue.say(retry), UNEXPECTED)
    one.ask(retry, 0x60)
    token = dialogue.say(request)[6]
    dialogue.now += 1
    retry = raw.respond_if_ready(version, 0xE0, token)
    refused(dialogue, one.say(retry), UNEXPECTED)
    dialogue.ask(retry, 0x60)


@pytest.mark.parametrize("version", VERSIONS[1:], ids="1.{0.real}".format)
def test_patience_is_asked_for_in_the_same_session(version):
    dialogue = meet(version, ready_after={0xE0: 5_000})
    session = InSession(dialogue)
    token = session.say(raw.get_measurements(version))[6]
    answer = session.say(raw.respond_if_ready(version, 0xE0, token))
    assert answer[2] == NOT_READY
    dialogue.now += 1
    session.ask(raw.respond_if_ready(version, 0xE0, answer[6]), 0x60)
