"""Whom the device believes."""

import pytest

from responder.core.errors import UntrustedError
from responder.crypto.hashing import digest
from responder.crypto.signing import load_private_key
from responder.device.requester_trust import TrustedRequesters
from responder.errors import data_root
from responder.pki import sets
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.wire.chain import build_chain

SHA_384, P384 = by_name(BASE_HASHES, "SHA-384"), by_name(BASE_ASYM, "ECDSA-P384")
P256 = by_name(BASE_ASYM, "ECDSA-P256")
IDENTITY = sets.read_identity(sets.requester_path("device", "ecp384"))
CHAIN = build_chain(digest(SHA_384, IDENTITY.chain[0]), list(IDENTITY.chain))
ROOT = data_root("certs") / "roots" / "ecp384.pem"


def test_a_chain_under_a_trusted_root_gives_the_key_of_its_leaf():
    key = TrustedRequesters([ROOT]).verify(CHAIN, P384, SHA_384, 0x13)
    assert key.der() == load_private_key(IDENTITY.key).public_key_der()


def test_every_other_chain_is_untrusted():
    for trust, chain, asym in (
        (TrustedRequesters(), CHAIN, P384),
        (TrustedRequesters([ROOT]), CHAIN[:-1], P384),
        (TrustedRequesters([ROOT]), CHAIN, P256),
    ):
        with pytest.raises(UntrustedError):
            trust.verify(chain, asym, SHA_384, 0x13)


def test_public_keys_are_found_by_their_algorithm():
    der = load_private_key(IDENTITY.key).public_key_der()
    trust = TrustedRequesters(public_keys=[der])
    assert trust.public_key(P384).der() == der
    assert trust.public_key(P256) is None
    assert TrustedRequesters().public_key(P384) is None
