"""What the SR-IOV registers of the physical function do to the virtual ones."""

import pytest
from device.pcie_fakes import NOW, FakeInterface, awake, peek, value, write

from responder.core.ownership import Reset
from responder.device.pcie.device import PcieDevice
from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import TdiState
from responder.device.pcie.layout import DEFAULT_BARS, FunctionLayout, VirtualFunctions
from responder.device.pcie.sriov import SriovChange

PHYSICAL = FunctionLayout(virtual_functions=VirtualFunctions(4, 0x5BD1, bars=DEFAULT_BARS))
BY_RULES = FunctionLayout(virtual=True, vf_rules=True)
CONTROL, NUM_VFS, PAGE_SIZE, VF_BAR0, VF_BAR2 = 0x150, 0x158, 0x168, 0x16C, 0x174
ENABLE, MEMORY_ENABLE = 0x1, 0x8
DISABLED, MEMORY_DISABLED = SriovChange.DISABLED, SriovChange.MEMORY_DISABLED


class Listener:
    def __init__(self, functions=()):
        self.functions = functions
        self.changes = []

    def virtual_functions_changed(self, change, now):
        self.changes.append(change)
        for function in self.functions:
            function.physical_changed(change, now)


@pytest.fixture
def physical():
    """A physical function with four virtual ones enabled, and its listener."""
    function = Function(0, PHYSICAL)
    function.listener = Listener()
    write(function, NUM_VFS, 4, 2)
    write(function, VF_BAR0, 0x8000_0000, 8)
    write(function, VF_BAR2, 0x9000_0000, 8)
    write(function, CONTROL, ENABLE | MEMORY_ENABLE, 2)
    return function


def taken(function):
    changes, function.listener.changes = function.listener.changes, []
    return changes


def test_the_listener_is_told_what_is_taken(physical):
    assert physical.listener.changes == [], "nothing yet"
    write(physical, CONTROL, ENABLE | MEMORY_ENABLE, 2)
    write(physical, VF_BAR0, 0x8000_0000, 8)
    assert physical.listener.changes == [], "the same values change nothing"
    write(physical, VF_BAR0 + 7, 1, 1)
    write(physical, CONTROL, ENABLE, 2)
    write(physical, CONTROL, 0, 2)
    assert physical.listener.changes == [SriovChange.MOVED, MEMORY_DISABLED, DISABLED]
    write(physical, CONTROL, MEMORY_ENABLE, 2)
    write(physical, CONTROL, 0, 2)
    write(physical, VF_BAR0, 0x1234_0000, 8)
    assert len(physical.listener.changes) == 3, "there is nobody to take it from"


def test_everything_may_be_taken_at_once(physical):
    write(physical, CONTROL, 0, 2)
    assert physical.listener.changes == [MEMORY_DISABLED, DISABLED]


def test_a_reset_clears_the_capability_and_tells_nobody(physical):
    physical.reset(Reset.FUNCTION_LEVEL, NOW)
    assert (value(physical, CONTROL, 2), value(physical, NUM_VFS, 2)) == (0, 0)
    assert physical.listener.changes == []


def test_without_a_listener_nothing_happens(physical):
    physical.listener = None
    assert write(physical, CONTROL, 0, 2) == []


def test_their_number_is_fixed_while_they_are_enabled(physical):
    write(physical, NUM_VFS, 2, 2)
    write(physical, PAGE_SIZE, 4, 4)
    assert (value(physical, NUM_VFS, 2), value(physical, PAGE_SIZE, 4)) == (4, 1)
    write(physical, CONTROL, 0, 2)
    write(physical, NUM_VFS, 2, 2)
    assert value(physical, NUM_VFS, 2) == 2


def test_vf_bars_are_sized_in_system_pages(physical):
    write(physical, CONTROL, 0, 2)
    write(physical, VF_BAR0, (1 << 64) - 1, 8)
    assert value(physical, VF_BAR0, 8) == (1 << 64) - 0x4000 | 4
    write(physical, PAGE_SIZE, 0x10, 4)
    assert value(physical, VF_BAR0, 8) == (1 << 64) - 0x1_0000 | 4, "64 KiB"
    write(physical, PAGE_SIZE, 5, 4)
    write(physical, VF_BAR0, 0x1_0000, 8)
    assert value(physical, VF_BAR0, 8) == 0x1_0004, "a page size that there is not counts for none"


def test_a_virtual_function_by_the_rules_decodes_what_the_physical_one_says(physical):
    function = Function(3, BY_RULES)
    function.physical = physical
    assert [(one.bar, one.address) for one in function.memory_ranges()] == [
        (0, 0x8000_8000), (2, 0x9000_4000), (2, 0x9000_5000),
    ]  # fmt: skip
    assert peek(function, 2, 12) == 1, "without its own Memory Space Enable"
    write(physical, CONTROL, ENABLE, 2)
    assert peek(function, 2, 12) == 0xFFFF_FFFF


def test_a_device_tells_its_virtual_functions_which_one_is_physical(physical):
    virtual = Function(1, BY_RULES)
    PcieDevice([physical, virtual], [], [])
    assert [one.address for one in virtual.memory_ranges()] == [
        0x8000_0000, 0x9000_0000, 0x9000_1000,
    ]  # fmt: skip


def test_the_rules_leave_it_no_memory_of_its_own(physical):
    write(physical, CONTROL, ENABLE, 2)
    alone, plain = Function(1, BY_RULES), awake(FunctionLayout(virtual=True))
    write(alone, 0x04, 0x2, 2)
    assert peek(alone, 2, 12) == 0xFFFF_FFFF
    plain.physical = physical
    assert peek(plain, 2, 12) == 1, "one that looks like a function in its own right has"
    assert plain.memory_ranges()[0].address == 0


@pytest.mark.parametrize(
    ("offset", "number", "reason", "resets"),
    [
        (CONTROL, MEMORY_ENABLE, "VF Enable was cleared", 1),
        (CONTROL, ENABLE, "VF Memory Space Enable was cleared", 0),
        (VF_BAR0, 0xC000_0000, "a VF BAR was written", 0),
    ],
)
def test_a_locked_virtual_function_fails(physical, offset, number, reason, resets):
    function = awake(FunctionLayout(virtual=True))
    interface = FakeInterface(TdiState.RUN)
    function.attach_interface(interface)
    physical.listener = Listener([function])
    write(physical, offset, number, 2 if offset == CONTROL else 8)
    assert interface.told[0] == reason
    assert interface.state is TdiState.ERROR
    assert function.reset_count == resets
    assert bool(value(function, 0x04, 2)) == (not resets)
