"""Bits of key pairs and of SLOT_MANAGEMENT, against the numbers of the facts."""

from responder.spec.key_pairs import KEY_KINDS, KeyPairCap
from responder.spec.slot_management import SubCode


def test_kinds_of_keys_have_other_bits_than_in_base_asym_algo():
    bits = [int(KEY_KINDS[kind]).bit_length() - 1 for kind in KEY_KINDS]
    assert list(KEY_KINDS) == [
        "rsa2048", "rsa3072", "rsa4096", "ecp256", "ecp384", "ecp521", "sm2", "ed25519", "ed448",
    ]  # fmt: skip
    assert bits == list(range(9))


def test_capabilities_of_key_pairs():
    assert [cap.name for cap in KeyPairCap] == [
        "GEN_KEY", "ERASABLE", "CERT_ASSOC", "KEY_USAGE", "ASYM_ALGO", "SHAREABLE",
    ]  # fmt: skip
    assert sum(KeyPairCap) == 0x3F


def test_sub_codes_that_write_begin_at_0x20():
    assert [int(code) for code in SubCode] == [0, 1, 2, 3, 4, 0x20, 0x21, 0x22]
