"""What the installed library really lacks, so that a reason goes when it does."""

import pytest
from cryptography.hazmat.primitives import asymmetric
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from responder.crypto.lacking import every_lack, reason_to_refuse
from responder.spec.algorithms import BASE_ASYM, DHE_GROUPS, KEMS, PQC_ASYM


def test_what_is_refused_and_why():
    slh_dsa = {row.name for row in PQC_ASYM if row.scheme == "slhdsa"}
    assert len(slh_dsa) == 12
    assert set(every_lack()) == {"SM2-P256", "Ed448", "ML-KEM-512"} | slh_dsa
    assert all("cryptography" in why for why in every_lack().values())


def test_everything_else_is_computed():
    refused = {row for row in (*BASE_ASYM, *DHE_GROUPS, *KEMS) if reason_to_refuse(row)}
    assert {row.name for row in refused} == {"SM2-P256", "Ed448", "ML-KEM-512"}
    assert not any(map(reason_to_refuse, PQC_ASYM[:3]))


def test_the_library_has_not_learned_it():
    from cryptography.hazmat.primitives.asymmetric import mlkem

    assert not hasattr(mlkem, "MLKEM512PrivateKey")
    assert not hasattr(asymmetric, "slhdsa")
    assert not hasattr(ec, "SM2")
    with pytest.raises(TypeError):
        ed448.Ed448PrivateKey.generate().sign(b"message", b"context")
