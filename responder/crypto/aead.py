"""AEAD ciphers (DSP0274 "AEAD"): the tag is the last 16 bytes of what is sealed."""

from typing import Any

from responder.spec.algorithms import Aead

TAG_SIZE = 16
"""Bytes of a tag, of every cipher suite that SPDM has."""


class AeadError(Exception):
    """Sealed bytes that the key does not open, or a key that is not the cipher's."""


def seal(aead: Aead, key: bytes, iv: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Encrypt and authenticate.

    Args:
        aead: a row of ``AEADS``.
        key: ``aead.key_size`` bytes.
        iv: 12 bytes.
        plaintext: what is encrypted and authenticated; empty for a MAC alone.
        associated: what is only authenticated.

    Returns:
        The ciphertext, as long as the plaintext, and the tag.

    Raises:
        AeadError: the key's size is not the cipher's.
    """
    sealed: bytes = _cipher(aead, key).encrypt(iv, plaintext, associated)
    return sealed


def unseal(aead: Aead, key: bytes, iv: bytes, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext of what ``seal`` made with the same key, IV and associated data.

    Raises:
        AeadError: it is no such thing, or shorter than a tag.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - with the ciphers

    if len(sealed) < TAG_SIZE:
        raise AeadError(f"{len(sealed)} bytes are shorter than a tag")
    try:
        plaintext: bytes = _cipher(aead, key).decrypt(iv, sealed, associated)
    except InvalidTag:
        raise AeadError(f"{aead.name} does not open it") from None
    return plaintext


def _cipher(aead: Aead, key: bytes) -> Any:
    if len(key) != aead.key_size:
        raise AeadError(f"a key of {len(key)} bytes, {aead.name} has {aead.key_size}")
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - sessions only
        AESGCM,
        ChaCha20Poly1305,
    )

    if aead.name.startswith("AES"):
        return AESGCM(key)
    return ChaCha20Poly1305(key) if aead.name.startswith("CHACHA20") else _Sm4Gcm(key)


class _Sm4Gcm:
    """SM4-GCM, which the library has as a mode and not as an AEAD."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, iv: bytes, plaintext: bytes, associated: bytes) -> bytes:
        context = self._mode(iv).encryptor()
        context.authenticate_additional_data(associated)
        sealed: bytes = context.update(plaintext) + context.finalize() + context.tag
        return sealed

    def decrypt(self, iv: bytes, sealed: bytes, associated: bytes) -> bytes:
        context = self._mode(iv, sealed[-TAG_SIZE:]).decryptor()
        context.authenticate_additional_data(associated)
        plaintext: bytes = context.update(sealed[:-TAG_SIZE]) + context.finalize()
        return plaintext

    def _mode(self, iv: bytes, tag: bytes | None = None) -> Any:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

        return Cipher(algorithms.SM4(self._key), modes.GCM(iv, tag))
