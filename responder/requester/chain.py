"""A certificate chain: its structure, and the path from a trusted root to the leaf.

Source: DSP0274 "Certificates and certificate chains", RFC 5280 section 6.1.
"""

from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey
from responder.errors import ConfigError
from responder.requester.conversation import Conversation
from responder.requester.der import split_certificates
from responder.requester.leaf import check_leaf
from responder.requester.x509 import Certificate, UnreadableError, signature_name
from responder.spec.registries import CertificateModel
from responder.spec.versions import V14

_LENGTH_SIZE = 4
_SHORT_LENGTH_SIZE = 2
_MAX_SERIAL_BITS = 8 * 20 - 1
_MIN_RSA_BITS = 2048
_MIN_RSA_EXPONENT = 3
_WEAK_HASHES = ("md2", "md4", "md5", "sha1")


def validate(c: Conversation, chain: bytes, model: CertificateModel) -> PublicKey | None:
    """Check a chain structure; ``None`` only where checks are left out and no leaf is readable."""
    root_hash, body = _split(c, chain)
    ders, fault = split_certificates(body)
    c.require("x5.framing", not fault, fault)
    limit = c.options.patience.certificates
    c.require("x5.count", 0 < len(ders) <= limit, f"{len(ders)} certificates, limit {limit}")
    certificates = _load(c, ders)
    if not certificates:
        return None
    c.report.chain = [certificate.report() for certificate in certificates]
    leaf = certificates[-1]
    identity = c.report.identity
    identity.subject, identity.serial = leaf.name, leaf.serial
    identity.other_names = leaf.other_names()
    for certificate in certificates:
        _check_certificate(c, certificate)
    duplicate = len(set(ders)) != len(ders)
    c.require("x5.duplicate", not duplicate, "a certificate comes twice")
    _check_root(c, certificates[0], root_hash)
    _check_links(c, certificates)
    return check_leaf(c, leaf, model)


def _split(c: Conversation, chain: bytes) -> tuple[bytes, bytes]:
    """RootHash and what follows it."""
    size = _LENGTH_SIZE + c.agreed.base_hash.size
    c.require("x5.header-size", len(chain) >= size, f"{len(chain)} bytes")
    # Before 1.4 the upper two bytes are reserved.
    width = _LENGTH_SIZE if c.agreed.version >= V14 else _SHORT_LENGTH_SIZE
    length = int.from_bytes(chain[:width], "little")
    c.require("x5.header-length", length == len(chain), f"Length {length} of {len(chain)} bytes")
    return chain[_LENGTH_SIZE:size], chain[size:]


def _load(c: Conversation, ders: list[bytes]) -> list[Certificate]:
    certificates = []
    for number, der in enumerate(ders):
        try:
            certificate = Certificate.load(der)
        except UnreadableError as error:
            c.require("x5.readable", condition=False, detail=f"certificate {number}: {error}")
            continue
        fault = certificate.extension_fault
        c.require("x5.extensions", not fault, f"{certificate.name}: {fault}")
        certificates.append(certificate)
    return certificates


def _check_certificate(c: Conversation, certificate: Certificate) -> None:
    """What every certificate of the chain has to fulfil by itself."""
    name, parsed = certificate.name, certificate.parsed
    c.require("x5.version", parsed.version == x509.Version.v3, f"{name}: {parsed.version.name}")
    serial = certificate.serial_number
    c.require(
        "x5.serial", serial > 0 and serial.bit_length() <= _MAX_SERIAL_BITS, f"{name}: {serial}"
    )
    c.require(
        "x5.names-present",
        list(parsed.subject) and list(parsed.issuer),
        f"serial {certificate.serial}: an empty name",
    )
    if certificate.has_nul:
        c.report.observe("chain.nul-in-name", name)
    _check_validity(c, certificate)
    unknown = certificate.unknown_critical()
    c.require("x5.critical-extension", not unknown, f"{name}: {', '.join(unknown)}")
    algorithm = signature_name(parsed)
    weak = any(hash_name in algorithm.lower() for hash_name in _WEAK_HASHES)
    c.require("x5.signature-algorithm", not weak, f"{name}: {algorithm}")
    _check_key(c, certificate)


def _check_validity(c: Conversation, certificate: Certificate) -> None:
    now = c.options.time
    if now is None:
        c.report.observe("chain.no-clock")
        return
    begin, end = certificate.parsed.not_valid_before_utc, certificate.parsed.not_valid_after_utc
    c.require("x5.not-before", begin <= now, f"{certificate.name}: valid from {begin}")
    c.require("x5.not-after", now <= end, f"{certificate.name}: valid until {end}")


def _check_key(c: Conversation, certificate: Certificate) -> None:
    try:
        key = certificate.library_key()
    except UnreadableError as error:
        detail = f"{certificate.name}: {error}"
        c.require("x5.public-key", condition=False, detail=detail)
        return
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        c.require(
            "x5.weak-key",
            key.key_size >= _MIN_RSA_BITS and exponent >= _MIN_RSA_EXPONENT,
            f"{certificate.name}: RSA of {key.key_size} bits, exponent {exponent}",
        )


def _check_root(c: Conversation, first: Certificate, root_hash: bytes) -> None:
    """The first certificate is a trusted root, or one issued it."""
    anchor = _anchor_of(c, first)
    if c.require("x5.trusted-root", anchor, f"{first.name}: no trusted root has issued it"):
        c.report.trust_anchor = (anchor or first).name
    # A root that renews a trusted name and key is hashed as it was sent.
    root = first if first.self_issued or anchor is None else anchor
    if root.self_issued:  # else somebody trusts an intermediate, and the root is out of sight
        expected = digest(c.agreed.base_hash, root.der)
        c.require("x5.root-hash", root_hash == expected, f"RootHash is not that of {root.name}")
    if first.self_issued and first.extension(x509.BasicConstraints) is not None:
        critical = first.is_critical(x509.BasicConstraints)
        c.require("x5.root-critical", critical, f"{first.name}: basicConstraints not critical")


def load_root(der: bytes) -> Certificate:
    """Read a trusted root.

    Raises:
        ConfigError: it is no certificate.
    """
    try:
        return Certificate.load(der)
    except UnreadableError as error:
        raise ConfigError(str(error), where="trusted root") from error


def _anchor_of(c: Conversation, first: Certificate) -> Certificate | None:
    """The trusted root that is, or has issued, the first certificate."""
    anchors = [load_root(der) for der in c.options.roots]
    for anchor in anchors:
        if anchor.der == first.der:
            return anchor
    for anchor in anchors:
        if first.self_issued and anchor.subject == first.subject and _same_key(anchor, first):
            return anchor
    if first.self_issued:
        return None
    issuers = [anchor for anchor in anchors if anchor.subject == first.issuer]
    faults = [first.verify_signature(anchor) for anchor in issuers]
    for anchor, fault in zip(issuers, faults, strict=True):
        if not fault:
            return anchor
    if not issuers:
        return None
    c.require("x5.signature", condition=False, detail=faults[0])
    return issuers[0]


def _same_key(one: Certificate, other: Certificate) -> bool:
    try:
        return one.key_der() == other.key_der()
    except UnreadableError:
        return False


def _check_links(c: Conversation, certificates: list[Certificate]) -> None:
    """Names and signatures from each certificate to the next, and what an issuer may do."""
    first = certificates[0]
    if first.self_issued:
        fault = first.verify_signature(first)
        c.require("x5.signature", not fault, fault)
    if len(certificates) == 1 and first.self_issued:
        c.report.observe("chain.self-signed-leaf", first.name)
    for position, (issuer, subject) in enumerate(pairwise(certificates)):
        c.require(
            "x5.name-chaining",
            subject.issuer == issuer.subject,
            f"{subject.name} names another issuer than {issuer.name}",
        )
        fault = subject.verify_signature(issuer)
        c.require("x5.signature", not fault, fault)
        below = certificates[position + 1 : -1]
        _check_issuer(c, issuer, sum(not ca.self_issued for ca in below))


def _check_issuer(c: Conversation, issuer: Certificate, intermediates_below: int) -> None:
    constraints = issuer.extension(x509.BasicConstraints)
    ca = constraints is not None and constraints.ca
    c.require("x5.issuer-ca", ca, f"{issuer.name} is no CA")
    if ca and not issuer.is_critical(x509.BasicConstraints) and not issuer.self_issued:
        c.report.observe("chain.constraints-not-critical", issuer.name)
    if issuer.extension(x509.NameConstraints) is not None:  # critical ones are refused before
        c.report.observe("chain.name-constraints", issuer.name)
    limit = constraints.path_length if ca else None
    c.require(
        "x5.path-length",
        limit is None or intermediates_below <= limit,
        f"{issuer.name} allows {limit} below it, there are {intermediates_below}",
    )
    usage = issuer.extension(x509.KeyUsage)
    c.require("x5.cert-sign", usage is None or usage.key_cert_sign, f"{issuer.name}: keyUsage")
