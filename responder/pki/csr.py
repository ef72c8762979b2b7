"""Certificate signing requests: PKCS #10 (RFC 2986) for a key of the device."""

from collections.abc import Sequence

from responder.pki import der_edit as der
from responder.pki import oids
from responder.pki.builder import WARNING
from responder.pki.certificate_edit import (
    BASIC_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    SUBJECT_ALTERNATIVE_NAME,
    CertificateEdit,
    Part,
    Signer,
)
from responder.pki.der_edit import DerError, Node
from responder.spec.registries import CertificateModel

EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
"""The attribute that asks for extensions (RFC 2985 section 5.4.2)."""

_ORGANIZATION, _COMMON_NAME = "2.5.4.10", "2.5.4.3"
_ATTRIBUTES_TAG = 0xA0
_COPIED = (BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, SUBJECT_ALTERNATIVE_NAME)


class RequesterInfo:
    """What a requester wants a CSR to say: a CertificationRequestInfo in DER.

    Attributes:
        subject: Name; empty for the device's own.
        attributes: what is to be asked for.
    """

    def __init__(self, data: bytes) -> None:
        """Read it; no bytes ask for nothing.

        Raises:
            DerError: it is not SEQUENCE { INTEGER, SEQUENCE, SEQUENCE, [0] }.
        """
        self.subject = der.sequence()
        self.attributes: list[Node] = []
        if not data:
            return
        info = der.read(data)
        tags = [child.tag for child in info.children]
        wanted = [der.INTEGER, der.SEQUENCE, der.SEQUENCE, _ATTRIBUTES_TAG]
        if info.tag != der.SEQUENCE or tags != wanted:
            raise DerError("RequesterInfo is no CertificationRequestInfo")
        self.subject = info.at(1)
        self.attributes = info.at(3).children

    @property
    def asks_for_extensions(self) -> bool:
        """Whether the requester chose the extensions itself."""
        wanted = oids.der(EXTENSION_REQUEST)
        return any(one.children and one.at(0).encode() == wanted for one in self.attributes)


def requester_info(common_name: str, attributes: Sequence[Node] = ()) -> bytes:
    """A RequesterInfo in DER that asks for a subject of one common name, and for attributes."""
    subject = _name((_COMMON_NAME, common_name))
    parts = (der.integer(0), subject, der.sequence(), der.tagged(0, list(attributes)))
    return der.sequence(*parts).encode()


def signing_request(
    spki: bytes, signer: Signer, info: RequesterInfo, present: bytes, model: CertificateModel
) -> bytes:
    """A CSR in DER.

    Args:
        spki: SubjectPublicKeyInfo.
        signer: signs with the private half.
        info: what the requester asked for; its subject and its extensions come before ours.
        present: the certificate that the new one is going to replace, DER; its subject and
            extensions are asked for again. Empty if there is none.
        model: what the certificate is going to be.
    """
    certificate = CertificateEdit(present) if present else None
    subject = info.subject
    if not subject.children:
        subject = certificate.part(Part.SUBJECT) if certificate else _plain_subject(model)
    attributes = list(info.attributes)
    if certificate and not info.asks_for_extensions:
        attributes.append(_extension_request(certificate, model))
    request_info = der.sequence(der.integer(0), subject, der.read(spki), der.tagged(0, attributes))
    signature = der.bit_string(signer.sign(request_info.encode()))
    return der.sequence(request_info, der.read(signer.algorithm()), signature).encode()


def _plain_subject(model: CertificateModel) -> Node:
    common_name = f"spdm-responder {model.name.lower()} key"
    return _name((_ORGANIZATION, WARNING), (_COMMON_NAME, common_name))


def _name(*parts: tuple[str, str]) -> Node:
    names = (
        der.sequence(der.identifier(oid), Node(der.UTF8_STRING, text.encode()))
        for oid, text in parts
    )
    return der.sequence(*(Node(der.SET, children=[name]) for name in names))


def _extension_request(certificate: CertificateEdit, model: CertificateModel) -> Node:
    copied = _COPIED if model is CertificateModel.GENERIC else (*_COPIED, oids.SPDM_EXTENSION)
    found = (certificate.extension(dotted) for dotted in copied)
    extensions = der.sequence(*(node for node in found if node))
    values = Node(der.SET, children=[extensions])
    return der.sequence(der.identifier(EXTENSION_REQUEST), values)
