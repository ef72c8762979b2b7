"""ERROR: what is retried, and how."""

import pytest
from requester.cases import patience
from requester.cases_vca import not_ready
from requester.chunk_peer import ChunkPeer
from requester.peer import Peer, code_names, converse, error

from responder.requester.options import Offer, VendorRequest
from responder.requester.recovery import error_name
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import Cap
from responder.spec.versions import V10, V12
from responder.wire.context import WireContext
from responder.wire.measurements import Measurements
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
    version = V10 if request_code == RequestCode.GET_VERSION else V12
    peer = Peer(first={request_code: [error(version, ErrorCode.BUSY)] * 2})
    outcome = converse(peer, **patience(busy_wait=7))
    assert outcome.report.verdict == "attested", "Busy enters no transcript"
    assert outcome.waits == [7, 7]
    same = [request for request in peer.requests if request[1] == request_code]
    assert len(same) == 3
    assert len(set(same)) == 1


@pytest.mark.parametrize("version", [0x10, 0x11, 0xFF])
@pytest.mark.parametrize("code", [ErrorCode.UNSPECIFIED, ErrorCode.BUSY, ErrorCode.LARGE_RESPONSE])
def test_an_error_of_another_version_is_refused(version, code):
    outcome = converse(Peer(first={GET_DIGESTS: [error(version, code)]}))
    assert (outcome.check, outcome.report.refusal.step) == ("any.version", "GET_DIGESTS")


@pytest.mark.parametrize(
    ("request_code", "code"),
    [
        (RequestCode.GET_MEASUREMENTS, ErrorCode.INVALID_REQUEST),
        (RequestCode.VENDOR_DEFINED_REQUEST, ErrorCode.UNSUPPORTED_REQUEST),
    ],
    ids=["measurements", "vendor"],
)
def test_where_an_error_may_come_it_has_the_version_too(request_code, code):
    ask = {"vendor": VendorRequest(3, b"\x01\0", b"\x01")}

    def first(version):
        counted = [] if request_code == RequestCode.VENDOR_DEFINED_REQUEST else [total()]
        return {request_code: [*counted, error(version, code)]}

    assert converse(Peer(first=first(V12)), **ask).report.verdict == "attested"
    assert converse(Peer(first=first(0x99)), **ask).check == "any.version"


def total():
    """The answer to the count of measurements of a ``Peer``."""
    return Measurements(spdm_version=V12, total_number_of_measurements=5, nonce=bytes(32)).build(
        WireContext(version=V12)
    )


def test_the_large_response_that_is_fetched_has_the_version():
    peer = ChunkPeer(first={GET_DIGESTS: [error(0x99, ErrorCode.LARGE_RESPONSE, 0, b"1")]})
    offer = Offer(flags=Cap.CHUNK | Cap.CERT | Cap.CHAL)
    assert converse(peer, offer=offer).check == "any.version"


@pytest.mark.parametrize(
    ("request_code", "code"),
    [
        (RequestCode.GET_CAPABILITIES, ErrorCode.BUSY),
        (RequestCode.NEGOTIATE_ALGORITHMS, ErrorCode.REQUEST_RESYNCH),
        (GET_DIGESTS, ErrorCode.REQUEST_RESYNCH),
    ],
    ids=["not-yet-agreed", "forgotten", "forgotten-later"],
)
def test_an_error_of_who_knows_no_version_has_1_0(request_code, code):
    peer = Peer(first={request_code: [error(V10, code)]})
    assert converse(peer).report.verdict == "attested"
    assert converse(Peer(first={request_code: [error(0x11, code)]})).check == "any.version"


def test_a_version_mismatch_with_1_0_is_told_as_what_it_is():
    peer = Peer(first={GET_DIGESTS: [error(V10, ErrorCode.VERSION_MISMATCH)]})
    assert converse(peer).check == "err.refused"


def test_an_error_to_get_version_has_1_0():
    peer = Peer(first={RequestCode.GET_VERSION: [error(V12, ErrorCode.BUSY)]})
    assert converse(peer).check == "ver.header-version"


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
    for answer in (error(V12, ErrorCode.BUSY), error(V12, ErrorCode.REQUEST_RESYNCH), not_ready()):
        peer = Peer(first={GET_DIGESTS: [answer + bytes(3)]})
        assert converse(peer, padding=3).report.verdict == "attested"
        peer = Peer(first={GET_DIGESTS: [answer + bytes(4)]})
        assert converse(peer, padding=3).check == "err.extended-size"


def test_other_errors_have_at_most_32_bytes_of_extended_data():
    for size, check in ((32, "err.refused"), (33, "err.extended-size")):
        answer = error(V12, ErrorCode.VENDOR_DEFINED, extended=bytes(size))
        assert converse(Peer(first={GET_DIGESTS: [answer]})).check == check
