"""Whether a certificate chain may be written into a slot (SET_CERTIFICATE).

DSP0274 "SPDM certificate requirements"; where the text leaves room, as the reference
implementation checks it. Dates are not compared: a device has no clock to trust.
"""

from collections.abc import Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.pki import oids
from responder.spec.registries import CertificateModel
from responder.spec.versions import V13

Wanted = TypeVar("Wanted", bound=x509.ExtensionType)

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)


class ChainError(Exception):
    """A chain that must not be installed, and why."""


def check_installable(
    chain: Sequence[bytes], kind: str, model: CertificateModel, version: int
) -> bytes:
    """Check a chain of DER certificates, root first; return the leaf's SubjectPublicKeyInfo.

    ``kind`` is the kind of key that the negotiated algorithm needs. In the alias model the chain
    ends in the Device Certificate CA.

    Raises:
        ChainError: it may not be installed.
    """
    certificates = [_load(data, place) for place, data in enumerate(chain)]
    if not certificates:
        raise ChainError("the chain is empty")
    issuer = certificates[0]
    for place, certificate in enumerate(certificates):
        _check_issued(certificate, issuer, place)
        issuer = certificate
    for place, authority in enumerate(certificates[:-1]):
        if not _is_authority(authority):
            raise ChainError(f"certificate {place} is no certificate authority")
    leaf = certificates[-1]
    _check_leaf(leaf, model, version)
    spki = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    _check_kind(spki, kind)
    return spki


def is_device_certificate(data: bytes) -> bool:
    """Whether a DER certificate says that it identifies the hardware."""
    try:
        return oids.HARDWARE_IDENTITY in _marks(x509.load_der_x509_certificate(data))
    except _UNREADABLE:
        return False


def _load(data: bytes, place: int) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(data)
        list(certificate.extensions)
    except _UNREADABLE as error:
        raise ChainError(f"certificate {place} cannot be read: {error}") from error
    if certificate.version is not x509.Version.v3:
        raise ChainError(f"certificate {place} is not of version 3")
    return certificate


def _check_issued(certificate: x509.Certificate, issuer: x509.Certificate, place: int) -> None:
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        raise ChainError(f"the signature of certificate {place} does not verify") from None
    except _UNREADABLE as error:
        whose = "itself, as a root is" if certificate is issuer else "the one before it"
        raise ChainError(f"certificate {place} is not issued by {whose}: {error}") from error


def _check_leaf(leaf: x509.Certificate, model: CertificateModel, version: int) -> None:
    if model is not CertificateModel.GENERIC and not (leaf.subject.rdns and leaf.issuer.rdns):
        raise ChainError("the leaf has no subject or no issuer")
    constraints = _extension(leaf, x509.BasicConstraints)
    wanted = model is CertificateModel.ALIAS
    if constraints is None:
        if version >= V13 and model is not CertificateModel.GENERIC:
            raise ChainError("the leaf has no basic constraints")
    elif constraints.ca != wanted:
        raise ChainError(f"the leaf's basic constraints say CA:{str(constraints.ca).upper()}")
    if model is CertificateModel.ALIAS:
        return
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None:
        if model is not CertificateModel.GENERIC:
            raise ChainError("the leaf has no key usage")
    elif not usage.digital_signature:
        raise ChainError("the leaf's key is not for digital signatures")
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    found = {purpose.dotted_string for purpose in purposes or ()}
    if oids.REQUESTER_AUTH in found and oids.RESPONDER_AUTH not in found:
        raise ChainError("the leaf is for requesters only")


def _check_kind(spki: bytes, kind: str) -> None:
    try:
        found = PublicKey.from_der(spki).kind
    except UnsupportedKeyError as error:
        raise ChainError(str(error)) from error
    if found != kind:
        raise ChainError(f"the leaf's key is of kind {found}, the negotiated one is {kind}")


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _marks(certificate: x509.Certificate) -> list[str]:
    """The object identifiers in DMTF's SPDM extension."""
    try:
        extension = certificate.extensions.get_extension_for_oid(
            x509.ObjectIdentifier(oids.SPDM_EXTENSION)
        )
    except x509.ExtensionNotFound:
        return []
    value = extension.value
    data = value.value if isinstance(value, x509.UnrecognizedExtension) else b""
    return [name for name in oids.NAMES if oids.der(name) in data]


def _extension(certificate: x509.Certificate, kind: type[Wanted]) -> Wanted | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
