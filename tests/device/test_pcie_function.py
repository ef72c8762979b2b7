"""A function as software and its TDI see it."""

import pytest
from device.pcie_fakes import (
    MASTER,
    MEMORY,
    NOW,
    Block,
    FakeInterface,
    FakeMailbox,
    awake,
    enable_msix,
    peek,
    poke,
    unmask,
    value,
    write,
)
from hypothesis import given
from hypothesis import strategies as st

from responder.core.ownership import Reset
from responder.device.pcie.aer import record_error
from responder.device.pcie.blocks import MailboxRegisters
from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import (
    DataObjectReceived,
    Interrupt,
    Noticed,
    ResetRequested,
    TdiHost,
)
from responder.device.pcie.layout import DEFAULT_BARS, Bar, FunctionLayout, Region, VirtualFunctions
from responder.spec.pcie import UncorrectableError

LAYOUT = FunctionLayout()
FLR_ASKED = ResetRequested(Reset.FUNCTION_LEVEL)
POWER_CONTROL, DEVICE_CONTROL, DEVICE_STATUS = 0x44, 0x68, 0x6A
BLOCK_AT = 0x148


def test_it_is_what_a_tdi_asks_for():
    host: TdiHost = Function(0, LAYOUT, function_id=0x0100)
    assert (host.number, host.name, host.function_id) == (0, "function 0", 0x0100)
    virtual: TdiHost = Function(2, FunctionLayout(virtual=True), function_id=0x0102)
    assert virtual.name == "virtual function 2"


def test_initiate_flr_asks_for_a_reset_and_reads_zero():
    function = Function(0, LAYOUT)
    assert write(function, DEVICE_CONTROL, 0x8000, 2) == [FLR_ASKED]
    assert value(function, DEVICE_CONTROL, 2) == 0
    assert write(function, DEVICE_CONTROL + 1, 0x80, 1) == [FLR_ASKED], "a byte is enough"
    assert write(function, DEVICE_CONTROL, 0x80, 1) == []
    without = Function(0, FunctionLayout(flr=False))
    assert write(without, DEVICE_CONTROL, 0x8000, 2) == []


def test_power_states():
    function = awake()
    write(function, POWER_CONTROL, 3, 2)
    assert value(function, POWER_CONTROL, 2) == 0x000B
    assert peek(function, 0, 0) == 0xFFFF_FFFF, "D3hot decodes no memory"
    for state in (1, 2):
        write(function, POWER_CONTROL, state, 2)
        assert value(function, POWER_CONTROL, 2) == 0x000B, "D1 and D2 are not there"
    assert write(function, POWER_CONTROL, 0, 2) == []
    assert value(function, 0x04, 2) == MEMORY | MASTER, "No_Soft_Reset"


def test_without_no_soft_reset_waking_is_a_reset():
    function = Function(0, FunctionLayout(no_soft_reset=False))
    assert write(function, POWER_CONTROL, 3, 2) == []
    assert write(function, POWER_CONTROL, 3, 2) == []
    assert write(function, POWER_CONTROL, 0, 2) == [FLR_ASKED]
    assert write(function, POWER_CONTROL, 0, 2) == []


@pytest.mark.parametrize(("sticky", "reset"), [
    (True, Reset.FUNCTION_LEVEL), (True, Reset.CONVENTIONAL), (False, Reset.POWER_CYCLE),
])  # fmt: skip
def test_a_reset_reaches_everything(sticky, reset):
    block, interface = Block(), FakeInterface()
    function = awake(LAYOUT, [block], serial_number=5)
    function.attach_interface(interface)
    enable_msix(function)
    unmask(function, 1)
    poke(function, 0, 0x2000, 0x1234)
    record_error(function.config, UncorrectableError.IDE_CHECK_FAILED)
    told = function.reset(reset, 9.0)
    assert [one.what for one in told] == ["tdi-reset", "block", "reset"]
    assert told[-1].detail == f"{reset.value} of function 0"
    assert interface.told == [reset]
    assert block.log[-1] == ("reset", reset, 9.0)
    assert value(function, 0x04, 4) == 0x0010_0000
    assert value(function, 0x52, 2) == 7
    assert bool(value(function, 0x104, 4)) == sticky
    assert value(function, 0x148, 4) == 0x1541_0003, "the chain still holds"
    write(function, 0x04, MEMORY, 2)
    assert peek(function, 0, 0x2000) == 0
    assert peek(function, 2, 0x1C) == 1, "masked again"
    assert peek(function, 0, 0x28) == function.reset_count == 1


@pytest.mark.parametrize(
    ("trapped", "reset", "left"),
    [
        (True, Reset.FUNCTION_LEVEL, 0xD000_0000),
        (True, Reset.CONVENTIONAL, 0),
        (False, Reset.FUNCTION_LEVEL, 0),
    ],
)
def test_a_host_that_shows_software_its_own_copy_of_the_bars_finds_them_kept(trapped, reset, left):
    function = awake()
    write(function, 0x10, 0xD000_0000, 4)
    function.trapped = trapped
    function.reset(reset, NOW)
    assert value(function, 0x10, 4) & ~0xF == left
    assert value(function, 0x04, 2) == 0


@pytest.mark.parametrize("reset", [Reset.SESSION_END, Reset.GET_VERSION, Reset.PEER_GONE])
def test_what_concerns_no_function_resets_none(reset):
    function = awake(blocks=[Block()])
    assert function.reset(reset, NOW) == []
    assert value(function, 0x04, 2) == MEMORY | MASTER
    assert function.reset_count == 0


def test_mailboxes_answer_through_the_function():
    one, two = FakeMailbox(due=5.0), FakeMailbox(1, due=3.0)
    assert isinstance(one, MailboxRegisters)
    function = awake(LAYOUT, [one, Block(), two])
    assert function.mailboxes == [one, two]
    assert write(function, BLOCK_AT + 4, 0x1234, 4) == [DataObjectReceived(0, 1, b"\x34\x12\0\0")]
    assert function.next_due() == 3.0
    enable_msix(function)
    unmask(function, 1)
    assert function.answer(1, 1, b"object", NOW) == [Interrupt(1)]
    assert two.log[-1] == ("answer", 1, b"object", NOW)
    assert function.answer(0, 1, None, NOW) == [], "vector 0 is masked"
    assert function.due(6.0) == [Interrupt(1)]
    one.time = two.time = None
    assert function.next_due() is None
    assert Function(0, LAYOUT).next_due() is None


def test_the_interface_is_told_of_every_register_of_a_write():
    interface = FakeInterface()
    function = Function(0, LAYOUT, [Block()])
    function.attach_interface(interface)
    function.config_write(0x02, bytes.fromhex("ff ff 06 00 00 00"), NOW)
    assert interface.written == [
        ("header.device_id", 0x5BD0, 0x5BD0), ("header.command", 0, 6),
        ("header.status", 0x10, 0x10),
    ]  # fmt: skip
    interface.written.clear()
    write(function, 0x38, 1, 4)
    assert interface.written == [], "no register"
    write(function, BLOCK_AT + 5, 0x3322, 2)
    assert interface.written == [("ide.word1", 0x0033_2200, 0x0033_2200)]


def test_what_the_interface_refuses_does_not_happen():
    interface = FakeInterface(
        refuses=["header.command", "pcie.device_control", "ide.word1", "msix.table"]
    )
    function = awake(LAYOUT, [Block()])
    function.attach_interface(interface)
    write(function, 0x04, 0, 2)
    assert value(function, 0x04, 2) == MEMORY | MASTER
    assert write(function, DEVICE_CONTROL, 0x8000, 2) == []
    write(function, BLOCK_AT + 4, 7, 4)
    assert value(function, BLOCK_AT + 4, 4) == 7, "blocks see to themselves"
    poke(function, 2, 0, 0xFEE0_0000)
    assert peek(function, 2, 0) == 0
    names = [name for name, before, after in interface.written if before == after]
    assert names == ["header.command", "pcie.device_control", "ide.word1", "msix.table"]


def test_errors_are_told_by_aer_and_device_status():
    function = Function(0, LAYOUT)
    record_error(function.config, UncorrectableError.INTERNAL)
    assert value(function, 0x104, 4) == 0, "masked"
    record_error(function.config, UncorrectableError.MISROUTED_IDE_TLP)
    assert value(function, 0x104, 4) == 1 << 29
    assert value(function, DEVICE_STATUS, 2) == 0x2, "not fatal"
    record_error(function.config, UncorrectableError.IDE_CHECK_FAILED)
    record_error(function.config, UncorrectableError.UNSUPPORTED_REQUEST)
    assert value(function, 0x104, 4) == 0x3010_0000
    assert value(function, DEVICE_STATUS, 2) == 0xE
    assert value(function, 0x118, 4) == 0xA0 | 29, "First Error Pointer"
    write(function, 0x104, 1 << 28, 4)
    assert value(function, 0x104, 4) == 0x2010_0000


IMPOSSIBLE = [
    ({"bars": (Bar(5, 0x1000),)}, "no place"),
    ({"bars": (Bar(0, 0x1000), Bar(1, 0x1000))}, "no place"),
    ({"bars": (Bar(0, 0x3000),)}, "power of two"),
    ({"bars": (Bar(0, 0x800),)}, "power of two"),
    ({"bars": (Bar(0, 1 << 32, wide=False),)}, "too large"),
    ({"bars": (Bar(0, 1 << 20, sizes=(1 << 21,)),)}, "resizable"),
    ({"bars": (Bar(0, 1 << 16, sizes=(1 << 16, 1 << 20)),)}, "resizable"),
    ({"regions": (Region("memory", 4, 0),)}, "not inside BAR 4"),
    ({"regions": (Region("memory", 0, 0x4000),)}, "not inside BAR 0"),
    ({"regions": (Region("memory", 0, 0x800),)}, "whole pages"),
    ({"regions": (Region("memory", 0, 0), Region("registers", 0, 0))}, "lies over"),
    ({"regions": (Region("memory", 0, 0), Region("memory", 0, 0x1000))}, "there twice"),
    ({"regions": ()}, "without regions"),
    ({"vectors": 257}, "no room for 257"),
]


@pytest.mark.parametrize(("parts", "why"), IMPOSSIBLE)
def test_an_impossible_layout_is_refused(parts, why):
    with pytest.raises(ValueError, match=why):
        FunctionLayout(**parts)


EVERY = FunctionLayout(
    ari=True,
    ats=True,
    page_request=True,
    pasid=True,
    bars=(*DEFAULT_BARS, Bar(4, 1 << 20, sizes=(1 << 20, 1 << 22))),
    virtual_functions=VirtualFunctions(4, 0x5BD1, bars=DEFAULT_BARS),
)
ACCESSES = st.lists(
    st.tuples(
        st.integers(-4, 0x1010)
        | st.sampled_from([0x04, 0x10, 0x44, 0x52, 0x68, 0x158, 0x168, 0x174, 0x1C0]),
        st.binary(max_size=12),
    ),
    max_size=24,
)


def masks(layout):
    """What software may change, byte for byte of the layout's registers."""
    writable = bytearray(4096)
    for one in layout.config.registers.values():
        bits = (one.writable | one.clears).to_bytes(one.size, "little")
        writable[one.offset : one.end] = bits
    return int.from_bytes(writable, "little")


WRITABLE = masks(EVERY)
INITIAL = int.from_bytes(EVERY.config.initial, "little")


@given(ACCESSES, st.booleans())
def test_no_access_changes_what_is_read_only(accesses, refusing):
    function = Function(0, EVERY)
    if refusing:
        function.attach_interface(FakeInterface(refuses=["header.command"]))
    for offset, data in accesses:
        told = function.config_write(offset, data, NOW)
        assert all(one == FLR_ASKED for one in told)
        whole = int.from_bytes(function.config_read(0, 4096, NOW), "little")
        assert (whole ^ INITIAL) & ~WRITABLE == 0
        assert function.config_read(offset, len(data), NOW) == b"".join(
            function.config_read(offset + at, 1, NOW) for at in range(len(data))
        )
    function.reset(Reset.POWER_CYCLE, NOW)
    assert function.config_read(0, 4096, NOW) == EVERY.config.initial


BAR_ACCESSES = st.lists(
    st.tuples(st.integers(-1, 6), st.integers(0, 0x5000), st.binary(max_size=20)), max_size=24
)


@given(BAR_ACCESSES)
def test_no_bar_access_raises(accesses):
    function = awake()
    enable_msix(function)
    for bar, offset, data in accesses:
        for effect in function.bar_write(bar, offset, data, NOW):
            if not isinstance(effect, Noticed | Interrupt):
                function.memory_done(effect.tag, None, NOW)
        assert len(function.bar_read(bar, offset, len(data), NOW)) == len(data)
