"""Keys and signature algorithms of defective chains, before a library and OpenSSL."""

import subprocess
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from pki.defective import ACCEPTED, SUITES, build, certificates, identity, verdict

from responder.pki import der_edit as der
from responder.pki.certificate_edit import CertificateEdit, Part
from responder.pki.keys import load_key, public_der

EC_KINDS = [kind for kind in SUITES if kind.startswith("ecp")]
HEALTHY_SIGNER = (
    "key-alg-mismatch", "curve-mismatch", "rsa-1024", "rsa-exponent-1", "ec-point-off-curve",
    "ec-point-infinity", "ec-explicit-params", "mixed-alg-chain", "mldsa-wrong-oid",
    "mldsa-wrong-len",
)  # fmt: skip
"""Whose leaf has a key with which nobody can sign as negotiated."""


def load(name, kind="ecp384"):
    return [x509.load_der_x509_certificate(one) for one in certificates(name, kind)]


def spki(name, kind="ecp384"):
    return CertificateEdit(certificates(name, kind)[-1]).part(Part.PUBLIC_KEY)


def signed_by_the_one_above(chain):
    """Checks that do not read the subject's key, which may be unreadable."""
    for issuer, subject in pairwise(chain):
        subject.verify_directly_issued_by(issuer)


@pytest.mark.parametrize("kind", EC_KINDS)
@pytest.mark.parametrize(
    "name", [*HEALTHY_SIGNER, "mixed-alg-intermediate", "rsa-1024-intermediate"]
)
def test_the_certificates_are_signed_by_the_one_above(name, kind):
    chain = load(name, kind)

    signed_by_the_one_above(chain)
    assert certificates(name, kind)[0] == identity(kind).chain[0]


@pytest.mark.parametrize("kind", EC_KINDS)
@pytest.mark.parametrize("name", HEALTHY_SIGNER)
def test_messages_are_signed_with_the_healthy_key(name, kind):
    signer = build(name, kind).key.public_key_der()

    assert signer == public_der(load_key(identity(kind).key))


@pytest.mark.parametrize(
    ("kind", "expected"), [("ecp256", "rsa"), ("ecp384", "rsa"), ("rsa3072", "ec")]
)
def test_a_key_of_another_algorithm(kind, expected):
    key = load("key-alg-mismatch", kind)[-1].public_key()

    assert isinstance(key, {"rsa": rsa.RSAPublicKey, "ec": ec.EllipticCurvePublicKey}[expected])


@pytest.mark.parametrize(("kind", "size"), [("ecp256", 384), ("ecp384", 256)])
def test_a_key_on_another_curve(kind, size):
    assert load("curve-mismatch", kind)[-1].public_key().key_size == size


@pytest.mark.parametrize("kind", SUITES)
def test_weak_rsa_keys(kind):
    small = load("rsa-1024", kind)[-1].public_key()
    numbers = der.read(spki("rsa-exponent-1", kind).at(1).content[1:])

    assert (small.key_size, small.public_numbers().e) == (1024, 65537)
    assert numbers.at(1).content == b"\x01"
    assert numbers.at(0).content[0] == 0
    assert len(numbers.at(0).content) == 385


def test_the_small_modulus_has_no_small_factor():
    modulus = load("rsa-1024")[-1].public_key().public_numbers().n

    assert all(modulus % number for number in range(2, 10_000))


def test_a_point_beside_the_curve():
    healthy = CertificateEdit(identity("ecp384").chain[-1]).part(Part.PUBLIC_KEY)
    point, right = spki("ec-point-off-curve").at(1).content, healthy.at(1).content

    assert point[:-1] == right[:-1]
    assert point[-1] ^ right[-1] == 1
    with pytest.raises(ValueError, match="Invalid"):
        load("ec-point-off-curve")[-1].public_key()


def test_the_point_at_infinity_is_one_zero_octet():
    assert spki("ec-point-infinity").at(1).encode().hex() == "03020000"


def explicit_form(kind):
    """OpenSSL's idea of the parameters; without a seed, which ours omit."""
    name = {"ecp256": "prime256v1", "ecp384": "secp384r1", "ecp521": "secp521r1"}[kind]
    command = ["openssl", "ecparam", "-name", name, "-param_enc", "explicit", "-outform", "DER"]
    node = der.read(subprocess.run(command, capture_output=True, check=True).stdout)
    node.delete((2, 2))
    return node.encode()


@pytest.mark.parametrize("kind", ["ecp256", "ecp384", "ecp521"])
def test_explicit_parameters_are_those_of_the_curve(kind, openssl_verify):
    from responder.crypto.random_tree import RandomTree
    from responder.pki.defects import DefectBuilder
    from responder.spec.algorithms import BASE_HASHES
    from responder.wire.certificate_chain import parse_chain

    made = DefectBuilder(RandomTree(b"")).build(
        "ec-explicit-params", identity(kind), BASE_HASHES[1], 0x14
    )
    _, found = parse_chain(made.chain, 48)
    key = CertificateEdit(found[-1]).part(Part.PUBLIC_KEY)

    assert key.at(0, 1).encode() == explicit_form(kind)
    assert key.at(1).content[1:] == _point_of(kind)


def _point_of(kind):
    key = x509.load_der_x509_certificate(identity(kind).chain[-1]).public_key()
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_bytes(serialization.Encoding.X962, form)


def test_explicit_parameters_in_an_rsa_chain_are_of_another_algorithm_too():
    assert verdict("ec-explicit-params", "rsa3072")[0] != ACCEPTED


@pytest.mark.parametrize(
    ("name", "oid"),
    [("sig-alg-sha1", "1.2.840.10045.4.1"), ("sig-alg-md5", "1.2.840.113549.1.1.4")],
)
def test_weak_hashes_in_an_ecdsa_chain(name, oid):
    _, issuer, leaf = load(name)

    assert leaf.signature_algorithm_oid.dotted_string == oid
    assert leaf.issuer == issuer.subject
    assert isinstance(issuer.public_key(), rsa.RSAPublicKey) is (name == "sig-alg-md5")
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    above = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert above.key_identifier == own


@pytest.mark.parametrize(
    ("name", "oid"),
    [("sig-alg-sha1", "1.2.840.113549.1.1.5"), ("sig-alg-md5", "1.2.840.113549.1.1.4")],
)
def test_weak_hashes_in_an_rsa_chain(name, oid):
    assert load(name, "rsa3072")[-1].signature_algorithm_oid.dotted_string == oid
    assert certificates(name, "rsa3072")[:-1] == identity("rsa3072").chain[:-1]


@pytest.mark.parametrize(("kind", "expected"), [("ecp384", "rsa"), ("rsa3072", "ec")])
def test_an_authority_of_another_algorithm(kind, expected):
    root, issuer, leaf = load("mixed-alg-intermediate", kind)

    classes = {"rsa": rsa.RSAPublicKey, "ec": ec.EllipticCurvePublicKey}
    assert isinstance(issuer.public_key(), classes[expected])
    assert not isinstance(leaf.public_key(), classes[expected])
    assert not isinstance(root.public_key(), classes[expected])


def test_ml_dsa_leaves():
    right = load("mixed-alg-chain")[-1].public_key()

    assert isinstance(right, mldsa.MLDSA65PublicKey)
    assert len(right.public_bytes_raw()) == 1952
    wrong_oid, wrong_length = spki("mldsa-wrong-oid"), spki("mldsa-wrong-len")
    assert wrong_oid.at(0).encode() == bytes.fromhex("300b0609608648016503040321")
    assert len(wrong_oid.at(1).content) == 1 + 1952
    assert wrong_length.at(0).encode() == bytes.fromhex("300b0609608648016503040312")
    assert len(wrong_length.at(1).content) == 1 + 1951
    for name in ("mldsa-wrong-oid", "mldsa-wrong-len"):
        with pytest.raises(Exception, match=r"Unknown key type|Invalid key"):
            load(name)[-1].public_key()
