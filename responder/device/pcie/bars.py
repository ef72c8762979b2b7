"""What the BARs of a function decode: addresses, sizes, and the ranges of an interface report."""

from collections.abc import Iterator
from itertools import groupby

from responder.device.pcie.config_space import RegisterFile
from responder.device.pcie.interfaces import MemoryRange
from responder.device.pcie.layout import Bar, FunctionLayout, Region
from responder.spec.pcie import BAR_FLAGS, PAGE, RESIZABLE_BAR_SIZE, RESIZABLE_BAR_SIZE_SHIFT

_SMALLEST_RESIZABLE_BITS = 20


def address_of(registers: RegisterFile, prefix: str, bar: Bar) -> int:
    """Where software put a BAR, in bytes; ``prefix`` is ``header.bar`` or ``sriov.vf_bar``."""
    low = registers.get(f"{prefix}{bar.number}") & ~BAR_FLAGS
    high = registers.get(f"{prefix}{bar.number + 1}") if bar.wide else 0
    return low | high << 32


def size_of(registers: RegisterFile, bar: Bar) -> int:
    """Bytes that a BAR decodes: what Resizable BAR chose, if that is one of its sizes."""
    chosen = chosen_size(registers, bar)
    return chosen if chosen in bar.sizes else bar.size


def chosen_size(registers: RegisterFile, bar: Bar) -> int:
    """What Resizable BAR says, in bytes, supported or not; the BAR's only size without it."""
    if not bar.sizes:
        return bar.size
    control = registers.get(f"resizable_bar.bar{bar.number}_control") & RESIZABLE_BAR_SIZE
    return 1 << (control >> RESIZABLE_BAR_SIZE_SHIFT) + _SMALLEST_RESIZABLE_BITS


def vf_size_of(registers: RegisterFile, bar: Bar) -> int:
    """Bytes from the VF BAR of one virtual function to the next: whole system pages."""
    return max(bar.size, system_page(registers))


def system_page(registers: RegisterFile) -> int:
    """The System Page Size in bytes; 0 if none of the supported ones is chosen."""
    chosen = registers.get("sriov.system_page_size")
    supported = chosen & registers.get("sriov.supported_page_sizes")
    return chosen * PAGE if supported and not chosen & (chosen - 1) else 0


def align_bars(registers: RegisterFile, layout: FunctionLayout) -> None:
    """Clear the address bits below the size where that is not always the same: they read zero."""
    for bar in layout.bars:
        if bar.sizes:
            _align(registers, "header.bar", bar, size_of(registers, bar))
    for bar in layout.virtual_functions.bars if layout.virtual_functions else ():
        _align(registers, "sriov.vf_bar", bar, vf_size_of(registers, bar))


def _align(registers: RegisterFile, prefix: str, bar: Bar, size: int) -> None:
    flags = registers.get(f"{prefix}{bar.number}") & BAR_FLAGS
    address = address_of(registers, prefix, bar) // size * size
    registers.put(f"{prefix}{bar.number}", address & 0xFFFF_FFFF | flags)
    if bar.wide:
        registers.put(f"{prefix}{bar.number + 1}", address >> 32)


def ranges_of(layout: FunctionLayout, bar: Bar, address: int, size: int) -> list[MemoryRange]:
    """A BAR as ranges of pages with the same attributes, ascending and without gaps."""
    pieces: list[Region] = []
    position = 0
    regions = [region for region in layout.regions if region.bar == bar.number]
    for region in sorted(regions, key=lambda one: one.offset):
        if position < region.offset:
            pieces.append(Region("memory", bar.number, position, region.offset - position))
        pieces.append(region)
        position = region.offset + region.size
    if position < size:
        pieces.append(Region("memory", bar.number, position, size - position))
    ranges = []
    for attributes, group in groupby(pieces, _attributes):
        run = list(group)
        start, end = run[0].offset, run[-1].offset + run[-1].size
        ranges.append(MemoryRange(bar.number, address + start, end - start, *attributes))
    return ranges


def _attributes(region: Region) -> tuple[bool, bool, bool, bool]:
    table, pending = region.kind == "msix_table", region.kind == "msix_pba"
    return table, pending, region.non_tee, region.updatable


def answering(
    layout: FunctionLayout, bar: int, offset: int, size: int
) -> Iterator[tuple[Region, int, int]]:
    """Which regions of a BAR an access touches, with the first byte and the one behind the last."""
    for region in layout.regions:
        first = max(offset, region.offset)
        last = min(offset + size, region.offset + region.size)
        if region.bar == bar and first < last:
            yield region, first, last
