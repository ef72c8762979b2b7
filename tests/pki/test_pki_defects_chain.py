"""Structure and order of defective chains, byte by byte."""

from itertools import pairwise

import pytest
from cryptography import x509
from pki.defective import SUITES, build, certificates, hash_of, identity

from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.pki.defects import DefectBuilder
from responder.pki.keys import load_key, public_der
from responder.spec.algorithms import BASE_HASHES
from responder.spec.versions import V14
from responder.wire.chain import build_chain

SHA384 = hash_of("ecp384")
OWN = identity("ecp384").chain
HEALTHY = build_chain(digest(SHA384, OWN[0]), OWN)
SPLITS = (
    "no-root-bad-sig", "only-leaf", "two-cert-chain", "untrusted-root", "same-name-other-root",
    "order-reversed", "duplicate-cert", "long-chain", "chain-loop", "swap-leaf-after-auth",
)  # fmt: skip


def load(*ders):
    return [x509.load_der_x509_certificate(der) for der in ders]


def length_of(chain):
    return int.from_bytes(chain[:4], "little")


def verify_downwards(chain):
    for issuer, subject in pairwise(chain):
        subject.verify_directly_issued_by(issuer)


def test_only_length_lies():
    assert build("hdr-length-lie").chain == (len(HEALTHY) + 1).to_bytes(4, "little") + HEALTHY[4:]
    high = build("hdr-length-hi16").chain
    assert high == HEALTHY[:2] + b"\x01\x00" + HEALTHY[4:]


def test_a_chain_that_ends_in_its_header():
    chain = build("hdr-too-short").chain

    assert chain == b"\x1c\0\0\0" + HEALTHY[4:28]


def test_one_bit_of_the_root_hash():
    chain = build("roothash-wrong").chain

    assert [a ^ b for a, b in zip(chain, HEALTHY, strict=True) if a != b] == [1]
    assert chain[5:] == HEALTHY[5:]


@pytest.mark.parametrize("base_hash", BASE_HASHES, ids=lambda one: one.name)
def test_a_root_hash_of_another_algorithm_has_the_same_size(base_hash):
    one = DefectBuilder(RandomTree(b""))
    chain = one.build("roothash-other-alg", identity("ecp384"), base_hash, V14).chain

    right = digest(base_hash, OWN[0])
    assert len(chain) == len(right) + len(HEALTHY) - 48
    assert chain[4 + len(right) :] == HEALTHY[52:]
    others = [digest(h, OWN[0]) for h in BASE_HASHES if h != base_hash]
    assert chain[4 : 4 + len(right)] in others


@pytest.mark.parametrize("kind", SUITES)
@pytest.mark.parametrize("name", SPLITS)
def test_length_and_root_hash_are_right_where_nothing_else_is_said(name, kind):
    chain = build(name, kind).chain

    assert length_of(chain) == len(chain)
    root = identity(kind).chain[0]
    if name in ("only-leaf", "untrusted-root", "same-name-other-root"):
        root = certificates(name, kind)[0]
    assert chain[4:].startswith(digest(hash_of(kind), root))


def test_the_chain_without_its_root_has_one_wrong_bit():
    first, leaf = certificates("no-root-bad-sig")

    assert leaf == OWN[2]
    assert first[:-1] == OWN[1][:-1]
    assert first[-1] ^ OWN[1][-1] == 1


@pytest.mark.parametrize(
    ("name", "number"), [("leaf-sig-invalid", 2), ("intermediate-sig-invalid", 1)]
)
def test_only_the_signature_is_wrong(name, number):
    found = load(*certificates(name))

    healthy = load(*OWN)
    assert found[number].tbs_certificate_bytes == healthy[number].tbs_certificate_bytes
    assert found[number].signature != healthy[number].signature
    assert [der for at, der in enumerate(found) if at != number] == [
        der for at, der in enumerate(healthy) if at != number
    ]


@pytest.mark.parametrize("kind", SUITES)
def test_the_leaf_alone_has_signed_itself(kind):
    (leaf,) = load(*certificates("only-leaf", kind))

    leaf.verify_directly_issued_by(leaf)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize("kind", SUITES)
def test_the_root_itself_has_issued_the_leaf(kind):
    root, leaf = certificates("two-cert-chain", kind)

    assert root == identity(kind).chain[0]
    verify_downwards(load(root, leaf))


@pytest.mark.parametrize("kind", SUITES)
@pytest.mark.parametrize("name", ["untrusted-root", "same-name-other-root"])
def test_another_root_has_signed_the_same_authority(name, kind):
    chain, healthy = load(*certificates(name, kind)), load(*identity(kind).chain)

    chain[0].verify_directly_issued_by(chain[0])
    verify_downwards(chain)
    assert (chain[0].subject == healthy[0].subject) is (name == "same-name-other-root")
    assert chain[0].public_key() != healthy[0].public_key()
    assert chain[1].public_key() == healthy[1].public_key()
    assert chain[2] == healthy[2]


def test_orders():
    assert certificates("order-reversed") == OWN[::-1]
    assert certificates("duplicate-cert") == [OWN[0], OWN[1], OWN[1], OWN[2]]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("garbage-between", OWN[0] + OWN[1] + bytes.fromhex("deadbeef") * 4 + OWN[2]),
        ("trailing-garbage", b"".join(OWN) + bytes.fromhex("deadbeef") * 4),
        ("der-truncated", b"".join(OWN)[:-16]),
        ("der-indefinite", OWN[0] + OWN[1] + b"\x30\x80" + OWN[2][4:] + b"\0\0"),
        ("der-length-overflow", OWN[0] + OWN[1] + bytes.fromhex("3084ffffffff") + OWN[2][4:]),
    ],
)
def test_bytes_where_a_certificate_should_be(name, body):
    chain = build(name).chain

    assert chain[4:] == HEALTHY[4:52] + body
    assert length_of(chain) == len(chain)


def test_true_by_another_octet():
    leaf = certificates("der-ber")[2]

    assert leaf.count(bytes.fromhex("0603551d130101010402")) == 1
    assert OWN[2].count(bytes.fromhex("0603551d130101ff0402")) == 1


def test_a_length_that_is_too_wide_is_not_signed():
    leaf = certificates("der-nonminimal-length")[2]

    inner = bytes.fromhex("06082a8648ce3d040303")
    tbs = load(OWN[2])[0].tbs_certificate_bytes
    assert leaf[4:].startswith(tbs + bytes.fromhex("3082000a") + inner)
    assert len(leaf) == len(OWN[2]) + 2


@pytest.mark.parametrize("kind", SUITES)
def test_twenty_more_authorities(kind):
    chain = load(*certificates("long-chain", kind))

    verify_downwards(chain)
    assert len(chain) == 23
    assert len({one.subject for one in chain}) == len({one.serial_number for one in chain}) == 23
    assert len(build("long-chain", kind).chain) < 0x10000


@pytest.mark.parametrize("kind", SUITES)
def test_a_hundred_and_one_more_authorities(kind):
    chain = load(*certificates("endless-chain", kind))

    verify_downwards(chain)
    assert len(chain) == len({one.subject for one in chain}) == 104


def test_a_sequence_that_is_no_certificate():
    root, issuer, junk, leaf = certificates("unreadable-between")

    assert [root, issuer, leaf] == OWN
    assert junk == bytes.fromhex("3010" + "deadbeef" * 4)
    with pytest.raises(ValueError, match="parsing asn1"):
        load(junk)


def test_the_root_comes_twice():
    assert certificates("duplicate-root") == [OWN[0], *OWN]


@pytest.mark.parametrize("kind", SUITES)
def test_two_authorities_in_a_circle(kind):
    one, other, leaf = load(*certificates("chain-loop", kind))

    verify_downwards([one, other, leaf])
    one.verify_directly_issued_by(other)
    assert one.public_key() != other.public_key()


@pytest.mark.parametrize("kind", SUITES)
def test_the_other_leaf_is_another_devices(kind):
    made, own = build("swap-leaf-after-auth", kind), identity(kind)
    *above, leaf = certificates("swap-leaf-after-auth", kind)

    assert above == own.chain[:-1]
    verify_downwards(load(*above, leaf))
    assert made.key.public_key_der() in leaf
    assert made.key.public_key_der() != public_der(load_key(own.key))
    before, after = load(own.chain[-1], leaf)
    assert before.serial_number != after.serial_number
    assert before.subject != after.subject
    assert b"SPDM-RESPONDER:another-device:00000002" in leaf
    assert b"SPDM-RESPONDER:device:00000001" not in leaf
