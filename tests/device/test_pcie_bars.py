"""What the BARs decode, and what answers there."""

import pytest
from device.pcie_fakes import MEMORY, NOW, awake, peek, poke, value, write

from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import MemoryRange
from responder.device.pcie.layout import DEFAULT_REGIONS, MANAGEMENT, Bar, FunctionLayout, Region

LAYOUT = FunctionLayout()
SIZES = (1 << 20, 1 << 22, 1 << 33)
RESIZABLE = FunctionLayout(
    bars=(Bar(0, 1 << 22, sizes=SIZES), Bar(2, 0x2000), Bar(4, 1 << 20, sizes=SIZES[:1])),
    regions=(*DEFAULT_REGIONS,),
)
RESIZE_0, RESIZE_4 = 0x150, 0x158


def sized(function, number):
    """The size of a 64-bit BAR as software finds it."""
    write(function, 0x10 + 4 * number, (1 << 64) - 1, 8)
    return (-(value(function, 0x10 + 4 * number, 8) & ~0xF)) & (1 << 64) - 1


def test_sizing():
    function = Function(0, LAYOUT)
    assert [sized(function, number) for number in (0, 2)] == [0x4000, 0x2000]
    assert LAYOUT.bar_sizes == [0x4000, 0, 0x2000, 0, 0, 0]


def test_a_narrow_prefetchable_bar():
    layout = FunctionLayout(bars=(Bar(1, 1 << 31, wide=False, prefetchable=True),), regions=(),
                            vectors=0)  # fmt: skip
    function = Function(0, layout)
    write(function, 0x10, (1 << 96) - 1, 12)
    assert value(function, 0x10, 12) == 0x8000_0008_0000_0000
    assert [one.address for one in function.memory_ranges()] == [0x8000_0000]


def test_memory_is_kept_byte_for_byte():
    function = awake()
    assert poke(function, 0, 0x2001, 0x1122_3344_5566, 6) == []
    assert function.bar_read(0, 0x2000, 8, NOW).hex() == "0066554433221100"
    poke(function, 0, 0x3FFE, 0xAABB_CCDD)
    assert function.bar_read(0, 0x3FFC, 8, NOW).hex() == "0000ddcc" + "ff" * 4
    function.scrub()
    assert peek(function, 0, 0x2000, 8) == 0


@pytest.mark.parametrize(("bar", "offset"), [(1, 0), (4, 0), (6, 0), (-1, 0), (0, 0x4000)])
def test_where_no_bar_is_ones_are_read(bar, offset):
    function = awake()
    assert poke(function, bar, offset, 5) == []
    assert peek(function, bar, offset) == 0xFFFF_FFFF


def test_pages_without_a_region_read_zero():
    function = awake()
    poke(function, 0, 0x1000, 0x1234_5678)
    assert peek(function, 0, 0x1000) == 0


def test_nothing_is_decoded_without_memory_space_enable():
    function = awake()
    poke(function, 0, 0x2000, 5)
    write(function, 0x04, 0, 2)
    poke(function, 0, 0x2000, 6)
    assert peek(function, 0, 0x2000) == 0xFFFF_FFFF
    write(function, 0x04, MEMORY, 2)
    assert peek(function, 0, 0x2000) == 5


def test_ranges_of_the_interface_report():
    regions = (
        Region("registers", 0, 0, updatable=True),
        Region("memory", 0, 0x2000, 0x1000, updatable=True),
        Region("msix_table", 2, 0),
        Region("msix_pba", 2, 0x1000),
        MANAGEMENT,
    )
    function = Function(0, FunctionLayout(regions=regions))
    write(function, 0x10, 0x1_0000_0000, 8)
    write(function, 0x18, 0x2_0000_0000, 8)
    assert function.memory_ranges() == [
        MemoryRange(0, 0x1_0000_0000, 0x1000, updatable=True),
        MemoryRange(0, 0x1_0000_1000, 0x1000, non_tee=True),
        MemoryRange(0, 0x1_0000_2000, 0x1000, updatable=True),
        MemoryRange(0, 0x1_0000_3000, 0x1000),
        MemoryRange(2, 0x2_0000_0000, 0x1000, msix_table=True),
        MemoryRange(2, 0x2_0000_1000, 0x1000, msix_pba=True),
    ]


def test_pages_with_the_same_attributes_are_one_range():
    function = Function(0, LAYOUT)
    assert [(one.bar, one.size) for one in function.memory_ranges()] == [
        (0, 0x4000), (2, 0x1000), (2, 0x1000),
    ]  # fmt: skip


def test_resizable_bars():
    function = Function(0, RESIZABLE)
    assert value(function, RESIZE_0, 4) == 0x240
    assert value(function, RESIZE_4, 4) == 0x004
    assert value(function, RESIZE_0 - 4, 4) == 0x20050
    assert [sized(function, number) for number in (0, 4)] == [1 << 22, 1 << 20]
    write(function, RESIZE_0, 13 << 8, 4)
    assert value(function, 0x10, 8) == 0xFFFF_FFFE_0000_0004, "the address is aligned at once"
    assert sized(function, 0) == 1 << 33
    assert function.memory_ranges()[0].size == 1 << 33
    write(function, RESIZE_0, 0, 4)
    assert sized(function, 0) == 1 << 20
    assert "resizable-bar" not in function.lock_problems()


def test_a_size_that_is_not_supported_leaves_the_usual_one():
    function = Function(0, RESIZABLE)
    write(function, RESIZE_0, 3 << 8, 4)
    assert sized(function, 0) == 1 << 22
    assert function.configured_well() == "BAR 0 has a size that is not supported"
