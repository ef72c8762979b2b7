"""Slots and CSRs change, and everything that asks sees it; oracle: cryptography."""

import pytest
from cryptography import x509
from device.provisioned import (
    GENERATE,
    INVALID,
    KEY_PAIRS,
    OPERATION_FAILED,
    P256,
    P384,
    P384_BIT,
    RESET_REQUIRED,
    SHA_256,
    SHA_384,
    UNSPECIFIED,
    authority,
    certified,
    device,
    done,
    leaf_key,
    provisioning,
    refusal,
    renewed,
    set_key_pair,
    stranger,
    structure,
    terms,
)

from responder.core.errors import ProtocolError
from responder.core.ownership import Reset
from responder.core.provisioning import CsrTerms
from responder.device.state import DeviceState
from responder.pki import builder
from responder.spec.codes import ErrorCode
from responder.spec.registries import CertificateModel
from responder.wire.certificate_chain import parse_chain


class TestWriting:
    def test_a_new_chain_for_the_slot_s_key_is_the_slot_s(self):
        dev, its = provisioning()
        key, chain = leaf_key(dev.slot(0)), renewed(dev.slot(0))
        before = dev.slot(0).digest(P384, SHA_384)
        done(its.write(0, chain, terms()))
        assert dev.slot(0).chain(P384, SHA_384) == chain
        assert dev.slot(0).digest(P384, SHA_384) != before
        assert leaf_key(dev.slot(0)).private_numbers() == key.private_numbers()

    def test_another_hash_asks_for_the_same_chain_with_another_root_hash(self):
        dev, its = provisioning()
        done(its.write(0, renewed(dev.slot(0)), terms()))
        _, certificates = parse_chain(dev.slot(0).chain(P384, SHA_256), 32)
        assert certificates == certified(leaf_key(dev.slot(0)).public_key())

    def test_an_empty_slot_takes_a_chain_for_any_key_of_the_device(self):
        dev, its = provisioning()
        assert dev.slot(2) is None
        done(its.write(2, renewed(dev.slot(0)), terms()))
        assert dev.slot(2).key(P384).public_key_der() == dev.slot(0).key(P384).public_key_der()

    def test_other_kinds_of_keys_keep_what_they_had(self):
        profile = device(algorithms={"base_asym": ["ECDSA-P384", "ECDSA-P256"]})
        dev = profile.device
        before = dev.slot(0).chain(P256, SHA_256)
        done(dev.provisioning.write(0, renewed(dev.slot(0)), terms()))
        assert dev.slot(0).chain(P256, SHA_256) == before

    def test_the_change_is_told_as_an_event(self):
        dev, its = provisioning()
        done(its.write(1, renewed(dev.slot(1)), terms()))
        assert [event.detail for event in dev.events.since(0)] == [b"\x02"]

    def test_a_chain_larger_than_the_slot_is_refused(self):
        dev, its = provisioning(slot=[{"id": 0, "set": "device", "size": 1000}])
        assert refusal(its.write(0, renewed(dev.slot(0)), terms())) == (UNSPECIFIED, 0)

    def test_only_one_change_is_under_way(self):
        dev, its = provisioning()
        change = its.write(0, renewed(dev.slot(0)), terms())
        with pytest.raises(ProtocolError) as busy:
            its.erase(0, terms())
        assert busy.value.code == ErrorCode.BUSY
        change.give_up()
        done(its.erase(1, terms()))

    def test_a_refused_chain_leaves_the_old_one(self):
        dev, its = provisioning()
        before, state = dev.slot(0).chain(P384, SHA_384), its.state
        chain = structure(certified(stranger()))
        assert refusal(its.write(0, chain, terms())) == (UNSPECIFIED, 0)
        assert dev.slot(0).chain(P384, SHA_384) == before
        assert its.state is state


class TestErasing:
    def test_an_erased_slot_exists_and_is_empty(self):
        dev, its = provisioning()
        done(its.erase(1, terms(model=0)))
        assert dev.slot(1) is None
        assert dev.supported_slot_mask() == 0b111

    def test_an_empty_slot_cannot_be_erased(self):
        _, its = provisioning()
        assert refusal(its.erase(2, terms(model=0))) == (OPERATION_FAILED, 0)

    def test_an_erased_slot_can_be_written_again(self):
        dev, its = provisioning()
        chain = renewed(dev.slot(1))
        done(its.erase(1, terms(model=0)))
        done(its.write(1, chain, terms()))
        assert dev.slot(1).chain(P384, SHA_384) == chain, "its key has stayed"

    def test_with_key_pairs_the_key_stays_and_a_chain_for_it_can_come_back(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        chain = renewed(dev.slot(1))
        done(its.erase(1, terms(model=0, key_pair_id=2)))
        info = dev.slot(1).info(P384)
        assert (info.key_pair_id, info.model) == (2, 0)
        assert dev.slot(1).chain(P384, SHA_384) is None
        done(its.write(1, chain, terms(key_pair_id=2)))
        assert dev.slot(1).info(P384).model == CertificateModel.DEVICE
        assert dev.slot(1).chain(P384, SHA_384) == chain

    def test_a_slot_is_erased_under_its_own_key_pair(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        assert refusal(its.erase(1, terms(model=0, key_pair_id=1))) == (INVALID, 0)
        assert refusal(its.erase(1, terms(model=0, key_pair_id=9))) == (INVALID, 0)


class TestReset:
    def test_a_chain_that_waits_takes_effect_with_the_reset(self):
        dev, its = provisioning()
        before, chain = dev.slot(0).chain(P384, SHA_384), renewed(dev.slot(0))
        assert refusal(its.write(0, chain, terms(at_reset=True))) == (RESET_REQUIRED, 0)
        assert dev.slot(0).chain(P384, SHA_384) == before
        assert its.waiting_slots == 0b1
        its.reset(Reset.CONVENTIONAL)
        assert dev.slot(0).chain(P384, SHA_384) == chain
        assert its.waiting_slots == 0

    def test_where_it_is_delayed_a_chain_is_seen_after_the_reset_though_nobody_is_told(self):
        dev, its = provisioning(provisioning={"delayed": True})
        before, chain = dev.slot(0).chain(P384, SHA_384), renewed(dev.slot(0))
        done(its.write(0, chain, terms()))
        assert (dev.slot(0).chain(P384, SHA_384), its.waiting_slots) == (before, 0)
        its.reset(Reset.CONVENTIONAL)
        assert dev.slot(0).chain(P384, SHA_384) == chain

    @pytest.mark.parametrize("reset", [Reset.SESSION_END, Reset.PEER_GONE, Reset.FUNCTION_LEVEL])
    def test_smaller_resets_change_nothing(self, reset):
        dev, its = provisioning()
        refusal(its.write(0, renewed(dev.slot(0)), terms(at_reset=True)))
        its.reset(reset)
        assert its.waiting_slots == 0b1

    def test_several_changes_wait_together(self):
        dev, its = provisioning()
        refusal(its.write(0, renewed(dev.slot(0)), terms(at_reset=True)))
        refusal(its.erase(1, terms(model=0, at_reset=True)))
        assert its.waiting_slots == 0b11
        its.reset(Reset.POWER_CYCLE)
        assert dev.slot(1) is None

    def test_a_reset_during_a_change_comes_after_it(self):
        dev, its = provisioning()
        chain = renewed(dev.slot(0))
        change = its.write(0, chain, terms(at_reset=True))
        change.work()
        its.reset(Reset.CONVENTIONAL)
        with pytest.raises(ProtocolError):
            change.commit()
        assert dev.slot(0).chain(P384, SHA_384) == chain


class TestAlias:
    SLOTS = ({"id": 0, "set": "alias", "model": "alias"},)

    def to_device_ca(self, key=None):
        """A chain that ends in a renewed Device Certificate CA."""
        key = key or authority(name="device-ca").key.public_key()
        return certified(key, template=builder.device_ca_template("ecp384"), name="new CA")

    def test_the_device_keeps_its_own_certificates_below_the_device_certificate_ca(self):
        dev, its = provisioning("ALIAS_CERT", slot=list(self.SLOTS))
        own = dev.slot(0).identity(P384).chain[-1]
        written = self.to_device_ca()
        done(its.write(0, structure(written), terms(model=CertificateModel.ALIAS)))
        _, certificates = parse_chain(dev.slot(0).chain(P384, SHA_384), 48)
        assert certificates == [*written, own]

    def test_a_ca_of_another_device_is_refused(self):
        _, its = provisioning("ALIAS_CERT", slot=list(self.SLOTS))
        chain = structure(self.to_device_ca(stranger()))
        change = its.write(0, chain, terms(model=CertificateModel.ALIAS))
        assert refusal(change) == (UNSPECIFIED, 0)

    def test_the_csr_is_for_the_device_certificate_ca(self):
        _, its = provisioning("ALIAS_CERT", slot=list(self.SLOTS))
        csr = done(its.csr(CsrTerms(terms(model=CertificateModel.ALIAS), b"", 0)))
        request = x509.load_der_x509_csr(csr)
        assert request.is_signature_valid
        assert request.public_key() == authority(name="device-ca").key.public_key()
        assert request.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


class TestCsr:
    def wanted(self, *, tag=0, overwrite=False, at_reset=False, info=b"", **more):
        return CsrTerms(terms(at_reset=at_reset, **more), info, tag, overwrite)

    def test_at_once_it_is_for_the_key_of_slot_0(self):
        dev, its = provisioning()
        request = x509.load_der_x509_csr(done(its.csr(self.wanted())))
        assert request.is_signature_valid
        assert request.public_key() == leaf_key(dev.slot(0)).public_key()

    def test_over_a_reset_it_has_a_tag(self):
        _, its = provisioning()
        assert refusal(its.csr(self.wanted(at_reset=True))) == (RESET_REQUIRED, 1)
        assert refusal(its.csr(self.wanted(at_reset=True))) == (RESET_REQUIRED, 2)
        assert refusal(its.csr(self.wanted(at_reset=True, tag=1))) == (RESET_REQUIRED, 1)
        its.reset(Reset.CONVENTIONAL)
        csr = done(its.csr(self.wanted(at_reset=True, tag=1)))
        assert x509.load_der_x509_csr(csr).is_signature_valid
        assert done(its.csr(self.wanted(at_reset=True, tag=1))) == csr, "it may be asked again"

    def test_there_are_seven_tags(self):
        _, its = provisioning()
        tags = [refusal(its.csr(self.wanted(at_reset=True)))[1] for _ in range(7)]
        assert tags == [1, 2, 3, 4, 5, 6, 7]
        assert refusal(its.csr(self.wanted(at_reset=True))) == (ErrorCode.BUSY, 0)

    def test_overwrite_gives_up_all_that_wait(self):
        _, its = provisioning()
        for _ in range(7):
            refusal(its.csr(self.wanted(at_reset=True)))
        assert refusal(its.csr(self.wanted(at_reset=True, overwrite=True))) == (RESET_REQUIRED, 1)
        assert refusal(its.csr(self.wanted(at_reset=True, tag=2)))[0] == (
            ErrorCode.UNEXPECTED_REQUEST
        )

    def test_a_tag_that_was_never_given(self):
        _, its = provisioning()
        change = its.csr(self.wanted(at_reset=True, tag=3))
        assert refusal(change) == (ErrorCode.UNEXPECTED_REQUEST, 0)

    def test_a_tag_belongs_to_its_request(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        refusal(its.csr(self.wanted(at_reset=True, key_pair_id=1)))
        its.reset(Reset.CONVENTIONAL)
        assert refusal(its.csr(self.wanted(at_reset=True, tag=1, key_pair_id=2))) == (INVALID, 0)

    def test_before_1_3_the_same_request_gets_it_after_the_reset(self):
        _, its = provisioning()
        wanted = self.wanted(tag=None, at_reset=True, version=0x12)
        assert refusal(its.csr(wanted)) == (RESET_REQUIRED, 0)
        assert refusal(its.csr(wanted)) == (RESET_REQUIRED, 0)
        its.reset(Reset.CONVENTIONAL)
        assert x509.load_der_x509_csr(done(its.csr(wanted))).is_signature_valid
        assert its.state.csrs.keys() == {0}

    def test_bad_requester_info(self):
        _, its = provisioning()
        assert refusal(its.csr(self.wanted(info=b"\x30\x00"))) == (INVALID, 0)

    def test_under_key_pairs_it_is_for_the_named_one(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        request = x509.load_der_x509_csr(done(its.csr(self.wanted(key_pair_id=2))))
        assert request.public_key() == leaf_key(dev.slot(1)).public_key()
        assert refusal(its.csr(self.wanted(key_pair_id=3))) == (INVALID, 0), "no key in it"
        assert refusal(its.csr(self.wanted(key_pair_id=4))) == (INVALID, 0), "no such pair"

    def test_the_key_of_a_pair_without_certificate_is_made_when_it_is_needed(self):
        _, its = provisioning(key_pairs=[{"algorithm": "ecp384"}])
        first = done(its.csr(self.wanted(key_pair_id=1)))
        assert x509.load_der_x509_csr(first).is_signature_valid
        assert done(its.csr(self.wanted(key_pair_id=1))) == first
        assert its.state.now.key_pairs[0].key


class TestKeeping:
    def test_each_new_state_is_kept_before_it_is_seen(self):
        dev, its = provisioning()
        kept = []
        its.resume(None, kept.append)
        before = dev.slot(0).chain(P384, SHA_384)
        change = its.write(0, renewed(dev.slot(0)), terms())
        change.work()
        assert len(kept) == 1
        assert dev.slot(0).chain(P384, SHA_384) == before
        change.commit()
        assert its.state == kept[0]

    @pytest.mark.parametrize(
        ("begin", "code"),
        [
            (lambda dev, its: its.write(0, renewed(dev.slot(0)), terms()), UNSPECIFIED),
            (lambda _, its: its.erase(0, terms(model=0)), OPERATION_FAILED),
            (lambda _, its: set_key_pair(its, 3, GENERATE, asym=P384_BIT), OPERATION_FAILED),
        ],
        ids=["write", "erase", "key pair"],
    )
    def test_what_cannot_be_kept_does_not_happen(self, begin, code):
        dev, its = provisioning(key_pairs=KEY_PAIRS)

        def full(_):
            raise OSError(28, "No space left on device")

        its.resume(None, full)
        state = its.state
        assert refusal(begin(dev, its)) == (code, 0)
        assert its.state is state

    def test_a_kept_state_is_gone_on_with_and_what_waited_takes_effect(self):
        dev, its = provisioning(key_pairs=KEY_PAIRS)
        chain = renewed(dev.slot(0))
        done(set_key_pair(its, 3, GENERATE, asym=P384_BIT, slot_mask=0b100))
        refusal(its.write(0, chain, terms(at_reset=True, key_pair_id=1)))
        other, again = provisioning(key_pairs=KEY_PAIRS)
        kept = []
        again.resume(its.state, kept.append)
        assert other.slot(0).chain(P384, SHA_384) == chain
        assert other.slot(2).info(P384).key_pair_id == 3
        assert (again.waiting_slots, kept) == (0, [again.state])

    def test_a_state_of_another_device_is_told_from_its_own(self):
        _, its = provisioning(key_pairs=KEY_PAIRS)
        dev, other = provisioning()
        assert its.misfit(other.state) == "it has 0 key pairs, not 3"
        done(other.write(2, renewed(dev.slot(0)), terms()))
        smaller = device(slot=[{"id": 0, "set": "device"}]).device.provisioning
        assert smaller.misfit(other.state) == "there is no slot 2"
        assert not other.misfit(DeviceState(other.state.now))
