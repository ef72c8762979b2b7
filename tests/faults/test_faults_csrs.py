"""CSRs of another key pair or subject; ``cryptography`` says what they are."""

import pytest
from cryptography import x509
from faults.engines import fault

from responder.campaign.conversation import converse
from responder.campaign.settings import SETTINGS
from responder.pki.sets import identity_path, read_identity

SEED = b"csrs"


def run(setting, *faults):
    """The conversation of a setting."""
    return converse(SETTINGS[setting], list(faults), SEED)


def csr_of(found):
    """What the requester got."""
    (response,) = [e.response for e in found.exchanges if e.name == "GET_CSR"]
    return response[8:]


def request_of(found):
    """What the requester got, read; its own signature is right."""
    request = x509.load_der_x509_csr(csr_of(found))
    assert request.is_signature_valid
    return request


def key_of_slot(slot):
    leaf = read_identity(identity_path("device", "ecp256", slot)).chain[-1]
    return x509.load_der_x509_certificate(leaf).public_key()


def csr(**action):
    return fault(hook="device", message=["GET_CSR"], action=[{"do": "csr", **action}])


@pytest.mark.parametrize("setting", ["csr", "csr-multi-key"])
def test_a_csr_is_of_another_key_pair(setting):
    found = run(setting, csr(key_pair=2))
    assert request_of(run(setting)).public_key() == key_of_slot(0)
    assert request_of(found).public_key() == key_of_slot(1)
    assert [event.detail for event in found.evidence] == ["a CSR of key pair 2"]


@pytest.mark.parametrize(("setting", "number"), [("csr-multi-key", 1), ("csr", 9)])
def test_the_same_key_pair_or_none_makes_no_difference(setting, number):
    found = run(setting, csr(key_pair=number))
    assert found.evidence == []
    assert csr_of(found) == csr_of(run(setting))


def test_a_csr_has_another_subject_and_is_else_the_same():
    found, healthy = run("csr", csr(subject="somebody else")), run("csr")
    other, right = request_of(found), request_of(healthy)
    assert other.subject.rfc4514_string() == "CN=somebody else" != right.subject.rfc4514_string()
    assert other.public_key() == right.public_key()
    assert list(other.extensions) == list(right.extensions)
    assert found.evidence[0].before == b""
    assert b"somebody else" in found.evidence[0].after
