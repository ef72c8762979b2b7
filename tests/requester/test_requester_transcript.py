"""The rules of M1 and L1, message by message."""

import pytest

from responder.requester.transcript import (
    CHALLENGE_AUTH_CONTEXT,
    MEASUREMENTS_CONTEXT,
    Transcript,
)
from responder.spec.codes import ErrorCode, RequestCode

SIGNATURE = b"S" * 4
VCA = [RequestCode.GET_VERSION, RequestCode.GET_CAPABILITIES, RequestCode.NEGOTIATE_ALGORITHMS]


def pair(code, version=0x12, body=b""):
    name = RequestCode(code).name.encode() + body
    return bytes((version, code, 0, 0)) + name, bytes(
        (version, code & 0x7F, 0, 0)
    ) + b"answer " + name


def negotiated(version=0x12):
    transcript = Transcript()
    messages = []
    for code in VCA:
        messages += pair(code, version)
        transcript.add(*messages[-2:])
    return transcript, messages


def signed(transcript, code, version=0x12, body=b""):
    request, response = pair(code, version, body)
    found = transcript.add(request, response + SIGNATURE, signature_size=len(SIGNATURE))
    assert found.signature == SIGNATURE
    return list(found.parts), [request, response], found.context


def test_m1_is_everything_up_to_the_signature():
    transcript, messages = negotiated()
    for code in (RequestCode.GET_DIGESTS, RequestCode.GET_CERTIFICATE, RequestCode.GET_CERTIFICATE):
        messages += pair(code)
        assert transcript.add(*messages[-2:]) is None
    parts, own, context = signed(transcript, RequestCode.CHALLENGE)
    assert parts == messages + own
    assert context == CHALLENGE_AUTH_CONTEXT


def test_m1_without_digests_and_certificates():
    transcript, messages = negotiated()
    parts, own, _ = signed(transcript, RequestCode.CHALLENGE)
    assert parts == messages + own


def test_get_digests_begins_b_anew_and_a_challenge_ends_it():
    transcript, messages = negotiated()
    transcript.add(*pair(RequestCode.GET_CERTIFICATE))
    digests = pair(RequestCode.GET_DIGESTS)
    transcript.add(*digests)
    assert signed(transcript, RequestCode.CHALLENGE)[0][6:8] == list(digests)
    parts, own, _ = signed(transcript, RequestCode.CHALLENGE)
    assert parts == messages + own


@pytest.mark.parametrize(
    "code", [RequestCode.GET_MEASUREMENTS, RequestCode.KEY_EXCHANGE, RequestCode.HEARTBEAT]
)
def test_requests_that_skip_the_challenge_throw_b_away(code):
    transcript, messages = negotiated()
    transcript.add(*pair(RequestCode.GET_DIGESTS))
    transcript.add(*pair(code))
    parts, own, _ = signed(transcript, RequestCode.CHALLENGE)
    assert parts == messages + own


def test_after_a_challenge_they_do_not():
    transcript, messages = negotiated()
    signed(transcript, RequestCode.CHALLENGE)
    digests = pair(RequestCode.GET_DIGESTS)
    transcript.add(*digests)
    transcript.add(*pair(RequestCode.GET_MEASUREMENTS))
    parts, own, _ = signed(transcript, RequestCode.CHALLENGE)
    assert parts == [*messages, *digests, *own]


@pytest.mark.parametrize(("version", "with_vca"), [(0x10, 0), (0x11, 0), (0x12, 1), (0x14, 1)])
def test_l1_is_the_series_and_from_1_2_on_the_negotiation(version, with_vca):
    transcript, messages = negotiated(version)
    series = []
    for body in (b"0", b"1"):
        series += pair(RequestCode.GET_MEASUREMENTS, version, body)
        transcript.add(*series[-2:])
    parts, own, context = signed(transcript, RequestCode.GET_MEASUREMENTS, version)
    assert parts == messages * with_vca + series + own
    assert context == MEASUREMENTS_CONTEXT
    again, own, _ = signed(transcript, RequestCode.GET_MEASUREMENTS, version)
    assert again == messages * with_vca + own, "a signature empties L1"
    assert transcript.measurement_resets == 0


@pytest.mark.parametrize("code", [RequestCode.GET_DIGESTS, RequestCode.VENDOR_DEFINED_REQUEST])
def test_any_other_request_empties_l1(code):
    transcript, messages = negotiated()
    transcript.add(*pair(RequestCode.GET_MEASUREMENTS))
    transcript.add(*pair(code))
    parts, own, _ = signed(transcript, RequestCode.GET_MEASUREMENTS)
    assert parts == messages + own
    assert transcript.measurement_resets == 1


@pytest.mark.parametrize(
    ("code", "kept"),
    [(ErrorCode.RESPONSE_NOT_READY, True), (ErrorCode.BUSY, False), (ErrorCode.UNSPECIFIED, False)],
)
def test_errors_enter_nothing_and_all_but_one_empty_l1(code, kept):
    transcript, messages = negotiated()
    before = list(pair(RequestCode.GET_MEASUREMENTS, body=b"1"))
    transcript.add(*before)
    request, _ = pair(RequestCode.GET_MEASUREMENTS)
    assert transcript.add(request, bytes((0x12, 0x7F, code, 0))) is None
    parts, own, _ = signed(transcript, RequestCode.GET_MEASUREMENTS)
    assert parts == messages + (before if kept else []) + own


def test_get_version_begins_anew():
    transcript, _ = negotiated()
    transcript.add(*pair(RequestCode.GET_DIGESTS))
    version = list(pair(RequestCode.GET_VERSION))
    transcript.add(*version)
    parts, own, _ = signed(transcript, RequestCode.CHALLENGE)
    assert parts == version + own
    assert transcript.vca == version
