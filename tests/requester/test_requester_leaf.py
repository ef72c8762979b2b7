"""The leaf: usages that have to be accepted, models, the CMA name."""

import pytest
from cryptography import x509
from requester.cases import put
from requester.cases_certificates import MULTI_KEY
from requester.chains import (
    LEAF,
    MUTABLE,
    REQUESTER_AUTH,
    RESPONDER_AUTH,
    SAN,
    SPDM_EXTENSION,
    chain,
    default_chain,
)
from requester.peer import FLAGS, Peer, converse

from responder.spec.codes import ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V12, V13

SERVER = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")
ALIAS = LEAF.with_extension(x509.UnrecognizedExtension(SPDM_EXTENSION, MUTABLE))
PLAIN = LEAF.without_extension(x509.UnrecognizedExtension(SPDM_EXTENSION, b""))
WITHOUT_USAGE = LEAF.without_extension(x509.KeyUsage)


def of(leaf, **peer):
    return Peer(chains={0: chain(leaf=leaf)}, **peer)


@pytest.mark.parametrize(
    "usages", [[RESPONDER_AUTH, REQUESTER_AUTH], [SERVER], [RESPONDER_AUTH]], ids=len
)
def test_extended_key_usages_that_do(usages):
    leaf = LEAF.with_extension(x509.ExtendedKeyUsage(usages))
    assert converse(of(leaf)).report.verdict == "attested"


def test_no_extended_key_usage_does():
    assert converse(of(LEAF.without_extension(x509.ExtendedKeyUsage))).report.verdict == "attested"


def test_an_alias_leaf_is_mutable():
    peer = of(ALIAS, versions=(V12,), flags=FLAGS | Cap.ALIAS_CERT)
    report = converse(peer).report
    assert report.verdict == "attested"
    assert not report.identity.hardware_identity
    assert converse(of(ALIAS)).check == "x5.device-mutable"


def test_a_device_leaf_without_hardware_identity_is_told():
    assert converse(of(PLAIN)).observed == ["chain.no-hardware-identity"]


def test_only_a_generic_leaf_may_lack_key_usage():
    assert converse(of(WITHOUT_USAGE)).check == "x5.leaf-key-usage"
    slots = {0: default_chain(), 1: chain(leaf=WITHOUT_USAGE)}
    generic = {
        ResponseCode.DIGESTS: put(certificate_info=[1, 3]),
        ResponseCode.CERTIFICATE: put(certificate_info=3),
    }
    peer = Peer(versions=(V13,), flags=MULTI_KEY, chains=slots, draft=generic)
    outcome = converse(peer, slot=1)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["chain.no-key-usage"]


def test_basic_constraints_may_be_absent_before_1_3():
    leaf = LEAF.without_extension(x509.BasicConstraints)
    assert converse(of(leaf)).report.verdict == "attested"


def test_the_cma_name_is_compared_exactly():
    assert converse(Peer(), san=SAN).report.verdict == "attested"
    without = LEAF.without_extension(x509.SubjectAlternativeName)
    refused = converse(of(without), san=SAN)
    assert refused.check == "cma.san"
    assert refused.report.refusal.reason == f"no such name; expected {SAN}"
