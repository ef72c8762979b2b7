"""Says in a few lines what a certificate of an SPDM chain says."""

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.errors import ConfigError
from responder.pki import oids, sets
from responder.pki.keys import load_key, public_der

_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_KEY_USAGES = ("digital_signature", "key_cert_sign", "crl_sign", "content_commitment")


def describe_file(path: Path) -> Iterator[str]:
    """Lines about every certificate of a PEM or DER file, and about its private key.

    Raises:
        ConfigError: the file holds no certificate that can be read.
    """
    certificates = sets.read_certificates(path)
    for place, der in enumerate(certificates):
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError as error:
            raise ConfigError(f"certificate {place}: {error}", where=str(path)) from error
        yield f"{place}  {certificate.subject.rfc4514_string()}"
        yield from (f"   {line}" for line in describe(certificate))
    if b"PRIVATE KEY-----" in path.read_bytes():
        yield _key_line(sets.read_identity(path), str(path))


def describe(certificate: x509.Certificate) -> Iterator[str]:
    """Lines about issuer, key, validity, rights and identity."""
    yield f"issuer  {certificate.issuer.rfc4514_string()}"
    yield f"key     {_key(certificate)}, signed with {_algorithm(certificate)}"
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    yield f"valid   {start:%Y-%m-%d} to {end:%Y-%m-%d}, serial {certificate.serial_number:x}"
    try:
        extensions = certificate.extensions
    except _UNREADABLE as error:
        yield f"extensions cannot be read: {error}"
        return
    rights = list(_rights(extensions))
    if rights:
        yield f"rights  {', '.join(rights)}"
    for extension in extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            yield from (f"name    {_general_name(name)}" for name in extension.value)
        elif extension.oid.dotted_string == oids.SPDM_EXTENSION:
            yield f"SPDM    {_marks(extension.value)}"


def _rights(extensions: x509.Extensions) -> Iterator[str]:
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints):
            yield f"CA:{str(value.ca).upper()}"
        elif isinstance(value, x509.KeyUsage):
            yield from (_camel(name) for name in _KEY_USAGES if getattr(value, name))
        elif isinstance(value, x509.ExtendedKeyUsage):
            yield from (_known(usage.dotted_string) for usage in value)


def _key(certificate: x509.Certificate) -> str:
    try:
        return PublicKey(certificate.public_key()).kind
    except (UnsupportedKeyError, *_UNREADABLE):
        return certificate.public_key_algorithm_oid.dotted_string


def _algorithm(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    return getattr(oid, "_name", oid.dotted_string)


def _general_name(name: x509.GeneralName) -> str:
    if not isinstance(name, x509.OtherName):
        return str(name.value)
    content = oids.content(name.value).decode(errors="backslashreplace")
    return f"{_known(name.type_id.dotted_string)} {content}"


def _marks(value: x509.ExtensionType) -> str:
    """The marks are found by their own bytes: strange extensions are shown, not refused."""
    if not isinstance(value, x509.UnrecognizedExtension):
        return ""
    marks = (oids.HARDWARE_IDENTITY, oids.MUTABLE_CERTIFICATE)
    found = [oids.NAMES[mark] for mark in marks if oids.der(mark) in value.value]
    return ", ".join(found) or value.value.hex()


def _key_line(identity: sets.Identity, where: str) -> str:
    spki = public_der(load_key(identity.key, where))
    matches = spki in identity.chain[-1]
    return f"private key: {'of certificate 0' if matches else 'NOT of certificate 0'}"


def _known(dotted: str) -> str:
    return oids.NAMES.get(dotted, dotted)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
