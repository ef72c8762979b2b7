"""Names in defective chains, as an X.509 library reads them."""

from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pki.defective import SUITES, certificates, identity

CMA, DEVICE_INFO = "2.23.147", "1.3.6.1.4.1.412.274.1"


def load(name, kind="ecp384", set_name="device"):
    return [x509.load_der_x509_certificate(der) for der in certificates(name, kind, set_name)]


def other_names(certificate):
    kind = x509.SubjectAlternativeName
    names = certificate.extensions.get_extension_for_class(kind).value
    found = names.get_values_for_type(x509.OtherName)
    return {name.type_id.dotted_string: name.value for name in found}


@pytest.mark.parametrize("kind", SUITES)
@pytest.mark.parametrize(
    "name",
    ["empty-subject-ca", "null-in-name", "san-pci-id-wrong", "name-constraints-violation"],
)
def test_signatures_and_issuers_are_right(name, kind):
    chain = load(name, kind)

    assert certificates(name, kind)[0] == identity(kind).chain[0]
    for issuer, subject in pairwise(chain):
        subject.verify_directly_issued_by(issuer)


def test_an_empty_issuer_has_still_signed():
    _, issuer, leaf = load("empty-issuer")

    assert not list(leaf.issuer)
    assert list(leaf.subject)
    algorithm = ec.ECDSA(leaf.signature_hash_algorithm)
    issuer.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, algorithm)


def test_another_issuer_is_named_than_has_signed():
    _, issuer, leaf = load("issuer-other-name")

    assert leaf.issuer.rfc4514_string() != issuer.subject.rfc4514_string()
    algorithm = ec.ECDSA(leaf.signature_hash_algorithm)
    issuer.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, algorithm)


def test_an_empty_authority_is_named_by_its_leaf():
    _, issuer, leaf = load("empty-subject-ca")

    assert not list(issuer.subject)
    assert not list(leaf.issuer)
    assert list(issuer.issuer)


def test_nul_is_in_the_middle_of_a_name():
    leaf = load("null-in-name")[2]

    (name,) = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert name.value == "ecp384 device slot 0\0.example"


def test_the_length_in_dmtfs_name_lies():
    leaf = certificates("dmtf-othername-bad")[2]

    assert leaf.count(b"\x0c\x7fSPDM-RESPONDER:another-device:00000002") == 1
    with pytest.raises(ValueError, match="parsing asn1"):
        _ = x509.load_der_x509_certificate(leaf).extensions


@pytest.mark.parametrize(
    ("set_name", "text"),
    [
        ("device", b"Vendor=dead:Device=beef:CC=ff0000:REV=00"),
        ("qemu-nvme", b"Vendor=dead:Device=beef:CC=010802:REV=02:SSVID=1af4:SSID=1100"),
    ],
)
def test_the_name_of_another_function(set_name, text):
    names = other_names(load("san-pci-id-wrong", set_name=set_name)[2])

    assert names[CMA] == bytes((0x0C, len(text))) + text
    assert names[DEVICE_INFO].endswith(f"SPDM-RESPONDER:{set_name}:00000001".encode())


def test_names_are_constrained_to_another_organization():
    _, issuer, leaf = load("name-constraints-violation")

    found = issuer.extensions.get_extension_for_class(x509.NameConstraints)
    (permitted,) = found.value.permitted_subtrees
    assert found.critical
    assert permitted.value.rfc4514_string() == "O=another organization"
    assert leaf.subject.rfc4514_string().endswith("O=TEST KEY - DO NOT TRUST")
