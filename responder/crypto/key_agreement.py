"""Key exchange: Diffie-Hellman over fields and curves, and ML-KEM (DSP0274 "KEY_EXCHANGE").

``ExchangeData`` is the public value of the field in big-endian, X || Y of the curve, or for a KEM
the encapsulation key one way and the ciphertext the other. Private values come from the random
tree, but for ML-KEM's encapsulation: ``cryptography`` takes no seed for it, so that its
ciphertext and secret differ from run to run.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from responder.crypto.lacking import reason_to_refuse
from responder.crypto.random_tree import RandomTree
from responder.spec.algorithms import Exchange

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "SECP256R1": ec.SECP256R1,
    "SECP384R1": ec.SECP384R1,
    "SECP521R1": ec.SECP521R1,
}
_FFDHE = {"FFDHE2048": (560316, 29), "FFDHE3072": (2625351, 35), "FFDHE4096": (5736041, 41)}
"""RFC 7919 appendix A: X of the prime, and the least exponent (225, 275, 325 bits) in bytes."""
_KEM_SEED_SIZE = 64
_UNCOMPRESSED = b"\x04"
_GENERATOR = 2
_EXTRA_BYTES = 8
"""FIPS 186-5 A.2.1: 64 bits more than the order, so that the remainder has no bias."""


class KeyAgreementError(Exception):
    """The peer's value is none of the group, or the exchange is one that is not computed."""


class Offer(msgspec.Struct, frozen=True):
    """What the requester begins with.

    Attributes:
        exchange_data: ``request_size`` bytes for the peer.
        finish: the shared secret from the responder's exchange data; ``KeyAgreementError`` if
            that is no value of the group.
    """

    exchange_data: bytes
    finish: Callable[[bytes], bytes]


class Agreed(msgspec.Struct, frozen=True):
    """What the responder ends with.

    Attributes:
        exchange_data: ``response_size`` bytes for the peer.
        secret: the shared secret, in the group's full length.
    """

    exchange_data: bytes
    secret: bytes


def begin(exchange: Exchange, random: RandomTree) -> Offer:
    """The requester's side of a row of ``DHE_GROUPS`` or ``KEMS``.

    Raises:
        KeyAgreementError: the exchange is not computed (``crypto.lacking``).
    """
    if exchange.name in _FFDHE:
        private, public = _field_pair(exchange, random)
        return Offer(public, lambda peer: _field_secret(exchange, private, peer))
    if exchange.name in _CURVES:
        scalar, point = _curve_pair(exchange, random)
        return Offer(point, lambda peer: _curve_secret(exchange, scalar, peer))
    private_class, _ = _kem(exchange)
    key = private_class.from_seed_bytes(random.bytes(_KEM_SEED_SIZE))
    return Offer(key.public_key().public_bytes_raw(), lambda peer: _kem_secret(exchange, key, peer))


def respond(exchange: Exchange, peer_data: bytes, random: RandomTree) -> Agreed:
    """The responder's side: its exchange data, and the secret with the requester's.

    Raises:
        KeyAgreementError: ``peer_data`` is no value of the group, or the exchange is not computed.
    """
    if exchange.name in _FFDHE:
        private, public = _field_pair(exchange, random)
        return Agreed(public, _field_secret(exchange, private, peer_data))
    if exchange.name in _CURVES:
        scalar, point = _curve_pair(exchange, random)
        return Agreed(point, _curve_secret(exchange, scalar, peer_data))
    _, public_class = _kem(exchange)
    try:
        secret, ciphertext = public_class.from_public_bytes(peer_data).encapsulate()
    except ValueError:
        raise KeyAgreementError(f"no key of {exchange.name}") from None
    return Agreed(ciphertext, secret)


@lru_cache(maxsize=len(_FFDHE))
def field_prime(name: str) -> int:
    """The safe prime of a finite-field group: 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1.

    Raises:
        KeyError: RFC 7919 has no group of this name, or this program does not.
    """
    x, _ = _FFDHE[name]
    bits = int(name.removeprefix("FFDHE"))
    e = term = 1 << bits
    divisor = 1
    while term := term // divisor:
        e += term
        divisor += 1
    return (1 << bits) - (1 << bits - 64) + ((e >> 130) + x << 64) - 1


def _field_pair(exchange: Exchange, random: RandomTree) -> tuple[int, bytes]:
    _, size = _FFDHE[exchange.name]
    private = int.from_bytes(random.bytes(size), "big") | 1 << 8 * size - 1
    public = pow(_GENERATOR, private, field_prime(exchange.name))
    return private, public.to_bytes(exchange.response_size, "big")


def _field_secret(exchange: Exchange, private: int, peer_data: bytes) -> bytes:
    prime, peer = field_prime(exchange.name), int.from_bytes(peer_data, "big")
    if len(peer_data) != exchange.request_size or not 1 < peer < prime - 1:
        raise KeyAgreementError(f"no public value of {exchange.name}")
    return pow(peer, private, prime).to_bytes(exchange.request_size, "big")


def _curve_pair(exchange: Exchange, random: RandomTree) -> tuple[Any, bytes]:
    curve = _CURVES[exchange.name]()
    drawn = int.from_bytes(random.bytes(exchange.response_size // 2 + _EXTRA_BYTES), "big")
    key = ec.derive_private_key(drawn % (curve.group_order - 1) + 1, curve)
    point, width = key.public_key().public_numbers(), exchange.response_size // 2
    return key, point.x.to_bytes(width, "big") + point.y.to_bytes(width, "big")


def _curve_secret(exchange: Exchange, private: Any, peer_data: bytes) -> bytes:
    curve = _CURVES[exchange.name]()
    try:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(curve, _UNCOMPRESSED + peer_data)
    except ValueError:
        raise KeyAgreementError(f"no point of {exchange.name}") from None
    secret: bytes = private.exchange(ec.ECDH(), peer)
    return secret


def _kem_secret(exchange: Exchange, key: Any, peer_data: bytes) -> bytes:
    """A ciphertext of the right size always gives a secret (FIPS 203: implicit rejection)."""
    try:
        secret: bytes = key.decapsulate(peer_data)
    except ValueError:
        raise KeyAgreementError(f"no ciphertext of {exchange.name}") from None
    return secret


def _kem(exchange: Exchange) -> tuple[Any, Any]:
    reason = reason_to_refuse(exchange)
    if reason:
        raise KeyAgreementError(reason)
    from cryptography.hazmat.primitives.asymmetric import mlkem  # noqa: PLC0415 - rarely negotiated

    if exchange.name == "ML-KEM-768":
        return mlkem.MLKEM768PrivateKey, mlkem.MLKEM768PublicKey
    return mlkem.MLKEM1024PrivateKey, mlkem.MLKEM1024PublicKey
