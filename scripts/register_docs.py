"""The pages about a function's registers, from their tables."""

from collections.abc import Iterable
from itertools import groupby

from fault_docs import table

from responder.device.pcie.config_space import Register
from responder.device.pcie.dma import PIECE, REASONS, REGISTERS, DmaCommand, DmaReason, DmaState
from responder.device.pcie.layout import (
    DEFAULT_BARS,
    DEFAULT_REGIONS,
    MANAGEMENT,
    Bar,
    FunctionLayout,
    VirtualFunctions,
)
from responder.device.pcie.lock_facts import FACTS
from responder.device.pcie.management import COUNT, ROW, ROW_SIZE
from responder.device.pcie.placement import VF_WRITABLE

MEBIBYTE = 1 << 20
EVERYTHING = FunctionLayout(
    bars=(*DEFAULT_BARS, Bar(4, MEBIBYTE, sizes=(MEBIBYTE, 2 * MEBIBYTE))),
    phantom_functions=1,
    ari=True,
    ats=True,
    page_request=True,
    pasid=True,
    virtual_functions=VirtualFunctions(4, 0x5BD1, bars=DEFAULT_BARS),
)

_CONFIG_HEAD = """# Configuration space

Each register of a function has a name: faults and the rules of a locked interface go by it. Offsets
count from the capability's header; values and masks are those of a function with every capability
(BAR 0 of 16 KiB, BAR 2 of 8 KiB, a resizable BAR 4), others have fewer. DOE and IDE come behind
these with registers of their own.

- *writable* bits take what is written; *cleared* ones are cleared by writing ones to them (RW1C).
- *sticky* bits outlast every reset but a power cycle; *FLR keeps* names those that a function level
  reset leaves alone too. All others are as after a power cycle.

An access may have any size and alignment. What is no register reads zero and ignores writes; beyond
the 4096 bytes all ones are read.

What is written has effects beyond its own register:

"""

EFFECTS = {
    "`header.command`": (
        "without Memory Space Enable BARs read all ones; without Bus Master Enable there is no DMA,"
        " and interrupts stay pending"
    ),
    "`pm.control`": (
        "in D3hot BARs read all ones, and there is no DMA; D1 and D2 are not taken; the way back is"
        " a function level reset unless No_Soft_Reset is set"
    ),
    "`pcie.device_control`": "Initiate FLR, which reads 0, asks for a function level reset",
    "`msix.control`": (
        "interrupts that are pending are sent as soon as they can be; what is signalled while MSI-X"
        " is not enabled is lost"
    ),
    "`resizable_bar.*_control`": (
        "the BAR's address bits below the size read 0; a size that is not supported leaves the"
        " usual one, and the function must not be locked"
    ),
    "`sriov.num_vfs`, `sriov.system_page_size`": "keep their value while VF Enable is set",
    "`sriov.control`, `sriov.vf_bar*`": (
        "once VF Enable is set, to clear it or VF Memory Space Enable, or to change a VF BAR, is an"
        " error of every locked virtual function; without VF Enable they are reset"
    ),
    "`msix.table`": "not of this space: the entries of the MSI-X table, in a BAR",
}

_DMA_HEAD = """# Registers behind the BARs

A function has a small DMA engine, memory of its own, its MSI-X table and pending bits, and, if it
is a physical one, registers that configure the other functions. Usual places:

"""

_DMA_TEXT = f"""
Pages of a BAR in which nothing is read zero. Memory is cleared by every reset, and when its
interface is stopped.

## DMA engine and the function itself

Little-endian; accesses may have any size and alignment. A transfer goes from the lowest address up,
in accesses of at most {PIECE} bytes, one at a time; where source and destination overlap, what was
written is read again. Each access needs Bus Master Enable and, where TDISP is enforced, an
interface in RUN: that is looked at when a transfer starts and before each access. An interface that
has left RUN ends the transfer, and all registers of the engine but the status are cleared. While
the engine is busy its registers cannot be written. A reset drops the transfer.

"""

_MANAGEMENT_TEXT = f"""
## Management

For physical functions. Offset 0 has the number of functions; the row of function n begins at
{ROW_SIZE} * (n + 1).

"""

_CONFIGURE_TEXT = """
The device-specific configuration of a function is a word without meaning; it stands for all that a
hypervisor can set up in a device under its guest. What happens to it while the function's interface
is not CONFIG_UNLOCKED is a choice: the change is refused, counted and noticed, or it takes effect,
is counted, and the interface goes to ERROR. A function level reset keeps the word, other resets do
not.

## Before LOCK_INTERFACE

A function whose configuration has one of these must not be locked:

"""


def config_space() -> str:
    """Every register of a configuration space."""
    named = groupby(EVERYTHING.config.registers.values(), key=lambda one: one.name.split(".")[0])
    parts = [
        _CONFIG_HEAD,
        table(["Register", "Effect"], [list(item) for item in EFFECTS.items()]),
        "\n",
    ]
    for prefix, group in named:
        registers = list(group)
        parts.append(f"## {prefix}\n\n" + _registers(registers, registers[0].offset) + "\n")
    rules = [[f"`{name}`", f"`{mask:#x}`" if mask else "-"] for name, mask in VF_WRITABLE.items()]
    return (
        "".join(parts)
        + "## Virtual functions by the rules of SR-IOV\n\nA virtual function usually looks like a"
        " function in its own right, as a guest sees it to which it alone was assigned. It may also"
        " look as SR-IOV has it: vendor and device id read FFFFh, BARs read 0 (the VF BARs of the"
        " physical function count), and less can be written:\n\n"
        + table(["Register", "Writable"], rules)
    )


def dma() -> str:
    """What is behind the BARs."""
    places = [
        [f"`{one.kind}`", str(one.bar), f"`{one.offset:#x}`", f"`{one.size:#x}`"]
        for one in sorted((*DEFAULT_REGIONS, MANAGEMENT), key=lambda one: (one.bar, one.offset))
    ]
    return (
        _DMA_HEAD
        + table(["Region", "BAR", "Offset", "Bytes"], places)
        + _DMA_TEXT
        + _described(REGISTERS)
        + "\n"
        + table(["Command", "Value"], [[one.name, str(int(one))] for one in DmaCommand])
        + "\n"
        + table(["State", "Value"], [[one.name, str(int(one))] for one in DmaState])
        + "\n"
        + table(
            ["Reason", "Value", "Meaning"],
            [[one.name, str(int(one)), REASONS[one]] for one in DmaReason],
        )
        + _MANAGEMENT_TEXT
        + _described((COUNT, *ROW))
        + _CONFIGURE_TEXT
        + table(
            ["Fact", "Means"],
            [[f"`{name}`", (fact.__doc__ or "").strip()] for name, fact in FACTS.items()],
        )
    )


def _registers(registers: Iterable[Register], base: int) -> str:
    head = ["Register", "Offset", "Bytes", "Value", "Writable", "Cleared", "Sticky", "FLR keeps"]
    rows = []
    for one in registers:
        masks = [one.value, one.writable, one.clears, one.sticky, one.kept]
        shown = [f"`{mask:#x}`" if mask else "-" for mask in masks]
        rows.append([f"`{one.name}`", f"`{one.offset - base:#x}`", str(one.size), *shown])
    return table(head, rows)


def _described(registers: Iterable[Register]) -> str:
    rows = [
        [f"`{one.name}`", f"`{one.offset:#x}`", str(one.size), "yes" if one.writable else "no",
         one.text]
        for one in registers
    ]  # fmt: skip
    return table(["Register", "Offset", "Bytes", "Writable", "Holds"], rows)
