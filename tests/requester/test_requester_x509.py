"""The view of one certificate."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from requester.chains import (
    CMA_NAME,
    LEAF,
    OTHER_KEY,
    ROOT,
    ROOT_KEY,
    SAN,
    SPDM_EXTENSION,
    default_chain,
    patched,
    rsa_public_key,
)

from responder.errors import data_root
from responder.pki.sets import pem_blocks
from responder.requester.x509 import Certificate, UnreadableError, key_kind, signature_name

ROOT_DER, INTERMEDIATE_DER, LEAF_DER = default_chain()


def load(spec):
    return Certificate.load(spec.build())


def test_names_and_serial():
    leaf = Certificate.load(LEAF_DER)
    assert leaf.name == "CN=Leaf"
    assert leaf.serial == "1122334455667788"
    assert not leaf.self_issued
    assert Certificate.load(ROOT_DER).self_issued
    assert load(LEAF.change(serial=5)).serial == "05"
    assert load(LEAF.change(subject="")).name == "(no subject)"
    assert not leaf.has_nul


@pytest.mark.parametrize(
    "der",
    [b"", b"junk", LEAF_DER[:-1], LEAF_DER + b"\0", b"\x30\0"],
    ids=["empty", "junk", "cut", "long", "hollow"],
)
def test_bytes_that_are_no_certificate(der):
    with pytest.raises(UnreadableError):
        Certificate.load(der)


def test_a_negative_serial_number_is_read_without_a_warning():
    old, new = (
        bytes.fromhex(serial) for serial in ("02081122334455667788", "02089122334455667788")
    )
    odd = patched(LEAF_DER, old, new, OTHER_KEY)
    assert Certificate.load(odd).serial.startswith("-")


def test_signatures():
    root, intermediate, leaf = (Certificate.load(der) for der in default_chain())
    assert root.verify_signature(root) == ""
    assert intermediate.verify_signature(root) == ""
    assert leaf.verify_signature(intermediate) == ""
    fault = leaf.verify_signature(root)
    assert fault == "CN=Leaf: the signature by CN=Root does not verify"


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "rsa4096", "ed25519", "ecp521"])
def test_signatures_of_the_shipped_roots(kind):
    pem = (data_root("certs") / "roots" / f"{kind}.pem").read_bytes()
    root = Certificate.load(pem_blocks(pem, kind)[0][1])
    assert root.verify_signature(root) == ""
    assert key_kind(root.library_key()) == kind


def test_a_key_of_another_kind_is_a_fault_and_no_exception():
    rsa_root = load(ROOT.change(public=rsa_public_key(2048)))
    assert "no signature that can be checked" in Certificate.load(LEAF_DER).verify_signature(
        rsa_root
    )


def test_other_names():
    assert [n.value for n in Certificate.load(LEAF_DER).other_names()] == [SAN]
    odd = x509.SubjectAlternativeName([x509.OtherName(CMA_NAME, b"\x05\0"), x509.DNSName("x")])
    (found,) = load(LEAF.with_extension(odd)).other_names()
    assert (found.oid, found.value) == ("2.23.147", "0x0500")
    assert load(LEAF.without_extension(x509.SubjectAlternativeName)).other_names() == []


def test_spdm_oids():
    assert Certificate.load(LEAF_DER).spdm_oids() == ["1.3.6.1.4.1.412.274.2"]
    broken = x509.UnrecognizedExtension(SPDM_EXTENSION, b"\x05\0")
    assert load(LEAF.with_extension(broken)).spdm_oids() == []
    assert load(LEAF.without_extension(broken)).spdm_oids() == []


def test_critical_extensions():
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0")
    dice = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.23.133.5.4.1"), b"\x30\0")
    spec = LEAF.with_extension(unknown, critical=True).with_extension(dice, critical=True)
    assert load(spec).unknown_critical() == ["1.2.3.4"]
    assert Certificate.load(LEAF_DER).is_critical(x509.KeyUsage)
    assert not Certificate.load(LEAF_DER).is_critical(x509.ExtendedKeyUsage)
    assert not Certificate.load(LEAF_DER).is_critical(x509.NameConstraints)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (ROOT_KEY.public_key(), "ecp256"),
        (ec.derive_private_key(9, ec.SECP521R1()).public_key(), "ecp521"),
        (ec.derive_private_key(9, ec.SECP256K1()).public_key(), "secp256k1"),
        (rsa.RSAPublicNumbers(65537, (1 << 3072) - 1).public_key(), "rsa3072"),
        (ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(), "ed25519"),
        (ed448.Ed448PrivateKey.from_private_bytes(bytes(57)).public_key(), "ed448"),
    ],
)
def test_kinds_of_keys(key, kind):
    assert key_kind(key) == kind


def test_keys_that_spdm_does_not_know():
    curve = ec.derive_private_key(9, ec.SECP256K1())
    with pytest.raises(UnreadableError):
        load(LEAF.change(public=curve.public_key())).spdm_key()
    assert Certificate.load(LEAF_DER).spdm_key().kind == "ecp256"


def test_the_report_of_a_certificate():
    report = Certificate.load(INTERMEDIATE_DER).report()
    assert report.subject == "CN=Intermediate"
    assert report.issuer == "CN=Root"
    assert report.not_before == "2020-01-01T00:00:00+00:00"
    assert report.key == "ecp256"
    assert report.signature_algorithm == "ecdsa-with-SHA256"
    assert len(report.sha256) == 64
    assert signature_name(Certificate.load(ROOT_DER).parsed) == "ecdsa-with-SHA256"
