"""A chain taken apart: what is issued anew, and what stays as it was."""

import pytest
from cryptography import x509
from pki.defective import hash_of, identity

from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.pki.certificate_edit import Part
from responder.pki.defect_draft import Draft, intermediate, leaf, root
from responder.pki.keyring import Keyring
from responder.pki.keys import load_key, public_der
from responder.pki.sets import Identity
from responder.spec.versions import V14
from responder.wire.chain import build_chain

BASE_HASH = hash_of("ecp384")


def draft_of(own):
    keyring = Keyring(RandomTree(b"draft"))
    keyring.add(load_key(own.key))
    return Draft(own, BASE_HASH, V14, keyring, RandomTree(b"draft"))


@pytest.fixture
def draft():
    return draft_of(identity("ecp384"))


def verify(ders):
    chain = [x509.load_der_x509_certificate(der) for der in ders]
    for issuer, subject in zip([chain[0], *chain], chain, strict=False):
        subject.verify_directly_issued_by(issuer)
    return chain


def test_an_untouched_draft_is_the_healthy_chain(draft):
    own = identity("ecp384")

    assert draft.structure() == build_chain(digest(BASE_HASH, own.chain[0]), own.chain)
    assert draft.private_key().public_key_der() == public_der(load_key(own.key))
    assert (draft.leaf, draft.intermediate, draft.issuer) == (2, 1, 1)


@pytest.mark.parametrize(("recipe", "number"), [(root, 0), (intermediate, 1), (leaf, 2)])
def test_one_certificate_changes_and_the_others_stay(draft, recipe, number):
    before = list(draft.certificates)

    recipe(lambda edit: edit.set_serial(1), lambda edit: edit.set_validity("210101000000Z"))(draft)

    pairs = zip(draft.certificates, before, strict=True)
    assert [at for at, (new, old) in enumerate(pairs) if new != old] == [number]
    found = verify(draft.certificates)[number]
    assert (found.serial_number, found.not_valid_before_utc.year) == (1, 2021)


def test_a_root_that_changes_is_hashed_as_it_is(draft):
    root(lambda edit: edit.set_serial(1))(draft)

    assert draft.structure()[4:52] == digest(BASE_HASH, draft.certificates[0])


def test_a_root_hash_that_is_set_is_sent(draft):
    draft.root_hash = b"\x55" * 48

    assert draft.structure()[4:52] == b"\x55" * 48


def test_what_is_issued_anew_follows_its_issuer(draft):
    key = draft.keys.make("rsa2048", "slot6")
    draft.reissue(1, lambda edit: edit.set_public_key(public_der(key)))

    draft.adopt(2)

    assert verify(draft.certificates)[2].subject.rfc4514_string().startswith("CN=ecp384 device")


def test_an_authority_is_put_in_between(draft):
    draft.insert_authority(2, "one more", draft.keys.make("ecp256", "more"))
    draft.insert_authority(3, "and another")
    draft.adopt(4)

    chain = verify(draft.certificates)
    assert [c.subject.rfc4514_string().split(",")[0] for c in chain[2:4]] == [
        "CN=one more",
        "CN=and another",
    ]
    assert len({c.serial_number for c in chain}) == 5


def test_serial_numbers_have_one_length_and_are_new(draft):
    serials = [draft.serial() for _ in range(50)]

    assert len(set(serials)) == 50
    assert {serial.bit_length() for serial in serials} == {127}


def test_a_key_out_of_reach_is_named(draft):
    stranger = Keyring(RandomTree(b"elsewhere")).make("ecp384", "stranger")
    draft.reissue(1, lambda edit: edit.set_public_key(public_der(stranger)))

    with pytest.raises(ConfigError, match="issuer 'ecp384 intermediate CA' is not among"):
        draft.reissue(2, lambda edit: edit.set_serial(1))
    assert draft.kind_of(1) == "ecp384"


def test_a_chain_of_two_has_no_intermediate(draft):
    del draft.certificates[1]

    assert (draft.issuer, draft.leaf) == (0, 1)
    with pytest.raises(ConfigError, match="intermediate"):
        intermediate(lambda edit: edit.set_serial(1))(draft)


def test_a_leaf_alone_is_its_own_issuer():
    own = identity("ecp384")
    draft = draft_of(Identity(own.key, own.chain[-1:]))

    assert draft.issuer == draft.leaf == 0
    draft.reissue(0, lambda edit: edit.put(Part.ISSUER, edit.part(Part.SUBJECT)))
    verify(draft.certificates)


def test_messages_are_signed_with_the_key_that_is_set(draft):
    key = draft.keys.make("ecp384", "other")
    draft.sign_messages_with(key)

    assert draft.private_key().public_key_der() == public_der(key)
