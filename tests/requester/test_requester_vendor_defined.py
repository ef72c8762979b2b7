"""VENDOR_DEFINED_REQUEST."""

import pytest
from requester.cases import draft, put, raw
from requester.cases_proof import ASK
from requester.peer import Peer, code_names, converse, default_options, error
from requester.session_peer import SESSION_FLAGS, SessionPeer, session_options

from responder.requester.options import VendorRequest
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import ALL_VERSIONS, V12, V13

VENDOR = ResponseCode.VENDOR_DEFINED_RESPONSE


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_the_answer_is_reported(version):
    peer = Peer(versions=(version,))
    report = converse(peer, **ASK).report
    assert report.verdict == "attested"
    assert report.vendor_response == "0201"
    assert peer.requests[-1].hex() == f"{version:02x}fe0000030002010002000102"


def test_it_is_not_sent_unless_asked_for():
    peer = Peer()
    converse(peer)
    assert "VENDOR_DEFINED_REQUEST" not in code_names(peer)


def test_a_device_that_does_not_know_it():
    outcome = converse(Peer(vendor_answers=False), **ASK)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["vendor.refused"]


@pytest.mark.parametrize("length", [3, 0xFFFF])
def test_a_length_past_the_end(length):
    peer = Peer(**draft(VENDOR, put(payload_length=length)))
    assert converse(peer, **ASK).check == "any.size-short"


def test_bit_7_of_param1_is_reserved_before_1_4():
    peer = Peer(versions=(V12,), **raw(VENDOR, lambda r: r[:2] + b"\x80" + r[3:]))
    assert converse(peer, **ASK).report.verdict == "attested"


def test_a_vendor_id_of_odd_length_is_legal():
    request = VendorRequest(10, b"\x01\x02\x03", b"")
    assert converse(Peer(), vendor=request).report.verdict == "attested"


@pytest.mark.parametrize("code", sorted(set(range(0x100)) - {0x03, 0x07, 0x42, 0x43}))
def test_an_error_of_another_kind_is_no_answer(code):
    """Not even if its extended data would make a vendor-defined response of it."""
    lie = error(V12, code, 0, bytes.fromhex("0300020100020002ff"))
    peer = Peer(versions=(V12,), first={RequestCode.VENDOR_DEFINED_REQUEST: [lie]})
    outcome = converse(peer, **ASK)
    assert outcome.check == "err.refused"
    assert not outcome.report.vendor_response


def test_only_unsupported_request_says_that_a_device_does_not_know_it():
    refusal = error(V12, ErrorCode.UNSUPPORTED_REQUEST, RequestCode.VENDOR_DEFINED_REQUEST)
    peer = Peer(versions=(V12,), first={RequestCode.VENDOR_DEFINED_REQUEST: [refusal]})
    assert converse(peer, **ASK).observed == ["vendor.refused"]


@pytest.mark.parametrize(
    ("connection", "answers", "check"),
    [
        (("vendor", "authenticate"), True, ""),
        (("vendor", "authenticate"), False, "kex.signature"),
        (("authenticate", "vendor"), True, "kex.signature"),
    ],
    ids=["before", "refused-before", "after"],
)
def test_digests_after_it_are_not_signed_in_a_session(connection, answers, check):
    """This multi-key device never signs DIGESTS, which is right if they do not follow ALGORITHMS.

    A request that is refused is none that came between.
    """
    flags = SESSION_FLAGS | Cap.MULTI_KEY_ONLY | Cap.GET_KEY_PAIR_INFO
    peer = SessionPeer(versions=(V13,), flags=flags, vendor_answers=answers)
    options = session_options("heartbeat", connection=connection, **ASK)
    assert converse(peer, default_options(**options)).check == check
