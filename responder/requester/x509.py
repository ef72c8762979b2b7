"""A certificate as the path validation looks at it, over ``cryptography.x509``.

The library is lenient in some places and loud in others; this is the only module that knows.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.requester.der import DerError, spdm_extension_oids, utf8_string
from responder.requester.report import CertificateReport, OtherName

OID_SPDM_EXTENSION = "1.3.6.1.4.1.412.274.6"
OID_HARDWARE_IDENTITY = "1.3.6.1.4.1.412.274.2"
OID_MUTABLE_CERTIFICATE = "1.3.6.1.4.1.412.274.5"
OID_RESPONDER_AUTH = "1.3.6.1.4.1.412.274.3"
OID_REQUESTER_AUTH = "1.3.6.1.4.1.412.274.4"
OID_DEVICE_INFO = "1.3.6.1.4.1.412.274.1"
OID_CMA_NAME = "2.23.147"

_OTHER_NAMES = {OID_DEVICE_INFO: "DMTF device info", OID_CMA_NAME: "PCIe CMA"}
_DICE = "2.23.133.5.4."
_UNDERSTOOD = frozenset({"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37", OID_SPDM_EXTENSION})
"""keyUsage, subjectAltName, basicConstraints, extKeyUsage, and SPDM's own."""
_PLAIN_KEYS = (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey, mldsa.MLDSA44PublicKey,
               mldsa.MLDSA65PublicKey, mldsa.MLDSA87PublicKey)  # fmt: skip


@contextmanager
def _quiet() -> Iterator[None]:
    """A peer's oddities are for the checks to judge, not for the library to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class UnreadableError(ValueError):
    """Bytes are no certificate, or a part of one cannot be read."""


@dataclass(slots=True)
class Certificate:
    """One certificate of a chain.

    Attributes:
        der: its bytes.
        parsed: the library's view.
        serial_number: as written, which may be negative.
        extensions: by dotted OID; empty if they cannot be read.
        extension_fault: why they cannot, else empty.
    """

    der: bytes
    parsed: x509.Certificate
    serial_number: int
    extensions: dict[str, x509.Extension[Any]] = field(default_factory=dict)
    extension_fault: str = ""

    @classmethod
    def load(cls, der: bytes) -> "Certificate":
        """Read one certificate.

        Raises:
            UnreadableError: the bytes are no X.509 certificate in DER.
        """
        with _quiet():
            try:
                parsed = x509.load_der_x509_certificate(der)
                certificate = cls(der, parsed, parsed.serial_number)
                # The parser is lazy: these are the other parts that it may yet refuse.
                parsed.subject, parsed.issuer, parsed.version  # noqa: B018
                parsed.not_valid_before_utc, parsed.not_valid_after_utc  # noqa: B018
                parsed.signature_algorithm_oid  # noqa: B018
            except (ValueError, TypeError, x509.InvalidVersion) as error:
                raise UnreadableError(str(error)) from error
            try:
                found = list(parsed.extensions)
                certificate.extensions = {e.oid.dotted_string: e for e in found}
            except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
                certificate.extension_fault = str(error)
        return certificate

    @property
    def subject(self) -> bytes:
        """The subject's name in DER."""
        return self.parsed.subject.public_bytes()

    @property
    def issuer(self) -> bytes:
        """The issuer's name in DER."""
        return self.parsed.issuer.public_bytes()

    @property
    def self_issued(self) -> bool:
        """Whether issuer and subject are the same name."""
        return self.subject == self.issuer

    @property
    def name(self) -> str:
        """The subject for people."""
        return self.parsed.subject.rfc4514_string() or "(no subject)"

    @property
    def has_nul(self) -> bool:
        """Whether a part of the subject or issuer contains NUL."""
        parts = [*self.parsed.subject, *self.parsed.issuer]
        return any("\0" in part.value for part in parts if isinstance(part.value, str))

    @property
    def serial(self) -> str:
        """The serial number in hexadecimal, two digits a byte."""
        number = self.serial_number
        if number < 0:
            return f"-{-number:x}"
        return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big").hex()

    def extension(self, kind: type[Any]) -> Any:
        """The value of an extension by its class; ``None`` if it is not there."""
        found = self.extensions.get(kind.oid.dotted_string)
        return None if found is None else found.value

    def is_critical(self, kind: type[Any]) -> bool:
        """Whether that extension is there and critical."""
        found = self.extensions.get(kind.oid.dotted_string)
        return found is not None and found.critical

    def unknown_critical(self) -> list[str]:
        """The critical extensions that nobody here understands."""
        return [
            oid
            for oid, extension in self.extensions.items()
            if extension.critical and oid not in _UNDERSTOOD and not oid.startswith(_DICE)
        ]

    def spdm_oids(self) -> list[str]:
        """The OIDs of SPDM's extension; none if it is absent or malformed."""
        found = self.extensions.get(OID_SPDM_EXTENSION)
        if found is None:
            return []
        try:
            return spdm_extension_oids(found.value.value)
        except DerError:
            return []

    def other_names(self) -> list[OtherName]:
        """The otherName entries of subjectAltName; a value that is no UTF8String is in hex."""
        names = self.extension(x509.SubjectAlternativeName)
        found = []
        for other in names.get_values_for_type(x509.OtherName) if names else ():
            try:
                value = utf8_string(other.value)
            except DerError:
                value = f"0x{other.value.hex()}"
            oid = other.type_id.dotted_string
            found.append(OtherName(oid, _OTHER_NAMES.get(oid, ""), value))
        return found

    def library_key(self) -> Any:
        """The subject's public key as the library has it.

        Raises:
            UnreadableError: it is malformed, not on its curve, or of an unknown kind.
        """
        try:
            with _quiet():
                key = self.parsed.public_key()
        except Exception as error:  # the library raises a handful of unrelated types
            raise UnreadableError(str(error) or type(error).__name__) from error
        if isinstance(key, ec.EllipticCurvePublicKey) and _encoded(key) not in self.der:
            # The library also takes a curve that is spelled out (RFC 5480 2.1.1 forbids it).
            raise UnreadableError("the curve is not named, or the point is not uncompressed")
        return key

    def spdm_key(self) -> PublicKey:
        """The subject's public key for SPDM's signatures.

        Raises:
            UnreadableError: it is of no kind that SPDM signs with.
        """
        try:
            return PublicKey(self.library_key())
        except UnsupportedKeyError as error:
            raise UnreadableError(str(error)) from error

    def key_der(self) -> bytes:
        """SubjectPublicKeyInfo as the library writes it; ``UnreadableError`` as ``library_key``."""
        return _encoded(self.library_key())

    def verify_signature(self, issuer: "Certificate") -> str:
        """Check the signature by the issuer's key; the fault, empty if it verifies."""
        try:
            with _quiet():
                _verify(issuer.library_key(), self.parsed)
        except InvalidSignature:
            return f"{self.name}: the signature by {issuer.name} does not verify"
        except Exception as error:  # noqa: BLE001 - malformed parameters raise all kinds
            return f"{self.name}: no signature that can be checked: {error}"
        return ""

    def report(self) -> CertificateReport:
        """The certificate for people."""
        parsed = self.parsed
        try:
            kind = key_kind(self.library_key())
        except UnreadableError as error:
            kind = f"unreadable: {error}"
        from hashlib import sha256  # noqa: PLC0415 - a fingerprint for people, no SPDM hash

        return CertificateReport(
            self.name,
            parsed.issuer.rfc4514_string(),
            self.serial,
            parsed.not_valid_before_utc.isoformat(),
            parsed.not_valid_after_utc.isoformat(),
            kind,
            signature_name(parsed),
            sha256(self.der).hexdigest(),
        )


def _encoded(key: Any) -> bytes:
    der: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def _verify(key: Any, certificate: x509.Certificate) -> None:
    signed, signature = certificate.tbs_certificate_bytes, certificate.signature
    if isinstance(key, _PLAIN_KEYS):
        key.verify(signature, signed)
        return
    parameters: Any = certificate.signature_algorithm_parameters
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, parameters, certificate.signature_hash_algorithm)  # type: ignore[arg-type]
    else:
        key.verify(signature, signed, parameters)


def key_kind(key: Any) -> str:
    """The kind of a key for people: ``ecp384`` as SPDM's algorithms name it, where they do."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return (
            key.curve.name.replace("secp256r1", "ecp256")
            .replace("secp384r1", "ecp384")
            .replace("secp521r1", "ecp521")
        )
    return type(key).__name__.removeprefix("_").removesuffix("PublicKey").lower()


def signature_name(certificate: x509.Certificate) -> str:
    """The signature algorithm's short name, or its OID."""
    name = certificate.signature_algorithm_oid._name  # noqa: SLF001 - the library's only name for it
    return certificate.signature_algorithm_oid.dotted_string if name == "Unknown OID" else name
