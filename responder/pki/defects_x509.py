"""Defects of single fields and extensions: version, serial number, validity, rights, marks."""

from responder.errors import ConfigError
from responder.pki import certificate_edit as x509
from responder.pki import der_edit as der
from responder.pki import oids
from responder.pki.certificate_edit import CertificateEdit
from responder.pki.defect_draft import (
    LENGTH_SIZE,
    Change,
    Defect,
    Draft,
    Recipe,
    intermediate,
    leaf,
    root,
)
from responder.pki.der_edit import Node

UNREACHABLE = "http://127.0.0.1:9/"
"""Where nothing answers (the discard port)."""
UNKNOWN_USAGE, UNKNOWN_EXTENSION = "2.999.1", "2.999.2"
"""Below the arc for examples (ITU-T X.660): nobody may know them."""

DICE_TCB_INFO = "2.23.133.5.4.1"
"""DiceTcbInfo (TCG DICE Attestation Architecture)."""
DICE_ATTESTATION = ("2.23.133.5.4.100.9", "2.23.133.5.4.100.11")
"""Key purposes of DICE: attestation by an embedded CA's leaf and by a local one."""

_KEY_AGREEMENT, _SIGNATURE_AND_CERT_SIGN, _CRL_SIGN = b"\x03\x08", b"\x02\x84", b"\x01\x02"
"""BIT STRINGs of keyUsage: how many bits are unused, and the bits."""
_OCSP, _CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
_URI_TAG = 6
_ALMOST_64K = 65_500
"""Bytes of the longest chain that a 16-bit length can tell, less what DER adds."""
_OVER_256K = 300_000


def _serial(number: int) -> Change:
    return lambda edit: edit.set_serial(number)


def _validity(begin: str = "", end: str = "") -> Change:
    return lambda edit: edit.set_validity(begin, end)


def _late_ends(draft: Draft) -> None:
    draft.reissue(draft.intermediate, _validity(end="99991231235959Z"))
    draft.reissue(draft.leaf, _validity(end="20500101000000Z"))


def _padded_to(total: int) -> Recipe:
    """Padding in an extension that nobody knows, and nobody has to."""

    def apply(draft: Draft) -> None:
        size = LENGTH_SIZE + draft.base_hash.size + sum(map(len, draft.certificates))
        padding = Node(der.OCTET_STRING, bytes(total - size))
        draft.reissue(draft.leaf, lambda edit: edit.set_extension(UNKNOWN_EXTENSION, padding))

    return apply


def _authority(ca: bool) -> Change:
    """New basicConstraints, without a path length."""
    value = der.sequence(*([x509.TRUE] if ca else []))
    return lambda edit: edit.set_extension(x509.BASIC_CONSTRAINTS, value, critical=True)


def _no_authority_below(edit: CertificateEdit) -> None:
    value = der.sequence(x509.TRUE, der.integer(0))
    edit.set_extension(x509.BASIC_CONSTRAINTS, value, critical=True)


def _without(dotted: str) -> Change:
    return lambda edit: edit.remove_extension(dotted)


def _not_critical(edit: CertificateEdit) -> None:
    value = edit.value(x509.BASIC_CONSTRAINTS) or der.sequence(x509.TRUE)
    edit.set_extension(x509.BASIC_CONSTRAINTS, value, critical=False)


def _key_usage(bits: bytes) -> Change:
    value = Node(der.BIT_STRING, bits)
    return lambda edit: edit.set_extension(x509.KEY_USAGE, value, critical=True)


def _usages(*dotted: str) -> Change:
    value = der.sequence(*(der.identifier(one) for one in dotted))
    return lambda edit: edit.set_extension(x509.EXTENDED_KEY_USAGE, value)


def _unknown_critical(edit: CertificateEdit) -> None:
    edit.set_extension(UNKNOWN_EXTENSION, Node(der.NULL), critical=True)


def _marks(*dotted: str) -> Change:
    value = der.sequence(*(der.sequence(der.identifier(one)) for one in dotted))
    return lambda edit: edit.set_extension(oids.SPDM_EXTENSION, value)


def _bad_tcb_info(edit: CertificateEdit) -> None:
    """A version field that says it is longer than everything."""
    value = der.sequence(der.tagged(2, b"1.0"))
    value.at(0).length = b"\x7f"
    edit.set_extension(DICE_TCB_INFO, value)


def _urls(edit: CertificateEdit) -> None:
    point = der.sequence(der.tagged(0, [der.tagged(0, [_uri("list.crl")])]))
    edit.set_extension(x509.CRL_DISTRIBUTION_POINTS, der.sequence(point))
    access = (
        der.sequence(der.identifier(_OCSP), _uri("ocsp")),
        der.sequence(der.identifier(_CA_ISSUERS), _uri("issuer.cer")),
    )
    edit.set_extension(x509.AUTHORITY_INFORMATION_ACCESS, der.sequence(*access))


def _uri(path: str) -> Node:
    return der.tagged(_URI_TAG, f"{UNREACHABLE}{path}".encode())


def _hardware_identity_in_alias(draft: Draft) -> None:
    _alias(draft, oids.HARDWARE_IDENTITY, oids.MUTABLE_CERTIFICATE)


def _alias_chain(draft: Draft) -> None:
    _alias(draft, oids.MUTABLE_CERTIFICATE)


def _alias(draft: Draft, *marks: str) -> None:
    """A leaf that the device made, below a Device Certificate CA, which is added if missing."""
    above = range(1, draft.leaf)
    if not any(_identifies_hardware(draft.edit(place)) for place in above):
        _insert_device_ca(draft)

    def change(edit: CertificateEdit) -> None:
        edit.set_serial(draft.serial())
        _marks(*marks)(edit)

    draft.adopt(draft.leaf, change)


def _insert_device_ca(draft: Draft) -> None:
    from responder.pki.keyring import OTHER_AUTHORITY  # noqa: PLC0415 - slow to import

    if draft.leaf < 1:
        raise ConfigError("this defect needs an authority above the leaf")
    place = draft.leaf
    key = draft.keys.make(draft.kind_of(place - 1), OTHER_AUTHORITY)
    draft.insert_authority(place, "a Device Certificate CA", key)
    draft.reissue(place, _marks(oids.HARDWARE_IDENTITY))


def _identifies_hardware(edit: CertificateEdit) -> bool:
    found = edit.extension(oids.SPDM_EXTENSION)
    return found is not None and oids.der(oids.HARDWARE_IDENTITY) in found.at(-1).content


def _dice_without_tcb_info(edit: CertificateEdit) -> None:
    value = edit.value(x509.EXTENDED_KEY_USAGE) or der.sequence()
    value.children += [der.identifier(dotted) for dotted in DICE_ATTESTATION]
    edit.set_extension(x509.EXTENDED_KEY_USAGE, value)
    edit.remove_extension(DICE_TCB_INFO)


_FIELDS = (
    Defect(
        "version-1",
        "The leaf says it is an X.509 version 1 certificate.",
        leaf(CertificateEdit.drop_version),
    ),
    Defect("serial-zero", "The leaf's serial number is 0.", leaf(_serial(0))),
    Defect("serial-negative", "The leaf's serial number is negative.", leaf(_serial(-0x5EED))),
    Defect(
        "serial-21-bytes",
        "The leaf's serial number has 21 bytes, one more than RFC 5280 allows.",
        leaf(_serial(1 << 160)),
    ),
    Defect("expired", "The leaf has expired in 2021.", leaf(_validity(end="210101000000Z"))),
    Defect(
        "not-yet-valid",
        "The leaf's validity begins in 2199.",
        leaf(_validity("21990101000000Z", "99991231235959Z")),
    ),
    Defect(
        "intermediate-expired",
        "The leaf's issuer has expired in 2021.",
        intermediate(_validity(end="210101000000Z")),
    ),
    Defect(
        "total-64k",
        "The chain has just under 65536 bytes, for the sake of an unknown extension of the leaf; "
        "legal.",
        _padded_to(_ALMOST_64K),
    ),
    Defect(
        "total-300k",
        "The chain has over 300,000 bytes, for the sake of an unknown extension of the leaf; only "
        "1.4 has lengths for them.",
        _padded_to(_OVER_256K),
    ),
    Defect(
        "time-2050-9999",
        "The leaf's validity ends in 2050, in GeneralizedTime, and that of the leaf's issuer with "
        "the year 9999; legal.",
        _late_ends,
    ),
)

_RIGHTS = (
    Defect(
        "intermediate-not-ca",
        "The basicConstraints of the leaf's issuer say that it is no authority.",
        intermediate(_authority(ca=False)),
    ),
    Defect(
        "intermediate-no-bc",
        "The leaf's issuer has no basicConstraints.",
        intermediate(_without(x509.BASIC_CONSTRAINTS)),
    ),
    Defect(
        "root-bc-noncritical",
        "The root, renewed with its name and key, has basicConstraints that are not critical.",
        root(_not_critical),
    ),
    Defect(
        "leaf-ca-true",
        "The leaf's basicConstraints say that it is an authority.",
        leaf(_authority(ca=True)),
    ),
    Defect(
        "intermediate-no-certsign",
        "The keyUsage of the leaf's issuer is cRLSign alone.",
        intermediate(_key_usage(_CRL_SIGN)),
    ),
    Defect(
        "path-length-exceeded",
        "The root, renewed with its name and key, allows no authority below it, and there is one.",
        root(_no_authority_below),
    ),
    Defect(
        "leaf-no-bc", "The leaf has no basicConstraints.", leaf(_without(x509.BASIC_CONSTRAINTS))
    ),
    Defect(
        "leaf-certsign",
        "The leaf's keyUsage is digitalSignature and keyCertSign.",
        leaf(_key_usage(_SIGNATURE_AND_CERT_SIGN)),
    ),
    Defect(
        "ku-no-digitalsig",
        "The leaf's keyUsage is keyAgreement alone.",
        leaf(_key_usage(_KEY_AGREEMENT)),
    ),
    Defect("ku-absent", "The leaf has no keyUsage.", leaf(_without(x509.KEY_USAGE))),
    Defect(
        "eku-requester-only",
        "The leaf's only extended key usage is the requester's.",
        leaf(_usages(oids.REQUESTER_AUTH)),
    ),
    Defect(
        "eku-both",
        "The leaf's extended key usages are the responder's and the requester's; legal.",
        leaf(_usages(oids.RESPONDER_AUTH, oids.REQUESTER_AUTH)),
    ),
    Defect(
        "eku-none",
        "The leaf has no extended key usage; legal.",
        leaf(_without(x509.EXTENDED_KEY_USAGE)),
    ),
    Defect(
        "eku-unknown",
        "The leaf's only extended key usage is one that nobody knows; legal.",
        leaf(_usages(UNKNOWN_USAGE)),
    ),
)

_EXTENSIONS = (
    Defect(
        "unknown-critical-ext-leaf",
        "The leaf has a critical extension that nobody knows.",
        leaf(_unknown_critical),
    ),
    Defect(
        "unknown-critical-ext-intermediate",
        "The leaf's issuer has a critical extension that nobody knows.",
        intermediate(_unknown_critical),
    ),
    Defect(
        "unknown-critical-ext-root",
        "The root, renewed with its name and key, has a critical extension that nobody knows.",
        root(_unknown_critical),
    ),
    Defect(
        "hwid-oid-in-alias-leaf",
        "The leaf is an alias certificate, and yet carries the hardware-identity OID.",
        _hardware_identity_in_alias,
    ),
    Defect(
        "hwid-oid-missing-device",
        "The leaf has no SPDM extension, so that nothing carries the hardware-identity OID.",
        leaf(_without(oids.SPDM_EXTENSION)),
    ),
    Defect(
        "alias-vs-device-model",
        "The chain is that of the alias model: a Device Certificate CA and a mutable leaf.",
        _alias_chain,
    ),
    Defect(
        "dice-tcbinfo-missing",
        "The leaf claims the purposes of a DICE attestation key, and has no DiceTcbInfo.",
        leaf(_dice_without_tcb_info),
    ),
    Defect(
        "dice-tcbinfo-bad",
        "A length in the leaf's DiceTcbInfo goes beyond its end.",
        leaf(_bad_tcb_info),
    ),
    Defect(
        "crl-dp-unreachable",
        "The leaf names a CRL, an OCSP responder and its issuer at addresses where nothing "
        "answers; legal.",
        leaf(_urls),
    ),
)

FIELD_DEFECTS = (*_FIELDS, *_RIGHTS, *_EXTENSIONS)
"""What is wrong with single fields and extensions."""
