"""What stands against locking a function as it is configured."""

import pytest
from device.pcie_fakes import MASTER, MEMORY, awake, write

from responder.device.pcie.function import Function
from responder.device.pcie.layout import DEFAULT_BARS, Bar, FunctionLayout, VirtualFunctions
from responder.device.pcie.lock_facts import FACTS
from responder.device.pcie.policies import LockPolicy

LAYOUT = FunctionLayout(
    phantom_functions=1,
    bars=(*DEFAULT_BARS, Bar(4, 1 << 20, sizes=(1 << 20, 1 << 21))),
    virtual_functions=VirtualFunctions(4, 0x5BD1, bars=DEFAULT_BARS),
)
STRICT = LockPolicy(lock_needs_bus_master=True, lock_needs_memory=True)
ENABLE_VFS = [(0x158, 4, 2), (0x150, 0x9, 2)]
RESIZE, BAR0, BAR2, BAR4 = 0x190, 0x10, 0x18, 0x20
VF_BAR0 = 0x16C

WRONG = [
    ("phantom-functions", [(0x68, 0x200, 2)], "phantom functions are enabled"),
    (
        "bar-overlap",
        [(BAR0, 0x8000_0000, 8), (BAR2, 0x8000_2000, 8)],
        "header.bar0 and header.bar2 overlap",
    ),
    (
        "bar-overlap",
        [(BAR0, 0x8000_C000, 8), (VF_BAR0, 0x8000_0000, 8), *ENABLE_VFS],
        "sriov.vf_bar0 and header.bar0 overlap",
    ),
    ("resizable-bar", [(RESIZE, 5 << 8, 4)], "BAR 4 has a size that is not supported"),
    ("system-page-size", [(0x168, 0x8, 4)], "System Page Size 0x8 is not supported"),
    ("system-page-size", [(0x168, 0x3, 4)], "System Page Size 0x3 is not supported"),
    ("vf-count", [(0x158, 5, 2), (0x150, 0x1, 2)], "NumVFs is 5"),
]


@pytest.mark.parametrize(("fact", "writes", "why"), WRONG)
def test_what_is_wrong_is_said(fact, writes, why):
    function = Function(0, LAYOUT)
    for offset, number, size in writes:
        write(function, offset, number, size)
    assert function.lock_problems() == {fact: why}
    assert function.configured_well() == why


@pytest.mark.parametrize(
    "writes",
    [
        [],
        [(BAR0, 0x8000_0000, 8), (BAR2, 0x8000_4000, 8), (BAR4, 0x8010_0000, 8)],
        [(BAR0, 0x8000_C000, 8), (VF_BAR0, 0x8000_0000, 8)],
        [(BAR0, 0x8001_0000, 8), (VF_BAR0, 0x8000_0000, 8), *ENABLE_VFS],
        [(RESIZE, 1 << 8, 4), (0x168, 0x10, 4)],
        [(0x158, 5, 2)],
    ],
)
def test_what_is_well_is_not_held_against_it(writes):
    function = Function(0, LAYOUT)
    for offset, number, size in writes:
        write(function, offset, number, size)
    assert function.configured_well() == ""


def test_the_policy_asks_for_enables():
    layout = FunctionLayout(lock=STRICT)
    function = Function(0, layout)
    assert set(function.lock_problems()) == {"bus-master", "memory-space"}
    write(function, 0x04, MASTER, 2)
    assert function.configured_well() == "Memory Space Enable is clear"
    write(function, 0x04, MEMORY, 2)
    assert function.configured_well() == "Bus Master Enable is clear"
    assert awake(layout).configured_well() == ""


def test_every_fact_says_what_it_is():
    assert all(fact.__doc__ for fact in FACTS.values())
