"""An X.509 certificate whose parts are exchanged by name (RFC 5280 section 4.1)."""

from enum import IntEnum
from hashlib import sha1
from typing import Protocol

from responder.pki import der_edit as der
from responder.pki import oids
from responder.pki.der_edit import Node

BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
SUBJECT_KEY_IDENTIFIER, AUTHORITY_KEY_IDENTIFIER = "2.5.29.14", "2.5.29.35"
SUBJECT_ALTERNATIVE_NAME, NAME_CONSTRAINTS = "2.5.29.17", "2.5.29.30"
CRL_DISTRIBUTION_POINTS, AUTHORITY_INFORMATION_ACCESS = "2.5.29.31", "1.3.6.1.5.5.7.1.1"

TRUE = Node(der.BOOLEAN, b"\xff")

_COMMON_NAME = "2.5.4.3"
_VERSION_TAG, _EXTENSIONS_TAG = 0xA0, 0xA3
_UTC_LENGTH = 13


class Signer(Protocol):
    """A private key with an algorithm for certificates."""

    def algorithm(self) -> bytes:
        """AlgorithmIdentifier in DER."""

    def sign(self, message: bytes) -> bytes:
        """The signature, as the BIT STRING of a certificate holds it."""


class Part(IntEnum):
    """The parts of TBSCertificate that every certificate has, counted after the version."""

    SERIAL = 0
    ALGORITHM = 1
    ISSUER = 2
    VALIDITY = 3
    SUBJECT = 4
    PUBLIC_KEY = 5


class CertificateEdit:
    """One certificate as a tree.

    Attributes:
        node: Certificate: TBSCertificate, AlgorithmIdentifier, BIT STRING.
    """

    def __init__(self, data: bytes) -> None:
        """Read a certificate.

        Raises:
            DerError: it is not DER.
        """
        self.node = der.read(data)

    @property
    def tbs(self) -> Node:
        """TBSCertificate: what is signed."""
        return self.node.at(0)

    def part(self, part: Part) -> Node:
        """A part of TBSCertificate."""
        return self.tbs.at(self._place(part))

    def put(self, part: Part, node: Node) -> None:
        """Exchange a part of TBSCertificate."""
        self.tbs.replace((self._place(part),), node)

    def drop_version(self) -> None:
        """Leave the version out, which says version 1."""
        if self.tbs.at(0).tag == _VERSION_TAG:
            self.tbs.delete((0,))

    def set_serial(self, serial: int) -> None:
        """Exchange the serial number."""
        self.put(Part.SERIAL, der.integer(serial))

    def set_validity(self, begin: str = "", end: str = "") -> None:
        """Exchange dates, ``YYMMDDHHMMSSZ`` or ``YYYYMMDDHHMMSSZ``; an empty one stays."""
        for place, text in enumerate((begin, end)):
            if text:
                self.part(Part.VALIDITY).replace((place,), _time(text))

    def set_public_key(self, spki: bytes) -> None:
        """Exchange SubjectPublicKeyInfo, and the identifier that is its hash."""
        self.put(Part.PUBLIC_KEY, der.read(spki))
        if self.extension(SUBJECT_KEY_IDENTIFIER):
            self.set_extension(SUBJECT_KEY_IDENTIFIER, Node(der.OCTET_STRING, self.key_hash()))

    def key_hash(self) -> bytes:
        """The key's identifier by RFC 5280 section 4.2.1.2 (1), 20 bytes."""
        bits = self.part(Part.PUBLIC_KEY).at(-1).content[1:]
        return sha1(bits, usedforsecurity=False).digest()

    def key_identifier(self) -> bytes:
        """What certificates below this one name as their issuer's key; empty if nothing."""
        value = self.value(SUBJECT_KEY_IDENTIFIER)
        return value.content if value else b""

    def common_name(self) -> str:
        """The subject's CN, empty if it has none."""
        node = self._common_name()
        return node.content.decode(errors="replace") if node else ""

    def set_common_name(self, text: str) -> None:
        """Exchange the subject's CN; a subject without one becomes that CN alone."""
        value = Node(der.UTF8_STRING, text.encode())
        node = self._common_name()
        if node is None:
            pair = der.sequence(der.identifier(_COMMON_NAME), value)
            self.put(Part.SUBJECT, der.sequence(Node(der.SET, children=[pair])))
        else:
            node.tag, node.content = value.tag, value.content

    def set_issuer(self, issuer: "CertificateEdit") -> None:
        """Name another issuer, and its key."""
        self.put(Part.ISSUER, issuer.part(Part.SUBJECT))
        identifier = issuer.key_identifier()
        if not identifier:
            self.remove_extension(AUTHORITY_KEY_IDENTIFIER)
        elif self.extension(AUTHORITY_KEY_IDENTIFIER):
            value = der.sequence(der.tagged(0, identifier))
            self.set_extension(AUTHORITY_KEY_IDENTIFIER, value)

    def extension(self, dotted: str) -> Node | None:
        """Extension: OID, critical if it is so, OCTET STRING."""
        return next((n for n in self._extensions() if _is(n, dotted)), None)

    def value(self, dotted: str) -> Node | None:
        """What an extension says, a copy; ``DerError`` if that is not DER."""
        found = self.extension(dotted)
        return None if found is None else der.read(found.at(-1).content)

    def is_critical(self, dotted: str) -> bool:
        """Whether the extension is there and critical."""
        found = self.extension(dotted)
        return found is not None and len(found.children) == 3

    def set_extension(
        self, dotted: str, value: Node | bytes, *, critical: bool | None = None
    ) -> None:
        """Exchange an extension in its place, or add it; it stays as critical as it was."""
        if critical is None:
            critical = self.is_critical(dotted)
        content = value if isinstance(value, bytes) else value.encode()
        flag = [TRUE] if critical else []
        node = der.sequence(der.identifier(dotted), *flag, Node(der.OCTET_STRING, content))
        everything = self._extensions()
        for place, one in enumerate(everything):
            if _is(one, dotted):
                everything[place] = node
                return
        everything.append(node)

    def remove_extension(self, dotted: str) -> None:
        """Take an extension away, if it is there."""
        everything = self._extensions()
        everything[:] = [node for node in everything if not _is(node, dotted)]

    def signed(self, signer: Signer) -> bytes:
        """The certificate with this signature over what it says now."""
        algorithm = der.read(signer.algorithm())
        self.put(Part.ALGORITHM, algorithm)
        signature = der.bit_string(signer.sign(self.tbs.encode()))
        self.node.children[1:] = [algorithm, signature]
        return self.node.encode()

    def _place(self, part: Part) -> int:
        return part + (self.tbs.at(0).tag == _VERSION_TAG)

    def _common_name(self) -> Node | None:
        pairs = (node for node in self.part(Part.SUBJECT).walk() if _is(node, _COMMON_NAME))
        found = next(pairs, None)
        return found.at(1) if found else None

    def _extensions(self) -> list[Node]:
        """The list inside the tree itself; it is made if there is none."""
        last = self.tbs.at(-1)
        if last.tag != _EXTENSIONS_TAG:
            last = der.tagged(3, [der.sequence()])
            self.tbs.children.append(last)
        return last.at(0).children


def _is(node: Node, dotted: str) -> bool:
    """Whether a SEQUENCE begins with that OID."""
    return bool(node.children) and node.at(0).encode() == oids.der(dotted)


def _time(text: str) -> Node:
    tag = der.UTC_TIME if len(text) == _UTC_LENGTH else der.GENERALIZED_TIME
    return Node(tag, text.encode())
