"""Private keys for certificates: derived from a seed, RSA ones taken from a pool."""

from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey, UnsupportedKeyError, load_private_key
from responder.errors import ConfigError

MlDsaKey = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | MlDsaKey

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
_ML_DSA: Mapping[str, Callable[[bytes], MlDsaKey]] = {
    "mldsa44": mldsa.MLDSA44PrivateKey.from_seed_bytes,
    "mldsa65": mldsa.MLDSA65PrivateKey.from_seed_bytes,
    "mldsa87": mldsa.MLDSA87PrivateKey.from_seed_bytes,
}
_SEED_BYTES = 32
"""Bytes from which an Ed25519 or an ML-DSA key is made."""
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "ecp256": hashes.SHA256(),
    "ecp384": hashes.SHA384(),
    "ecp521": hashes.SHA512(),
    "rsa1024": hashes.SHA256(),
    "rsa2048": hashes.SHA256(),
    "rsa3072": hashes.SHA384(),
    "rsa4096": hashes.SHA512(),
}
_SPARE_BYTES = 8
"""Bytes drawn beyond a curve's order, so that the remainder is as good as even."""


class Keys:
    """Makes the same keys from the same seed and pool.

    EC, Ed25519 and ML-DSA keys depend on seed, kind, role and set; RSA keys on kind and role alone,
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
            return ed25519.Ed25519PrivateKey.from_private_bytes(branch.bytes(_SEED_BYTES))
        if kind in _ML_DSA:
            return _ML_DSA[kind](branch.bytes(_SEED_BYTES))
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
        key = load_private_key(data).native
    except UnsupportedKeyError as error:
        raise ConfigError(str(error), where=where) from error
    if not isinstance(key, Key):
        raise ConfigError(f"{type(key).__name__} has no place in SPDM certificates", where=where)
    return key


def certificate_hash(kind: str) -> hashes.HashAlgorithm | None:
    """The hash with which a key of that kind signs certificates; none for Ed25519 and ML-DSA."""
    return _HASHES.get(kind)


def kind_of(key: Key) -> str:
    """The kind of a private key, which is the name of its folder in a set."""
    return PrivateKey(key).kind


def private_pem(key: Key) -> bytes:
    """PKCS #8, PEM."""
    return _private(key, serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)


def private_der(key: Key) -> bytes:
    """RSAPrivateKey or ECPrivateKey in DER; PKCS #8 for the others, which have no other form."""
    form = serialization.PrivateFormat.PKCS8
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        form = serialization.PrivateFormat.TraditionalOpenSSL
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
