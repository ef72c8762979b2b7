"""Opaque data in both forms; ``test_captured_messages`` has the ground truth."""

import pytest

from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.opaque import OpaqueData, OpaqueElement, build_opaque

V11 = WireContext(version=0x11)
V12 = WireContext(version=0x12)
GENERAL = bytes.fromhex("01000000000005000101010010000000")
WITH_HEADER = bytes.fromhex("46544d44010100000000040001000011")


def test_the_form_of_1_2_has_a_header_of_4_bytes():
    opaque = OpaqueData.parse(GENERAL, V12)
    assert opaque.specification_id is None
    [element] = opaque.parsed_elements()
    assert (element.id, element.vendor, element.data.hex()) == (0, b"", "0101010010")
    assert opaque.build(V12) == GENERAL


def test_the_form_before_1_2_has_a_header_of_8_bytes():
    opaque = OpaqueData.parse(WITH_HEADER, V11)
    assert (opaque.specification_id, opaque.opaque_version) == (0x444D5446, 1)
    assert opaque.parsed_elements()[0].data.hex() == "01000011"
    assert opaque.build(V11) == WITH_HEADER


def test_elements_are_built_in_the_form_of_the_version():
    element = OpaqueElement(data=bytes.fromhex("0101010010"))
    assert build_opaque([element], 0x13) == GENERAL
    assert build_opaque([OpaqueElement(data=bytes.fromhex("01000011"))], 0x11) == WITH_HEADER
    assert build_opaque([], 0x12) == bytes(4)


@pytest.mark.parametrize("size", range(9))
def test_each_element_is_padded_to_four_bytes(size):
    data = OpaqueElement(id=3, vendor=b"\x01\x00", data=b"x" * size).build()
    assert len(data) % 4 == 0
    assert data[4:6] == size.to_bytes(2, "little")
    assert OpaqueElement.parse(data).data == b"x" * size


def test_a_length_may_lie_and_padding_may_be_set():
    element = OpaqueElement(data_length=0xFFFF, data=b"ab", padding=b"\xff")
    assert element.build() == bytes.fromhex("0000ffff6162ff")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x02" + GENERAL[1:], "TotalElements"),
        (b"\x00" + GENERAL[1:], "TotalElements"),
        (GENERAL[:-1] + b"\x01", "padding is not zero"),
        (GENERAL[:-3], "needs 3 bytes"),
        (GENERAL + bytes(4), "TotalElements"),
        (GENERAL + bytes(1), "vendor_length"),
        (b"\x01\x00", "reserved"),
        (b"", "total_elements"),
    ],
)
def test_what_is_not_made_of_elements_is_refused(data, reason):
    with pytest.raises(WireError, match=reason):
        OpaqueData.parse(data, V12)


def test_another_specification_id_is_refused():
    with pytest.raises(WireError, match="SpecID"):
        OpaqueData.parse(b"\x00" + WITH_HEADER[1:], V11)


@pytest.mark.parametrize("data", [GENERAL, WITH_HEADER], ids=["general", "with header"])
def test_opaque_data_cut_anywhere_is_refused(data):
    context = V12 if data is GENERAL else V11
    for size in range(len(data)):
        with pytest.raises(WireError):
            OpaqueData.parse(data[:size], context)
