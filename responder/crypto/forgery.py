"""Odd signatures of a message: wrong in one named way, or right in an unusual one.

Beside each other stand the edges of a number's range, other encodings and paddings, and what only
integer arithmetic with the private key can make. A responder needs none of it; faults do.
"""

from collections.abc import Callable, Mapping
from hashlib import sha512
from types import MappingProxyType
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from responder.crypto.hashing import digest, hash_algorithm
from responder.crypto.signing import PrivateKey, SignatureError
from responder.spec.algorithms import Hash, Signature

_L: Mapping[str, int] = MappingProxyType(
    {
        "ed25519": (1 << 252) + 0x14DEF9DEA2F79CD65812631A5CF5D3ED,
        "ed448": (1 << 446) - 0x8335DC163BB124B65129C96FDE933D8D723A70AADC873D6D54A7BB0D,
    }
)
"""The orders of the base points (RFC 8032 5.1, 5.2)."""
_HINTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"mldsa44": (80, 4), "mldsa65": (55, 6), "mldsa87": (75, 8)}
)
"""The most hints and the number of polynomials of the parameter sets (FIPS 204 4)."""
_CHALLENGE_SIZES: Mapping[str, int] = MappingProxyType(
    {"mldsa44": 32, "mldsa65": 48, "mldsa87": 64}
)
"""Bytes before z in a signature (FIPS 204 7.2, sigEncode)."""
_SHORTEST_FILLING = b"\xff" * 8
"""The least that RFC 8017 (RSASSA-PKCS1-v1_5) lets stand in the middle of the padding."""
_GARBAGE = b"\xa5"


class Original(msgspec.Struct, frozen=True):
    """A correct signature and what it was made with.

    Attributes:
        key: the private key.
        scheme: the signature algorithm.
        base_hash: the hash that RSA and ECDSA use.
        message: what was signed.
        signature: the signature in SPDM's encoding.
    """

    key: PrivateKey
    scheme: Signature
    base_hash: Hash
    message: bytes
    signature: bytes

    @property
    def width(self) -> int:
        """Bytes of one half: r or s of ECDSA, R or S of EdDSA."""
        return self.scheme.size // 2

    @property
    def r(self) -> int:
        """The first number of an ECDSA signature."""
        return int.from_bytes(self.signature[: self.width], "big")

    @property
    def s(self) -> int:
        """The second number of an ECDSA signature."""
        return int.from_bytes(self.signature[self.width :], "big")

    @property
    def order(self) -> int:
        """The order of the key's curve."""
        order: int = self.key.native.curve.group_order
        return order

    def pair(self, r: int, s: int) -> bytes:
        """An ECDSA signature of these numbers, whether or not they are in range."""
        return r.to_bytes(self.width, "big") + s.to_bytes(self.width, "big")


class Forgery(msgspec.Struct, frozen=True):
    """One way of making an odd signature.

    Attributes:
        name: its name.
        description: what the signature is, in a sentence.
        schemes: the schemes that it applies to, as in ``responder.spec.algorithms``.
        make: the odd signature in the place of a correct one.
    """

    name: str
    description: str
    schemes: frozenset[str]
    make: Callable[[Original], bytes]


def forge(
    how: str, key: PrivateKey, scheme: Signature, base_hash: Hash, message: bytes, signature: bytes
) -> bytes:
    """An odd signature of the same message.

    Args:
        how: a name of ``FORGERIES``.
        key: the private key that signed.
        scheme: the signature algorithm.
        base_hash: the negotiated hash.
        message: what was signed, before the scheme hashes it.
        signature: the correct signature.

    Returns:
        ``scheme.size`` bytes, except in the form ``der``.

    Raises:
        SignatureError: there is no such forgery, it does not apply to the scheme, or key or
            signature are not the scheme's.
    """
    forgery = FORGERIES.get(how)
    if forgery is None:
        raise SignatureError(f"there is no forgery {how!r}")
    if scheme.scheme not in forgery.schemes:
        raise SignatureError(f"{how} does not apply to {scheme.name}")
    if key.kind != scheme.key:
        raise SignatureError(f"a {key.kind} key cannot forge {scheme.name}")
    if len(signature) != scheme.size:
        raise SignatureError(f"{len(signature)} bytes, {scheme.name} has {scheme.size}")
    return forgery.make(Original(key, scheme, base_hash, message, signature))


def _beyond_order(c: Original) -> bytes:
    """Congruent to r where the field has room for r + n: always with P-521, else hardly ever."""
    room = (1 << 8 * c.width) - c.order
    return c.pair(c.order + c.r % room, c.s)


def _der(c: Original) -> bytes:
    return utils.encode_dss_signature(c.r, c.s)


def _little_endian(c: Original) -> bytes:
    if c.scheme.scheme == "ecdsa":
        return c.signature[: c.width][::-1] + c.signature[c.width :][::-1]
    return c.signature[::-1]


def _one_nonce(c: Original) -> bytes:
    """ECDSA (FIPS 186-5 6.4.1) with a nonce that depends on the key alone."""
    curve, order = c.key.native.curve, c.order
    private: int = c.key.native.private_numbers().private_value
    seed = sha512(private.to_bytes(c.width, "big")).digest()
    nonce = int.from_bytes(seed, "big") % (order - 1) + 1
    r = ec.derive_private_key(nonce, curve).public_key().public_numbers().x % order
    hashed = digest(c.base_hash, c.message)
    number = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - order.bit_length())
    return c.pair(r, pow(nonce, -1, order) * (number + r * private) % order)


def _as_pkcs1(c: Original) -> bytes:
    return _sign_rsa(c, padding.PKCS1v15())


def _as_pss(c: Original) -> bytes:
    return _sign_rsa(c, _pss(c, c.base_hash.size))


def _without_salt(c: Original) -> bytes:
    return _sign_rsa(c, _pss(c, 0))


def _pss(c: Original, salt_length: int) -> padding.PSS:
    return padding.PSS(padding.MGF1(hash_algorithm(c.base_hash)), salt_length)


def _sign_rsa(c: Original, chosen: padding.AsymmetricPadding) -> bytes:
    signature: bytes = c.key.native.sign(c.message, chosen, hash_algorithm(c.base_hash))
    return signature


def _short_filling(c: Original) -> bytes:
    """What a verifier takes that does not look behind the digest (CVE-2006-4339)."""
    numbers = c.key.native.private_numbers()
    size, public = c.scheme.size, numbers.public_numbers
    padded = pow(int.from_bytes(_as_pkcs1(c), "big"), public.e, public.n).to_bytes(size, "big")
    digest_info = padded[padded.index(b"\0", 1) + 1 :]
    odd = b"\0\1" + _SHORTEST_FILLING + b"\0" + digest_info
    return _raw_rsa(numbers, odd.ljust(size, _GARBAGE)).to_bytes(size, "big")


def _raw_rsa(numbers: Any, block: bytes) -> int:
    """``block`` to the private exponent, by the Chinese remainder theorem (RFC 8017 5.2.1)."""
    number = int.from_bytes(block, "big")
    first, second = pow(number, numbers.dmp1, numbers.p), pow(number, numbers.dmq1, numbers.q)
    result: int = second + numbers.q * ((first - second) * numbers.iqmp % numbers.p)
    return result


def _beyond_l(c: Original) -> bytes:
    s = int.from_bytes(c.signature[c.width :], "little") + _L[c.scheme.key]
    return c.signature[: c.width] + s.to_bytes(c.width, "little")


def _hint_beyond_the_last(c: Original) -> bytes:
    """The places of hints that are not used have to be zero (FIPS 204 7.2, HintBitUnpack)."""
    most, polynomials = _HINTS[c.scheme.key]
    changed, start = bytearray(c.signature), c.scheme.size - most - polynomials
    used = changed[-1]
    if used < most:
        changed[start + most - 1] = 1
    else:  # none is free: two places in the wrong order, which is as much out of form
        changed[start], changed[start + 1] = changed[start + 1], changed[start]
    return bytes(changed)


def _z_out_of_range(c: Original) -> bytes:
    """The first coefficient of z is gamma1, which its encoding can say and no signer may."""
    at = _CHALLENGE_SIZES[c.scheme.key]
    first = int.from_bytes(c.signature[at : at + 3], "little")
    bits = 18 if c.scheme.key == "mldsa44" else 20
    cleared = (first >> bits << bits).to_bytes(3, "little")
    return c.signature[:at] + cleared + c.signature[at + 3 :]


_ML_DSA = frozenset({"mldsa"})
_ECDSA, _EDDSA = frozenset({"ecdsa"}), frozenset({"eddsa"})
_RSASSA, _RSAPSS = frozenset({"rsassa"}), frozenset({"rsapss"})

FORGERIES: Mapping[str, Forgery] = MappingProxyType(
    {
        name: Forgery(name, *row)
        for name, row in {
            "r-zero": ("r is zero.", _ECDSA, lambda c: c.pair(0, c.s)),
            "s-zero": ("s is zero.", _ECDSA, lambda c: c.pair(c.r, 0)),
            "r-eq-n": ("r is the order of the curve.", _ECDSA, lambda c: c.pair(c.order, c.s)),
            "s-eq-n": ("s is the order of the curve.", _ECDSA, lambda c: c.pair(c.r, c.order)),
            "r-ge-n": (
                "r is above the curve's order n: r + n if that fits, else n + r cut to fit.",
                _ECDSA,
                _beyond_order,
            ),
            "s-high": (
                "s is n - s: another valid signature.",
                _ECDSA,
                lambda c: c.pair(c.r, c.order - c.s),
            ),
            "r-s-swapped": ("r and s have changed places.", _ECDSA, lambda c: c.pair(c.s, c.r)),
            "der": ("r and s are a SEQUENCE in DER.", _ECDSA, _der),
            "little-endian": (
                "Every number is in little-endian order.",
                _ECDSA | _RSASSA | _RSAPSS,
                _little_endian,
            ),
            "k-reuse": ("A valid signature with one nonce k for all.", _ECDSA, _one_nonce),
            "pkcs1-for-pss": ("The padding is that of PKCS #1 v1.5.", _RSAPSS, _as_pkcs1),
            "pss-for-pkcs1": ("The padding is that of PSS.", _RSASSA, _as_pss),
            "pss-salt-zero": ("The salt of the PSS padding is empty.", _RSAPSS, _without_salt),
            "pkcs1-garbage": (
                "The v1.5 padding has the least filling, and garbage follows the digest.",
                _RSASSA,
                _short_filling,
            ),
            "hint-nonzero": (
                "A place after the last hint is not zero.",
                _ML_DSA,
                _hint_beyond_the_last,
            ),
            "z-out-of-range": (
                "The first coefficient of z is gamma1, the end of its range.",
                _ML_DSA,
                _z_out_of_range,
            ),
            "eddsa-s-plus-l": ("S is S + L, which reduces to S.", _EDDSA, _beyond_l),
        }.items()
    }
)
"""Every forgery by its name; of those that keep the size, ``s-high`` and ``k-reuse`` verify."""
