"""Finds the private key of an issuer, and makes the keys that defective chains need."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.errors import ConfigError, data_root
from responder.pki import sets
from responder.pki.keys import Key, Keys, RsaSource, load_key, pooled_rsa, public_der

OTHER_LEAF, OTHER_AUTHORITY = "slot7", "slot6"
"""Whose keys in the pool stand in for a leaf's and an authority's: no RSA set has so many slots."""


class Keyring:
    """The private keys within reach, by the SubjectPublicKeyInfo of their public halves."""

    def __init__(self, random: RandomTree, certs: Path | None = None) -> None:
        """``certs`` is the folder of the sets, the shipped one if it is left out."""
        self._certs = certs or data_root("certs")
        self._keys = Keys(random, self._pool)
        self._known: dict[bytes, Key] = {}
        self._rsa: RsaSource | None = None
        self._kinds_read: set[str] = set()

    def add(self, key: Key) -> bytes:
        """Keep a key; its SubjectPublicKeyInfo."""
        spki = public_der(key)
        self._known[spki] = key
        return spki

    def make(self, kind: str, role: str) -> Key:
        """A key that no shipped certificate has: derived, or from the pool if it is RSA.

        Raises:
            ConfigError: no such kind, or no pool.
        """
        key = self._keys.key(kind, role, "defect")
        self.add(key)
        return key

    def find(self, spki: bytes) -> Key | None:
        """The private half; that of an authority is looked for beside the sets.

        Raises:
            ConfigError: the public key cannot be read, or is of a kind without authorities.
        """
        if spki not in self._known:
            self._read_authorities(spki)
        return self._known.get(spki)

    def _read_authorities(self, spki: bytes) -> None:
        kind = kind_of_public(spki)
        if kind in self._kinds_read:
            return
        self._kinds_read.add(kind)
        root = self._certs / sets.ROOTS / f"{kind}.key.pem"
        if root.exists():
            self.add(load_key(root.read_bytes(), str(root)))
        for path in sorted((self._certs / sets.AUTHORITIES / kind).glob("*.pem")):
            self.add(load_key(sets.read_identity(path).key, str(path)))

    def _pool(self, kind: str, role: str) -> rsa.RSAPrivateKey:
        if self._rsa is None:
            self._rsa = rsa_pool()
        return self._rsa(kind, role)


def rsa_pool() -> RsaSource:
    """The RSA keys of the shipped pool."""
    pool = {}
    for path in (data_root("certs") / sets.RSA_POOL).glob("*.pem"):
        blocks = sets.pem_blocks(path.read_bytes(), str(path))
        pool[path.stem] = [der for _, der in blocks]
    return pooled_rsa(pool)


def kind_of_public(spki: bytes) -> str:
    """The kind of a public key, such as ``ecp384``; ``ConfigError`` if sets have no such keys."""
    try:
        return PublicKey.from_der(spki).kind
    except UnsupportedKeyError as error:
        raise ConfigError(f"a public key in the chain cannot be used: {error}") from error
