"""Defective chains for the tests of this folder, and what the reference requester says of them."""

from datetime import UTC, datetime
from functools import cache

from responder.crypto.random_tree import RandomTree
from responder.pki import sets
from responder.pki.defects import DefectBuilder
from responder.requester.chain import validate
from responder.requester.checks import Refused
from responder.requester.conversation import Conversation
from responder.requester.options import AttestOptions
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.spec.registries import CertificateModel
from responder.spec.versions import V14
from responder.wire.certificate_chain import parse_chain

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SUITES = {
    "ecp256": ("ECDSA-P256", "SHA-256"),
    "ecp384": ("ECDSA-P384", "SHA-384"),
    "rsa3072": ("RSAPSS-3072", "SHA-384"),
}
ACCEPTED = ""


def signature_of(kind):
    return by_name(BASE_ASYM, SUITES[kind][0])


def hash_of(kind):
    return by_name(BASE_HASHES, SUITES[kind][1])


@cache
def identity(kind, set_name="device", slot=0):
    return sets.read_identity(sets.identity_path(set_name, kind, slot))


@cache
def builder():
    return DefectBuilder(RandomTree(b"tests of defects"))


def build(name, kind="ecp384", set_name="device"):
    return builder().build(name, identity(kind, set_name), hash_of(kind), V14)


def certificates(name, kind="ecp384", set_name="device"):
    """The DER certificates of a chain whose framing the defect leaves alone."""
    _, found = parse_chain(build(name, kind, set_name).chain, hash_of(kind).size)
    return found


def verdict(
    name, kind="ecp384", set_name="device", model=CertificateModel.DEVICE, version=V14, **options
):
    """The id of the check that refuses, and of what is observed."""
    settings = {"roots": tuple(sets.shipped_roots().values()), "time": NOW, **options}
    conversation = Conversation(AttestOptions(**settings), RandomTree(b""))
    agreed = conversation.agreed
    agreed.version, agreed.base_hash, agreed.signature = version, hash_of(kind), signature_of(kind)
    check = ACCEPTED
    try:
        validate(conversation, build(name, kind, set_name).chain, model)
    except Refused as refused:
        check = refused.check_id
    return check, [one.id for one in conversation.report.observations]
