"""HMAC and HKDF (RFC 2104, RFC 5869) over a negotiated hash."""

from cryptography.hazmat.primitives.hmac import HMAC

from responder.crypto.hashing import hash_algorithm
from responder.spec.algorithms import Hash


def hmac(base_hash: Hash, key: bytes, data: bytes) -> bytes:
    """The HMAC of ``data``, ``base_hash.size`` bytes."""
    state = HMAC(key, hash_algorithm(base_hash))
    state.update(data)
    return state.finalize()


def extract(base_hash: Hash, salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract: a pseudorandom key of ``base_hash.size`` bytes from any ``secret``."""
    return hmac(base_hash, salt, secret)


def expand(base_hash: Hash, secret: bytes, info: bytes, size: int) -> bytes:
    """HKDF-Expand: ``size`` bytes, at most 255 times the hash, bound to ``info``."""
    expanded = block = b""
    for counter in range(1, -(-size // base_hash.size) + 1):
        block = hmac(base_hash, secret, block + info + bytes([counter]))
        expanded += block
    return expanded[:size]
