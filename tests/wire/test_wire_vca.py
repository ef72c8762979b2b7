"""VERSION, CAPABILITIES and ALGORITHMS against the layouts of the specification, by hand."""

import pytest

from responder.spec.algorithms import TABLE_AEAD, TABLE_DHE
from responder.spec.flags import Cap
from responder.wire.algorithms import (
    AlgorithmOffer,
    Algorithms,
    AlgorithmStructure,
    NegotiateAlgorithms,
)
from responder.wire.capabilities import Capabilities, GetCapabilities
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.version import GetVersion, Version


def test_get_version_is_four_bytes_of_version_1_0():
    assert GetVersion().build() == bytes.fromhex("10840000")


def test_version_counts_its_entries():
    message = Version(version_number_entry=[0x1000, 0x1100, 0x1230])
    assert message.build() == bytes.fromhex("100400000003001000113012")


def test_version_may_lie_about_its_entries():
    message = Version(version_number_entry_count=9, version_number_entry=[0x1200])
    assert message.build() == bytes.fromhex("1004000000090012")


@pytest.mark.parametrize(
    ("version", "size"), [(0x10, 4), (0x11, 12), (0x12, 20), (0x13, 20), (0x14, 20)]
)
def test_get_capabilities_has_the_size_of_its_version(version, size):
    fields = {"reserved": 0, "ct_exponent": 7, "ext_flags": 0, "flags": 0x0102_0304}
    sizes = {"data_transfer_size": 0x1200, "max_spdm_msg_size": 0x1300}
    given = (fields if version >= 0x11 else {}) | (sizes if version >= 0x12 else {})
    message = GetCapabilities(spdm_version=version, **given)
    data = message.build(WireContext(version=version))
    whole = bytes((version, 0xE1, 0, 0)) + bytes.fromhex("00070000040302010012000000130000")
    assert data == whole[:size]
    assert GetCapabilities.parse(data) == message


@pytest.mark.parametrize(("version", "size"), [(0x10, 12), (0x11, 12), (0x12, 20), (0x14, 20)])
def test_capabilities_have_the_size_of_their_version(version, size):
    data = bytes((version, 0x61, 0, 0)) + bytes.fromhex("00070000370000000012000000130000")
    message = Capabilities.parse(data[:size])
    assert message.flags == Cap.CACHE | Cap.CERT | Cap.CHAL | Cap.MEAS_SIG | Cap.MEAS_FRESH
    assert (message.data_transfer_size == 0x1200) is (size == 20)
    assert message.build() == data[:size]


def test_the_algorithms_block_is_there_only_from_1_3_on():
    data = bytes.fromhex("12610100") + bytes(16)
    assert Capabilities.parse(data).supported_algorithms == b""
    with pytest.raises(WireError):
        Capabilities.parse(b"\x13" + data[1:])


def test_the_algorithms_block_tells_its_own_length():
    structure = AlgorithmStructure(alg_type=TABLE_DHE, alg_supported=0x10)
    block = AlgorithmOffer(
        algorithm_structure_count=1, base_asym_algo=0x80, trailer=structure.build()
    )
    data = block.build()
    assert (len(data), data[2:4]) == (34, b"\x22\x00")
    assert data[6:10] == b"\x80\x00\x00\x00"
    parsed = AlgorithmOffer.parse(data)
    assert parsed.structures() == [structure]
    assert parsed.trailer == bytes.fromhex("02201000")


@pytest.mark.parametrize("length", [0, 29])
def test_an_algorithms_block_shorter_than_its_fixed_part_is_refused(length):
    data = bytes.fromhex("13610100") + bytes(16) + bytes((0, 0, length, 0)) + bytes(26)
    with pytest.raises(WireError, match="supported_algorithms"):
        Capabilities.parse(data)


def test_an_algorithm_structure_holds_its_extended_algorithms():
    data = bytes.fromhex("0322020001020304aabbccdd")
    structure = AlgorithmStructure.parse(data)
    assert (structure.alg_type, structure.fixed_size) == (TABLE_AEAD, 2)
    assert structure.alg_external == data[4:]
    assert structure.build() == data


def test_negotiate_algorithms_splits_extended_algorithms_from_structures():
    structures = [AlgorithmStructure(alg_type=2, alg_supported=0x18)]
    message = NegotiateAlgorithms(
        spdm_version=0x12,
        algorithm_structure_count=1,
        ext_asym_count=1,
        ext_hash_count=2,
        trailer=bytes(12) + structures[0].build(),
    )
    data = message.build()
    assert int.from_bytes(data[4:6], "little") == len(data) == 48
    assert message.extended_size == 12
    assert NegotiateAlgorithms.parse(data).structures() == structures


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("message", [NegotiateAlgorithms, Algorithms])
def test_another_number_of_structures_than_param1_says_is_refused(message, count):
    one = AlgorithmStructure(alg_type=2, alg_supported=0x18).build()
    with pytest.raises(WireError, match="trailer"):
        message(algorithm_structure_count=count, trailer=one).structures()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_structure_that_ends_early_is_refused(size):
    with pytest.raises(WireError):
        AlgorithmStructure.parse_all(bytes.fromhex("02201800032002")[: 4 + size])
    with pytest.raises(WireError):
        AlgorithmStructure.parse_all(bytes.fromhex("02211800010203")[: 4 + size])


def test_algorithms_without_structures_are_36_bytes():
    data = Algorithms(spdm_version=0x10, base_asym_sel=0x80, base_hash_sel=2).build()
    assert len(data) == 36
    assert data[4:6] == b"\x24\x00"
    assert (data[12:16], data[16:20]) == (b"\x80\x00\x00\x00", b"\x02\x00\x00\x00")
