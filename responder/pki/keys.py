"""Private keys for certificates: derived from a seed, RSA ones taken from a pool."""

from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

RsaSource = Callable[[str, str], rsa.RSAPrivateKey]
"""Kind (``rsa3072``) and role to key."""

ROLES = (
    "root",
    "second-root",
    "intermediate",
    "device-ca",
    "requester",
    *(f"slot{slot}" for slot in range(8)),
)
"""Who holds a key; the place in this list is the place of an RSA key in its pool."""

_CURVES: Mapping[str, ec.EllipticCurve] = {
    "ecp256": ec.SECP256R1(),
    "ecp384": ec.SECP384R1(),
    "ecp521": ec.SECP521R1(),
}
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "ecp256": hashes.SHA256(),
    "ecp384": hashes.SHA384(),
    "ecp521": hashes.SHA512(),
    "rsa2048": hashes.SHA256(),
    "rsa3072": hashes.SHA384(),
    "rsa4096": hashes.SHA512(),
}
_SPARE_BYTES = 8
"""Bytes drawn beyond a curve's order, so that the remainder is as good as even."""


class Keys:
    """Makes the same keys from the same seed and pool.

    EC and Ed25519 keys depend on seed, kind, role and set; RSA keys on kind and role alone,
    because no library makes an RSA key from a seed.
    """

    def __init__(self, tree: RandomTree, rsa_source: RsaSource) -> None:
        self._tree = tree
        self._rsa_source = rsa_source

    def key(self, kind: str, role: str, set_name: str = "") -> Key:
        """The key of a role; those above the leaf have no set.

        Raises:
            ConfigError: no such kind, or no RSA key in the pool.
        """
        if kind.startswith("rsa"):
            return self._rsa_source(kind, role)
        branch = self._tree.child("key", kind, set_name, role)
        if kind == "ed25519":
            return ed25519.Ed25519PrivateKey.from_private_bytes(branch.bytes(32))
        if kind not in _CURVES:
            raise ConfigError(f"no certificates for keys of kind {kind!r}")
        curve = _CURVES[kind]
        drawn = branch.bytes((curve.key_size + 7) // 8 + _SPARE_BYTES)
        value = int.from_bytes(drawn, "big") % (curve.group_order - 1) + 1
        return ec.derive_private_key(value, curve)


def pooled_rsa(pool: Mapping[str, Sequence[bytes]]) -> RsaSource:
    """RSA keys out of a pool: for each kind, DER private keys in the order of ``ROLES``."""

    def take(kind: str, role: str) -> rsa.RSAPrivateKey:
        keys, place = pool.get(kind, ()), ROLES.index(role)
        if place >= len(keys):
            reason = f"the pool has {len(keys)} {kind} keys, {role} needs number {place + 1}"
            raise ConfigError(reason, suggestion="--fresh-keys")
        return _rsa_key(keys[place])

    return take


def load_key(data: bytes, where: str = "") -> Key:
    """A private key, PEM.

    Raises:
        ConfigError: it cannot be read, or is of a kind without certificates.
    """
    try:
        key = serialization.load_pem_private_key(data, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"the private key cannot be read: {error}", where=where) from error
    if not isinstance(key, Key):
        raise ConfigError(f"{type(key).__name__} has no place in SPDM certificates", where=where)
    return key


def certificate_hash(kind: str) -> hashes.HashAlgorithm | None:
    """The hash with which a key of that kind signs certificates; ``None`` for Ed25519."""
    return _HASHES.get(kind)


def kind_of(key: Key) -> str:
    """The kind of a private key, which is the name of its folder in a set."""
    if isinstance(key, rsa.RSAPrivateKey):
        return f"rsa{key.key_size}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return f"ecp{key.key_size}"
    return "ed25519"


def private_pem(key: Key) -> bytes:
    """PKCS #8, PEM."""
    return _private(key, serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)


def private_der(key: Key) -> bytes:
    """RSAPrivateKey or ECPrivateKey in DER; PKCS #8 for Ed25519, which has no other form."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    if isinstance(key, ed25519.Ed25519PrivateKey):
        form = serialization.PrivateFormat.PKCS8
    return _private(key, serialization.Encoding.DER, form)


def public_der(key: Key) -> bytes:
    """SubjectPublicKeyInfo of the public half, DER."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _private(
    key: Key, encoding: serialization.Encoding, form: serialization.PrivateFormat
) -> bytes:
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def _rsa_key(der: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(f"a {type(key).__name__} in the pool of RSA keys")
    return key
