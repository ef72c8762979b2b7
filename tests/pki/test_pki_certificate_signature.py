"""Signatures on certificates, against the algorithm identifiers of the RFCs and the library."""

from hashlib import md5, sha1

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.pki.certificate_signature import KeySigner
from responder.pki.keyring import Keyring

ALGORITHMS = {
    ("ecp256", ""): "300a06082a8648ce3d040302",
    ("ecp384", ""): "300a06082a8648ce3d040303",
    ("ecp521", ""): "300a06082a8648ce3d040304",
    ("ecp384", "sha1"): "300906072a8648ce3d0401",
    ("ed25519", ""): "300506032b6570",
    ("rsa2048", ""): "300d06092a864886f70d01010b0500",
    ("rsa3072", ""): "300d06092a864886f70d01010c0500",
    ("rsa4096", ""): "300d06092a864886f70d01010d0500",
    ("rsa2048", "sha1"): "300d06092a864886f70d0101050500",
    ("rsa2048", "md5"): "300d06092a864886f70d0101040500",
}


@pytest.fixture(scope="module")
def keyring():
    return Keyring(RandomTree(b"signatures"))


@pytest.mark.parametrize(("kind", "name"), ALGORITHMS)
def test_the_algorithm_is_named_as_the_rfcs_name_it(keyring, kind, name):
    signer = KeySigner(keyring.make(kind, "slot6"), name)

    assert signer.algorithm().hex() == ALGORITHMS[kind, name]
    assert signer.sign(b"message") == signer.sign(b"message")


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("sha1", "3021300906052b0e03021a05000414"),
        ("md5", "3020300c06082a864886f70d020505000410"),
    ],
)
def test_broken_hashes_under_rsa(keyring, name, prefix):
    key = keyring.make("rsa2048", "slot6")
    hashed = {"sha1": sha1, "md5": md5}[name](b"message", usedforsecurity=False).digest()
    numbers = key.public_key().public_numbers()

    signature = KeySigner(key, name).sign(b"message")

    recovered = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(256, "big")
    info = bytes.fromhex(prefix) + hashed
    assert recovered == b"\0\x01" + b"\xff" * (256 - 3 - len(info)) + b"\0" + info


def test_sha1_under_ecdsa(keyring):
    key = keyring.make("ecp256", "leaf")
    signature = KeySigner(key, "sha1").sign(b"message")
    hashed = sha1(b"message", usedforsecurity=False).digest()

    key.public_key().verify(signature, hashed, ec.ECDSA(utils.Prehashed(hashes.SHA1())))


def test_the_usual_rsa_signature(keyring):
    key = keyring.make("rsa3072", "slot6")

    signature = KeySigner(key).sign(b"message")

    key.public_key().verify(signature, b"message", padding.PKCS1v15(), hashes.SHA384())


@pytest.mark.parametrize(
    ("kind", "name"), [("ecp256", "md5"), ("ed25519", "sha1"), ("ed25519", "md5"), ("ecp256", "x")]
)
def test_what_no_algorithm_combines(keyring, kind, name):
    with pytest.raises(ConfigError, match=f"{kind} keys sign no certificates over {name}"):
        KeySigner(keyring.make(kind, "leaf"), name)


def test_a_hash_that_is_not_the_keys(keyring):
    with pytest.raises(ConfigError, match="over another hash"):
        KeySigner(keyring.make("ecp256", "leaf"), "sha512").sign(b"")
