import hashlib
import re

import pytest

from responder.crypto.signing import UnsupportedKeyError
from responder.device.slots import CertificateSlot, Credential, credential_for
from responder.pki.sets import Identity, identity_path, read_identity
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name

P384 = by_name(BASE_ASYM, "ECDSA-P384")
RSASSA = by_name(BASE_ASYM, "RSASSA-2048")
RSAPSS = by_name(BASE_ASYM, "RSAPSS-2048")
HASHLIB = {
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
    "SHA3-256": "sha3_256",
    "SHA3-384": "sha3_384",
    "SHA3-512": "sha3_512",
}
HASHES = [row for row in BASE_HASHES if row.name in HASHLIB]


def hashed(name, data):
    return hashlib.new(HASHLIB[name], data).digest()


@pytest.fixture(scope="module")
def identity():
    return read_identity(identity_path("device", "ecp384", 0))


@pytest.fixture
def slot(identity):
    rsa = read_identity(identity_path("device", "rsa2048", 0))
    return CertificateSlot(0, [Credential(identity, "ecp384"), Credential(rsa, "rsa2048")])


@pytest.mark.parametrize("base_hash", HASHES, ids=lambda row: row.name)
def test_chain_is_length_then_root_hash_then_certificates_from_root_to_leaf(
    slot, identity, base_hash
):
    chain = slot.chain(P384, base_hash)
    root, *_, leaf = identity.chain
    assert int.from_bytes(chain[:4], "little") == len(chain)
    assert chain[4 : 4 + base_hash.size] == hashed(base_hash.name, root)
    assert chain[4 + base_hash.size :] == b"".join(identity.chain)
    assert chain.endswith(leaf)
    assert slot.digest(P384, base_hash) == hashed(base_hash.name, chain)


def test_each_chain_is_built_once(slot):
    sha256, sha384 = HASHES[:2]
    assert slot.chain(P384, sha384) is slot.chain(P384, sha384)
    assert slot.digest(P384, sha384) is slot.digest(P384, sha384)
    assert slot.chain(P384, sha256) != slot.chain(P384, sha384)


def test_algorithms_with_the_same_kind_of_key_share_it(slot):
    assert slot.key(RSASSA) is slot.key(RSAPSS)
    assert slot.key(RSASSA).kind == "rsa2048"


def test_slot_holds_nothing_for_other_kinds_of_keys(slot):
    ed25519 = by_name(BASE_ASYM, "Ed25519")
    assert slot.key(ed25519) is None
    assert slot.chain(ed25519, HASHES[0]) is None
    assert slot.digest(ed25519, HASHES[0]) is None
    assert credential_for(slot.credentials, ed25519) is None


def test_key_is_parsed_at_its_first_use_and_not_before(identity):
    broken = Identity(re.sub(rb"\n[A-Za-z0-9+/=]+\n", b"\nAAAA\n", identity.key), identity.chain)
    credential = Credential(broken, "ecp384")
    assert credential.chain(HASHES[0])
    with pytest.raises(UnsupportedKeyError):
        credential.key()


def test_kind_comes_from_the_key_when_nobody_says_it(identity):
    assert Credential(identity).kind == "ecp384"
