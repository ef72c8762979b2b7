"""The committed certificates, against what requesters demand of them.

The demands are those of DSP0274 as libspdm checks them, of the in-kernel CMA requester, and of
OpenSSL, which is asked itself.
"""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtensionOID

from responder.crypto.random_tree import RandomTree
from responder.pki import builder, keys, sets
from responder.spec.registries import CertificateModel

TDISP = tuple(f"tdisp-device-{function}" for function in range(5))
QEMU = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"
SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
RESPONDER_AUTH, REQUESTER_AUTH = "1.3.6.1.4.1.412.274.3", "1.3.6.1.4.1.412.274.4"
HARDWARE_IDENTITY = bytes.fromhex("300e300c060a2b06010401831c821202")
MUTABLE = bytes.fromhex("300e300c060a2b06010401831c821205")
SPDM_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.412.274.6")
CMA_OTHER_NAME = bytes.fromhex("0603678113a03f0c3d") + QEMU.encode()
DATES = (datetime(2020, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
SIGNED_WITH = {
    "ecp256": "1.2.840.10045.4.3.2",
    "ecp384": "1.2.840.10045.4.3.3",
    "ecp521": "1.2.840.10045.4.3.4",
    "ed25519": "1.3.101.112",
    "mldsa44": "2.16.840.1.101.3.4.3.17",
    "mldsa65": "2.16.840.1.101.3.4.3.18",
    "mldsa87": "2.16.840.1.101.3.4.3.19",
    "rsa2048": "1.2.840.113549.1.1.11",
    "rsa3072": "1.2.840.113549.1.1.12",
    "rsa4096": "1.2.840.113549.1.1.13",
}


MIXED = {("mixed", "ecp384"): "mldsa65", ("mixed", "mldsa65"): "ecp384"}
"""Whose authorities are of another kind."""


def issuers(place):
    return MIXED.get(place[:2], place[1])


def spdm_marks(certificate):
    found = [e for e in certificate.extensions if e.oid == SPDM_EXTENSION]
    assert all(not extension.critical for extension in found)
    return [extension.value.value for extension in found]


def extension(certificate, kind, *, critical):
    found = certificate.extensions.get_extension_for_class(kind)
    assert found.critical is critical
    return found.value


def usages(certificate):
    value = extension(certificate, x509.ExtendedKeyUsage, critical=False)
    return [usage.dotted_string for usage in value]


def spki(public_key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public_key.public_bytes(serialization.Encoding.DER, form)


def test_openssl_verifies_the_chain(place, openssl_verify):
    der = sets.read_identity(sets.identity_path(*place)).chain

    run = openssl_verify(*der)

    post_quantum = "mldsa" in place[1] + issuers(place)
    if post_quantum and "X509_PUBKEY_get0:decode error" in run.stderr:
        pytest.skip("ML-DSA takes OpenSSL 3.5")
    assert run.stdout.strip() == "leaf: OK", run.stderr


def test_openssl_refuses_another_root_of_the_same_kind(openssl_verify):
    der = sets.read_identity(sets.identity_path("device", "ecp384", 0)).chain
    folder = sets.identity_path("device", "ecp384", 0).parents[2] / "authorities" / "ecp384"
    second = sets.read_identity(folder / "second-root.pem").chain[0]

    assert openssl_verify(second, *der[1:]).returncode == 2


def test_each_certificate_is_signed_by_the_one_above(place, chain):
    root_der = sets.shipped_roots()[issuers(place)]
    assert chain[0].public_bytes(serialization.Encoding.DER) == root_der
    for issuer, subject in zip([chain[0], *chain], chain, strict=False):
        subject.verify_directly_issued_by(issuer)
        assert subject.signature_algorithm_oid.dotted_string == SIGNED_WITH[issuers(place)]


def test_every_certificate_is_whole(chain):
    for certificate in chain:
        assert certificate.version is x509.Version.v3
        assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == DATES
        assert 0 < certificate.serial_number < 1 << 127
        assert certificate.subject.rfc4514_string().endswith("O=TEST KEY - DO NOT TRUST")
    assert len({certificate.serial_number for certificate in chain}) == len(chain)
    assert len({certificate.subject for certificate in chain}) == len(chain)


def test_key_identifiers_lead_upwards(chain):
    for issuer, subject in zip([chain[0], *chain], chain, strict=False):
        own = extension(subject, x509.SubjectKeyIdentifier, critical=False)
        above = extension(issuer, x509.SubjectKeyIdentifier, critical=False)
        pointer = extension(subject, x509.AuthorityKeyIdentifier, critical=False)
        assert own.digest == x509.SubjectKeyIdentifier.from_public_key(subject.public_key()).digest
        assert pointer.key_identifier == above.digest


def test_authorities_are_authorities_and_the_leaf_is_none(chain):
    for certificate in chain[:-1]:
        assert extension(certificate, x509.BasicConstraints, critical=True).ca
        assert extension(certificate, x509.KeyUsage, critical=True).key_cert_sign
    leaf = extension(chain[-1], x509.KeyUsage, critical=True)
    assert not extension(chain[-1], x509.BasicConstraints, critical=True).ca
    assert leaf.digital_signature
    assert not leaf.key_cert_sign
    assert not leaf.crl_sign


def test_the_private_key_belongs_to_the_leaf(place, chain):
    identity = sets.read_identity(sets.identity_path(*place))
    key = keys.load_key(identity.key)

    assert spki(key.public_key()) == spki(chain[-1].public_key())
    assert keys.kind_of(key) == place[1]


def tdisp_name(function):
    device = 0x5BD1 if function else 0x5BD0
    identity = f"Vendor=1b36:Device={device:04x}:CC=120000:REV=01:SSVID=1af4:SSID=1100"
    return f"{identity}:000000005bd0000{function}"


def test_marks_say_which_certificate_is_the_hardware(place, chain):
    expected = {
        "device": [[], [], [HARDWARE_IDENTITY]],
        **{name: [[], [], [HARDWARE_IDENTITY]] for name in TDISP},
        "qemu-nvme": [[], [], [HARDWARE_IDENTITY]],
        "mixed": [[], [], [HARDWARE_IDENTITY]],
        "alias": [[], [], [HARDWARE_IDENTITY], [MUTABLE]],
        "generic": [[], [], []],
    }

    assert [spdm_marks(certificate) for certificate in chain] == expected[place[0]]


def test_extended_key_usages_of_the_leaf(place, chain):
    expected = [SERVER_AUTH, CLIENT_AUTH, RESPONDER_AUTH]

    assert usages(chain[-1]) == (expected[:2] if place[0] == "generic" else expected)


def test_names_of_the_leaf(place, chain):
    names = extension(chain[-1], x509.SubjectAlternativeName, critical=False)
    texts = {name.type_id.dotted_string: name.value for name in names}

    info = f"SPDM-RESPONDER:{place[0]}:00000001".encode()
    assert texts.pop("1.3.6.1.4.1.412.274.1") == bytes((0x0C, len(info))) + info
    cma = {"qemu-nvme": QEMU} | {name: tdisp_name(n) for n, name in enumerate(TDISP)}
    name = cma.get(place[0], "").encode()
    assert texts == ({"2.23.147": bytes((0x0C, len(name))) + name} if name else {})


@pytest.mark.parametrize("kind", ["ecp256", "ecp384", "rsa3072"])
def test_qemus_name_is_in_the_certificate_byte_for_byte(kind):
    leaf = sets.read_identity(sets.identity_path("qemu-nvme", kind, 0)).chain[-1]

    assert leaf.count(CMA_OTHER_NAME) == 1


@pytest.mark.parametrize("kind", sets.KINDS)
def test_a_requester_may_be_either_side(kind):
    identity = sets.read_identity(sets.requester_path("device", kind))
    chain = [x509.load_der_x509_certificate(der) for der in identity.chain]

    chain[1].verify_directly_issued_by(chain[0])
    chain[2].verify_directly_issued_by(chain[1])
    assert identity.chain[0] == sets.shipped_roots()[kind]
    assert usages(chain[2]) == [SERVER_AUTH, CLIENT_AUTH, RESPONDER_AUTH, REQUESTER_AUTH]
    assert spdm_marks(chain[2]) == []
    assert not extension(chain[2], x509.BasicConstraints, critical=True).ca
    assert extension(chain[2], x509.KeyUsage, critical=True).digital_signature
    assert spki(keys.load_key(identity.key).public_key()) == spki(chain[2].public_key())


@pytest.mark.parametrize(("name", "kind"), [("device", "ecp384"), ("device", "rsa3072")])
def test_each_slot_has_a_key_of_its_own(name, kind):
    slots = sets.list_slots(name, kind)
    found = {
        keys.public_der(keys.load_key(sets.read_identity(sets.identity_path(name, kind, slot)).key))
        for slot in slots
    }

    assert len(found) == len(slots) >= 2


def test_files_say_that_they_are_test_keys():
    root = sets.identity_path("device", "ecp384", 0).parents[2]
    files = [path for path in root.rglob("*") if path.is_file()]

    assert len(files) > 80
    for path in files:
        assert b"TEST KEY" in path.read_bytes().splitlines()[0], path


def test_a_template_without_extras_makes_no_extras():
    key = keys.Keys(RandomTree(b""), keys.pooled_rsa({})).key("ed25519", "root")
    template = builder.Template("bare")

    certificate = builder.issue(template, key, None, RandomTree(b"serial")).certificate

    assert [e.oid for e in certificate.extensions] == [
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ]


@pytest.mark.parametrize(
    ("model", "mark"),
    [
        (CertificateModel.DEVICE, "1.3.6.1.4.1.412.274.2"),
        (CertificateModel.ALIAS, "1.3.6.1.4.1.412.274.5"),
    ],
)
def test_a_leaf_template_carries_its_models_mark(model, mark):
    assert builder.leaf_template(model, "x").marks == (mark,)
