"""Signs what a certificate says, also with hashes that nobody should use any more.

Sources: RFC 3279 and RFC 8017 (RSA), RFC 5758 (ECDSA), RFC 8410 (Ed25519), RFC 9881 (ML-DSA).
"""

from hashlib import md5, sha1

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from responder.errors import ConfigError
from responder.pki import der_edit as der
from responder.pki import oids
from responder.pki.keys import Key, certificate_hash, kind_of

_ECDSA = {
    "sha1": "1.2.840.10045.4.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
_RSA = {
    "md5": "1.2.840.113549.1.1.4",
    "sha1": "1.2.840.113549.1.1.5",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_BROKEN = {"md5": ("1.2.840.113549.2.5", md5), "sha1": ("1.3.14.3.2.26", sha1)}
_WITHOUT_HASH = {
    "ed25519": "1.3.101.112",
    "mldsa44": "2.16.840.1.101.3.4.3.17",
    "mldsa65": "2.16.840.1.101.3.4.3.18",
    "mldsa87": "2.16.840.1.101.3.4.3.19",
}


class KeySigner:
    """Signs certificates with a private key; always the same way, but for ML-DSA's hedging."""

    def __init__(self, key: Key, hash_name: str = "") -> None:
        """Choose the algorithm.

        Args:
            key: the issuer's.
            hash_name: such as ``sha1``; the usual one for the key if empty.

        Raises:
            ConfigError: no signature algorithm combines the two.
        """
        self._key = key
        usual = certificate_hash(kind_of(key))
        self._hash = hash_name or (usual.name if usual else "")
        if not self._oid():
            raise ConfigError(f"{kind_of(key)} keys sign no certificates over {self._hash}")

    def algorithm(self) -> bytes:
        """AlgorithmIdentifier in DER; RSA's has NULL for parameters, the others' none."""
        null = [der.Node(der.NULL)] if isinstance(self._key, rsa.RSAPrivateKey) else []
        return der.sequence(der.identifier(self._oid()), *null).encode()

    def sign(self, message: bytes) -> bytes:
        """The signature, as the BIT STRING of a certificate holds it."""
        key = self._key
        if isinstance(key, rsa.RSAPrivateKey):
            if self._hash in _BROKEN:
                return _sign_broken(key, self._hash, message)
            return key.sign(message, padding.PKCS1v15(), self._algorithm())
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, ec.ECDSA(self._algorithm(), deterministic_signing=True))
        return key.sign(message)

    def _oid(self) -> str:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return _RSA.get(self._hash, "")
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return _ECDSA.get(self._hash, "")
        return "" if self._hash else _WITHOUT_HASH[kind_of(self._key)]

    def _algorithm(self) -> hashes.HashAlgorithm:
        if self._hash == "sha1":
            return hashes.SHA1()  # noqa: S303 - the defect itself
        usual = certificate_hash(kind_of(self._key))
        if usual is None or usual.name != self._hash:
            raise ConfigError(f"{kind_of(self._key)} keys sign certificates over another hash")
        return usual


def _sign_broken(key: rsa.RSAPrivateKey, name: str, message: bytes) -> bytes:
    """EMSA-PKCS1-v1_5 in integers: libraries refuse these hashes one after another."""
    oid, function = _BROKEN[name]
    hashed = function(message, usedforsecurity=False).digest()
    algorithm = der.sequence(der.identifier(oid), der.Node(der.NULL)).encode()
    info = oids.tlv(der.SEQUENCE, algorithm + oids.tlv(der.OCTET_STRING, hashed))
    numbers = key.private_numbers()
    size = (key.key_size + 7) // 8
    encoded = b"\0\x01".ljust(size - len(info) - 1, b"\xff") + b"\0" + info
    value = pow(int.from_bytes(encoded, "big"), numbers.d, numbers.public_numbers.n)
    return value.to_bytes(size, "big")
