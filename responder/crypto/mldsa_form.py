"""The forms of an ML-DSA private key in PKCS #8 (RFC 9881 section 6).

OpenSSL writes seed and expanded key together; ``cryptography`` reads only the seed alone.
"""

import binascii
import re

_BOTH = re.compile(
    rb"^\x30\x82.."  # OneAsymmetricKey
    rb"(\x02\x01\x00"  # version
    rb"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03[\x11-\x13])"  # id-ml-dsa-44, 65, 87
    rb"\x04\x82..\x30\x82.."  # privateKey: SEQUENCE of seed and expandedKey
    rb"\x04\x20(.{32})\x04\x82",
    re.DOTALL,
)
_SEED_HEAD = b"\x04\x22\x80\x20"
"""privateKey that holds [0] seed of 32 bytes."""
_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----\s*?\n(.*?)-----END PRIVATE KEY-----", re.DOTALL)


def seed_form(data: bytes) -> bytes:
    """A key in the form that holds both, as the DER of the form that holds the seed.

    Args:
        data: PKCS #8, PEM or DER; anything else comes back as it is.
    """
    try:
        found = _BOTH.match(_der(data))
    except binascii.Error:
        return data
    if found is None:
        return data
    body = found[1] + _SEED_HEAD + found[2]
    return b"\x30" + bytes([len(body)]) + body


def _der(data: bytes) -> bytes:
    block = _PEM.search(data)
    return binascii.a2b_base64(block[1]) if block else data
