"""Registers as tables: writes of any size, what resets keep, and blocks among them."""

import pytest
from device.pcie_fakes import NOW, Block, FakeMailbox, awake, value, write
from hypothesis import given
from hypothesis import strategies as st

from responder.core.ownership import Reset
from responder.device.pcie.config_space import Register, RegisterFile, RegisterMap, read_clipped
from responder.device.pcie.function import Function
from responder.device.pcie.layout import FunctionLayout

LAYOUT = FunctionLayout()
BLOCK_AT = 0x148
FLR, CONVENTIONAL, POWER = Reset.FUNCTION_LEVEL, Reset.CONVENTIONAL, Reset.POWER_CYCLE


def test_a_write_changes_what_its_bytes_cover():
    register = Register("r", 4, 4, writable=0x00FF_FFFF, clears=0xFF00_0000)
    assert register.written(2, b"\1\2\3\4") == (0x0403, 0xFFFF)
    assert register.written(6, b"\1\2\3\4") == (0x0201_0000, 0xFFFF_0000)
    assert register.written(0, bytes(range(16))) == (0x0706_0504, 0xFFFF_FFFF)
    assert register.written(8, b"\1") == register.written(0, b"\1") == (0, 0)
    assert register.after(0xF0AA_AAAA, 0x1122_0000, 0xFFFF_0000) == 0xE022_AAAA


def test_registers_that_overlap_or_stick_out_are_refused():
    rows = [Register("a", 0, 4), Register("b", 3, 2)]
    with pytest.raises(ValueError, match="no room for b"):
        RegisterMap(rows, 8)
    with pytest.raises(ValueError, match="no room for a"):
        RegisterMap(rows[:1], 3)


@pytest.mark.parametrize(
    ("reset", "after"), [(FLR, 0xFF00), (CONVENTIONAL, 0xF000), (POWER, 0x0000)]
)
def test_what_a_reset_keeps(reset, after):
    register = Register("r", 0, 2, 0x00AA, writable=0xFFFF, sticky=0xF000, kept=0x0F00)
    registers = RegisterFile(RegisterMap([register], 2))
    registers.put("r", 0xFF55)
    registers.reset(reset)
    assert registers.get("r") == after | 0x00AA


def test_there_is_nothing_where_no_register_is():
    registers = RegisterFile(RegisterMap([Register("r", 2, 2, 0x1234)], 8))
    registers.put("s", 5)
    assert (registers.get("s"), registers.map.at(1), registers.map.at(8)) == (0, None, None)
    assert registers.data == b"\0\0\x34\x12\0\0\0\0"


@given(st.binary(max_size=8), st.integers(-12, 12), st.integers(0, 24))
def test_outside_of_a_space_all_reads_ones(data, offset, size):
    expected = [data[at] if 0 <= at < len(data) else 0xFF for at in range(offset, offset + size)]
    assert read_clipped(data, offset, size) == bytes(expected)


@pytest.mark.parametrize(("offset", "size"), [(0x1000, 4), (0xFFE, 4), (0x2000, 2), (0xFFF, 1)])
def test_behind_the_space_ones_are_read_and_writes_ignored(offset, size):
    function = Function(0, LAYOUT)
    inside = max(0x1000 - offset, 0)
    assert function.config_read(offset, size, NOW) == bytes(size)[:inside].ljust(size, b"\xff")
    assert write(function, offset, 0, size) == []


def test_one_access_may_cross_registers():
    function = Function(0, LAYOUT)
    function.config_write(0x03, bytes.fromhex("ff 46 05 ff ff ff ff ff ff 40"), NOW)
    assert function.config_read(0x02, 11, NOW).hex(" ") == "d0 5b 46 05 10 00 01 00 00 12 40"


def test_bytes_of_a_wide_register_can_be_written_alone():
    function = Function(0, LAYOUT)
    for offset, byte in ((0x11, 0xC0), (0x13, 0xE0), (0x10, 0xFF), (0x15, 1)):
        write(function, offset, byte, 1)
    assert value(function, 0x10, 8) == 0x0000_0100_E000_C004


def test_sticky_registers_outlast_resets():
    function = Function(0, LAYOUT)
    function.config.put("aer.uncorrectable_status", 1 << 28)
    write(function, 0x108, 1 << 20, 4)
    write(function, 0x68, 0x50A0, 2)
    write(function, 0x10, 0x8000_0000, 4)
    expected = {FLR: 0x29B0, CONVENTIONAL: 0x2910, POWER: 0x2910}
    for reset in (FLR, CONVENTIONAL, POWER):
        function.reset(reset, NOW)
        kept = reset is not POWER
        assert value(function, 0x104, 4) == (1 << 28) * kept
        assert value(function, 0x108, 4) == ((1 << 20) if kept else (1 << 22))
        assert value(function, 0x68, 2) == expected[reset], "the payload size outlasts an FLR"
        assert value(function, 0x10, 4) == 4


def test_every_byte_has_a_name():
    function = Function(0, LAYOUT, [FakeMailbox(), Block()], serial_number=1)
    name = function.register_name
    assert [name(at) for at in (0x00, 0x04, 0x05, 0x06, 0x13, 0x14, 0x38, 0x68)] == [
        "header.vendor_id", "header.command", "header.command", "header.status", "header.bar0",
        "header.bar1", "reserved", "pcie.device_control",
    ]  # fmt: skip
    assert [name(BLOCK_AT + at) for at in (0, 4, 11, 12, 16, 20, 32, 36, 51)] == [
        "serial_number.header", "serial_number.low", "serial_number.high", "doe.header",
        "doe.word1", "doe.word2", "ide.header", "ide.word1", "ide.word4",
    ]  # fmt: skip
    assert [name(at) for at in (BLOCK_AT + 52, 0xFFF, 0x1000, -1)] == ["reserved"] * 4


def test_values_by_name():
    function = Function(0, LAYOUT, [Block()])
    assert function.config_value("msix.control") == 7
    assert function.config_value("header.class_code") == 0x120000
    assert function.config_value("ide.word1") == 0, "a block's"
    assert function.config_value("tph.control") == 0, "not there"


def test_a_block_is_read_by_dws_whatever_the_access():
    block = Block()
    function = Function(0, LAYOUT, [block])
    assert function.config_read(BLOCK_AT - 2, 13, NOW).hex() == ("00003000010011111111222222")
    assert block.log == [("read", 4, NOW), ("read", 8, NOW)]
    assert function.config_read(BLOCK_AT + 7, 2, NOW).hex() == "1122"
    block.log.clear()
    function.config_read(0, 0x100, NOW)
    assert block.log == []


def test_a_block_is_written_by_dws_with_lanes():
    block = Block()
    function = Function(0, LAYOUT, [block])
    noticed = function.config_write(BLOCK_AT + 3, bytes.fromhex("aa bb cc dd ee ff"), NOW)
    assert block.log == [("write", 4, 0xEEDD_CCBB, NOW, 0xF), ("write", 8, 0xFF, NOW, 0x1)]
    assert [one.detail for one in noticed] == ["ide.word1", "ide.word2"]
    block.log.clear()
    function.config_write(BLOCK_AT + 0x12, b"\x01\x02\x03\x04", NOW)
    assert block.log == [("write", 0x10, 0x0201_0000, NOW, 0xC)], "nothing behind it"


def test_a_function_is_little_more_than_its_bytes():
    import tracemalloc

    functions = []
    Function(0, LAYOUT)
    tracemalloc.start()
    functions += [Function(number, LAYOUT, serial_number=number) for number in range(100)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(functions) < 4096 + 1536


def test_functions_of_a_layout_share_its_registers():
    assert awake(LAYOUT).config.map is Function(1, LAYOUT).config.map
