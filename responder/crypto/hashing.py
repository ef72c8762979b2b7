"""Hashes by their SPDM names."""

from cryptography.hazmat.primitives import hashes

from responder.spec.algorithms import Hash

_ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA-256": hashes.SHA256,
    "SHA-384": hashes.SHA384,
    "SHA-512": hashes.SHA512,
    "SHA3-256": hashes.SHA3_256,
    "SHA3-384": hashes.SHA3_384,
    "SHA3-512": hashes.SHA3_512,
    "SM3-256": hashes.SM3,
}


def hash_algorithm(base_hash: Hash) -> hashes.HashAlgorithm:
    """The cryptography object of a hash."""
    return _ALGORITHMS[base_hash.name]()


def digest(base_hash: Hash, *parts: bytes) -> bytes:
    """The digest, ``base_hash.size`` bytes, of the parts one after another."""
    state = hashes.Hash(hash_algorithm(base_hash))
    for part in parts:
        state.update(part)
    return state.finalize()
