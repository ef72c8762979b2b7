"""Where the private keys of issuers come from."""

import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pki.defective import identity

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError, data_root
from responder.pki import sets
from responder.pki.keyring import OTHER_AUTHORITY, OTHER_LEAF, Keyring, kind_of_public
from responder.pki.keys import kind_of, public_der


def spki(der):
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def keyring():
    return Keyring(RandomTree(b"keys"))


@pytest.mark.parametrize("kind", sets.KINDS)
def test_shipped_authorities_are_found(keyring, kind):
    for der in identity(kind).chain[:-1]:
        key = keyring.find(spki(der))

        assert public_der(key) == spki(der)
        assert kind_of_public(spki(der)) == kind_of(key) == kind


def test_the_device_certificate_ca_is_found(keyring):
    assert keyring.find(spki(identity("ecp384", "alias").chain[2])) is not None


def test_a_leafs_key_is_found_once_it_is_added(keyring):
    leaf = spki(identity("ecp384").chain[-1])
    assert keyring.find(leaf) is None

    made = keyring.make("ecp384", OTHER_LEAF)

    assert keyring.find(public_der(made)) is made
    assert keyring.find(leaf) is None


@pytest.mark.parametrize("kind", sets.KINDS)
def test_made_keys_are_new_and_always_the_same(keyring, kind):
    again = Keyring(RandomTree(b"keys"))
    leaf, authority = (keyring.make(kind, role) for role in (OTHER_LEAF, OTHER_AUTHORITY))

    assert public_der(leaf) == public_der(again.make(kind, OTHER_LEAF))
    shipped = {spki(der) for der in identity(kind).chain}
    assert len({public_der(leaf), public_der(authority), *shipped}) == 5


def test_no_rsa_set_has_the_slots_whose_keys_are_borrowed():
    for set_name in sets.list_sets():
        for kind in sets.list_kinds(set_name):
            if kind.startswith("rsa"):
                names = {f"slot{slot}" for slot in sets.list_slots(set_name, kind)}
                assert not names & {OTHER_LEAF, OTHER_AUTHORITY}


def test_other_sets_have_their_authorities_beside_them(tmp_path):
    shutil.copytree(data_root("certs") / "roots", tmp_path / "roots")
    mine = Keyring(RandomTree(b""), tmp_path)
    root, intermediate, _ = identity("ecp384").chain

    assert mine.find(spki(root)) is not None
    assert mine.find(spki(intermediate)) is None


@pytest.mark.parametrize("data", [b"", b"\x30\0"])
def test_what_is_no_public_key(keyring, data):
    with pytest.raises(ConfigError, match="cannot be used"):
        keyring.find(data)


def test_a_key_without_authorities(keyring):
    from cryptography.hazmat.primitives.asymmetric import x25519

    key = x25519.X25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    data = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(ConfigError, match="X25519PublicKey"):
        keyring.find(data)
