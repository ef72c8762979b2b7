"""SLOT_MANAGEMENT against the emulated device: bytes by hand, from slot-management.md."""

import struct

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import hashed
from cryptography import x509
from device.provisioned import (
    KEY_PAIRS,
    P256,
    P384,
    SHA_384,
    authority,
    certified,
    device,
    leaf_key,
    renewed,
    structure,
)

from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree

V13, V14 = 0x13, 0x14
P384_BIT, SHA_384_BIT = 0x80, 0x02
INVALID, UNEXPECTED, UNSPECIFIED = b"\x7f\x01\0", b"\x7f\x04\0", b"\x7f\x05\0"
UNSUPPORTED, INVALID_STATE, RESET_REQUIRED = b"\x7f\x07\x88", b"\x7f\x47\0", b"\x7f\x0c\0"
SUB_CODES, BANKS, DETAILS, CHAIN, CSR = range(5)
MANAGE_BANK, MANAGE_SLOT, SET_CERTIFICATE = 0x20, 0x21, 0x22
WRITES = ("SET_CERT", "CSR")
MULTI_KEY = {"other": 2 | 1 << 4}
BANK_CONFIG = (
    {"algorithm": "ecp384"},
    {"configurable": ["ecp256", "ecp521", "mldsa65"]},
)


def begun(*capabilities, version=V14, algorithms=None, signatures=("ECDSA-P384",), **profile):
    """A requester that negotiated P-384 and SHA-384 with a device that offers SLOT_MANAGEMENT."""
    spdm = {
        "capabilities": ["CERT", "CHAL", "MEAS_SIG", *capabilities],
        "ext_capabilities": ["SLOT_MGMT"],
        "allow_inconsistent": True,
    }
    offered = {"base_asym": list(signatures)}
    its = device(**{"spdm": spdm, "algorithms": offered} | profile)
    responder = Responder(its.device, its.policy, RandomTree(b""))
    dialogue = Dialogue(responder, version, P384_BIT, SHA_384_BIT, algorithms=algorithms or {})
    return dialogue.reach("negotiated"), its.device


def address(bank=0, slot=0, *, length=8):
    return struct.pack("<HBBI", length, bank, slot, 0)


def ask(dialogue, sub_code, body=b"", **how):
    """The structure of the answer, or what an ERROR says."""
    answer = dialogue.say(raw.slot_management(dialogue.version, sub_code, body, **how))
    if answer[1] == 0x7F:
        return answer[1:]
    offset = 8 if len(answer) > 8 else 0
    assert answer[:8] == struct.pack("<BBBBHH", V14, 0x08, sub_code, 0, offset, 0)
    return answer[8:]


def write(chain, *, bank=0, slot=0, model=0, key_pair=0, length=None):
    size = len(chain) if length is None else length
    return address(bank, slot) + struct.pack("<IBBH", size, model, key_pair, 0) + chain


class TestReading:
    def test_the_sub_codes_are_those_that_the_capabilities_allow(self):
        dialogue, _ = begun()
        assert ask(dialogue, SUB_CODES) == bytes.fromhex("24000000 0f") + bytes(31)
        dialogue, _ = begun(*WRITES, bank=list(BANK_CONFIG))
        assert ask(dialogue, SUB_CODES) == bytes.fromhex("24000000 1f 000000 07") + bytes(27)

    def test_the_banks(self):
        dialogue, _ = begun(bank=list(BANK_CONFIG))
        assert ask(dialogue, BANKS) == bytes.fromhex("0c000002 04000700 04010700")
        dialogue, _ = begun(*WRITES)
        assert ask(dialogue, BANKS) == bytes.fromhex("08000001 04000707")

    def test_the_details_of_the_selected_bank(self):
        dialogue, dev = begun()
        found = ask(dialogue, DETAILS, address())
        size = 20 + 3 * 5 + 4 + 3 * (16 + 48)
        head = struct.pack("<HBBHBBIII", size, 0, 0, 3, 0b01, 0, 0, 0x10, 0)
        assert found[:20] == head
        assert found[20:39] == bytes.fromhex("04 00000000 04 00000000 04 00000000 00000000")
        for slot in range(3):
            element = found[39 + slot * 64 :][:64]
            chain = dev.slot(slot).chain(P384, SHA_384) if dev.slot(slot) else None
            provisioned, digest = (1, hashed(SHA_384_BIT, chain)) if chain else (0, bytes(48))
            assert element == (
                struct.pack("<HBBBBHII", 64, slot, provisioned, 0, 0, 0, 0xFFFF, 0) + digest
            )

    def test_the_details_of_a_bank_that_can_be_configured(self):
        dialogue, _ = begun(bank=list(BANK_CONFIG))
        found = ask(dialogue, DETAILS, address(1))
        assert found[6] == 0b10
        assert struct.unpack("<III", found[8:20]) == (0x28, 0, 0x28)
        assert found[20:35] == bytes.fromhex("04 02000000 04 00000000 04 02000000")

    def test_in_a_multi_key_connection_slots_tell_their_keys(self):
        dialogue, _ = begun("MULTI_KEY_NEG", algorithms=MULTI_KEY, key_pairs=KEY_PAIRS)
        found = ask(dialogue, DETAILS, address())
        assert found[39 + 64 + 4 :][:4] == bytes([2, 1, 0x0F, 0])

    def test_a_chain_comes_whole(self):
        dialogue, dev = begun()
        chain = dev.slot(1).chain(P384, SHA_384)
        assert ask(dialogue, CHAIN, address(slot=1)) == (struct.pack("<II", len(chain), 0) + chain)

    @pytest.mark.parametrize("where", [(0, 2), (0, 7), (1, 0)])
    def test_where_there_is_no_chain(self, where):
        dialogue, _ = begun()
        assert ask(dialogue, CHAIN, address(*where)) == INVALID

    def test_what_lies_before_and_after_the_structure_is_skipped(self):
        dialogue, dev = begun()
        chain = dev.slot(1).chain(P384, SHA_384)
        assert ask(dialogue, CHAIN, address(slot=0xF1) + b"after", gap=b"before")[8:] == chain


class TestForm:
    def test_before_1_4_it_is_not_defined(self):
        dialogue, _ = begun(version=V13)
        assert ask(dialogue, SUB_CODES) == UNSUPPORTED

    def test_without_the_capability_it_is_not_offered(self):
        its = device()
        responder = Responder(its.device, its.policy, RandomTree(b""))
        dialogue = Dialogue(responder, V14, P384_BIT, SHA_384_BIT).reach("negotiated")
        assert ask(dialogue, SUB_CODES) == UNSUPPORTED

    @pytest.mark.parametrize("sub_code", [CSR, MANAGE_BANK, MANAGE_SLOT, SET_CERTIFICATE])
    def test_a_sub_code_that_is_not_advertised(self, sub_code):
        dialogue, _ = begun()
        assert ask(dialogue, sub_code, address()) == UNSUPPORTED

    @pytest.mark.parametrize("sub_code", [5, 0x1F, 0x23, 0xFF])
    def test_a_sub_code_that_is_not_defined(self, sub_code):
        dialogue, _ = begun(*WRITES)
        assert ask(dialogue, sub_code, address()) == INVALID

    @pytest.mark.parametrize("sub_code", [SUB_CODES, BANKS])
    def test_a_structure_where_there_is_none(self, sub_code):
        dialogue, _ = begun()
        assert ask(dialogue, sub_code, address()) == INVALID

    @pytest.mark.parametrize("offset", [0, 7, 9, 0xFFFF])
    def test_a_structure_at_a_wrong_place(self, offset):
        dialogue, _ = begun()
        assert ask(dialogue, DETAILS, address(), offset=offset) == INVALID

    @pytest.mark.parametrize("body", [b"", address()[:7], address(length=9), address(length=0)])
    def test_an_address_of_a_wrong_size(self, body):
        dialogue, _ = begun()
        assert ask(dialogue, DETAILS, body, offset=8) == INVALID

    def test_a_bank_that_does_not_exist(self):
        dialogue, _ = begun()
        assert ask(dialogue, DETAILS, address(1)) == INVALID


class TestWriting:
    def test_slot_0_is_written(self):
        dialogue, dev = begun(*WRITES)
        chain = renewed(dev.slot(0))
        assert ask(dialogue, SET_CERTIFICATE, write(chain)) == b""
        assert dev.slot(0).chain(P384, SHA_384) == chain

    def test_other_slots_are_written_in_sessions_or_a_trusted_environment(self):
        dialogue, dev = begun(*WRITES)
        chain = renewed(dev.slot(1))
        assert ask(dialogue, SET_CERTIFICATE, write(chain, slot=1)) == UNEXPECTED
        trusted = {"trusted_environment": True}
        dialogue, dev = begun(*WRITES, provisioning=trusted)
        assert ask(dialogue, SET_CERTIFICATE, write(chain, slot=1)) == b""

    def test_a_length_that_differs_from_the_chain_s_own(self):
        dialogue, dev = begun(*WRITES)
        chain = renewed(dev.slot(0))
        body = write(chain, length=len(chain) - 1)
        assert ask(dialogue, SET_CERTIFICATE, body) == INVALID
        assert ask(dialogue, SET_CERTIFICATE, write(chain, length=len(chain) + 1)) == INVALID

    def test_a_chain_that_does_not_verify(self):
        dialogue, dev = begun(*WRITES)
        chain = renewed(dev.slot(0))
        spoiled = chain[:-1] + bytes([chain[-1] ^ 1])
        assert ask(dialogue, SET_CERTIFICATE, write(spoiled)) == UNSPECIFIED

    def test_the_slots_of_another_bank_are_written_too(self):
        """P-256 is not negotiated: only this request reaches its slots."""
        dialogue, dev = begun(*WRITES, signatures=["ECDSA-P384", "ECDSA-P256"])
        key = leaf_key(dev.slot(0), P256).public_key()
        chain = structure(certified(key, issuer=authority("ecp256")))
        assert ask(dialogue, SET_CERTIFICATE, write(chain, bank=1)) == b""
        assert dev.slot(0).chain(P256, SHA_384) == chain
        assert ask(dialogue, SET_CERTIFICATE, write(chain, bank=0)) == UNSPECIFIED

    def test_a_slot_is_erased(self):
        dialogue, dev = begun(*WRITES)
        assert ask(dialogue, MANAGE_SLOT, address() + b"\0") == b""
        assert dev.slot(0) is None
        assert ask(dialogue, MANAGE_SLOT, address() + b"\0") == INVALID
        assert ask(dialogue, MANAGE_SLOT, address(slot=1) + b"\0") == UNEXPECTED

    def test_an_operation_that_is_not_defined(self):
        dialogue, _ = begun(*WRITES, bank=list(BANK_CONFIG))
        assert ask(dialogue, MANAGE_SLOT, address() + b"\7") == INVALID
        body = address(1) + bytes.fromhex("07000000 08000000 00")
        assert ask(dialogue, MANAGE_BANK, body) == INVALID

    def test_where_a_reset_is_needed_it_is_said(self):
        dialogue, dev = begun(*WRITES, "CERT_INSTALL_RESET")
        assert ask(dialogue, SET_CERTIFICATE, write(renewed(dev.slot(0)))) == RESET_REQUIRED
        assert ask(dialogue, CSR, address() + bytes(8)) == b"\x7f\x0c\x01"

    def test_the_key_pair_of_a_multi_key_connection(self):
        dialogue, dev = begun(*WRITES, "MULTI_KEY_NEG", algorithms=MULTI_KEY, key_pairs=KEY_PAIRS)
        chain = renewed(dev.slot(0))
        assert ask(dialogue, SET_CERTIFICATE, write(chain, model=1)) == INVALID
        assert ask(dialogue, SET_CERTIFICATE, write(chain, model=1, key_pair=2)) == INVALID
        assert ask(dialogue, SET_CERTIFICATE, write(chain, model=1, key_pair=1)) == b""


class TestCsrAndBanks:
    def test_a_csr_for_the_key_of_the_bank(self):
        dialogue, dev = begun(*WRITES)
        found = ask(dialogue, CSR, address() + bytes(8))
        assert struct.unpack("<II", found[:8]) == (len(found) - 8, 0)
        request = x509.load_der_x509_csr(found[8:])
        assert request.public_key() == leaf_key(dev.slot(0)).public_key()

    def test_a_bank_gets_an_algorithm(self):
        dialogue, dev = begun(*WRITES, bank=list(BANK_CONFIG))
        configure = bytes.fromhex("00000000 08000000 04 00000000")
        assert ask(dialogue, MANAGE_BANK, address(1) + configure) == b""
        assert dev.provisioning.banks()[1].kind == "ecp256"
        post_quantum = bytes.fromhex("00000000 00000000 02 0200")
        assert ask(dialogue, MANAGE_BANK, address(1) + post_quantum) == b""
        assert dev.provisioning.banks()[1].kind == "mldsa65"

    def test_a_bank_gets_no_algorithm_that_it_cannot_have(self):
        dialogue, _ = begun(*WRITES, bank=list(BANK_CONFIG))
        for bits in ("00000000 00", "28000000 00", "10000000 00", "08000000 0102"):
            body = address(1) + bytes.fromhex("00000000" + bits)
            assert ask(dialogue, MANAGE_BANK, body) == INVALID
        assert ask(dialogue, MANAGE_BANK, address(0) + bytes.fromhex("00000000 08000000 00")) == (
            INVALID
        )

    def test_a_bank_whose_slots_hold_chains_keeps_its_algorithm(self):
        banks = [{"algorithm": "ecp384", "configurable": ["ecp384", "ecp256"]}]
        dialogue, _ = begun(*WRITES, bank=banks)
        body = address() + bytes.fromhex("00000000 08000000 00")
        assert ask(dialogue, MANAGE_BANK, body) == INVALID_STATE
