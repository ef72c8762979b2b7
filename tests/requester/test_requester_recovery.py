"""ERROR: what is retried, and how."""

import pytest
from requester.cases import patience
from requester.cases_vca import not_ready
from requester.peer import Peer, code_names, converse, error

from responder.requester.recovery import error_name
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.versions import V12
from responder.wire.respond_if_ready import RespondIfReady

RETRIED = (ErrorCode.BUSY, ErrorCode.RESPONSE_NOT_READY, ErrorCode.REQUEST_RESYNCH)
GET_DIGESTS = RequestCode.GET_DIGESTS
AT = [
    RequestCode.GET_CAPABILITIES,
    RequestCode.NEGOTIATE_ALGORITHMS,
    GET_DIGESTS,
    RequestCode.GET_CERTIFICATE,
    RequestCode.CHALLENGE,
]


@pytest.mark.parametrize("request_code", AT, ids=lambda code: code.name)
def test_every_other_error_is_refused(request_code):
    for code in sorted(set(range(256)) - {*RETRIED}):
        peer = Peer(first={request_code: [error(V12, code)]})
        outcome = converse(peer)
        assert outcome.check == "err.refused", code
        assert outcome.report.refusal.step == request_code.name
        assert code_names(peer)[-1] == request_code.name


@pytest.mark.parametrize("request_code", [RequestCode.GET_VERSION, *AT], ids=lambda code: code.name)
def test_busy_sends_the_same_bytes_again(request_code):
    peer = Peer(first={request_code: [error(V12, ErrorCode.BUSY)] * 2})
    outcome = converse(peer, **patience(busy_wait=7))
    assert outcome.report.verdict == "attested", "Busy enters no transcript"
    assert outcome.waits == [7, 7]
    same = [request for request in peer.requests if request[1] == request_code]
    assert len(same) == 3
    assert len(set(same)) == 1


@pytest.mark.parametrize("version", [0x10, 0x11, 0xFF])
def test_an_error_of_another_version_is_still_an_error(version):
    peer = Peer(first={GET_DIGESTS: [error(version, ErrorCode.UNSPECIFIED)]})
    assert converse(peer).check == "err.refused"


def test_response_not_ready_waits_and_asks_with_the_newest_token():
    polls = [not_ready(exponent=4, token=5), not_ready(exponent=6, token=9)]
    peer = Peer(first={GET_DIGESTS: polls[:1], RequestCode.RESPOND_IF_READY: polls[1:]})
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.waits == [16, 64]
    asked = [r for r in peer.requests if r[1] == RequestCode.RESPOND_IF_READY]
    messages = [RespondIfReady.parse(request) for request in asked]
    assert [(m.spdm_version, m.original_request_code, m.token) for m in messages] == [
        (0x12, GET_DIGESTS, 5),
        (0x12, GET_DIGESTS, 9),
    ]


@pytest.mark.parametrize(
    "answer", [bytes.fromhex("12020000"), bytes.fromhex("12000000")], ids=["certificate", "zero"]
)
def test_respond_if_ready_answered_by_something_else(answer):
    peer = Peer(first={GET_DIGESTS: [not_ready()], RequestCode.RESPOND_IF_READY: [answer]})
    assert converse(peer).check == "any.response-code"


def test_respond_if_ready_answered_by_an_error():
    refusal = error(V12, ErrorCode.UNEXPECTED_REQUEST)
    peer = Peer(first={GET_DIGESTS: [not_ready()], RequestCode.RESPOND_IF_READY: [refusal]})
    assert converse(peer).check == "err.refused"


def test_what_never_ends_is_ended():
    busy, late = error(V12, ErrorCode.BUSY), not_ready()
    resynch = error(V12, ErrorCode.REQUEST_RESYNCH)
    for answer, check in (
        (busy, "err.busy-limit"),
        (late, "err.not-ready-limit"),
        (resynch, "err.resynch-limit"),
    ):
        endless = {code: [answer] * 100 for code in (GET_DIGESTS, RequestCode.RESPOND_IF_READY)}
        assert converse(Peer(first=endless)).check == check


def test_a_wait_of_a_second_is_waited():
    peer = Peer(first={GET_DIGESTS: [not_ready(exponent=20)]})
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.waits == [1 << 20]


def test_names_of_errors():
    assert error_name(bytes.fromhex("127f0700")) == "ERROR UNSUPPORTED_REQUEST"
    assert error_name(bytes.fromhex("127f0783")) == "ERROR UNSUPPORTED_REQUEST (data 0x83)"
    assert error_name(bytes.fromhex("127fee00")) == "ERROR reserved code 0xee"


def test_the_transports_padding_does_not_count_to_extended_data():
    padded = error(V12, ErrorCode.BUSY, extended=bytes(32)) + bytes(3)
    peer = Peer(first={GET_DIGESTS: [padded]})
    assert converse(peer, padding=3).report.verdict == "attested"
