"""Whole conversations with a scripted responder."""

import json
from dataclasses import replace

import pytest
from requester.cases import patience
from requester.chains import LEAF_KEY, default_chain, public_key_der
from requester.peer import FLAGS, Peer, code_names, converse, default_options, error

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.requester.attestation import attest, unreached
from responder.requester.options import NO_CAPABILITIES
from responder.requester.steps import Transmit, TransportFailedError, Wait
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import Cap
from responder.spec.versions import ALL_VERSIONS, V10, V11, V12, V13, V14

WHOLE = [
    "GET_VERSION",
    "GET_CAPABILITIES",
    "NEGOTIATE_ALGORITHMS",
    "GET_DIGESTS",
    "GET_CERTIFICATE",
    "CHALLENGE",
    "GET_MEASUREMENTS",
    "GET_MEASUREMENTS",
]

SIZES = {
    V10: [4, 4, 32, 4, 8, 36, 4, 36],
    V11: [4, 12, 48, 4, 8, 36, 4, 37],
    V12: [4, 20, 48, 4, 8, 36, 4, 37],
    V13: [4, 20, 48, 4, 8, 44, 12, 45],
    V14: [4, 20, 48, 4, 8, 44, 12, 45],
}
"""DSP0274's request sizes: headers, four algorithm structures, nonces and contexts."""


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_every_version_has_its_own_request_layouts(version):
    peer = Peer(versions=(version,))
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.report.version == version.label
    assert code_names(peer) == WHOLE
    assert [len(request) for request in peer.requests] == SIZES[version]
    assert {request[0] for request in peer.requests[1:]} == {version}
    assert peer.requests[0][0] == V10


@pytest.mark.parametrize("mode", ["all", "each"])
@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_every_measurement_is_reported_and_signed(version, mode):
    peer = Peer(versions=(version,))
    report = converse(peer, measurements=mode).report
    assert [m.index for m in report.measurements] == [1, 2, 5, 6, 0xFE]
    assert all(m.signed for m in report.measurements)
    assert report.signed == ["CHALLENGE_AUTH", "MEASUREMENTS"]
    assert report.measurement_total == 5


def test_the_report_names_the_device():
    report = converse(Peer()).report
    assert report.identity.subject == "CN=Leaf"
    assert report.identity.serial == "1122334455667788"
    assert report.identity.hardware_identity
    assert [(n.oid, n.name) for n in report.identity.other_names] == [("2.23.147", "PCIe CMA")]
    assert [c.subject for c in report.chain] == ["CN=Root", "CN=Intermediate", "CN=Leaf"]
    assert report.trust_anchor == "CN=Root"
    assert report.slot == 0
    assert report.algorithms["base_asym"] == "ECDSA-P256"
    assert report.capabilities.names == ["CERT", "CHAL", "MEAS_SIG"]


def test_the_report_is_a_json_document():
    report = converse(Peer(), without=frozenset({"x5.root-hash"})).report
    document = json.loads(json.dumps(report.document()))
    assert document["verdict"] == "attested"
    assert [e["request"] for e in document["exchanges"]] == WHOLE
    assert document["exchanges"][0]["response_size"] == 8


def test_nonces_and_contexts_never_repeat():
    peer = Peer(versions=(V13,))
    converse(peer)
    challenge, signed = peer.requests[5], peer.requests[7]
    assert challenge[4:36] != signed[4:36]
    contexts = [challenge[-8:], peer.requests[6][-8:], signed[-8:]]
    assert len(set(contexts)) == len(contexts)


def test_the_same_seed_asks_the_same():
    one, other = Peer(versions=(V13,)), Peer(versions=(V13,))
    converse(one)
    converse(other)
    assert one.requests == other.requests


def test_a_device_that_claims_nothing_is_asked_nothing_more():
    peer = Peer(flags=NO_CAPABILITIES)
    outcome = converse(peer)
    assert code_names(peer) == WHOLE[:3]
    assert outcome.check == "auth.proof"


def test_signed_measurements_alone_are_a_proof():
    peer = Peer(flags=Cap.CERT | Cap.MEAS_SIG)
    report = converse(peer).report
    assert report.verdict == "attested"
    assert report.signed == ["MEASUREMENTS"]
    assert "CHALLENGE" not in code_names(peer)


def test_a_provisioned_public_key_needs_no_certificates():
    peer = Peer(flags=Cap.PUB_KEY_ID | Cap.CHAL | Cap.MEAS_SIG)
    report = converse(peer, public_key=public_key_der(LEAF_KEY)).report
    assert report.verdict == "attested"
    assert report.slot == 0xFF
    assert code_names(peer) == [*WHOLE[:3], *WHOLE[5:]]
    assert peer.requests[3][2] == 0xFF
    assert peer.requests[5][36] == 0xF


def test_the_first_slot_with_a_trusted_chain_is_taken():
    untrusted = default_chain()[1:]
    peer = Peer(chains={0: untrusted[:1] + untrusted[:1], 3: default_chain()})
    outcome = converse(peer, slot=None)
    assert outcome.report.verdict == "attested"
    assert outcome.report.slot == 3
    assert outcome.observed == ["slot.refused"]
    assert converse(Peer(chains=peer.chains)).check == "x5.duplicate"


@pytest.mark.parametrize("code", [RequestCode.GET_CAPABILITIES, RequestCode.GET_MEASUREMENTS])
def test_resynch_begins_anew_and_drops_what_was_agreed(code):
    resynch = error(V12, ErrorCode.REQUEST_RESYNCH)
    peer = Peer(first={code: [resynch]})
    report = converse(peer).report
    assert report.verdict == "attested"
    before = WHOLE[: WHOLE.index(code.name) + 1]
    assert code_names(peer) == [*before, *WHOLE]
    assert len(report.nonces) == 2
    assert len(report.exchanges) == len(peer.requests)


def test_padding_enters_no_transcript():
    peer = Peer(versions=(V13,), raw={code: lambda raw: raw + b"\xff" * 3 for code in range(0x7F)})
    assert converse(peer, padding=3).report.verdict == "attested"
    again = Peer(versions=(V13,), raw=peer.raw)
    assert converse(again, padding=2).check == "any.size-trailing"


def test_reserved_bits_are_ignored_but_signed():
    """Param1 and Param2 where they are reserved, and reserved bytes: as received in transcripts."""

    def fill(*names):
        return lambda m: m.replace(**dict.fromkeys(names, 0xFF))

    everything = {
        0x04: fill("param1", "param2", "reserved"),
        0x61: fill("param1", "param2", "reserved"),
        0x63: lambda m: m.replace(param2=0xFF, reserved=b"\xff" * 7, reserved2=0xFFFF),
        0x01: fill("supported_slot_mask"),
        0x02: lambda m: m.replace(slot=0x70, certificate_info=0xFF),
        0x03: lambda m: m.replace(slot=0x70),
        0x60: lambda m: m.replace(slot=0xC0),
    }
    peer = Peer(versions=(V12,), draft=everything)
    assert converse(peer).report.refusal is None


def test_a_transport_that_fails_ends_with_what_was_learnt():
    attestation = attest(default_options(), RandomTree(b"x"))
    peer = Peer()
    step = next(attestation)
    for _ in range(4):
        step = attestation.send(peer.answer(step.message))
    with pytest.raises(TransportFailedError) as failure:
        attestation.throw(TransportFailedError("timeout", "silence"))
    report = failure.value.report
    assert report.verdict == "failed"
    assert report.refusal.step == "GET_CERTIFICATE"
    assert report.refusal.check == "transport.timeout"
    assert report.version == "1.2"


def test_broken_framing_is_the_devices_fault():
    assert unreached("spdm-emu://x:1", "framing", "no").verdict == "refused"
    assert unreached("spdm-emu://x:1", "closed", "no").verdict == "failed"


def test_a_root_that_is_no_certificate_is_the_users_mistake():
    attestation = attest(replace(default_options(), roots=(b"junk",)), RandomTree(b"x"))
    with pytest.raises(ConfigError):
        next(attestation)


def test_steps_are_sends_and_waits():
    peer = Peer(first={RequestCode.GET_DIGESTS: [error(V12, ErrorCode.BUSY)]})
    outcome = converse(peer, **patience(busy_wait=5))
    assert outcome.waits == [5]
    assert Transmit(b"x") != Wait(1)


def test_measurements_may_be_left_out():
    peer = Peer()
    report = converse(peer, measurements="none").report
    assert report.verdict == "attested"
    assert code_names(peer) == WHOLE[:-2]
    assert report.measurements == []


def test_a_requester_may_demand_capabilities():
    outcome = converse(Peer(flags=FLAGS), required=Cap.CERT | Cap.CHUNK)
    assert outcome.check == "cap.required"
    assert "CHUNK" in outcome.report.refusal.reason
