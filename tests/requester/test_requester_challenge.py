"""CHALLENGE: what is sent, what is told."""

import pytest
from requester.cases import draft, put, raw
from requester.chains import INTERMEDIATE_KEY, OTHER_KEY
from requester.peer import FLAGS, Peer, converse

from responder.crypto.signing import PrivateKey
from responder.spec.codes import ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_TCB
from responder.spec.versions import ALL_VERSIONS, V11, V13

CHALLENGE_AUTH = ResponseCode.CHALLENGE_AUTH


@pytest.mark.parametrize(
    ("flags", "expected"), [(FLAGS, 0xFF), (Cap.CERT | Cap.CHAL, 0)], ids=["measures", "does-not"]
)
def test_a_summary_is_asked_for_where_there_are_measurements(flags, expected):
    peer = Peer(flags=flags)
    assert converse(peer).report.verdict == "attested"
    assert peer.requests[5][3] == expected


def test_the_summary_hash_is_reported_and_compared():
    report = converse(Peer()).report
    assert len(report.measurement_summary_hash) == 64
    lying = draft(CHALLENGE_AUTH, put(measurement_summary_hash=bytes(32)))
    assert converse(Peer(**lying)).observed == ["challenge.summary-differs"]
    assert converse(Peer(**lying), summary=SUMMARY_TCB).observed == []


@pytest.mark.parametrize(
    ("nonce", "observation"),
    [(lambda _: bytes(32), "nonce.zero"), (lambda request: request[4:36], "nonce.echo")],
)
def test_odd_nonces_are_told(nonce, observation):
    peer = Peer()
    peer.draft[CHALLENGE_AUTH] = lambda m: m.replace(nonce=nonce(peer.requests[-1]))
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == [observation]


def test_a_nonce_that_came_before_is_told():
    change = put(nonce=b"\x77" * 32)
    peer = Peer(draft={ResponseCode.MEASUREMENTS: change})
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["nonce.repeated"]


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
@pytest.mark.parametrize("signer", [INTERMEDIATE_KEY, OTHER_KEY], ids=["issuer", "attacker"])
def test_a_signature_by_another_key(version, signer):
    peer = Peer(versions=(version,), signer=PrivateKey(signer))
    assert converse(peer).check == "chal.signature"


def test_a_signature_that_covers_other_messages():
    """One message left out, or one too many: each is refused."""
    for part in range(8):
        peer = Peer()
        honest = peer.sign
        peer.sign = lambda text, parts, n=part, sign=honest: sign(text, parts[:n] + parts[n + 1 :])
        assert converse(peer).check == "chal.signature", part
    peer = Peer()
    honest = peer.sign
    peer.sign = lambda text, parts: honest(text, [*parts, b"\0"])
    assert converse(peer).check == "chal.signature"


@pytest.mark.parametrize(
    "text",
    ["requester-challenge_auth signing", "responder-measurements signing", ""],
    ids=["role", "message", "none"],
)
def test_a_signature_in_another_context(text):
    peer = Peer()
    honest = peer.sign
    peer.sign = lambda _, parts: honest(text, parts)
    assert converse(peer).check == "chal.signature"


def test_a_downgrade_is_found_by_the_signature():
    def strip(message):
        return message[:5] + b"\x01" + message[6:8]

    peer = Peer(versions=(V11, V13), raw={ResponseCode.VERSION: strip})
    outcome = converse(peer)
    assert outcome.report.version == "1.1"
    assert outcome.check == "chal.signature"


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda r: r[:-1], "any.size-short"),
        (lambda r: r + b"\0", "any.size-trailing"),
        (lambda r: r[:-64] + bytes(64), "chal.signature"),
        (lambda r: r[:-64] + r[-32:] + r[-64:-32], "chal.signature"),
    ],
    ids=["short", "long", "zero", "r-s-swapped"],
)
def test_signatures_that_are_none(change, check):
    assert converse(Peer(**raw(CHALLENGE_AUTH, change))).check == check


def test_a_summary_that_was_not_asked_for():
    peer = Peer(
        flags=Cap.CERT | Cap.CHAL, **draft(CHALLENGE_AUTH, put(measurement_summary_hash=bytes(32)))
    )
    assert converse(peer).report.verdict == "refused"


def test_a_device_without_challenge_is_told():
    outcome = converse(Peer(flags=Cap.CERT | Cap.MEAS_SIG))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["challenge.unsupported"]
