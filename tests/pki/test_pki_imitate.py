"""Chains in the image of others; whole recorded chains are imitated in the tests of profiles."""

import pytest
from cryptography import x509

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey
from responder.errors import ConfigError
from responder.pki import sets
from responder.pki.imitate import imitate
from responder.pki.keyring import rsa_pool


def made(chain, tmp_path, slot=0):
    file = tmp_path / "made.pem"
    file.write_bytes(imitate(chain, "mine", slot, RandomTree(b""), rsa_pool()))
    assert b"TEST KEY - DO NOT TRUST" in file.read_bytes().splitlines()[0]
    return sets.read_identity(file)


@pytest.mark.parametrize("kind", sets.KINDS)
def test_every_kind_of_key(kind, tmp_path):
    chain = sets.read_identity(sets.identity_path("device", kind, 0)).chain
    ours = [x509.load_der_x509_certificate(der) for der in made(chain, tmp_path).chain]
    for der, certificate in zip(chain, ours, strict=True):
        assert certificate.subject == x509.load_der_x509_certificate(der).subject
        assert PublicKey(certificate.public_key()).kind == kind
    for issuer, subject in zip(ours[:1] + ours, ours, strict=False):
        subject.verify_directly_issued_by(issuer)


def test_slots_have_keys_of_their_own_and_share_authorities(tmp_path):
    chain = sets.read_identity(sets.identity_path("device", "ecp384", 0)).chain
    first, second = made(chain, tmp_path), made(chain, tmp_path, slot=1)
    assert first.chain[:-1] == second.chain[:-1]
    assert first.key != second.key


def test_what_is_no_certificate_is_refused():
    with pytest.raises(ConfigError, match="certificate 0 cannot be imitated"):
        imitate([b"0\0"], "x", 0, RandomTree(b""), rsa_pool())
    with pytest.raises(ConfigError, match="no certificate to imitate"):
        imitate([], "x", 0, RandomTree(b""), rsa_pool())
