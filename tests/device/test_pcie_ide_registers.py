"""The IDE extended capability, bit for bit against what Linux defines."""

import pytest

from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.ide_registers import IdeLayout

FULL = IdeLayout(
    link_streams=2,
    selective_streams=3,
    address_associations=2,
    flow_through=True,
    partial_header_encryption=True,
    aggregation=True,
    pcrc=True,
    configuration_requests=True,
    tee_limited=True,
)
BLOCK = 20 + 2 * 12
SELECTIVE = 0x0C + 2 * 8


def write_all(port, offset):
    port.write(offset, 0xFFFFFFFF)
    return port.read(offset)


def test_the_size_is_that_of_all_blocks():
    assert IdePort(FULL).size == 0x0C + 2 * 8 + 3 * BLOCK
    assert IdePort(IdeLayout(selective_streams=1, address_associations=0)).size == 0x0C + 20


def test_the_capability_tells_counts_less_one():
    assert IdePort(FULL).read(0x04) == 0x010220FF
    assert IdePort(IdeLayout()).read(0x04) == 0x00000042, "selective IDE and IDE_KM"
    assert IdePort(IdeLayout(selective_streams=256)).read(0x04) == 0x00FF0042
    assert IdePort(IdeLayout(link_streams=8)).read(0x04) == 0x0000E043


def test_a_selective_stream_tells_its_associations_as_they_are():
    assert IdePort(FULL).read(SELECTIVE) == 2
    assert IdePort(IdeLayout(address_associations=15)).read(0x0C) == 15


@pytest.mark.parametrize(
    ("offset", "name", "sticks"),
    [
        (0x04, "ide.capability", 0x010220FF),
        (0x08, "ide.control", 0x00000004),
        (0x0C, "ide.link0.control", 0xFF3FFDFD),
        (0x10, "ide.link0.status", 0x00000000),
        (0x14, "ide.link1.control", 0xFF3FFDFD),
        (SELECTIVE, "ide.stream0.capability", 0x00000002),
        (SELECTIVE + 4, "ide.stream0.control", 0xFFFFFFFD),
        (SELECTIVE + 8, "ide.stream0.status", 0x00000000),
        (SELECTIVE + 12, "ide.stream0.rid1", 0x00FFFF00),
        (SELECTIVE + 16, "ide.stream0.rid2", 0xFFFFFF01),
        (SELECTIVE + 20, "ide.stream0.address0.1", 0xFFFFFF01),
        (SELECTIVE + 24, "ide.stream0.address0.2", 0xFFFFFFFF),
        (SELECTIVE + 28, "ide.stream0.address0.3", 0xFFFFFFFF),
        (SELECTIVE + 32, "ide.stream0.address1.1", 0xFFFFFF01),
        (SELECTIVE + BLOCK + 4, "ide.stream1.control", 0xFFFFFFFD),
    ],
)
def test_what_may_be_written(offset, name, sticks):
    port = IdePort(FULL)
    assert port.name(offset) == name
    assert write_all(port, offset) == sticks


def test_without_a_feature_its_bits_are_read_only():
    port = IdePort(IdeLayout(link_streams=1, selective_streams=1))
    assert write_all(port, 0x08) == 0
    assert write_all(port, 0x0C) == 0xFF3FC001, "enable, algorithm, TC, stream id"
    assert write_all(port, 0x18) == 0xFF7FC001, "and the default stream"


def test_lanes_write_bytes():
    port = IdePort(IdeLayout())
    port.write(0x24, 0xAABBCC01, lanes=0b0100)
    assert port.read(0x24) == 0x00BB0000
    port.write(0x24, 0x12345678, lanes=0b1010)
    assert port.read(0x24) == 0x12BB5600


@pytest.mark.parametrize(
    "wrong", [{"link_streams": 9}, {"selective_streams": 257}, {"address_associations": 16}]
)
def test_counts_that_no_field_can_hold(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        IdeLayout(**wrong)


def test_the_register_block_of_a_query_begins_with_the_capability():
    port = IdePort(IdeLayout(address_associations=0))
    port.write(0x10, 0x07000001)
    assert (
        port.block().hex(" ", 4) == "42000000 00000000 00000000 01000007 00000000 00000000 00000000"
    )
