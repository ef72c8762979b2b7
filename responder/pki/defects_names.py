"""Defects of names: issuer, subject, subjectAltName and name constraints."""

import re

from responder.errors import ConfigError
from responder.pki import der_edit as der
from responder.pki import oids
from responder.pki.certificate_edit import (
    NAME_CONSTRAINTS,
    SUBJECT_ALTERNATIVE_NAME,
    CertificateEdit,
    Part,
)
from responder.pki.defect_draft import Defect, Draft, leaf
from responder.pki.der_edit import Node

OTHER_DEVICE = "SPDM-RESPONDER:another-device:00000002"
"""manufacturer:product:serial of a device that is not this one."""
OTHER_FUNCTION = "Vendor=dead:Device=beef:CC=ff0000:REV=00"
"""The CMA identity for a leaf that had none: a device that nobody has."""

_ORGANIZATION = "2.5.4.10"
_EMPTY = der.sequence()


def other_device(edit: CertificateEdit) -> None:
    """Let DMTF's otherName speak of another device."""
    _set_other_name(edit, oids.DEVICE_INFO, _utf8(OTHER_DEVICE))


def _set_other_name(edit: CertificateEdit, type_id: str, value: Node) -> None:
    """Exchange the otherName of that type, or add it."""
    names = edit.value(SUBJECT_ALTERNATIVE_NAME) or der.sequence()
    kept = [node for node in names.children if not _is_other_name(node, type_id)]
    names.children = [*kept, der.tagged(0, [der.identifier(type_id), der.tagged(0, [value])])]
    edit.set_extension(SUBJECT_ALTERNATIVE_NAME, names)


def _other_name(edit: CertificateEdit, type_id: str) -> str:
    names = edit.value(SUBJECT_ALTERNATIVE_NAME) or der.sequence()
    found = (node for node in names.children if _is_other_name(node, type_id))
    return next((node.at(1, 0).content.decode() for node in found), "")


def _is_other_name(node: Node, type_id: str) -> bool:
    return bool(node.children) and node.at(0).encode() == oids.der(type_id)


def _utf8(text: str) -> Node:
    return Node(der.UTF8_STRING, text.encode())


def _lying_device_info(edit: CertificateEdit) -> None:
    value = _utf8(OTHER_DEVICE)
    value.length = b"\x7f"
    _set_other_name(edit, oids.DEVICE_INFO, value)


def _wrong_function(edit: CertificateEdit) -> None:
    """The name of a healthy leaf with another vendor and device."""
    name = _other_name(edit, oids.CMA_IDENTITY) or OTHER_FUNCTION
    name = re.sub("^Vendor=[0-9a-f]{4}:Device=[0-9a-f]{4}", OTHER_FUNCTION[:23], name)
    _set_other_name(edit, oids.CMA_IDENTITY, _utf8(name))


def _nul_in_name(edit: CertificateEdit) -> None:
    edit.set_common_name(f"{edit.common_name()}\0.example")


def _empty_issuer(edit: CertificateEdit) -> None:
    edit.put(Part.ISSUER, _EMPTY)


def _other_issuer(draft: Draft) -> None:
    """The name of the authority above, and a word more."""
    named = draft.edit(draft.issuer)
    named.set_common_name(f"{named.common_name()} or another")
    draft.reissue(draft.leaf, lambda edit: edit.put(Part.ISSUER, named.part(Part.SUBJECT)))


def _empty_authority(draft: Draft) -> None:
    draft.reissue(draft.intermediate, lambda edit: edit.put(Part.SUBJECT, _EMPTY))
    draft.adopt(draft.leaf)


def _constrain(edit: CertificateEdit) -> None:
    """Only names of another organization: permittedSubtrees with one directoryName."""
    pair = der.sequence(der.identifier(_ORGANIZATION), _utf8("another organization"))
    name = der.sequence(Node(der.SET, children=[pair]))
    subtree = der.sequence(der.tagged(4, [name]))
    edit.set_extension(NAME_CONSTRAINTS, der.sequence(der.tagged(0, [subtree])), critical=True)


def _check_subject(draft: Draft) -> None:
    if not draft.edit(draft.leaf).part(Part.SUBJECT).children:
        raise ConfigError("this defect constrains the leaf's subject, which is empty")
    draft.reissue(draft.intermediate, _constrain)


NAME_DEFECTS = (
    Defect("empty-issuer", "The leaf's issuer is an empty name.", leaf(_empty_issuer)),
    Defect(
        "empty-subject-ca",
        "The subject of the leaf's issuer is an empty name, and the leaf names it as its issuer.",
        _empty_authority,
    ),
    Defect(
        "issuer-other-name",
        "The leaf names another issuer than the authority that has signed it.",
        _other_issuer,
    ),
    Defect("null-in-name", "The leaf's common name contains NUL.", leaf(_nul_in_name)),
    Defect(
        "dmtf-othername-bad",
        "The length inside DMTF's otherName goes beyond the end of subjectAltName.",
        leaf(_lying_device_info),
    ),
    Defect(
        "san-pci-id-wrong",
        "The PCIe CMA name in subjectAltName has another vendor and device than the function.",
        leaf(_wrong_function),
    ),
    Defect(
        "name-constraints-violation",
        "The leaf's issuer is constrained to names of another organization than the leaf's.",
        _check_subject,
    ),
)
"""What is wrong with names."""
