"""The key folder of spdm-emu, against the list of what its two programs open."""

import re
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from responder.errors import ConfigError, data_root
from responder.pki import sets
from responder.pki.keys import load_key, public_der
from responder.pki.spdm_emu import export_spdm_emu
from responder.wire.chain import split_certificates

CERTS = data_root("certs")
OPENED_BY_THE_REQUESTER = (
    "ca.cert.der",
    "ca1.cert.der",
    "bundle_requester.certchain.der",
    "end_requester.key",
    "end_requester.key.pub.der",
    "end_responder.key.pub.der",
)
OPENED_BY_THE_RESPONDER = (
    "ca.cert.der",
    "bundle_responder.certchain.der",
    "bundle_responder.certchain1.der",
    "bundle_responder.certchain4.der",
    "bundle_responder.certchain_alias.der",
    "bundle_responder.certchain_alias_cert_partial_set.der",
    "bundle_requester.certchain.der",
    "end_responder.cert.der",
    "end_responder.key",
    "end_responder4.key",
    "end_responder.key.pub.der",
    "end_requester.key.pub.der",
)
CHAINS = {
    "bundle_responder.certchain.der": ("ca", "inter", "end_responder"),
    "bundle_responder.certchain1.der": ("ca1", "inter1", "end_responder1"),
    "bundle_responder.certchain4.der": ("ca", "inter", "end_responder4"),
    "bundle_requester.certchain.der": ("ca", "inter", "end_requester"),
    "bundle_requester.certchain1.der": ("ca1", "inter1", "end_requester1"),
    "bundle_responder.certchain_alias.der": (
        "ca", "inter", "end_responder_alias_cert_partial_set", "end_responder_alias",
    ),
    "bundle_responder.certchain_alias_cert_partial_set.der": (
        "ca", "inter", "end_responder_alias_cert_partial_set",
    ),
}  # fmt: skip
KEYS = {
    "end_responder": ("end_responder", "end_responder1", "end_responder_alias"),
    "end_responder4": ("end_responder4",),
    "end_requester": ("end_requester", "end_requester1"),
    "end_responder_alias_partial": ("end_responder_alias_cert_partial_set",),
    "ca": ("ca",),
    "ca1": ("ca1",),
    "inter": ("inter", "inter1"),
}


@pytest.fixture(scope="module")
def folder():
    return export_spdm_emu("device", CERTS)


def leaf_key(der):
    return (
        x509.load_der_x509_certificate(der)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@pytest.mark.parametrize("kind", sets.KINDS)
def test_every_file_that_is_opened_is_there(folder, kind):
    there = {name.partition("/")[2] for name in folder if name.startswith(f"{kind}/")}

    assert set(OPENED_BY_THE_REQUESTER + OPENED_BY_THE_RESPONDER) <= there


@pytest.mark.parametrize("kind", sets.KINDS)
@pytest.mark.parametrize("bundle", CHAINS)
def test_a_bundle_is_its_certificates_one_after_another(folder, kind, bundle):
    parts = [folder[f"{kind}/{name}.cert.der"] for name in CHAINS[bundle]]

    assert folder[f"{kind}/{bundle}"] == b"".join(parts)
    chain = [x509.load_der_x509_certificate(part) for part in parts]
    for issuer, subject in zip([chain[0], *chain], chain, strict=False):
        subject.verify_directly_issued_by(issuer)


@pytest.mark.parametrize("bundle", CHAINS)
def test_openssl_verifies_a_bundle(folder, bundle, openssl_verify):
    chain = split_certificates(folder[f"ecp384/{bundle}"])

    assert openssl_verify(*chain).stdout.strip() == "leaf: OK"


@pytest.mark.parametrize("kind", sets.KINDS)
@pytest.mark.parametrize("set_name", ["device", "mixed"])
def test_the_library_verifies_every_bundle(set_name, kind):
    """Names as well as signatures, also where leaf and authorities are of different kinds."""
    exported = export_spdm_emu(set_name, CERTS)
    bundles = [name for name in exported if name.startswith(f"{kind}/bundle_")]
    assert len(bundles) == 7
    for name in bundles:
        chain = [x509.load_der_x509_certificate(der) for der in split_certificates(exported[name])]
        for issuer, subject in zip(chain[:1] + chain, chain, strict=False):
            subject.verify_directly_issued_by(issuer)


@pytest.mark.parametrize("kind", sets.KINDS)
@pytest.mark.parametrize("key", KEYS)
def test_private_keys_belong_to_their_certificates(folder, kind, key):
    private = load_key(folder[f"{kind}/{key}.key"])

    for name in KEYS[key]:
        assert leaf_key(folder[f"{kind}/{name}.cert.der"]) == public_der(private)
        assert folder[f"{kind}/{name}.cert"].startswith(b"# TEST KEY - DO NOT TRUST")


@pytest.mark.parametrize("kind", sets.KINDS)
@pytest.mark.parametrize("name", ["end_responder", "end_requester"])
def test_three_forms_of_one_key(folder, kind, name):
    private = serialization.load_der_private_key(folder[f"{kind}/{name}.key.der"], None)

    assert public_der(private) == folder[f"{kind}/{name}.key.pub.der"]
    assert public_der(load_key(folder[f"{kind}/{name}.key"])) == public_der(private)


@pytest.mark.parametrize("kind", sets.KINDS)
def test_the_requester_trusts_the_shipped_chains(folder, kind):
    slot0 = sets.read_identity(sets.identity_path("device", kind, 0)).chain

    assert folder[f"{kind}/ca.cert.der"] == sets.shipped_roots()[kind] == slot0[0]
    assert folder[f"{kind}/bundle_responder.certchain.der"] == b"".join(slot0)
    assert folder[f"{kind}/ca1.cert.der"] != slot0[0]
    assert folder[f"{kind}/end_responder4.key"] != folder[f"{kind}/end_responder.key"]


def test_slot_4_is_the_sets_own_where_it_has_one(folder):
    slot4 = sets.read_identity(sets.identity_path("device", "ecp384", 4)).chain

    assert folder["ecp384/bundle_responder.certchain4.der"] == b"".join(slot4)


def test_the_same_sets_give_the_same_folder(folder):
    again = export_spdm_emu("device", CERTS)

    assert sorted(again) == sorted(folder)
    changed = {name for name in folder if folder[name] != again[name]}
    assert {name.partition("/")[0] for name in changed} == {"mldsa44", "mldsa65", "mldsa87"}
    for name in changed:  # the cross certificate and the alias leaf are signed anew
        assert re.search(r"inter1|certchain1|end_\w+1|alias", name), name


def test_the_cached_request_is_signed(folder):
    assert x509.load_der_x509_csr(folder["test_csr/cached.csr"]).is_signature_valid


def test_a_set_of_few_kinds_is_completed(folder):
    files = export_spdm_emu("qemu-nvme", CERTS)

    own = sets.read_identity(sets.identity_path("qemu-nvme", "ecp384", 0)).chain
    assert sorted(files) == sorted(folder)
    assert files["ecp384/bundle_responder.certchain.der"] == b"".join(own)
    rsa2048 = "rsa2048/bundle_responder.certchain.der"
    assert files[rsa2048] == folder[rsa2048]


def test_an_alias_set_keeps_its_chain():
    files = export_spdm_emu("alias", CERTS)

    own = sets.read_identity(sets.identity_path("alias", "ecp384", 0)).chain
    assert files["ecp384/bundle_responder.certchain.der"] == b"".join(own)
    assert len(split_certificates(files["ecp384/bundle_responder.certchain1.der"])) == len(own)


def test_an_unknown_set_is_named():
    with pytest.raises(ConfigError, match="'alais'"):
        export_spdm_emu("alais", CERTS)


@pytest.mark.parametrize("name", ["roots/ecp384.key.pem", "authorities/ecp384/second-root.pem"])
def test_a_missing_authority_is_named(tmp_path, name):
    for part in ("roots", "authorities", "alias"):
        shutil.copytree(CERTS / part, tmp_path / part)
    (tmp_path / name).unlink()

    with pytest.raises(ConfigError) as caught:
        export_spdm_emu("alias", tmp_path)

    assert caught.value.where == str(tmp_path / name)


def test_a_broken_certificate_is_named(tmp_path):
    for part in ("roots", "authorities", "alias"):
        shutil.copytree(CERTS / part, tmp_path / part)
    path = tmp_path / "alias" / "ecp384" / "slot0.pem"
    identity = sets.read_identity(path)
    path.write_bytes(identity.key + sets.pem("CERTIFICATE", b"\x30\x03\x02\x01\x05"))

    with pytest.raises(ConfigError) as caught:
        export_spdm_emu("alias", tmp_path)

    assert caught.value.where == str(path)
