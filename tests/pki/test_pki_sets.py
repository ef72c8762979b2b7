"""Reading sets: what is there, and what a person is told when it is not."""

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization

from responder.errors import ConfigError, data_root
from responder.pki import sets

CERTS = data_root("certs")
SLOT0 = (CERTS / "device" / "ecp384" / "slot0.pem").read_bytes()
KEY = SLOT0[SLOT0.index(b"-----BEGIN PRIVATE") : SLOT0.index(b"-----BEGIN CERT")]
LEAF = SLOT0[SLOT0.index(b"-----BEGIN CERT") :].split(b"-----BEGIN CERT")[1]
LEAF = b"-----BEGIN CERT" + LEAF


def test_identity_has_the_root_first_and_one_key():
    identity = sets.read_identity(sets.identity_path("device", "ecp384", 0))

    assert len(identity.chain) == 3
    assert identity.chain[0] == sets.shipped_roots()["ecp384"]
    assert serialization.load_pem_private_key(identity.key, None).key_size == 384


def test_the_middle_of_a_chain_keeps_its_order():
    alias = sets.read_identity(sets.identity_path("alias", "ecp384", 0)).chain
    device_ca = sets.read_identity(CERTS / "authorities" / "ecp384" / "device-ca.pem").chain

    assert alias[:-1] == device_ca


def test_shipped_roots_are_one_for_each_kind():
    assert tuple(sets.shipped_roots()) == sets.KINDS


def test_lists():
    tdisp = [f"tdisp-device-{function}" for function in range(5)]
    assert sets.list_sets() == ["alias", "device", "generic", "mixed", "qemu-nvme", *tdisp]
    assert tuple(sets.list_kinds("device")) == sets.KINDS
    assert sets.list_kinds("qemu-nvme") == ["ecp256", "ecp384", "rsa3072"]
    assert sets.list_slots("device", "ecp256") == list(range(8))
    assert sets.list_slots("device", "ed25519") == [0, 1]
    assert sets.list_slots("alias", "rsa2048") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no PEM block"),
        (b"certificates go here\n", "no PEM block"),
        (KEY, "no certificate"),
        (LEAF, "0 private keys"),
        (KEY + KEY + LEAF, "2 private keys"),
        (KEY.replace(b"BEGIN PRIV", b"BEGIN ENCRYPTED PRIV").replace(b"END ", b"END ENCRYPTED ")
         + LEAF, "encrypted"),
        (KEY + LEAF.replace(b"MII", b"M!I", 1), "no base64"),
        (KEY + LEAF[:-40], "has no end"),
        (KEY + sets.pem("CERTIFICATE", b"\x30\x03\x02\x01"), "cut"),
        (KEY + sets.pem("CERTIFICATE", b"\x30\x01\x00\x30\x01\x00"), "2 certificates in one"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named(tmp_path, content, said):
    path = tmp_path / "slot0.pem"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        sets.read_identity(path)

    assert said in str(caught.value)
    assert caught.value.where == str(path)


def test_a_missing_file_is_named_with_a_suggestion():
    path = CERTS / "device" / "ecp384" / "slto0.pem"

    with pytest.raises(ConfigError) as caught:
        sets.read_identity(path)

    assert caught.value.where == str(path)
    assert caught.value.suggestion == "slot0.pem"


def test_a_folder_is_no_identity(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        sets.read_identity(tmp_path)


def test_an_unknown_set_is_named_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'qemu-nvme'"):
        sets.list_kinds("qemu-nmve")


def test_a_folder_without_roots_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no root certificates") as caught:
        sets.shipped_roots(tmp_path)

    assert caught.value.where == str(tmp_path / "roots")


def test_carriage_returns_and_text_between_blocks_are_skipped(tmp_path):
    path = tmp_path / "slot0.pem"
    path.write_bytes(
        SLOT0.replace(b"-----BEGIN", b"subject=CN = x\n-----BEGIN").replace(b"\n", b"\r\n")
    )

    assert (
        sets.read_identity(path).chain
        == sets.read_identity(CERTS / "device/ecp384/slot0.pem").chain
    )


def test_certificates_are_read_from_der_and_from_pem(tmp_path):
    chain = sets.read_identity(sets.identity_path("device", "ecp384", 0)).chain
    path = tmp_path / "bundle.der"
    path.write_bytes(b"".join(chain))

    assert sets.read_certificates(path) == chain
    assert sets.read_certificates(CERTS / "device/ecp384/slot0.pem") == chain[::-1]


@pytest.mark.parametrize("content", [b"", b"\x30\x82", b"nonsense", KEY])
def test_a_file_without_certificates_is_named(tmp_path, content):
    path = tmp_path / "ca.der"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        sets.read_certificates(path)

    assert caught.value.where == str(path)


def test_reading_a_set_imports_no_x509():
    code = "import sys, responder.pki.sets as s; s.shipped_roots(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    modules = run.stdout.split()
    assert "responder.pki.sets" in modules
    assert "cryptography.x509" not in modules
