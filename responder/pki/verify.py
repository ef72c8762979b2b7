"""Verifies the certificate chain of a requester, for mutual authentication.

Source: DSP0274 "Certificates and certificate chains", RFC 5280 section 6.1. Unlike a requester
under test this side tells a peer no more than that it is refused; why goes to the log.
"""

import warnings
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.pki import oids
from responder.spec.algorithms import Hash, Signature
from responder.spec.versions import V13
from responder.wire.certificate_chain import parse_chain
from responder.wire.errors import WireError

_UNDERSTOOD = frozenset({"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37", oids.SPDM_EXTENSION})
"""keyUsage, subjectAltName, basicConstraints, extKeyUsage, and SPDM's own."""
_SERIAL_END = 1 << 8 * 20 - 1
"""RFC 5280 section 4.1.2.2: at most 20 octets, and positive."""
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

Extension = TypeVar("Extension", bound=x509.ExtensionType)


class ChainError(Exception):
    """A certificate chain that is not believed; the text says why."""


def verify_requester(
    chain: bytes,
    roots: Sequence[bytes],
    *,
    asym: Signature,
    base_hash: Hash,
    version: int,
    when: datetime | None = None,
) -> PublicKey:
    """The key of the leaf of a chain that ends in a trusted root.

    Args:
        chain: the whole certificate chain structure.
        roots: DER certificates that are trusted.
        asym: the signature algorithm that the requester is to sign with.
        base_hash: the negotiated hash, that of RootHash.
        version: the SPDM version of the connection.
        when: the time at which the certificates have to be valid; ``None`` without a calendar.

    Raises:
        ChainError: the chain is malformed, not issued by a root, or its leaf is not one with
            which a requester signs messages.
    """
    try:
        root_hash, ders = parse_chain(chain, base_hash.size)
    except WireError as error:
        raise ChainError(str(error)) from None
    if not ders:
        raise ChainError("there is no certificate in the chain")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer's oddities are refused here or do not matter
        certificates = [_load(der) for der in ders]
        for certificate in certificates:
            _check_certificate(certificate, when)
        root = _trusted_root(certificates[0], [_load(der) for der in roots])
        if digest(base_hash, _der(root)) != root_hash:
            raise ChainError(f"RootHash is not that of {_name(root)}")
        path = certificates if certificates[0] == root else [root, *certificates]
        _check_path(path)
        return _leaf_key(path[-1], asym, version)


def _load(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        # The parser is lazy: these are the parts that it may yet refuse.
        certificate.subject, certificate.issuer, certificate.extensions  # noqa: B018
        certificate.not_valid_before_utc, certificate.not_valid_after_utc  # noqa: B018
    except _UNREADABLE as error:
        raise ChainError(f"a certificate cannot be read: {error}") from None
    return certificate


def _check_certificate(certificate: x509.Certificate, when: datetime | None) -> None:
    """What every certificate of the chain has to fulfil by itself."""
    name = _name(certificate)
    if certificate.version != x509.Version.v3:
        raise ChainError(f"{name}: {certificate.version.name} is not v3")
    if not 0 < certificate.serial_number < _SERIAL_END:
        raise ChainError(f"{name}: serial number {certificate.serial_number}")
    if not (list(certificate.subject) and list(certificate.issuer)):
        raise ChainError(f"serial {certificate.serial_number:x}: an empty name")
    for extension in certificate.extensions:
        if extension.critical and extension.oid.dotted_string not in _UNDERSTOOD:
            raise ChainError(f"{name}: critical extension {extension.oid.dotted_string}")
    if when is None:
        return
    if not certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
        raise ChainError(f"{name} is not valid at {when}")


def _trusted_root(first: x509.Certificate, roots: list[x509.Certificate]) -> x509.Certificate:
    """The root that is, or has issued, the first certificate of the chain."""
    if first in roots:
        return first
    for root in roots:
        if root.subject == first.issuer and not _fault(first, root):
            return root
    raise ChainError(f"{_name(first)}: no trusted root has issued it")


def _check_path(path: list[x509.Certificate]) -> None:
    """Signatures from each certificate to the next, and what an issuer may do."""
    for position, (issuer, subject) in enumerate(pairwise(path)):
        if fault := _fault(subject, issuer):
            raise ChainError(fault)
        below = sum(one.subject != one.issuer for one in path[position + 1 : -1])
        constraints = _extension(issuer, x509.BasicConstraints)
        if constraints is None or not constraints.ca:
            raise ChainError(f"{_name(issuer)} is no CA")
        if constraints.path_length is not None and below > constraints.path_length:
            raise ChainError(f"{_name(issuer)} allows {constraints.path_length} CAs, not {below}")
        usage = _extension(issuer, x509.KeyUsage)
        if usage is not None and not usage.key_cert_sign:
            raise ChainError(f"{_name(issuer)}: no keyCertSign in keyUsage")


def _leaf_key(leaf: x509.Certificate, asym: Signature, version: int) -> PublicKey:
    """The key of a certificate with which a requester may sign messages."""
    name = _name(leaf)
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is None and version >= V13:
        raise ChainError(f"{name} has no basicConstraints")
    if constraints is not None and constraints.ca:
        raise ChainError(f"{name} is a CA")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise ChainError(f"{name}: no digitalSignature in keyUsage")
    usages = {use.dotted_string for use in _extension(leaf, x509.ExtendedKeyUsage) or ()}
    if oids.RESPONDER_AUTH in usages and oids.REQUESTER_AUTH not in usages:
        raise ChainError(f"{name}: the extended key usage is a responder's")
    try:
        key = PublicKey.from_certificate(_der(leaf))
    except UnsupportedKeyError as error:
        raise ChainError(f"{name}: {error}") from None
    if key.kind != asym.key:
        raise ChainError(f"{name}: an {key.kind} key, {asym.name} was negotiated")
    return key


def _fault(subject: x509.Certificate, issuer: x509.Certificate) -> str:
    """Why ``issuer`` has not issued ``subject``; empty if it has."""
    try:
        subject.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return f"{_name(subject)}: the signature by {_name(issuer)} does not verify"
    except _UNREADABLE as error:
        return f"{_name(subject)} is not issued by {_name(issuer)}: {error}"
    return ""


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Any:
    """The value of an extension; ``None`` without it."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "(no subject)"


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - as signing

    return certificate.public_bytes(Encoding.DER)
