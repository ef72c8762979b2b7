"""Every algorithm is computed once, and what goes wrong is told."""

import pytest

from responder.cli import doctor_algorithms
from responder.cli.doctor_algorithms import failures
from responder.cli.doctor_checks import algorithm_check
from responder.crypto import aead, key_agreement
from responder.crypto.lacking import every_lack
from responder.spec.algorithms import AEADS, BASE_ASYM, BASE_HASHES, DHE_GROUPS, KEMS, PQC_ASYM

ALL = [*BASE_HASHES, *BASE_ASYM, *PQC_ASYM, *DHE_GROUPS, *KEMS, *AEADS]


def test_all_are_computed_that_this_program_does_not_refuse():
    broken, count = failures()
    assert broken == {}
    assert count == len(ALL) - sum(row.name in every_lack() for row in ALL)
    assert algorithm_check().good


@pytest.mark.parametrize(
    ("module", "function", "names"),
    [
        (doctor_algorithms, "digest", BASE_HASHES),
        (aead, "seal", AEADS),
        (key_agreement, "begin", (*DHE_GROUPS, *KEMS)),
        (doctor_algorithms, "load_private_key", (*BASE_ASYM, *PQC_ASYM)),
    ],
)
def test_an_algorithm_that_the_library_at_hand_lacks_is_told(module, function, names, monkeypatch):
    def missing(*_):
        raise NotImplementedError("not in this build")

    monkeypatch.setattr(module, function, missing)
    broken, _ = failures()
    assert set(broken) == {row.name for row in names} - set(every_lack())
    assert set(broken.values()) == {"NotImplementedError: not in this build"}
    check = algorithm_check()
    assert (check.good, check.required) == (False, True)
    assert all(name in check.found for name in broken)


def test_secrets_that_differ_are_told(monkeypatch):
    agreed = key_agreement.Agreed(b"", b"")
    monkeypatch.setattr(key_agreement.Offer, "finish", lambda *_: b"another")
    monkeypatch.setattr(key_agreement, "respond", lambda *_: agreed)
    broken, _ = failures()
    assert broken["SECP384R1"] == "KeyAgreementError: both sides have different secrets"
