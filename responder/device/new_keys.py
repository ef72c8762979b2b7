"""Keys that a device generates.

They come from its branch of the random tree; RSA keys from the part of the pool that no shipped
certificate uses, and when that is used up they are really made, which takes a while.
"""

from cryptography.hazmat.primitives.asymmetric import rsa

from responder.crypto.random_tree import RandomTree
from responder.pki.keyring import rsa_pool
from responder.pki.keys import Keys, private_pem

POOL_ROLES = ("slot2", "slot3", "slot4", "slot5")
"""Whose keys in the pool no shipped set uses, and no defect either."""

_PUBLIC_EXPONENT = 65537


def new_key(kind: str, ordinal: int, random: RandomTree) -> bytes:
    """The ``ordinal``-th key of a kind, counted from 0, in PEM.

    Raises:
        ConfigError: no such kind.
    """
    if not kind.startswith("rsa"):
        return private_pem(Keys(random, _pooled).key(kind, "generated", str(ordinal)))
    if ordinal < len(POOL_ROLES):
        return private_pem(_pooled(kind, POOL_ROLES[ordinal]))
    size = int(kind.removeprefix("rsa"))
    return private_pem(rsa.generate_private_key(_PUBLIC_EXPONENT, size))


def _pooled(kind: str, role: str) -> rsa.RSAPrivateKey:
    return rsa_pool()(kind, role)
