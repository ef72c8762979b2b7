"""Requesters' chains: the catalogue of defects, and chains of an independent implementation."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from captures.loader import recordings

from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.pki import sets
from responder.pki.defects import DEFECTS, DefectBuilder
from responder.pki.verify import ChainError, verify_requester
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM, by_name
from responder.wire.chain import build_chain, split_certificates

SHA_384, P384 = by_name(BASE_HASHES, "SHA-384"), by_name(BASE_ASYM, "ECDSA-P384")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
IDENTITY = sets.read_identity(sets.requester_path("device", "ecp384"))
ROOTS = list(sets.shipped_roots().values())

LEGAL = {name for name, defect in DEFECTS.items() if "legal" in defect.description}
OF_A_RESPONDER = {
    "eku-requester-only",
    "hwid-oid-in-alias-leaf",
    "hwid-oid-missing-device",
    "alias-vs-device-model",
    "dice-tcbinfo-missing",
    "dice-tcbinfo-bad",
    "san-pci-id-wrong",
}
"""What nothing forbids in the certificate of a requester."""
OF_ANOTHER_KIND = {"mixed-alg-chain"}
"""Legal, with a leaf for another algorithm than the negotiated one."""
NOT_LOOKED_AT = {
    "swap-leaf-after-auth",  # a right chain, only of another peer
    "null-in-name",  # names decide nothing here
    "ec-explicit-params",  # the right curve, spelt out
    "duplicate-root",  # a right chain with one certificate too many
    "endless-chain",  # a right chain, only longer
    "total-300k",  # likewise
    "leaf-certsign",  # what else the leaf may sign
    "rsa-1024-intermediate",  # how strong a key is
}
ACCEPTED = (LEGAL | OF_A_RESPONDER | NOT_LOOKED_AT) - OF_ANOTHER_KIND


def structure(ders, base_hash=SHA_384):
    return build_chain(digest(base_hash, ders[0]), list(ders))


def verify(chain, *, roots=ROOTS, asym=P384, version=0x13, when=NOW):
    return verify_requester(chain, roots, asym=asym, base_hash=SHA_384, version=version, when=when)


@pytest.mark.parametrize("name", DEFECTS)
def test_defective_chains_are_refused(name):
    chain = DefectBuilder(RandomTree(b"verify")).build(name, IDENTITY, SHA_384, 0x13).chain
    if name in ACCEPTED:
        assert verify(chain).kind == "ecp384"
    else:
        with pytest.raises(ChainError):
            verify(chain)


@pytest.mark.parametrize("kind", sets.list_kinds("device"))
def test_every_shipped_requester_is_believed(kind):
    asym = next(row for row in (*BASE_ASYM, *PQC_ASYM) if row.key == kind)
    identity = sets.read_identity(sets.requester_path("device", kind))
    assert verify(structure(identity.chain), asym=asym).kind == kind


def test_leaf_and_authorities_may_be_of_different_kinds():
    ml_dsa = by_name(PQC_ASYM, "ML-DSA-65")
    for kind, asym in (("ecp384", P384), ("mldsa65", ml_dsa)):
        identity = sets.read_identity(sets.requester_path("mixed", kind))
        assert verify(structure(identity.chain), asym=asym).kind == kind


def test_the_root_may_be_left_out():
    below = build_chain(digest(SHA_384, IDENTITY.chain[0]), list(IDENTITY.chain[1:]))
    assert verify(below).kind == "ecp384"


def test_a_chain_of_another_root_is_not_believed():
    others = [der for kind, der in sets.shipped_roots().items() if kind != "ecp384"]
    for roots in (others, []):
        with pytest.raises(ChainError, match="no trusted root has issued it"):
            verify(structure(IDENTITY.chain), roots=roots)


def test_the_leaf_of_a_responder_is_none_of_a_requester():
    """Its EKU names the responder's role alone."""
    responder = sets.read_identity(sets.identity_path("device", "ecp384", 0))
    with pytest.raises(ChainError, match="extended key usage is a responder's"):
        verify(structure(responder.chain))


def test_dates_count_only_with_a_calendar():
    expired = DefectBuilder(RandomTree(b"")).build("expired", IDENTITY, SHA_384, 0x13).chain
    assert verify(expired, when=None).kind == "ecp384"
    with pytest.raises(ChainError, match="is not valid at"):
        verify(expired)


@pytest.mark.parametrize("data", [b"", bytes(4), bytes(100), structure(IDENTITY.chain)[:-1]])
def test_what_is_no_chain_is_refused(data):
    with pytest.raises(ChainError):
        verify(data)


def test_an_empty_chain_is_refused():
    with pytest.raises(ChainError, match="no certificate"):
        verify(build_chain(bytes(48), []))


def captured_requesters():
    """Slot, kind of key, certificates and public key of slot 0."""
    for kind, known in recordings()[0].known.items():
        for slot, data in known.chains["requester"].items():
            yield slot, kind, split_certificates(data), known.keys["requester"]


def test_captured_requesters_are_believed():
    """Their chains; that they have signed with those keys is shown by the replay."""
    believed = Counter()
    for slot, kind, ders, public_key in captured_requesters():
        if kind == "ed448":  # which nothing here signs with
            continue
        asym = next(row for row in (*BASE_ASYM, *PQC_ASYM) if row.key == kind)
        key = verify(structure(ders), roots=ders[:1], asym=asym, when=None)
        assert slot or key.der() == public_key
        believed[slot] += 1
    assert believed == {0: 10, 1: 10, 4: 10}
