"""Signatures in SPDM's encoding (DSP0274 "Signature generation", "Signature verification").

RSA signatures are I2OSP big-endian, ECDSA is r || s in fixed width, EdDSA as RFC 8032, ML-DSA as
FIPS 204 with the signer context as its context string. ECDSA signs deterministically (RFC 6979),
so that a seed reproduces a run; RSAPSS salts are random, and so is ML-DSA's hedging.
"""

from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from responder.crypto.hashing import digest, hash_algorithm
from responder.crypto.mldsa_form import seed_form
from responder.spec.algorithms import Hash, Signature
from responder.spec.limits import SIGNING_CONTEXT_SIZE
from responder.spec.versions import V12

_VERSION_TEXT_COPIES = 4
_CURVES = {"secp256r1": "ecp256", "secp384r1": "ecp384", "secp521r1": "ecp521"}
_PLAIN = ("ed25519", "ed448", "mldsa44", "mldsa65", "mldsa87")
"""Kinds that have a class of their own; its name tells them, so that none is imported."""


class SignatureError(Exception):
    """A signature does not verify, or its key is not of the algorithm's kind."""


_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)


class UnsupportedKeyError(Exception):
    """Key material that cannot be read, or is of a kind that SPDM or this program lacks."""


def signing_prefix(version: int, context: str) -> bytes:
    """The 100 bytes before the hash from 1.2 on: the version four times, the padded context."""
    text = f"dmtf-spdm-v{version >> 4}.{version & 0xF}.*".encode() * _VERSION_TEXT_COPIES
    return text + context.encode().rjust(SIGNING_CONTEXT_SIZE - len(text), b"\0")


def signing_message(version: int, context: str, base_hash: Hash, parts: Sequence[bytes]) -> bytes:
    """What is signed: the transcript (1.0, 1.1), or prefix and transcript hash (1.2 and later)."""
    if version < V12:
        return b"".join(parts)
    return signing_prefix(version, context) + digest(base_hash, *parts)


class PrivateKey:
    """A private key of one of the kinds in ``responder.spec.algorithms``."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.kind = _kind_of(key)

    def sign(self, scheme: Signature, base_hash: Hash, message: bytes, context: str = "") -> bytes:
        """The signature of ``message``, which RSA and ECDSA hash with ``base_hash`` first.

        ``context`` is the signer context, which only ML-DSA signs beside the message.

        Returns:
            ``scheme.size`` bytes, if the key is of the kind that the scheme names.

        Raises:
            SignatureError: this key cannot sign with that scheme.
        """
        if _family(scheme.key) != _family(self.kind):
            raise SignatureError(f"a {self.kind} key cannot sign {scheme.name}")
        if scheme.scheme == "eddsa":
            signature: bytes = self._key.sign(message)
            return signature
        if scheme.scheme == "mldsa":
            signature = self._key.sign(message, context.encode())
            return signature  # noqa: RET504 - the annotation above types it
        algorithm = hash_algorithm(base_hash)
        if scheme.scheme == "ecdsa":
            der = self._key.sign(message, ec.ECDSA(algorithm, deterministic_signing=True))
            return _raw_from_der(der, self._key.key_size)
        signature = self._key.sign(message, _rsa_padding(scheme, base_hash), algorithm)
        return signature  # noqa: RET504 - the annotation above types it

    @property
    def native(self) -> Any:
        """The key object of ``cryptography``, for what no correct signature needs."""
        return self._key

    def public_key(self) -> "PublicKey":
        """The public half."""
        return PublicKey(self._key.public_key())

    def public_key_der(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self.public_key().der()


class PublicKey:
    """A public key; ``kind`` as in ``responder.spec.algorithms``."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.kind = _kind_of(key)

    @classmethod
    def from_der(cls, data: bytes) -> "PublicKey":
        """Read a SubjectPublicKeyInfo.

        Raises:
            UnsupportedKeyError: no such structure, or no key that SPDM uses.
        """
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import

        try:
            return cls(serialization.load_der_public_key(data))
        except _UNREADABLE as error:
            raise UnsupportedKeyError(f"no usable public key: {error}") from error

    @classmethod
    def from_certificate(cls, data: bytes) -> "PublicKey":
        """The subject's public key of a DER certificate.

        Raises:
            UnsupportedKeyError: no certificate, or no key that SPDM uses.
        """
        from cryptography import x509  # noqa: PLC0415 - heavy, and a responder never needs it

        try:
            return cls(x509.load_der_x509_certificate(data).public_key())
        except (*_UNREADABLE, x509.InvalidVersion) as error:
            raise UnsupportedKeyError(f"no usable certificate: {error}") from error

    def der(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import

        data: bytes = self._key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return data

    def verify(
        self,
        scheme: Signature,
        base_hash: Hash,
        message: bytes,
        signature: bytes,
        context: str = "",
    ) -> None:
        """Check an SPDM-encoded signature of ``message``, with the context that ``sign`` had.

        Raises:
            SignatureError: it does not verify.
        """
        if scheme.key != self.kind:
            raise SignatureError(f"a {self.kind} key cannot verify {scheme.name}")
        if len(signature) != scheme.size:
            raise SignatureError(f"{len(signature)} bytes, {scheme.name} has {scheme.size}")
        try:
            self._verify(scheme, base_hash, message, signature, context)
        except InvalidSignature:
            raise SignatureError(f"the {scheme.name} signature does not verify") from None

    def _verify(
        self,
        scheme: Signature,
        base_hash: Hash,
        message: bytes,
        signature: bytes,
        context: str,
    ) -> None:
        if scheme.scheme == "eddsa":
            self._key.verify(signature, message)
            return
        if scheme.scheme == "mldsa":
            self._key.verify(signature, message, context.encode())
            return
        algorithm = hash_algorithm(base_hash)
        if scheme.scheme == "ecdsa":
            self._key.verify(_der_from_raw(signature), message, ec.ECDSA(algorithm))
        else:
            self._key.verify(signature, message, _rsa_padding(scheme, base_hash), algorithm)


def load_private_key(data: bytes) -> PrivateKey:
    """Read a private key, PEM or DER, unencrypted.

    Raises:
        UnsupportedKeyError: it cannot be read or is of no kind that SPDM uses.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import

    data = seed_form(data)
    load: Any = serialization.load_der_private_key
    if b"-----BEGIN" in data:
        load = serialization.load_pem_private_key
    try:
        # The keys are ours: OpenSSL's primality tests would cost a start-up its milliseconds.
        return PrivateKey(load(data, None, unsafe_skip_rsa_key_validation=True))
    except _UNREADABLE as error:
        raise UnsupportedKeyError(f"no usable private key: {error}") from error


def _kind_of(key: Any) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        kind = _CURVES.get(key.curve.name)
    elif isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        kind = f"rsa{key.key_size}"
    else:
        name = type(key).__name__.removesuffix("PrivateKey").removesuffix("PublicKey").lower()
        kind = name if name in _PLAIN else None
    if kind is None:
        raise UnsupportedKeyError(f"{type(key).__name__} is no key that SPDM signs with")
    return kind


def _family(kind: str) -> str:
    """A key of another size still signs, wrongly; of another family it cannot."""
    return kind.rstrip("0123456789")


def _rsa_padding(scheme: Signature, base_hash: Hash) -> padding.AsymmetricPadding:
    if scheme.scheme == "rsassa":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(hash_algorithm(base_hash)), base_hash.size)


def _raw_from_der(der: bytes, key_size: int) -> bytes:
    r, s = utils.decode_dss_signature(der)
    width = (key_size + 7) // 8
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def _der_from_raw(raw: bytes) -> bytes:
    half = len(raw) // 2
    r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    return utils.encode_dss_signature(r, s)
