"""Key pairs, banks and what may be written, as profiles say it."""

import pytest

from responder.errors import ConfigError
from responder.profiles.load import load_profile


def load(**overrides):
    return load_profile("ecdsa-p384", overrides)


def pairs(*sections, **more):
    return load(key_pair=list(sections), **more).device.provisioning.key_pairs()


def test_without_key_pairs_there_are_those_that_slots_name():
    found = load_profile("eight-slots").device.provisioning.key_pairs()
    assert [pair.slot_mask for pair in found] == [1 << slot for slot in range(8)]
    assert {pair.asym for pair in found} == {0x10}
    assert {pair.capabilities for pair in found} == {0}
    assert load().device.provisioning.key_pairs() == []


def test_slots_with_several_kinds_of_keys_have_a_key_pair_of_each():
    pairs = load_profile("full").device.provisioning.key_pairs()
    assert [pair.slot_mask for pair in pairs] == [1, 2] * 10
    assert [pair.asym or pair.pqc_asym << 16 for pair in pairs[::2]] == [
        0x20, 0x10, 0x08, 0x04, 0x02, 0x01, 0x80, 4 << 16, 2 << 16, 1 << 16,
    ]  # fmt: skip


def test_a_key_pair_has_the_key_of_the_certificates_in_its_slots():
    profile = load(key_pair=[{"algorithm": "ecp384", "slots": [1]}])
    identity = profile.device._slots[1].credentials[0].identity
    assert profile.device.provisioning.state.now.key_pairs[0].key == identity.key


def test_what_may_be_chosen_is_what_is_chosen_unless_the_profile_says_more():
    (pair,) = pairs({"algorithm": "ecp384", "key_usage": ["challenge"]})
    assert (pair.asym_capabilities, pair.key_usage_capabilities) == (0x10, 0x2)
    (pair,) = pairs(
        {
            "algorithms": ["ecp256", "rsa3072", "mldsa65"],
            "key_usage_capabilities": ["challenge", "vendor"],
            "capabilities": ["gen-key", "shareable"],
        }
    )
    assert (pair.asym_capabilities, pair.pqc_capabilities) == (0x0A, 0x2)
    assert (pair.key_usage_capabilities, pair.capabilities) == (0x8002, 0x21)
    assert (pair.asym, pair.key_usage) == (0, 0)


def test_banks_and_trust():
    banks = [{"algorithm": "ecp384"}, {"configurable": ["ecp256"]}]
    its = load(bank=banks, provisioning={"trusted_environment": True}).device.provisioning
    assert [(bank.kind, bank.available_asym) for bank in its.banks()] == [("ecp384", 0), ("", 8)]
    assert its.trusted
    assert not load().device.provisioning.trusted


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"algorithm": "ecp385"}, "unknown kind of key 'ecp385' .did you mean 'ecp384'"),
        ({"algorithms": ["ed448"]}, "unknown kind of key 'ed448'"),
        ({"capabilities": ["gen-keys"]}, "unknown capability 'gen-keys' .did you mean 'gen-key'"),
        ({"key_usage": ["all"]}, "unknown key usage 'all'"),
        ({"slots": [8]}, "slots"),
    ],
)
def test_unknown_words_are_told_with_what_was_meant(wrong, reason):
    with pytest.raises(ConfigError, match=reason):
        pairs(wrong)
