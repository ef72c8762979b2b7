"""Algorithm tables against those of DSP0274: bit, sizes in bytes, version."""

import pytest

from responder.spec import algorithms
from responder.spec.algorithms import by_bit, by_name, names_in

HASHES = [
    (0, "SHA-256", 32, 0x10),
    (1, "SHA-384", 48, 0x10),
    (2, "SHA-512", 64, 0x10),
    (3, "SHA3-256", 32, 0x10),
    (4, "SHA3-384", 48, 0x10),
    (5, "SHA3-512", 64, 0x10),
    (6, "SM3-256", 32, 0x12),
]
SIGNATURES = [
    (0, "RSASSA-2048", 256, 0x10),
    (1, "RSAPSS-2048", 256, 0x10),
    (2, "RSASSA-3072", 384, 0x10),
    (3, "RSAPSS-3072", 384, 0x10),
    (4, "ECDSA-P256", 64, 0x10),
    (5, "RSASSA-4096", 512, 0x10),
    (6, "RSAPSS-4096", 512, 0x10),
    (7, "ECDSA-P384", 96, 0x10),
    (8, "ECDSA-P521", 132, 0x10),
    (9, "SM2-P256", 64, 0x12),
    (10, "Ed25519", 64, 0x12),
    (11, "Ed448", 114, 0x12),
]
PQC = [
    (0, "ML-DSA-44", 2420),
    (1, "ML-DSA-65", 3309),
    (2, "ML-DSA-87", 4627),
    (3, "SLH-DSA-SHA2-128s", 7856),
    (4, "SLH-DSA-SHAKE-128s", 7856),
    (5, "SLH-DSA-SHA2-128f", 17088),
    (6, "SLH-DSA-SHAKE-128f", 17088),
    (7, "SLH-DSA-SHA2-192s", 16224),
    (8, "SLH-DSA-SHAKE-192s", 16224),
    (9, "SLH-DSA-SHA2-192f", 35664),
    (10, "SLH-DSA-SHAKE-192f", 35664),
    (11, "SLH-DSA-SHA2-256s", 29792),
    (12, "SLH-DSA-SHAKE-256s", 29792),
    (13, "SLH-DSA-SHA2-256f", 49856),
    (14, "SLH-DSA-SHAKE-256f", 49856),
]
DHE = [
    (0, "FFDHE2048", 256),
    (1, "FFDHE3072", 384),
    (2, "FFDHE4096", 512),
    (3, "SECP256R1", 64),
    (4, "SECP384R1", 96),
    (5, "SECP521R1", 132),
    (6, "SM2-P256", 64),
]
KEM = [(0, "ML-KEM-512", 800, 768), (1, "ML-KEM-768", 1184, 1088), (2, "ML-KEM-1024", 1568, 1568)]
AEAD = [
    (0, "AES-128-GCM", 16),
    (1, "AES-256-GCM", 32),
    (2, "CHACHA20-POLY1305", 32),
    (3, "SM4-GCM", 16),
]


def bit(row):
    return row.bit.bit_length() - 1


def test_base_hashes():
    assert [(bit(r), r.name, r.size, r.since) for r in algorithms.BASE_HASHES] == HASHES


def test_measurement_hashes_are_one_bit_higher_and_bit_0_is_raw_only():
    found = [(bit(r) - 1, r.name, r.size, r.since) for r in algorithms.MEASUREMENT_HASHES]
    assert found == HASHES
    assert algorithms.RAW_BIT_STREAM_ONLY == 1


def test_signatures():
    assert [(bit(r), r.name, r.size, r.since) for r in algorithms.BASE_ASYM] == SIGNATURES


def test_post_quantum_algorithms_came_with_1_4():
    assert [(bit(r), r.name, r.size) for r in algorithms.PQC_ASYM] == PQC
    found = [(bit(r), r.name, r.request_size, r.response_size) for r in algorithms.KEMS]
    assert found == KEM
    assert {r.since for r in (*algorithms.PQC_ASYM, *algorithms.KEMS)} == {0x14}
    assert all(r.post_quantum for r in algorithms.PQC_ASYM)
    assert not any(r.post_quantum for r in algorithms.BASE_ASYM)


def test_key_exchanges_have_the_same_size_both_ways():
    assert [(bit(r), r.name, r.request_size) for r in algorithms.DHE_GROUPS] == DHE
    assert all(r.request_size == r.response_size for r in algorithms.DHE_GROUPS)


def test_aeads():
    assert [(bit(r), r.name, r.key_size) for r in algorithms.AEADS] == AEAD


def test_each_alg_type_has_its_table():
    tables = algorithms.TABLE_ALGORITHMS
    assert {alg_type: rows[0].name for alg_type, rows in tables.items()} == {
        2: "FFDHE2048",
        3: "AES-128-GCM",
        4: "RSASSA-2048",
        5: "SPDM",
        6: "ML-DSA-44",
        7: "ML-KEM-512",
    }


@pytest.mark.parametrize("table", algorithms.TABLE_ALGORITHMS.values())
def test_bits_and_names_of_a_table_are_distinct(table):
    assert len({row.bit for row in table}) == len({row.name for row in table}) == len(table)


def test_keys_and_schemes_fit_the_names():
    for row in algorithms.BASE_ASYM:
        family, _, size = row.name.lower().partition("-")
        if family.startswith("rsa"):
            assert (row.scheme, row.key) == (family, f"rsa{size}")
        elif family == "ecdsa":
            assert (row.scheme, row.key) == (family, f"ecp{size[1:]}")


def test_a_row_is_found_by_bit_and_by_name():
    table = algorithms.BASE_HASHES
    assert by_bit(table, 2) is by_name(table, "sha-384") is table[1]
    assert by_bit(table, 0) is by_bit(table, 3) is by_bit(table, 1 << 30) is None
    assert by_name(table, "MD5") is None


def test_names_of_a_mask_show_unknown_bits():
    assert names_in(algorithms.BASE_HASHES, 0b101) == ["SHA-256", "SHA-512"]
    assert names_in(algorithms.BASE_HASHES, 0x8001) == ["SHA-256", "0x8000"]
    assert names_in(algorithms.BASE_HASHES, 0) == []
