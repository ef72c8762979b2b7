"""Every defect of the catalogue, before the reference requester and before OpenSSL."""

from datetime import UTC, datetime

import pytest
from pki.defective import (
    ACCEPTED,
    SUITES,
    build,
    certificates,
    hash_of,
    identity,
    signature_of,
    verdict,
)

from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.pki import sets
from responder.pki.defects import DEFECTS, DefectBuilder
from responder.pki.sets import Identity
from responder.spec.registries import CertificateModel
from responder.spec.versions import V12, V14
from responder.wire.chain import build_chain

REFUSED = {
    "hdr-length-lie": "x5.header-length",
    "hdr-length-hi16": "x5.header-length",
    "hdr-too-short": "x5.header-size",
    "roothash-wrong": "x5.root-hash",
    "roothash-other-alg": "x5.root-hash",
    "no-root-bad-sig": "x5.signature",
    "only-leaf": "x5.trusted-root",
    "untrusted-root": "x5.trusted-root",
    "same-name-other-root": "x5.trusted-root",
    "leaf-sig-invalid": "x5.signature",
    "intermediate-sig-invalid": "x5.signature",
    "order-reversed": "x5.trusted-root",
    "duplicate-cert": "x5.duplicate",
    "duplicate-root": "x5.duplicate",
    "endless-chain": "x5.count",
    "garbage-between": "x5.framing",
    "unreadable-between": "x5.readable",
    "trailing-garbage": "x5.framing",
    "der-truncated": "x5.framing",
    "der-indefinite": "x5.framing",
    "der-ber": "x5.readable",
    "der-nonminimal-length": "x5.readable",
    "der-length-overflow": "x5.framing",
    "chain-loop": "x5.trusted-root",
    "version-1": "x5.version",
    "serial-zero": "x5.serial",
    "serial-negative": "x5.serial",
    "serial-21-bytes": "x5.serial",
    "expired": "x5.not-after",
    "not-yet-valid": "x5.not-before",
    "intermediate-expired": "x5.not-after",
    "intermediate-not-ca": "x5.issuer-ca",
    "intermediate-no-bc": "x5.issuer-ca",
    "root-bc-noncritical": "x5.root-critical",
    "intermediate-no-certsign": "x5.cert-sign",
    "path-length-exceeded": "x5.path-length",
    "leaf-no-bc": "x5.leaf-constraints",
    "leaf-certsign": "x5.leaf-cert-sign",
    "leaf-ca-true": "x5.leaf-ca",
    "ku-no-digitalsig": "x5.leaf-key-usage",
    "ku-absent": "x5.leaf-key-usage",
    "eku-requester-only": "x5.leaf-eku",
    "unknown-critical-ext-leaf": "x5.critical-extension",
    "unknown-critical-ext-intermediate": "x5.critical-extension",
    "unknown-critical-ext-root": "x5.critical-extension",
    "hwid-oid-in-alias-leaf": "x5.device-mutable",
    "alias-vs-device-model": "x5.device-mutable",
    "empty-issuer": "x5.names-present",
    "empty-subject-ca": "x5.names-present",
    "issuer-other-name": "x5.name-chaining",
    "dmtf-othername-bad": "x5.extensions",
    "name-constraints-violation": "x5.critical-extension",
    "key-alg-mismatch": "x5.key-algorithm",
    "curve-mismatch": "x5.key-algorithm",
    "rsa-1024": "x5.weak-key",
    "rsa-1024-intermediate": "x5.weak-key",
    "rsa-exponent-1": "x5.public-key",
    "ec-point-off-curve": "x5.public-key",
    "ec-point-infinity": "x5.public-key",
    "sig-alg-sha1": "x5.signature-algorithm",
    "sig-alg-md5": "x5.signature-algorithm",
    "mixed-alg-chain": "x5.key-algorithm",
    "mldsa-wrong-oid": "x5.public-key",
    "mldsa-wrong-len": "x5.public-key",
}
ACCEPTED_AS = {
    "two-cert-chain": [],
    "long-chain": [],
    "swap-leaf-after-auth": [],
    "time-2050-9999": [],
    "total-64k": [],
    "total-300k": [],
    "eku-both": [],
    "eku-none": [],
    "eku-unknown": [],
    "hwid-oid-missing-device": ["chain.no-hardware-identity"],
    "dice-tcbinfo-missing": [],
    "dice-tcbinfo-bad": [],
    "crl-dp-unreachable": [],
    "null-in-name": ["chain.nul-in-name"],
    "san-pci-id-wrong": [],
    "mixed-alg-intermediate": [],
}
"""Legal or a matter of policy, and what the requester tells of it."""

JUDGED_APART = {"ec-explicit-params"}
"""By ``test_pki_defects_keys``."""

ONLY_FOR_ECDSA = {"curve-mismatch"}

SEVERAL_REASONS = {
    "hdr-too-short": "no certificate is left",
    "order-reversed": "the leaf stands where a root does",
    "duplicate-cert": "no authority has issued itself",
    "garbage-between": "a requester that reads on takes the issuer for the leaf",
    "der-truncated": "the leaf cannot be read",
    "der-indefinite": "the leaf cannot be read",
    "der-ber": "the library cannot read the leaf",
    "der-nonminimal-length": "the library cannot read the leaf",
    "der-length-overflow": "the leaf cannot be read",
    "empty-issuer": "nobody is called that",
    "dmtf-othername-bad": "the library then reads no extension of the leaf",
    "rsa-1024": "the key is not of the negotiated algorithm either",
    "rsa-exponent-1": "the key cannot be read",
    "ec-point-off-curve": "the key cannot be read",
    "ec-point-infinity": "the key cannot be read",
    "mldsa-wrong-oid": "the key cannot be read",
    "mldsa-wrong-len": "the key cannot be read",
    "sig-alg-sha1": "the library verifies no such signature",
    "sig-alg-md5": "the library verifies no such signature",
}
"""Defects that break something else as well, and why that cannot be helped."""


def kinds_of(name):
    return [kind for kind in SUITES if name not in ONLY_FOR_ECDSA or kind.startswith("ecp")]


EVERY = [(name, kind) for name in DEFECTS for kind in kinds_of(name)]


def healthy(kind):
    chain = identity(kind).chain
    return build_chain(digest(hash_of(kind), chain[0]), chain)


def test_the_tables_name_every_defect():
    assert REFUSED.keys() | ACCEPTED_AS.keys() | JUDGED_APART == DEFECTS.keys()
    assert not REFUSED.keys() & ACCEPTED_AS.keys()
    assert all(name == defect.name for name, defect in DEFECTS.items())


@pytest.mark.parametrize("name", DEFECTS)
def test_a_description_is_one_sentence(name):
    text = DEFECTS[name].description

    assert text.endswith(".")
    assert ". " not in text.replace("1.4", "").replace("1.3", "")


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_a_seed_gives_one_chain_and_it_is_not_the_healthy_one(name, kind):
    again = DefectBuilder(RandomTree(b"tests of defects"))

    other = again.build(name, identity(kind), hash_of(kind), V14)

    assert build(name, kind).chain == other.chain != healthy(kind)
    assert build(name, kind).key.public_key_der() == other.key.public_key_der()


def test_another_seed_gives_other_keys_and_serial_numbers():
    other = DefectBuilder(RandomTree(b"other"))

    chain = other.build("swap-leaf-after-auth", identity("ecp384"), hash_of("ecp384"), V14).chain

    assert chain != build("swap-leaf-after-auth").chain


def test_a_chain_is_built_once():
    assert build("expired") is build("expired")
    assert build("expired") is not build("expired", "ecp256")


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_messages_can_be_signed_as_negotiated(name, kind):
    scheme = signature_of(kind)

    signature = build(name, kind).key.sign(scheme, hash_of(kind), b"message")

    assert len(signature) == scheme.size


@pytest.mark.parametrize(("name", "kind"), [pair for pair in EVERY if pair[0] in REFUSED])
def test_the_requester_names_the_defect(name, kind):
    assert verdict(name, kind)[0] == REFUSED[name]


@pytest.mark.parametrize("name", REFUSED.keys() - SEVERAL_REASONS.keys())
def test_the_defect_is_the_only_reason_to_refuse(name):
    assert verdict(name, without=frozenset({REFUSED[name]}))[0] == ACCEPTED


@pytest.mark.parametrize("name", SEVERAL_REASONS)
def test_a_defect_that_is_said_to_have_more_reasons_has(name):
    assert verdict(name, without=frozenset({REFUSED[name]}))[0] != ACCEPTED


@pytest.mark.parametrize(("name", "kind"), [pair for pair in EVERY if pair[0] in ACCEPTED_AS])
def test_what_is_legal_is_accepted(name, kind):
    assert verdict(name, kind) == (ACCEPTED, ACCEPTED_AS[name])


@pytest.mark.parametrize("set_name", ["alias", "generic", "qemu-nvme"])
@pytest.mark.parametrize("name", DEFECTS)
def test_every_set_can_be_made_defective(name, set_name):
    own = identity("ecp384", set_name)
    whole = build_chain(digest(hash_of("ecp384"), own.chain[0]), own.chain)

    if (name, set_name) != ("hwid-oid-missing-device", "generic"):
        assert build(name, "ecp384", set_name).chain != whole


@pytest.mark.parametrize("kind", ["ed25519", "ecp521", "rsa2048", "rsa4096"])
@pytest.mark.parametrize("name", DEFECTS)
def test_every_other_kind_of_key(name, kind):
    base_hash = hash_of("ecp384")
    one = DefectBuilder(RandomTree(b"kinds"))
    if name in ONLY_FOR_ECDSA and not kind.startswith("ecp"):
        with pytest.raises(ConfigError, match="ECDSA"):
            one.build(name, identity(kind), base_hash, V14)
        return

    made = one.build(name, identity(kind), base_hash, V14)

    own = identity(kind).chain
    assert made.chain != build_chain(digest(base_hash, own[0]), own)


def test_the_model_that_the_slot_claims_matters():
    alias = CertificateModel.ALIAS

    assert verdict("hwid-oid-in-alias-leaf", model=alias)[0] == "x5.alias-hardware-identity"
    assert verdict("alias-vs-device-model", model=alias)[0] == ACCEPTED
    assert verdict("alias-vs-device-model", set_name="alias")[0] == "x5.device-mutable"


def test_before_1_4_the_high_half_of_length_is_reserved():
    assert verdict("hdr-length-hi16", version=V12)[0] == ACCEPTED
    assert verdict("hdr-length-lie", version=V12)[0] == "x5.header-length"


@pytest.mark.parametrize("name", ["expired", "not-yet-valid", "intermediate-expired"])
def test_dates_are_right_at_another_time_or_without_a_clock(name):
    then = datetime(2200, 1, 1, tzinfo=UTC) if name == "not-yet-valid" else None
    then = then or datetime(2020, 6, 1, tzinfo=UTC)

    assert verdict(name, time=then)[0] == ACCEPTED
    assert verdict(name, time=None) == (ACCEPTED, ["chain.no-clock"])


def test_the_name_of_another_function_is_seen_by_who_knows_the_function():
    qemu = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"

    assert verdict("eku-none", set_name="qemu-nvme", san=qemu)[0] == ACCEPTED
    assert verdict("san-pci-id-wrong", set_name="qemu-nvme", san=qemu)[0] == "cma.san"


OPENSSL_SAYS = {
    "untrusted-root": "self-signed certificate in certificate chain",
    "leaf-sig-invalid": "error 7 at 0 depth lookup: certificate signature failure",
    "intermediate-sig-invalid": "error 7 at 1 depth lookup: certificate signature failure",
    "chain-loop": "unable to get local issuer certificate",
    "version-1": "Using cert extension requires at least X509v3",
    "expired": "error 10 at 0 depth lookup: certificate has expired",
    "not-yet-valid": "error 9 at 0 depth lookup: certificate is not yet valid",
    "intermediate-expired": "error 10 at 1 depth lookup: certificate has expired",
    "intermediate-not-ca": "error 79 at 1 depth lookup: invalid CA certificate",
    "intermediate-no-bc": "error 79 at 1 depth lookup: invalid CA certificate",
    "intermediate-no-certsign": "error 32 at 1 depth lookup: key usage does not include",
    "endless-chain": "certificate chain too long",
    "issuer-other-name": "unable to get local issuer certificate",
    "unknown-critical-ext-leaf": "error 34 at 0 depth lookup: unhandled critical extension",
    "unknown-critical-ext-intermediate": "error 34 at 1 depth lookup: unhandled critical extension",
    "empty-subject-ca": "Subject name empty",
    "name-constraints-violation": "error 47 at 0 depth lookup: permitted subtree violation",
    "ec-explicit-params": "Certificate public key has explicit ECC parameters",
}
OPENSSL_ACCEPTS = (
    *(ACCEPTED_AS.keys() - {"two-cert-chain"}),
    "alias-vs-device-model",
    "curve-mismatch",
    "duplicate-root",
    "eku-requester-only",
    "hwid-oid-in-alias-leaf",
    "key-alg-mismatch",
    "ku-absent",
    "leaf-no-bc",
    "roothash-wrong",
    "rsa-1024",
    "rsa-1024-intermediate",
    "sig-alg-md5",
    "sig-alg-sha1",
)
"""Right signatures throughout; OpenSSL's default level of security asks for no more."""


@pytest.mark.parametrize("name", OPENSSL_SAYS)
def test_openssl_sees_the_defect(name, openssl_verify):
    found = certificates(name)

    run = openssl_verify(sets.shipped_roots()["ecp384"], *found)

    assert run.returncode == 2
    assert OPENSSL_SAYS[name] in run.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("root-bc-noncritical", "Basic Constraints of CA cert not marked critical"),
        ("unknown-critical-ext-root", "unhandled critical extension"),
        ("path-length-exceeded", "path length constraint exceeded"),
    ],
)
def test_a_renewed_root_is_right_but_for_its_defect(name, told, openssl_verify):
    run = openssl_verify(*certificates(name))

    assert told in run.stderr


def test_openssl_sees_a_root_with_only_the_name(openssl_verify):
    _, *below = certificates("same-name-other-root")

    assert openssl_verify(sets.shipped_roots()["ecp384"], *below).returncode == 2
    assert openssl_verify(*certificates("same-name-other-root")).returncode == 0


@pytest.mark.parametrize("name", OPENSSL_ACCEPTS)
def test_openssl_finds_nothing_wrong_with_the_rest(name, openssl_verify):
    run = openssl_verify(*certificates(name))

    assert run.stdout.strip() == "leaf: OK", run.stderr


def test_openssl_accepts_a_leaf_from_the_root_itself(openssl_verify):
    root, leaf = certificates("two-cert-chain")

    assert openssl_verify(root, root, leaf).stdout.strip() == "leaf: OK"


def test_an_unknown_defect_is_named():
    with pytest.raises(ConfigError, match=r"'expird'.*did you mean 'expired'"):
        build("expird")


def strangers_chain():
    """A chain under a root whose key is nowhere."""
    return Identity(identity("ecp384").key, certificates("untrusted-root"))


def test_without_the_issuers_key_the_reason_is_told():
    with pytest.raises(ConfigError) as caught:
        DefectBuilder(RandomTree(b"")).build(
            "intermediate-expired", strangers_chain(), hash_of("ecp384"), V14
        )

    assert "certificate defect 'intermediate-expired'" in str(caught.value)
    assert "the private key of the issuer 'a root that nobody knows'" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "hdr-length-lie",
        "leaf-sig-invalid",
        "order-reversed",
        "der-indefinite",
        "der-nonminimal-length",
        "only-leaf",
        "untrusted-root",
        "garbage-between",
    ],
)
def test_what_needs_no_authority_is_made_without_one(name):
    one = DefectBuilder(RandomTree(b"")).build(name, strangers_chain(), hash_of("ecp384"), V14)

    assert len(one.chain) > 100


@pytest.mark.parametrize("name", DEFECTS)
def test_a_chain_of_one_certificate_works_or_says_why_not(name):
    alone = Identity(identity("ecp384").key, certificates("only-leaf"))
    try:
        made = DefectBuilder(RandomTree(b"")).build(name, alone, hash_of("ecp384"), V14)
    except ConfigError as error:
        assert str(error).startswith(f"certificate defect {name!r}: this defect ")  # noqa: PT017
    else:
        assert made.chain


def test_a_chain_that_is_no_der_is_named():
    broken = Identity(identity("ecp384").key, [b"\x30\x80\0\0", b"\x30\x80\0\0"])

    with pytest.raises(ConfigError, match="cannot be changed: a length is indefinite"):
        DefectBuilder(RandomTree(b"")).build("expired", broken, hash_of("ecp384"), V14)
