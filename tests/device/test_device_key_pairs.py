"""Key pairs change, and slots with them; oracle: cryptography."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from device.provisioned import (
    ALL_CAPS,
    CHANGE,
    ERASE,
    GENERATE,
    INVALID,
    KEY_PAIRS,
    OPERATION_FAILED,
    P256_BIT,
    P384,
    P384_BIT,
    RESET_REQUIRED,
    SHA_384,
    UNSPECIFIED,
    authority,
    certified,
    done,
    key_pair,
    provisioning,
    refusal,
    renewed,
    set_key_pair,
    spki,
    structure,
    terms,
)

from responder.core.ownership import Reset
from responder.core.provisioning import CsrTerms
from responder.crypto.random_tree import RandomTree
from responder.pki import builder
from responder.spec.codes import ErrorCode
from responder.spec.key_pairs import KeyPairCap
from responder.spec.registries import CertificateModel
from responder.wire.certificate_chain import parse_chain


class TestKeyPairs:
    def test_they_tell_what_the_profile_says(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        first, second, third = its.key_pairs()
        assert (first.capabilities, second.capabilities) == (0, 0x3F)
        assert (first.asym, first.asym_capabilities, first.slot_mask) == (P384_BIT, P384_BIT, 1)
        assert second.asym_capabilities == P384_BIT | P256_BIT | 1
        assert (third.asym, third.key_usage, third.algorithm_identifier) == (0, 0, b"")

    def test_the_algorithm_identifier_is_that_of_the_public_key(self):
        kinds = ["ecp256", "ecp384", "ecp521", "ed25519", "rsa2048"]
        _, its = provisioning(key_pairs=[{"algorithm": kind} for kind in kinds])
        for kind, pair in zip(kinds, its.key_pairs(), strict=True):
            public = (
                authority(kind)
                .key.public_key()
                .public_bytes(
                    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
            assert pair.algorithm_identifier in public
            assert len(pair.algorithm_identifier) == pair.algorithm_identifier[1] + 2

    def test_usage_and_slots_change_and_digests_tell_it(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        done(set_key_pair(its, 2, CHANGE, key_usage=0x2, slot_mask=0b110))
        assert dev.slot(1).info(P384).key_usage == 0x2
        assert dev.slot(2).info(P384) == dev.slot(1).info(P384).__class__(0, 2, 0x2)

    def test_a_key_with_a_certificate_stays_with_its_slot(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        assert refusal(set_key_pair(its, 2, CHANGE)) == (OPERATION_FAILED, 0)

    def test_unless_the_profile_binds_nothing(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS, provisioning={"bind_key_pairs": False})
        done(set_key_pair(its, 2, CHANGE))
        assert key_pair(its, 2).slot_mask == 0
        assert dev.slot(1).chain(P384, SHA_384) is not None
        done(set_key_pair(its, 2, ERASE))
        assert key_pair(its, 2).asym == 0

    @pytest.mark.parametrize("operation", [ERASE, GENERATE])
    def test_an_associated_key_is_neither_erased_nor_replaced(self, operation):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        assert refusal(set_key_pair(its, 2, operation)) == (OPERATION_FAILED, 0)

    def test_nothing_is_generated_without_an_algorithm(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        assert refusal(set_key_pair(its, 3, GENERATE)) == (OPERATION_FAILED, 0)

    def test_the_algorithm_of_a_key_that_exists_stays(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        change = set_key_pair(its, 2, CHANGE, asym=P256_BIT, slot_mask=2)
        assert refusal(change) == (INVALID, 0)

    def test_a_slot_has_one_key_pair_of_an_algorithm(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        change = set_key_pair(its, 3, GENERATE, asym=P384_BIT, slot_mask=0b010)
        assert refusal(change) == (OPERATION_FAILED, 0)
        done(set_key_pair(its, 3, GENERATE, asym=P256_BIT, slot_mask=0b010))

    def test_a_chosen_algorithm_is_generated_later(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        done(set_key_pair(its, 3, CHANGE, asym=P384_BIT, slot_mask=0b100))
        assert dev.slot(2) is None, "there is no key yet"
        assert refusal(set_key_pair(its, 3, GENERATE)) == (OPERATION_FAILED, 0)
        done(set_key_pair(its, 3, CHANGE))
        done(set_key_pair(its, 3, GENERATE, key_usage=1, slot_mask=0b100))
        assert dev.slot(2).info(P384).key_pair_id == 3

    def test_a_generated_key_is_certified_and_signs(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        done(set_key_pair(its, 3, GENERATE, asym=P384_BIT, key_usage=3, slot_mask=0b100))
        csr = x509.load_der_x509_csr(done(its.csr(CsrTerms(terms(key_pair_id=3), b"", 0))))
        chain = structure(certified(csr.public_key()))
        done(its.write(2, chain, terms(key_pair_id=3)))
        assert dev.slot(2).key(P384).public_key_der() == spki(parse_chain(chain, 48)[1][-1])

    def test_each_generated_key_is_another_one(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        keys = set()
        for _ in range(2):
            for bit in (P384_BIT, P256_BIT, 1):
                done(set_key_pair(its, 3, GENERATE, asym=bit))
                keys.add(its.state.now.key_pairs[2].key)
        assert len(keys) == 6

    def test_the_same_seed_generates_the_same_keys(self):
        made = []
        for seed in (b"a", b"a", b"b"):
            _, its = provisioning(key_pairs=KEY_PAIRS)
            its.use(RandomTree(seed))
            done(set_key_pair(its, 3, GENERATE, asym=P384_BIT))
            made.append(its.state.now.key_pairs[2].key)
        assert made[0] == made[1] != made[2]

    @pytest.mark.slow
    def test_when_the_pool_is_used_up_rsa_keys_are_made(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        keys = set()
        for _ in range(6):
            done(set_key_pair(its, 3, GENERATE, asym=1))
            keys.add(its.state.now.key_pairs[2].key)
        assert len(keys) == 6

    def test_a_change_may_wait_for_a_reset(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        change = set_key_pair(its, 3, GENERATE, asym=P256_BIT, at_reset=True)
        assert refusal(change) == (RESET_REQUIRED, 0)
        assert (key_pair(its, 3).asym, its.waiting_slots) == (0, 0)
        its.reset(Reset.CONVENTIONAL)
        assert key_pair(its, 3).asym == P256_BIT


class TestWritingUnderKeyPairs:
    def test_the_leaf_s_key_is_the_named_one(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        chain = renewed(dev.slot(0))
        assert refusal(its.write(1, chain, terms(key_pair_id=2))) == (UNSPECIFIED, 0)
        assert refusal(its.write(1, chain, terms(key_pair_id=1))) == (INVALID, 0)
        assert refusal(its.write(0, chain, terms(key_pair_id=4))) == (INVALID, 0)
        assert refusal(its.write(0, chain, terms(key_pair_id=3))) == (INVALID, 0)
        done(its.write(0, chain, terms(key_pair_id=1)))

    def test_a_free_slot_is_associated_by_writing(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        done(its.write(2, renewed(dev.slot(1)), terms(key_pair_id=2)))
        assert key_pair(its, 2).slot_mask == 0b110
        assert dev.slot(2).info(P384).key_pair_id == 2

    def test_unbound_any_key_of_the_device_will_do(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS, provisioning={"bind_key_pairs": False})
        done(its.write(1, renewed(dev.slot(0)), terms(key_pair_id=3)))
        assert key_pair(its, 3).slot_mask == 0

    def test_the_model_is_the_written_one(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        template = builder.leaf_template(CertificateModel.GENERIC, "generic")
        chain = renewed(dev.slot(1), template=template)
        done(its.write(1, chain, terms(key_pair_id=2, model=CertificateModel.GENERIC)))
        assert dev.slot(1).info(P384).model == CertificateModel.GENERIC


class TestBanks:
    BANKS = (
        {"algorithm": "ecp384"},
        {"algorithm": "ecp256", "configurable": ["ecp256", "ecp384", "rsa2048"]},
        {"configurable": ["ecp256", "rsa2048"]},
    )

    def test_without_any_in_the_profile_each_kind_of_key_is_one(self):
        _, its = provisioning()
        assert [bank.kind for bank in its.banks()] == ["ecp384"]
        assert its.banks()[0].asym_capabilities == 0

    def test_what_is_available_is_in_no_other_bank(self):
        _, its = provisioning(bank=list(self.BANKS))
        _, second, third = its.banks()
        assert second.available_asym == P256_BIT | 1
        assert (third.asym, third.available_asym) == (0, 1)

    def test_an_empty_bank_gets_another_algorithm(self):
        _, its = provisioning(bank=list(self.BANKS))
        done(its.configure_bank(1, 1, 0, at_reset=False))
        assert its.banks()[1].kind == "rsa2048"
        assert its.banks()[2].available_asym == P256_BIT

    @pytest.mark.parametrize("bits", [(0, 0), (P384_BIT, 0), (3, 0), (1, 1), (0, 1)])
    def test_what_is_not_available_is_refused(self, bits):
        _, its = provisioning(bank=list(self.BANKS))
        assert refusal(its.configure_bank(1, *bits, at_reset=False)) == (INVALID, 0)

    def test_a_bank_with_a_certificate_stays(self):
        banks = [{"algorithm": "ecp384", "configurable": ["ecp384", "ecp256"]}]
        _, its = provisioning(bank=banks)
        change = its.configure_bank(0, P256_BIT, 0, at_reset=False)
        assert refusal(change) == (ErrorCode.INVALID_STATE, 0)
        done(its.configure_bank(0, P384_BIT, 0, at_reset=False))
        assert its.banks()[0].kind == "ecp384"


def test_all_capabilities_are_named():
    assert [name.upper().replace("-", "_") for name in ALL_CAPS] == [cap.name for cap in KeyPairCap]
