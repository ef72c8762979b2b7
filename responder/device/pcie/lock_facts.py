"""How a function is configured where LOCK_INTERFACE asks (PCIe 6.2, 11.3.8)."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import msgspec

from responder.device.pcie.bars import address_of, chosen_size, size_of, system_page, vf_size_of
from responder.device.pcie.config_space import RegisterFile
from responder.device.pcie.layout import FunctionLayout
from responder.spec.pcie import Command, DeviceControl, SriovControl


class Span(msgspec.Struct, frozen=True):
    """Bus addresses that a BAR decodes.

    Attributes:
        name: of the BAR's register.
        start, end: the first byte, and the one behind the last.
    """

    name: str
    start: int
    end: int


def phantom_functions(registers: RegisterFile, layout: FunctionLayout) -> str:  # noqa: ARG001
    """Phantom functions are enabled."""
    enabled = registers.get("pcie.device_control") & DeviceControl.PHANTOM_FUNCTIONS
    return "phantom functions are enabled" if enabled else ""


def bar_overlap(registers: RegisterFile, layout: FunctionLayout) -> str:
    """Two BARs, those of virtual functions among them, decode the same addresses."""
    spans = sorted(programmed(registers, layout), key=lambda span: span.start)
    for one, other in pairwise(spans):
        if other.start < one.end:
            return f"{one.name} and {other.name} overlap"
    return ""


def resizable_bar(registers: RegisterFile, layout: FunctionLayout) -> str:
    """Resizable BAR chooses a size that is not supported."""
    for bar in layout.bars:
        if bar.sizes and chosen_size(registers, bar) not in bar.sizes:
            return f"BAR {bar.number} has a size that is not supported"
    return ""


def system_page_size(registers: RegisterFile, layout: FunctionLayout) -> str:
    """System Page Size is none of the supported ones, or several."""
    if layout.virtual_functions is None or system_page(registers):
        return ""
    return f"System Page Size {registers.get('sriov.system_page_size'):#x} is not supported"


def vf_count(registers: RegisterFile, layout: FunctionLayout) -> str:
    """More virtual functions are enabled than there are."""
    if layout.virtual_functions is None:
        return ""
    enabled = enabled_functions(registers)
    return f"NumVFs is {enabled}" if enabled > layout.virtual_functions.total else ""


def bus_master(registers: RegisterFile, layout: FunctionLayout) -> str:
    """Bus Master Enable is clear, and the policy asks for it."""
    missing = layout.lock.lock_needs_bus_master and not _command(registers) & Command.BUS_MASTER
    return "Bus Master Enable is clear" if missing else ""


def memory_space(registers: RegisterFile, layout: FunctionLayout) -> str:
    """Memory Space Enable is clear, the policy asks for it, and the function has it."""
    needed = layout.lock.lock_needs_memory and not layout.vf_rules
    missing = needed and not _command(registers) & Command.MEMORY_SPACE
    return "Memory Space Enable is clear" if missing else ""


FACTS: Mapping[str, Callable[[RegisterFile, FunctionLayout], str]] = {
    "phantom-functions": phantom_functions,
    "bar-overlap": bar_overlap,
    "resizable-bar": resizable_bar,
    "system-page-size": system_page_size,
    "vf-count": vf_count,
    "bus-master": bus_master,
    "memory-space": memory_space,
}
"""What is looked at, each by a function that says what is wrong; nothing if it is well."""


def programmed(registers: RegisterFile, layout: FunctionLayout) -> Sequence[Span]:
    """The BARs that have an address other than 0, and those of enabled virtual functions."""
    spans = []
    for bar in layout.bars:
        start = address_of(registers, "header.bar", bar)
        spans.append(Span(f"header.bar{bar.number}", start, start + size_of(registers, bar)))
    functions = layout.virtual_functions
    count = enabled_functions(registers)
    for bar in functions.bars if functions and count else ():
        start = address_of(registers, "sriov.vf_bar", bar)
        spans.append(
            Span(f"sriov.vf_bar{bar.number}", start, start + vf_size_of(registers, bar) * count)
        )
    return [span for span in spans if span.start]


def enabled_functions(registers: RegisterFile) -> int:
    """NumVFs if VF Enable is set, else 0."""
    enabled = registers.get("sriov.control") & SriovControl.VF_ENABLE
    return registers.get("sriov.num_vfs") if enabled else 0


def _command(registers: RegisterFile) -> int:
    return registers.get("header.command")
