"""Issues X.509 certificates for SPDM chains: a template, a key and an issuer become a certificate.

Nothing here draws randomness or reads a clock: serial numbers come from a random tree, dates are
constants, ECDSA signs deterministically and RSA with PKCS #1 v1.5, so one seed gives one chain.
"""

from datetime import UTC, datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from responder.crypto.random_tree import RandomTree
from responder.pki import oids
from responder.pki.extensions import Name, spdm_extension, subject_alternative_name
from responder.pki.keys import Key, certificate_hash, kind_of, private_pem
from responder.pki.sets import pem
from responder.spec.registries import CertificateModel

WARNING = "TEST KEY - DO NOT TRUST"
"""The organization in every subject, and the first words of every file."""

NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""A device's certificate never expires (RFC 5280 section 4.1.2.5)."""

_SERIAL_BYTES = 16
_TLS = (oids.SERVER_AUTH, oids.CLIENT_AUTH)


class Template(msgspec.Struct, frozen=True):
    """What a certificate says, but for keys and issuer.

    Attributes:
        common_name: the subject's CN; its O is ``WARNING``.
        ca: basicConstraints CA, with keyCertSign and cRLSign.
        signs: keyUsage digitalSignature.
        usages: extended key usages, dotted; no extension without them.
        marks: object identifiers in the SPDM extension; no extension without them.
        names: otherNames of subjectAltName; no extension without them.
    """

    common_name: str
    ca: bool = False
    signs: bool = False
    usages: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()


class Credential(msgspec.Struct, frozen=True):
    """A private key and the certificates for it, the root first."""

    key: Key
    chain: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of this very key."""
        return self.chain[-1]

    def der(self) -> list[bytes]:
        """The chain in DER, the root first."""
        return [certificate_der(certificate) for certificate in self.chain]


def root_template(kind: str, label: str = "root CA") -> Template:
    """A self-signed authority."""
    return Template(f"{kind} {label}", ca=True)


def intermediate_template(kind: str) -> Template:
    """The authority between the root and devices."""
    return Template(f"{kind} intermediate CA", ca=True)


def device_ca_template(kind: str) -> Template:
    """The Device Certificate CA of the alias model: it is what identifies the hardware."""
    return Template(
        f"{kind} Device Certificate CA",
        ca=True,
        signs=True,
        usages=(*_TLS, oids.RESPONDER_AUTH),
        marks=(oids.HARDWARE_IDENTITY,),
    )


def leaf_template(
    model: CertificateModel, common_name: str, names: tuple[Name, ...] = ()
) -> Template:
    """The leaf of a responder's chain, whose key signs messages.

    The device model's leaf is the Device Certificate; the alias model's is one that the device
    made itself; the generic model asks for nothing of SPDM's.
    """
    if model is CertificateModel.GENERIC:
        return Template(common_name, signs=True, usages=_TLS, names=names)
    mark = oids.HARDWARE_IDENTITY
    if model is CertificateModel.ALIAS:
        mark = oids.MUTABLE_CERTIFICATE
    usages = (*_TLS, oids.RESPONDER_AUTH)
    return Template(common_name, signs=True, usages=usages, marks=(mark,), names=names)


def requester_template(kind: str, names: tuple[Name, ...] = ()) -> Template:
    """The leaf of a requester's chain, for mutual authentication.

    Both roles are allowed: libspdm's sample requester checks its own chain as if it were a
    responder's, and refuses a leaf that may only be a requester.
    """
    usages = (*_TLS, oids.RESPONDER_AUTH, oids.REQUESTER_AUTH)
    return Template(f"{kind} requester", signs=True, usages=usages, names=names)


def issue(
    template: Template, key: Key, issuer: Credential | None, serials: RandomTree
) -> Credential:
    """Certify ``key``; without an issuer the certificate is self-signed.

    Args:
        template: what the certificate says.
        key: the subject's private key.
        issuer: who signs, and the chain above.
        serials: gives 16 bytes for the serial number.
    """
    certificate = sign(template, key.public_key(), issuer or Credential(key, ()), serials)
    above = issuer.chain if issuer else ()
    return Credential(key, (*above, certificate))


def sign(
    template: Template,
    public_key: CertificatePublicKeyTypes,
    issuer: Credential,
    serials: RandomTree,
) -> x509.Certificate:
    """A certificate for a public key; an issuer without a chain signs for itself."""
    subject = _subject(template.common_name)
    issuer_key = issuer.key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer.chain else subject)
        .public_key(public_key)
        .serial_number(_serial(serials))
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
    )
    for extension, critical in _extensions(template, public_key, issuer_key):
        builder = builder.add_extension(extension, critical)
    deterministic = True if isinstance(issuer_key, ec.EllipticCurvePrivateKey) else None
    algorithm = certificate_hash(kind_of(issuer_key))
    return builder.sign(issuer_key, algorithm, ecdsa_deterministic=deterministic)  # type: ignore[arg-type]


def certificate_der(certificate: x509.Certificate) -> bytes:
    """The certificate in DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def header(text: str) -> bytes:
    """The lines before the first PEM block of a file; PEM readers skip them."""
    return f"# {WARNING}: made by spdm-responder for tests.\n# {text}\n".encode()


def certificates_pem(chain: list[bytes], text: str) -> bytes:
    """DER certificates, given root first, as a PEM file, leaf first."""
    return header(text) + b"".join(pem("CERTIFICATE", der) for der in reversed(chain))


def identity_pem(credential: Credential, text: str) -> bytes:
    """Private key and chain as one PEM file: the key, then leaf to root."""
    chain = b"".join(pem("CERTIFICATE", der) for der in reversed(credential.der()))
    return header(text) + private_pem(credential.key) + chain


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, WARNING),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _serial(serials: RandomTree) -> int:
    """A positive number of 16 bytes, whose first bit is clear and second set: one length."""
    top = 1 << (8 * _SERIAL_BYTES - 2)
    return int.from_bytes(serials.bytes(_SERIAL_BYTES), "big") % top + top


def _extensions(
    template: Template, public_key: CertificatePublicKeyTypes, issuer_key: Key
) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(template.ca, None), True),
        (_key_usage(template), True),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    ]
    if template.names:
        found.append((subject_alternative_name(template.names), False))
    if template.usages:
        usages = [x509.ObjectIdentifier(dotted) for dotted in template.usages]
        found.append((x509.ExtendedKeyUsage(usages), False))
    if template.marks:
        found.append((spdm_extension(template.marks), False))
    return found


def _key_usage(template: Template) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=template.signs,
        key_cert_sign=template.ca,
        crl_sign=template.ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
