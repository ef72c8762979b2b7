import pytest

from responder.core.table import REQUESTS
from responder.errors import suggest
from responder.profiles import names


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("ECDSA_P384", names.SIGNATURES, "ECDSA-P384"),
        ("ed-25519", names.SIGNATURES, "Ed25519"),
        ("RSAPSS-307", names.SIGNATURES, "RSAPSS-3072"),
        ("meas_sg", names.CAPABILITIES, "MEAS_SIG"),
        ("imutable-rom", names.MEASUREMENT_TYPES, "immutable-rom"),
        ("GET_MEASUREMENT", names.DEFERRABLE, "GET_MEASUREMENTS"),
        ("Ω", names.SIGNATURES, ""),
    ],
)
def test_suggestions_are_near_whatever_the_spelling(word, candidates, meant):
    assert suggest(word, candidates) == meant


def test_words_are_the_specifications_in_lower_case():
    assert names.MODELS == {"device": 1, "alias": 2, "generic": 3}
    assert names.KEY_USAGES["endpoint-info"] == 0x0008
    assert names.DEVICE_MODES["invasive-debug-has-been-active"] == 1 << 3
    assert names.STANDARDS["PCI-SIG"] == 3
    assert names.VERSIONS["1.4"] == 0x14


def test_algorithms_without_an_implementation_are_known_and_not_on_offer():
    assert {"SM2-P256", "Ed448"} <= set(names.LACKING)
    assert not set(names.LACKING) & {*names.SIGNATURES, *names.BASE_ASYM_BITS, *names.PQC_ASYM_BITS}
    assert set(names.TABLE_BITS["kem"]) == {"ML-KEM-768", "ML-KEM-1024"}
    assert "SM2-P256" not in names.TABLE_BITS["dhe"]


def test_first_requests_are_never_deferred():
    refused = {code.name for code, row in REQUESTS.items() if not row.deferrable}
    assert refused == set(names.NEVER_DEFERRED)
    assert {"CHALLENGE", "GET_DIGESTS", "VENDOR_DEFINED_REQUEST"} <= set(names.DEFERRABLE)
    assert {"CHUNK_SEND", "CHUNK_GET"} <= set(names.WORKED_FOR)
