"""Edited certificates, read by an X.509 library."""

import pytest
from cryptography import x509
from pki.defective import identity

from responder.crypto.random_tree import RandomTree
from responder.pki import certificate_edit as edits
from responder.pki import der_edit as der
from responder.pki.certificate_edit import CertificateEdit, Part
from responder.pki.certificate_signature import KeySigner
from responder.pki.keyring import Keyring
from responder.pki.keys import public_der

ROOT, INTERMEDIATE, LEAF = identity("ecp384").chain


@pytest.fixture
def leaf():
    return CertificateEdit(LEAF)


@pytest.fixture
def keyring():
    return Keyring(RandomTree(b"edit"))


def parsed(edit):
    return x509.load_der_x509_certificate(edit.node.encode())


def test_every_part_is_where_its_name_says(leaf):
    library = x509.load_der_x509_certificate(LEAF)

    assert leaf.part(Part.SERIAL).content == library.serial_number.to_bytes(16, "big")
    assert leaf.part(Part.ISSUER).encode() == library.issuer.public_bytes()
    assert leaf.part(Part.SUBJECT).encode() == library.subject.public_bytes()
    assert leaf.part(Part.PUBLIC_KEY).encode() in LEAF
    assert leaf.common_name() == "ecp384 device slot 0"
    assert leaf.tbs.encode() == library.tbs_certificate_bytes


def test_a_certificate_without_version_keeps_its_parts(leaf):
    leaf.drop_version()
    leaf.drop_version()

    assert parsed(leaf).version is x509.Version.v1
    assert leaf.common_name() == "ecp384 device slot 0"
    assert leaf.extension(edits.KEY_USAGE) is not None


def test_fields_are_exchanged(leaf):
    leaf.set_serial(77)
    leaf.set_validity("210203040506Z", "22000101000000Z")
    leaf.set_common_name("somebody else")

    found = parsed(leaf)
    assert found.serial_number == 77
    assert found.not_valid_before_utc.isoformat() == "2021-02-03T04:05:06+00:00"
    assert found.not_valid_after_utc.isoformat() == "2200-01-01T00:00:00+00:00"
    assert found.subject.rfc4514_string() == "CN=somebody else,O=TEST KEY - DO NOT TRUST"


def test_a_date_that_is_not_given_stays(leaf):
    leaf.set_validity(end="210101000000Z")

    assert parsed(leaf).not_valid_before_utc.year == 2020


def test_a_subject_without_a_common_name_gets_one(leaf):
    leaf.put(Part.SUBJECT, der.sequence())
    assert leaf.common_name() == ""

    leaf.set_common_name("new")

    assert parsed(leaf).subject.rfc4514_string() == "CN=new"


def test_an_extension_is_exchanged_in_its_place(leaf):
    before = [e.oid.dotted_string for e in parsed(leaf).extensions]
    leaf.set_extension(edits.BASIC_CONSTRAINTS, der.sequence(edits.TRUE))

    found = parsed(leaf).extensions.get_extension_for_class(x509.BasicConstraints)
    assert (found.value.ca, found.critical) == (True, True)
    assert [e.oid.dotted_string for e in parsed(leaf).extensions] == before


def test_an_extension_is_added_and_taken_away(leaf):
    assert leaf.extension("2.999.2") is None
    assert leaf.value("2.999.2") is None

    leaf.set_extension("2.999.2", b"\x05\0")
    assert parsed(leaf).extensions[-1].oid.dotted_string == "2.999.2"
    assert not parsed(leaf).extensions[-1].critical

    leaf.set_extension("2.999.2", b"\x05\0", critical=True)
    assert leaf.is_critical("2.999.2")
    leaf.remove_extension("2.999.2")
    leaf.remove_extension("2.999.2")
    assert leaf.node.encode() == LEAF


def test_a_certificate_without_extensions_gets_a_list(leaf):
    leaf.tbs.delete((-1,))

    leaf.set_extension("2.999.2", b"\x05\0")

    assert [e.oid.dotted_string for e in parsed(leaf).extensions] == ["2.999.2"]


def test_a_key_brings_its_identifier(leaf, keyring):
    key = keyring.make("ecp256", "leaf")
    leaf.set_public_key(public_der(key))

    expected = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    found = parsed(leaf).extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert found.value == expected


def test_an_issuer_brings_its_identifier_as_far_as_it_has_one(leaf):
    leaf.set_issuer(CertificateEdit(ROOT))
    found = parsed(leaf).extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    root = x509.load_der_x509_certificate(ROOT)
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert found.value.key_identifier == own.value.digest
    assert parsed(leaf).issuer == root.subject

    nameless = CertificateEdit(ROOT)
    nameless.remove_extension(edits.SUBJECT_KEY_IDENTIFIER)
    leaf.set_issuer(nameless)
    assert leaf.extension(edits.AUTHORITY_KEY_IDENTIFIER) is None


@pytest.mark.parametrize("kind", ["ecp256", "ecp521", "ed25519", "rsa2048"])
def test_a_signature_is_by_the_key_and_names_its_algorithm(leaf, keyring, kind):
    key = keyring.make(kind, "slot6")
    issuer = CertificateEdit(INTERMEDIATE)
    issuer.set_public_key(public_der(key))
    leaf.set_serial(5)

    signed = x509.load_der_x509_certificate(leaf.signed(KeySigner(key)))

    signed.verify_directly_issued_by(parsed(issuer))
    assert signed.serial_number == 5


def test_the_editor_signs_as_the_builder_does(keyring):
    edit = CertificateEdit(LEAF)
    key = keyring.find(CertificateEdit(INTERMEDIATE).part(Part.PUBLIC_KEY).encode())

    assert edit.signed(KeySigner(key)) == LEAF


def test_what_is_no_der_is_refused():
    with pytest.raises(der.DerError):
        CertificateEdit(LEAF[:-1])
