"""GET_CSR, SET_CERTIFICATE, key pairs, SLOT_MANAGEMENT: layouts by hand, from the facts."""

import pytest

from responder.wire.chain import build_chain
from responder.wire.context import WireContext
from responder.wire.csr import OVERWRITE, Csr, GetCsr
from responder.wire.errors import WireError
from responder.wire.key_pair_info import KeyPairInfo, SetKeyPairInfo
from responder.wire.message import spans
from responder.wire.names import csr_attributes, set_certificate_slot
from responder.wire.set_certificate import ERASE, SetCertificate
from responder.wire.slot_management import (
    BankDetails,
    BankElement,
    BankInfo,
    GetCsrStructure,
    ManageBank,
    SetCertificateStructure,
    SlotAddress,
    SlotElement,
    SlotManagement,
    SlotManagementResp,
    SubCode,
    SupportedSubCodes,
)

V12, V13, V14 = (WireContext(version=version, hash_size=32) for version in (0x12, 0x13, 0x14))
CHAIN = build_chain(bytes(32), [b"\x30\x03\x02\x01\x05"])


def test_get_csr_attributes_are_model_tag_and_overwrite():
    request = GetCsr.parse(bytes.fromhex("13ed05aa02000100") + b"\x30\x00" + b"\x07", V13)
    assert (request.key_pair_id, request.model, request.tracking_tag) == (5, 2, 5)
    assert request.attributes & OVERWRITE
    assert (request.requester_info, request.opaque_data) == (b"\x30\x00", b"\x07")
    assert csr_attributes(request.attributes) == "ALIAS, tag 5, overwrite"


def test_a_csr_tells_its_length():
    assert Csr(spdm_version=0x12, csr=b"abc").build() == bytes.fromhex("126d0000030000 00") + b"abc"


def test_a_chain_ends_where_its_own_length_says():
    data = bytes.fromhex("13ee9205") + CHAIN
    request, used = SetCertificate.read(data[:2] + b"\x12\x05" + CHAIN + bytes(3), V13)
    assert (request.slot_id, request.model, request.key_pair_id) == (2, 1, 5)
    assert (request.cert_chain, used) == (CHAIN, 4 + len(CHAIN))
    assert set_certificate_slot(request.slot) == "slot 2, DEVICE"
    erased = SetCertificate.parse(data[:4], V13)
    assert (erased.erase, erased.cert_chain) == (True, b"")


def test_before_1_3_bit_7_erases_nothing():
    request = SetCertificate.parse(bytes.fromhex("12ee8000") + CHAIN, V12)
    assert request.slot & ERASE
    assert request.cert_chain == CHAIN


@pytest.mark.parametrize("length", [0, 3, len(CHAIN) + 1])
def test_a_chain_of_impossible_length_is_refused(length):
    lying = length.to_bytes(4, "little") + CHAIN[4:]
    with pytest.raises(WireError, match="cert_chain"):
        SetCertificate.parse(bytes.fromhex("13ee0000") + lying, V13)


def test_the_parts_of_a_written_chain_have_addresses():
    data = bytes.fromhex("13ee0000") + CHAIN
    paths = [span.path for span in spans(SetCertificate, data, V13)]
    assert paths[-3:] == [
        "cert_chain[0].length",
        "cert_chain[0].root_hash",
        "cert_chain[0].certificates",
    ]


def test_to_erase_a_key_pair_takes_five_bytes():
    assert SetKeyPairInfo(spdm_version=0x14, operation=1, key_pair_id=3).build(V14) == bytes(
        (0x14, 0xFD, 1, 0, 3)
    )


def test_to_change_a_key_pair_takes_thirteen_bytes_and_the_post_quantum_tail_of_1_4():
    change = SetKeyPairInfo(
        spdm_version=0x13,
        operation=0,
        key_pair_id=3,
        desired_key_usage=0x8001,
        desired_asym_algo=0x10,
        desired_assoc_cert_slot_mask=0x81,
    )
    body = bytes.fromhex("fd000003000180100000 0081")
    assert change.build(V13) == b"\x13" + body
    assert change.replace(spdm_version=0x14).build(V14) == b"\x14" + body + b"\0"
    both = SetKeyPairInfo.parse(b"\x14" + body + bytes.fromhex("0402000000"), V14)
    assert both.desired_pqc_asym == bytes.fromhex("02000000")


def test_key_pair_info_of_1_3_has_no_tail():
    info = KeyPairInfo(spdm_version=0x13, total_key_pairs=2, key_pair_id=1, public_key_info=b"\x30")
    assert len(info.build(V13)) == 23 + 1
    assert len(info.replace(spdm_version=0x14).build(V14)) == 23 + 1 + 2


def test_a_structure_is_found_where_the_offset_says():
    address = SlotAddress(bank_id=2, slot=0xF5).build()
    assert address == bytes.fromhex("080002f500000000")
    request = SlotManagement.parse(bytes.fromhex("148802000a000000ffff") + address, V14)
    assert (request.sub_code, request.structure) == (SubCode.GET_BANK_DETAILS, address)
    assert SlotAddress.parse(request.structure).slot_id == 5


def test_the_offset_of_an_empty_structure_is_zero():
    assert SlotManagement(spdm_version=0x14, sub_code=0).build(V14) == bytes.fromhex(
        "1488000000000000"
    )
    answer = SlotManagementResp(spdm_version=0x14, sub_code=3, structure=b"x").build(V14)
    assert answer == bytes.fromhex("1408030008000000") + b"x"


def test_the_bitmap_of_all_sub_codes():
    built = SupportedSubCodes.of(list(SubCode)).build()
    assert built[:4] == bytes.fromhex("24000000")
    assert built[4:] == bytes.fromhex("1f00000007") + bytes(27)


def test_a_bank_element_takes_four_bytes():
    elements = BankElement(bank_id=1, slot_mask=3, modifiable_slot_mask=2).build()
    built = BankInfo(elements=elements).build()
    assert built == bytes.fromhex("08000001 04010302")
    assert BankInfo.parse(built).elements == elements


def test_bank_details_hold_masks_of_any_length_and_the_slots():
    slot = SlotElement(
        slot_id=1, key_pair_id=2, key_usage=15, slot_size=0x1000, digest=bytes(32)
    ).build(V14)
    assert slot == bytes.fromhex("3000010002000f000010000000000000") + bytes(32)
    data = bytes.fromhex("5b0001000100010010000000 1000000000000000 02ffff 00 0101 00000000")
    details = BankDetails.parse(data + slot, V14)
    assert (details.pqc_asym_capabilities, details.available_pqc_asym) == (b"\xff\xff", b"\x01")
    assert details.elements == slot
    assert details.build(V14) == data + slot


def test_request_structures_begin_with_the_address():
    head = bytes.fromhex("0800030100000000")
    csr = GetCsrStructure.parse(head + bytes.fromhex("05010100010000 00") + b"ab")
    assert (csr.bank_id, csr.slot_id, csr.requester_info, csr.opaque_data) == (3, 1, b"a", b"b")
    bank = ManageBank.parse(head + bytes.fromhex("00000000 10000000 00"))
    assert (bank.operation, bank.select_asym_algo, bank.select_pqc_asym) == (0, 0x10, b"")
    chain = SetCertificateStructure.parse(
        head + len(CHAIN).to_bytes(4, "little") + bytes.fromhex("01050000") + CHAIN
    )
    assert (chain.attributes, chain.key_pair_id, chain.cert_chain) == (1, 5, CHAIN)
