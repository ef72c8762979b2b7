"""Certificate chains that have to be accepted, and what is told of odd ones."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from requester.chains import (
    INTERMEDIATE,
    LEAF,
    LEAF_KEY,
    NOW,
    OTHER_KEY,
    ROOT,
    ROOT_KEY,
    chain,
    default_chain,
    key,
    name,
)
from requester.peer import SHA256, Peer, converse

from responder.crypto.hashing import digest
from responder.errors import ConfigError
from responder.requester.chain import load_root
from responder.spec.versions import V14

ROOT_DER, INTERMEDIATE_DER, LEAF_DER = default_chain()


def of(*ders, **peer):
    return Peer(chains={0: ders}, **peer)


def test_root_and_leaf_are_enough():
    direct = LEAF.change(issuer="Root", signer=ROOT_KEY).build()
    assert converse(of(ROOT_DER, direct)).report.verdict == "attested"


def test_a_chain_may_come_without_its_root():
    peer = of(INTERMEDIATE_DER, LEAF_DER, root_hash=digest(SHA256, ROOT_DER))
    report = converse(peer).report
    assert report.verdict == "attested"
    assert report.trust_anchor == "CN=Root"


def test_without_its_root_the_first_signature_counts():
    forged = INTERMEDIATE.change(signer=OTHER_KEY).build()
    peer = of(forged, LEAF_DER, root_hash=digest(SHA256, ROOT_DER))
    assert converse(peer).check == "x5.signature"


def test_one_of_several_roots_with_the_same_name():
    other = ROOT.change(public=OTHER_KEY.public_key(), signer=OTHER_KEY).build()
    peer = of(INTERMEDIATE_DER, LEAF_DER, root_hash=digest(SHA256, ROOT_DER))
    assert converse(peer, roots=(other, ROOT_DER)).report.verdict == "attested"
    assert converse(peer, roots=(other,)).check == "x5.signature"


def test_a_renewed_root_has_the_trusted_name_and_key():
    renewed = ROOT.change(serial=99).build()
    assert converse(of(renewed, INTERMEDIATE_DER, LEAF_DER)).report.verdict == "attested"


def test_an_impostor_has_only_the_name():
    impostor = ROOT.change(public=OTHER_KEY.public_key(), signer=OTHER_KEY)
    below = INTERMEDIATE.change(signer=OTHER_KEY).build()
    assert converse(of(impostor.build(), below, LEAF_DER)).check == "x5.trusted-root"


def test_an_intermediate_may_be_trusted_itself():
    report = converse(of(INTERMEDIATE_DER, LEAF_DER), roots=(INTERMEDIATE_DER,)).report
    assert report.verdict == "attested"
    assert report.trust_anchor == "CN=Intermediate"


def test_a_chain_in_reverse():
    assert converse(of(LEAF_DER, INTERMEDIATE_DER, ROOT_DER)).check == "x5.trusted-root"


def test_twenty_intermediates():
    ders, signer, issuer = [ROOT_DER], ROOT_KEY, "Root"
    for number in range(20):
        private = key(1000 + number)
        spec = INTERMEDIATE.change(
            subject=f"CA {number}", issuer=issuer, public=private.public_key(), signer=signer
        )
        ders.append(spec.build())
        signer, issuer = private, f"CA {number}"
    ders.append(LEAF.change(issuer=issuer, signer=signer).build())
    assert converse(of(*ders)).report.verdict == "attested"


def test_a_chain_of_another_curve_above_the_leaf():
    from cryptography.hazmat.primitives.asymmetric import ec

    big = key(106, ec.SECP384R1)
    root = ROOT.change(public=big.public_key(), signer=big).build()
    below = INTERMEDIATE.change(signer=big).build()
    assert converse(of(root, below, LEAF_DER), roots=(root,)).report.verdict == "attested"


def test_without_a_clock_validity_is_not_checked_and_that_is_told():
    expired = LEAF.change(end=datetime(2021, 1, 1, tzinfo=UTC)).build()
    outcome = converse(of(ROOT_DER, INTERMEDIATE_DER, expired), time=None)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["chain.no-clock"]


def test_the_last_second_of_validity_counts():
    last = LEAF.change(end=NOW).build()
    assert converse(of(ROOT_DER, INTERMEDIATE_DER, last)).report.verdict == "attested"


def test_year_9999():
    forever = LEAF.change(end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)).build()
    assert converse(of(ROOT_DER, INTERMEDIATE_DER, forever)).report.verdict == "attested"


def test_reserved_bytes_of_length_are_ignored_before_1_4():
    def fill(structure):
        return structure[:2] + b"\xff\xff" + structure[4:]

    assert converse(Peer(chain_change=fill)).report.verdict == "attested"
    assert converse(Peer(versions=(V14,), chain_change=fill)).check == "x5.header-length"


def test_an_intermediate_without_critical_constraints_is_told():
    loose = INTERMEDIATE.with_extension(x509.BasicConstraints(True, None), critical=False)
    outcome = converse(of(*chain(intermediate=loose)))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["chain.constraints-not-critical"]


def test_a_leaf_that_is_its_own_root_is_told():
    alone = LEAF.change(issuer="Leaf", signer=LEAF_KEY)
    alone = alone.with_extension(x509.BasicConstraints(False, None), critical=True).build()
    outcome = converse(of(alone), roots=(alone,))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["chain.self-signed-leaf"]
    assert converse(of(alone)).check == "x5.trusted-root"


def test_nul_in_a_name_is_told():
    odd = LEAF.change(subject="Leaf\0evil").build()
    outcome = converse(of(ROOT_DER, INTERMEDIATE_DER, odd))
    assert outcome.observed == ["chain.nul-in-name"]


def test_name_constraints_that_are_not_critical_are_told():
    names = x509.NameConstraints([x509.DNSName("device.example")], None)
    outcome = converse(of(*chain(intermediate=INTERMEDIATE.with_extension(names))))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["chain.name-constraints"]


def test_name_constraints_that_are_critical_are_refused():
    names = x509.NameConstraints([x509.DNSName("device.example")], None)
    critical = INTERMEDIATE.with_extension(names, critical=True)
    assert converse(of(*chain(intermediate=critical))).check == "x5.critical-extension"


def test_an_extension_that_is_not_critical_may_be_unknown():
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0")
    odd = LEAF.with_extension(unknown).build()
    assert converse(of(ROOT_DER, INTERMEDIATE_DER, odd)).report.verdict == "attested"


@pytest.mark.parametrize(
    "junk",
    [b"\x30\x80\0\0", b"\x30\x84\xff\xff\xff\xff", b"\x30\x81\x05hello", b"\x31\0", b"\0"],
    ids=["indefinite", "overflow", "not-minimal", "other-tag", "one-byte"],
)
def test_what_is_no_der_after_the_leaf(junk):
    def append(structure):
        body = structure[4:] + junk
        return (4 + len(body)).to_bytes(4, "little") + body

    assert converse(Peer(chain_change=append)).check == "x5.framing"


def test_load_root_wants_a_certificate():
    assert load_root(ROOT_DER).parsed.subject == name("Root")
    with pytest.raises(ConfigError):
        load_root(ROOT_DER[:-1])
