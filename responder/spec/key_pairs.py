"""Key pairs (DSP0274 1.3 "GET_KEY_PAIR_INFO request and KEY_PAIR_INFO response messages").

Algorithms have other bits here than in BaseAsymAlgo; post-quantum ones those of PqcAsymAlgo.
"""

from collections.abc import Mapping
from enum import IntEnum, IntFlag


class KeyPairCap(IntFlag):
    """Capabilities of a key pair: what SET_KEY_PAIR_INFO may do with it."""

    GEN_KEY = 1 << 0
    ERASABLE = 1 << 1
    CERT_ASSOC = 1 << 2
    KEY_USAGE = 1 << 3
    ASYM_ALGO = 1 << 4
    SHAREABLE = 1 << 5


class KeyPairAlgorithm(IntFlag):
    """AsymAlgoCapabilities, CurrentAsymAlgo and DesiredAsymAlgo."""

    RSA_2048 = 1 << 0
    RSA_3072 = 1 << 1
    RSA_4096 = 1 << 2
    ECC_P256 = 1 << 3
    ECC_P384 = 1 << 4
    ECC_P521 = 1 << 5
    SM2 = 1 << 6
    ED25519 = 1 << 7
    ED448 = 1 << 8


class KeyPairOperation(IntEnum):
    """Param1 of SET_KEY_PAIR_INFO."""

    CHANGE = 0
    ERASE = 1
    GENERATE = 2


MAX_TRACKING_TAG = 7
"""CSRTrackingTag is 1 to 7; 0 asks for a new one."""

KEY_KINDS: Mapping[str, int] = {
    "rsa2048": KeyPairAlgorithm.RSA_2048,
    "rsa3072": KeyPairAlgorithm.RSA_3072,
    "rsa4096": KeyPairAlgorithm.RSA_4096,
    "ecp256": KeyPairAlgorithm.ECC_P256,
    "ecp384": KeyPairAlgorithm.ECC_P384,
    "ecp521": KeyPairAlgorithm.ECC_P521,
    "sm2": KeyPairAlgorithm.SM2,
    "ed25519": KeyPairAlgorithm.ED25519,
    "ed448": KeyPairAlgorithm.ED448,
}
"""Kinds of keys, as in ``responder.spec.algorithms``, and their bits."""
