"""What ``certs show`` says."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError, data_root
from responder.pki import builder, keys, sets
from responder.pki.describe import describe, describe_file

CERTS = data_root("certs")
KEYS = keys.Keys(RandomTree(b"describe"), keys.pooled_rsa({}))


def test_an_alias_chain_from_leaf_to_root():
    lines = list(describe_file(CERTS / "alias" / "ecp384" / "slot0.pem"))

    heads = [line for line in lines if not line.startswith(" ")]
    assert heads == [
        "0  CN=ecp384 alias slot 0,O=TEST KEY - DO NOT TRUST",
        "1  CN=ecp384 Device Certificate CA,O=TEST KEY - DO NOT TRUST",
        "2  CN=ecp384 intermediate CA,O=TEST KEY - DO NOT TRUST",
        "3  CN=ecp384 root CA,O=TEST KEY - DO NOT TRUST",
        "private key: of certificate 0",
    ]
    assert "   SPDM    mutable-certificate" in lines
    assert "   SPDM    hardware-identity" in lines
    assert "   rights  CA:FALSE, digitalSignature, serverAuth, clientAuth, responder-auth" in lines


def test_names_and_key():
    lines = list(describe_file(CERTS / "qemu-nvme" / "rsa3072" / "slot0.pem"))

    assert "   key     rsa3072, signed with sha384WithRSAEncryption" in lines
    assert any(line.startswith("   valid   2020-01-01 to 9999-12-31, serial ") for line in lines)
    assert "   name    device-info SPDM-RESPONDER:qemu-nvme:00000001" in lines
    wanted = "   name    CMA Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"
    assert wanted in lines


def test_a_key_of_another_certificate_is_seen(tmp_path):
    one, other = (sets.read_identity(CERTS / f"device/ecp384/slot{slot}.pem") for slot in (0, 1))
    path = tmp_path / "mixed.pem"
    path.write_bytes(one.key + sets.pem("CERTIFICATE", other.chain[-1]))

    assert list(describe_file(path))[-1] == "private key: NOT of certificate 0"


def test_a_der_bundle_is_in_its_own_order(tmp_path):
    path = tmp_path / "bundle.der"
    path.write_bytes(b"".join(sets.read_identity(CERTS / "device/ecp256/slot0.pem").chain))

    assert next(describe_file(path)) == "0  CN=ecp256 root CA,O=TEST KEY - DO NOT TRUST"


def test_what_is_no_certificate_is_named(tmp_path):
    path = tmp_path / "x.der"
    path.write_bytes(b"\x30\x03\x02\x01\x05")

    with pytest.raises(ConfigError, match=r"x\.der: certificate 0"):
        list(describe_file(path))


def test_strange_extensions_are_shown():
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.412.274.6"), b"\x05\0")
    plain = x509.SubjectAlternativeName([x509.DNSName("device.example")])
    key = KEYS.key("ecp256", "root")
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(builder.NOT_BEFORE)
        .not_valid_after(builder.NOT_AFTER)
        .add_extension(strange, critical=False)
        .add_extension(plain, critical=False)
        .sign(key, hashes.SHA256())
    )

    lines = list(describe(certificate))

    assert "SPDM    0500" in lines
    assert "name    device.example" in lines
    assert not any(line.startswith("rights") for line in lines)


def test_extensions_that_cannot_be_read_are_no_crash():
    der = sets.read_identity(CERTS / "device/ecp384/slot0.pem").chain[-1]
    key_usage, basic_constraints = bytes.fromhex("0603551d0f"), bytes.fromhex("0603551d13")
    doubled = der.replace(key_usage, basic_constraints)
    assert doubled != der

    lines = list(describe(x509.load_der_x509_certificate(doubled)))

    assert lines[-1].startswith("extensions cannot be read: ")
