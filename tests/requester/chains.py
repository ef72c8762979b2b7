"""Certificates for the requester's tests: P-256 keys from fixed scalars, each part changeable."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2040, 1, 1, tzinfo=UTC)

HARDWARE_IDENTITY = bytes.fromhex("300e300c060a2b06010401831c821202")
MUTABLE = HARDWARE_IDENTITY[:-1] + b"\x05"
SHA256_WITH_RSA = bytes.fromhex("06092a864886f70d01010b")
SHA1_WITH_RSA = bytes.fromhex("06092a864886f70d010105")
SPDM_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.412.274.6")
RESPONDER_AUTH = x509.ObjectIdentifier("1.3.6.1.4.1.412.274.3")
REQUESTER_AUTH = x509.ObjectIdentifier("1.3.6.1.4.1.412.274.4")
CMA_NAME = x509.ObjectIdentifier("2.23.147")
SAN = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"

CA_USAGE = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
LEAF_USAGE = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


@cache
def key(scalar: int, curve: Any = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """The private key of a small scalar; the cheapest key that is always the same."""
    return ec.derive_private_key(scalar, curve())


ROOT_KEY, INTERMEDIATE_KEY, LEAF_KEY, OTHER_KEY = (key(n) for n in (101, 102, 103, 104))


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)] if text else [])


def other_name(text: str) -> x509.SubjectAlternativeName:
    value = text.encode()
    der = bytes((0x0C, len(value))) + value
    return x509.SubjectAlternativeName([x509.OtherName(CMA_NAME, der)])


@dataclass(frozen=True, eq=False)
class Spec:
    """One certificate: who, whose key, and its extensions as (value, critical)."""

    subject: str
    issuer: str
    public: Any
    signer: Any
    serial: int = 0x1122334455667788
    begin: datetime = BEGIN
    end: datetime = END
    extensions: tuple[tuple[Any, bool], ...] = ()
    digest: Any = field(default_factory=hashes.SHA256)

    def change(self, **changes: Any) -> "Spec":
        return replace(self, **changes)

    def with_extension(self, value: Any, *, critical: bool = False) -> "Spec":
        """The extension replaces one of the same OID."""
        kept = tuple(e for e in self.extensions if e[0].oid != value.oid)
        return replace(self, extensions=(*kept, (value, critical)))

    def without_extension(self, kind: Any) -> "Spec":
        return replace(self, extensions=tuple(e for e in self.extensions if e[0].oid != kind.oid))

    def build(self) -> bytes:
        builder = x509.CertificateBuilder(
            name(self.issuer), name(self.subject), self.public, self.serial, self.begin, self.end
        )
        for value, critical in self.extensions:
            builder = builder.add_extension(value, critical)
        return builder.sign(self.signer, self.digest).public_bytes(Encoding.DER)


def _ca(length: int | None = None) -> tuple[Any, bool]:
    return (x509.BasicConstraints(True, length), True)


ROOT = Spec("Root", "Root", ROOT_KEY.public_key(), ROOT_KEY, extensions=(_ca(), (CA_USAGE, True)))
INTERMEDIATE = Spec(
    "Intermediate",
    "Root",
    INTERMEDIATE_KEY.public_key(),
    ROOT_KEY,
    extensions=(_ca(), (CA_USAGE, True)),
)
LEAF = Spec(
    "Leaf",
    "Intermediate",
    LEAF_KEY.public_key(),
    INTERMEDIATE_KEY,
    extensions=(
        (x509.BasicConstraints(False, None), True),
        (LEAF_USAGE, True),
        (x509.ExtendedKeyUsage([RESPONDER_AUTH]), False),
        (x509.UnrecognizedExtension(SPDM_EXTENSION, HARDWARE_IDENTITY), False),
        (other_name(SAN), False),
    ),
)


@cache
def default_chain() -> tuple[bytes, ...]:
    return (ROOT.build(), INTERMEDIATE.build(), LEAF.build())


def chain(
    root: Spec = ROOT, intermediate: Spec = INTERMEDIATE, leaf: Spec = LEAF
) -> tuple[bytes, ...]:
    """A chain of three; the parts that are not changed are the default ones."""
    defaults = zip((ROOT, INTERMEDIATE, LEAF), default_chain(), strict=True)
    parts = zip((root, intermediate, leaf), defaults, strict=True)
    return tuple(der if spec is default else spec.build() for spec, (default, der) in parts)


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def patched(der: bytes, old: bytes, new: bytes, signer: Any) -> bytes:
    """A certificate with some bytes of the signed part replaced, signed again.

    Bytes of another length may be put only at the top of the signed part.
    """
    tbs = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    assert tbs.count(old) == 1, f"{tbs.count(old)} places"
    head = 2 + (tbs[1] & 0x7F if tbs[1] & 0x80 else 0)
    tbs = tlv(0x30, tbs[head:].replace(old, new))
    if isinstance(signer, rsa.RSAPrivateKey):
        signature = signer.sign(tbs, padding.PKCS1v15(), hashes.SHA1())
        algorithm = tlv(0x30, SHA1_WITH_RSA + b"\x05\0")
    else:
        signature = signer.sign(tbs, ec.ECDSA(hashes.SHA256()))
        algorithm = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
    return tlv(0x30, tbs + algorithm + tlv(0x03, b"\0" + signature))


def public_key_der(private: Any) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def rsa_public_key(bits: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    """A public key of that size to which nobody has the private one."""
    return rsa.RSAPublicNumbers(exponent, (1 << bits) - 1).public_key()
