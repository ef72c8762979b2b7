"""Banks of slots of a conforming device: read, written, erased, configured."""

import struct
from dataclasses import replace

import pytest
from requester.bank_peer import ML_DSA_44_BIT, P384_BIT, BankPeer
from requester.cases_device import device_options
from requester.chains import OTHER_KEY, default_chain
from requester.device_peer import DEVICE_FLAGS, certificate_request
from requester.peer import converse, default_options, error

from responder.crypto.hashing import digest
from responder.errors import ConfigError
from responder.spec.algorithms import BASE_HASHES
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import Cap
from responder.spec.slot_management import SubCode
from responder.spec.versions import V13, V14
from responder.wire.chain import build_chain

RESET = error(V14, ErrorCode.RESET_REQUIRED)
RESETS = DEVICE_FLAGS | Cap.CERT_INSTALL_RESET
CHAIN = build_chain(digest(BASE_HASHES[0], default_chain()[0]), list(default_chain()))


def talk(peer, *steps, **changes):
    return converse(peer, default_options(**device_options(*steps, **changes)))


def asked(peer):
    """What SLOT_MANAGEMENT was asked: sub-code and structure."""
    found = [r for r in peer.requests if r[1] == RequestCode.SLOT_MANAGEMENT]
    return [(request[2], request[8:]) for request in found]


def address(bank, slot):
    return struct.pack("<HBBI", 8, bank, slot, 0)


def test_banks_are_read_and_reported():
    peer = BankPeer()
    outcome = talk(peer, "slot-management")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert asked(peer) == [
        (0, b""),
        (1, b""),
        (2, address(0, 0)),
        (2, address(1, 0)),
        (3, address(0, 0)),
    ]
    first, second = outcome.report.banks
    assert (first.selected, first.algorithm, first.modifiable) == (True, "ECC_P256", [1])
    assert [bool(slot.digest) for slot in first.slots] == [True, False]
    assert (second.algorithm, second.available) == ("", ["ECC_P384", "ECC_P521"])
    assert outcome.observed == []
    assert "SLOT_MGMT" in outcome.report.capabilities.names


def test_in_a_session_too():
    outcome = talk(BankPeer(), session=("slot-management", "bank-csr"))
    assert outcome.report.sessions[0].steps == ["slot-management", "bank-csr"]
    assert outcome.report.banks
    assert outcome.report.csr


@pytest.mark.parametrize(
    "peer", [BankPeer(versions=(V13,)), BankPeer(draft={0x61: lambda m: m.replace(ext_flags=0)})]
)
def test_without_the_capability_it_is_left_out(peer):
    outcome = talk(peer, "slot-management")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["step.unsupported"]
    assert asked(peer) == []


def test_another_digest_than_digests_told_is_observed():
    other = build_chain(bytes(32), list(default_chain()))
    outcome = talk(BankPeer(held={0: other}), "slot-management")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == ["banks.other-digests"]


def test_no_selected_bank_is_observed():
    peer = BankPeer(structures={2: lambda s: s.replace(bank_attributes=0)})
    assert talk(peer, "slot-management").observed == ["banks.selected"]


def test_a_csr_is_of_the_key_of_slot_0():
    assert talk(BankPeer(), "bank-csr").report.csr == certificate_request().hex()
    other = {4: lambda s: s.replace(csr=certificate_request(key=OTHER_KEY))}
    assert talk(BankPeer(structures=other), "bank-csr").check == "csr.key"


def test_a_chain_is_written_and_read_back():
    peer = BankPeer(chains={0: default_chain(), 1: default_chain()})
    outcome = talk(peer, "bank-certificate")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    (written,) = peer.changes
    assert (written.bank_id, written.slot, written.cert_chain) == (0, 0, CHAIN)
    assert [sub_code for sub_code, _ in asked(peer)] == [0, 1, 2, 2, 0x22, 2, 3]
    assert outcome.observed == []


def test_a_chain_that_is_not_stored_is_told():
    peer = BankPeer(deaf=True, held={0: build_chain(bytes(32), list(default_chain()))})
    assert talk(peer, "bank-certificate").observed == ["certificate.not-stored"]


@pytest.mark.parametrize(("deaf", "observed"), [(False, []), (True, ["bank.not-erased"])])
def test_a_slot_is_erased(deaf, observed):
    peer = BankPeer(deaf=deaf)
    outcome = talk(peer, "bank-erase")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert [(change.bank_id, change.slot) for change in peer.changes] == [(0, 0)]
    assert outcome.observed == observed


@pytest.mark.parametrize(
    ("available", "choice"),
    [((P384_BIT, ML_DSA_44_BIT), (P384_BIT, 0)), ((0, ML_DSA_44_BIT), (0, ML_DSA_44_BIT))],
)
def test_an_empty_bank_is_configured(available, choice):
    peer = BankPeer(available=available)
    outcome = talk(peer, "bank-algorithm")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert peer.configured == choice
    assert [change.bank_id for change in peer.changes] == [1]
    assert outcome.observed == []


def test_a_bank_that_does_not_do_as_told_is_observed():
    assert talk(BankPeer(deaf=True), "bank-algorithm").observed == ["bank.not-configured"]


def test_no_bank_can_be_configured():
    peer = BankPeer(available=(0, 0))
    assert talk(peer, "bank-algorithm").observed == ["step.unsupported"]
    assert peer.changes == []


@pytest.mark.parametrize("step", ["bank-csr", "bank-certificate", "bank-erase", "bank-algorithm"])
def test_what_is_not_offered_is_left_out(step):
    peer = BankPeer(sub_codes=list(SubCode)[:4])
    outcome = talk(peer, step)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["step.unsupported"]
    assert asked(peer) == [(0, b"")]


@pytest.mark.parametrize(
    ("step", "sub_code"),
    [("bank-csr", 4), ("bank-certificate", 0x22), ("bank-erase", 0x21), ("bank-algorithm", 0x20)],
)
def test_a_reset_may_be_required_where_it_was_announced(step, sub_code):
    refusal = error(V14, ErrorCode.RESET_REQUIRED, 1) if sub_code == SubCode.GET_CSR else RESET
    outcome = talk(BankPeer(flags=RESETS, refuses={sub_code: refusal}), step)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == ["reset.required"]


def test_what_follows_the_structure_is_refused():
    longer = {"raw": {0x08: lambda r: r + b"\0"}}
    assert talk(BankPeer(**longer), "slot-management").check == "any.size-trailing"
    options = default_options(**device_options("slot-management"), padding=3)
    assert converse(BankPeer(**longer), options).report.verdict == "attested"


def test_without_a_chain_to_write_it_is_the_users_mistake():
    options = default_options(**device_options("bank-erase"))
    with pytest.raises(ConfigError, match="a chain to write"):
        converse(BankPeer(), replace(options, new_chain=None))
