"""Ground truth: digests of "abc" as FIPS 180-4, FIPS 202 and GB/T 32905 give them."""

import hashlib

import pytest

from responder.crypto.hashing import digest, hash_algorithm
from responder.spec.algorithms import BASE_HASHES, MEASUREMENT_HASHES

ABC = {
    "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "SHA-384": (
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        "8086072ba1e7cc2358baeca134c825a7"
    ),
    "SHA-512": (
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ),
    "SHA3-256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
    "SHA3-384": (
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
        "98d88cea927ac7f539f1edf228376d25"
    ),
    "SHA3-512": (
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
        "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"
    ),
    "SM3-256": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
}


@pytest.mark.parametrize("base_hash", BASE_HASHES, ids=lambda row: row.name)
def test_digest_of_abc(base_hash):
    assert digest(base_hash, b"abc").hex() == ABC[base_hash.name]
    assert digest(base_hash, b"a", b"", b"bc") == digest(base_hash, b"abc")
    assert base_hash.size == len(ABC[base_hash.name]) // 2 == hash_algorithm(base_hash).digest_size


@pytest.mark.parametrize("measurement_hash", MEASUREMENT_HASHES, ids=lambda row: row.name)
def test_a_measurement_hash_is_the_base_hash_of_that_name(measurement_hash):
    assert digest(measurement_hash, b"abc").hex() == ABC[measurement_hash.name]


def test_nothing_has_a_digest_too():
    assert digest(BASE_HASHES[0]) == hashlib.sha256().digest()
