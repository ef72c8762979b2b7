"""What a function is made of and never changes; any number of functions share a layout."""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import msgspec

from responder.device.pcie.placement import ConfigMap, config_map
from responder.device.pcie.policies import LockPolicy
from responder.spec.pcie import BAR_COUNT, MSIX_ENTRY_SIZE, MSIX_MAX_VECTORS, PAGE

RegionKind = Literal["registers", "management", "memory", "msix_table", "msix_pba"]

SMALLEST_RESIZABLE = 1 << 20
LARGEST_NARROW = 1 << 31
LARGEST_WIDE = 1 << 47
"""What Resizable BAR can name without its later extension."""


class Bar(msgspec.Struct, frozen=True):
    """A memory BAR.

    Attributes:
        number: 0 to 5; a wide one takes the next number too.
        size: in bytes, a power of two, at least 4096.
        wide: 64 bits.
        prefetchable: says that reads have no side effects.
        sizes: what Resizable BAR lets software choose, powers of two of at least 1 MiB that
            include ``size``; empty for a BAR of one size.
    """

    number: int
    size: int
    wide: bool = True
    prefetchable: bool = False
    sizes: tuple[int, ...] = ()

    @property
    def smallest(self) -> int:
        """The least that it can be made to decode, in bytes."""
        return min((self.size, *self.sizes))


class Region(msgspec.Struct, frozen=True):
    """Whole pages of a BAR, and what answers there; each kind occurs once at most.

    What of a BAR is in no region reads zero and ignores writes.

    Attributes:
        kind: ``registers`` of the DMA engine and the function itself, ``management`` of the other
            functions, ``memory``, ``msix_table`` or ``msix_pba``.
        bar: its number.
        offset, size: in bytes, multiples of 4096.
        non_tee: it stays outside of the trusted environment.
        updatable: SET_MMIO_ATTRIBUTE may change ``non_tee``.
    """

    kind: RegionKind
    bar: int
    offset: int
    size: int = PAGE
    non_tee: bool = False
    updatable: bool = False


DEFAULT_BARS = (Bar(0, 4 * PAGE), Bar(2, 2 * PAGE))


class VirtualFunctions(msgspec.Struct, frozen=True):
    """The SR-IOV capability of a physical function.

    Attributes:
        total: TotalVFs and InitialVFs.
        device_id: VF Device ID.
        first_offset, stride: in routing ids.
        bars: VF BARs; the sizes are those of one function.
        page_sizes: Supported Page Sizes; bit n stands for 2**(n + 12) bytes.
    """

    total: int
    device_id: int
    first_offset: int = 1
    stride: int = 1
    bars: tuple[Bar, ...] = DEFAULT_BARS
    page_sizes: int = 0x553


DEFAULT_REGIONS = (
    Region("registers", 0, 0),
    Region("memory", 0, 2 * PAGE, 2 * PAGE),
    Region("msix_table", 2, 0),
    Region("msix_pba", 2, PAGE),
)
MANAGEMENT = Region("management", 0, PAGE, non_tee=True)
"""Fits into the gap of the default regions; for physical functions."""


class FunctionLayout(msgspec.Struct, frozen=True, dict=True):
    """The unchanging parts of a function.

    Attributes:
        vendor_id, device_id, subsystem_vendor_id, subsystem_id, revision: of the header.
        class_code: base class in bits 23:16, sub-class in 15:8, programming interface in 7:0.
        multi_function: bit 7 of Header Type.
        bars, regions: what it decodes, and what is there.
        vectors: MSI-X vectors, 0 for no MSI-X capability.
        virtual: it is a virtual function.
        vf_rules: it looks as SR-IOV lets a virtual function look: ids read FFFFh, BARs read 0, few
            control bits are its own. Without that it looks like a function in its own right, as
            software sees it to which it alone was assigned.
        flr: function level reset is supported.
        tee_io: TEE-IO Supported.
        phantom_functions: bits of the function number that may be used for them, 0 to 3.
        max_payload: Max_Payload_Size Supported, 0 for 128 bytes, to 5 for 4096.
        link_speed, link_width: of the port; a speed of 4 is 16 GT/s.
        no_soft_reset: the way from D3hot to D0 loses nothing.
        aer, ari, ats, page_request, pasid: it has these extended capabilities.
        virtual_functions: its SR-IOV capability.
        configuration: device-specific configuration, as it is after a conventional reset.
        lock: what a locked interface allows.
    """

    vendor_id: int = 0x1B36
    device_id: int = 0x5BD0
    subsystem_vendor_id: int = 0x1AF4
    subsystem_id: int = 0x1100
    class_code: int = 0x120000
    revision: int = 1
    multi_function: bool = False
    bars: tuple[Bar, ...] = DEFAULT_BARS
    regions: tuple[Region, ...] = DEFAULT_REGIONS
    vectors: int = 8
    virtual: bool = False
    vf_rules: bool = False
    flr: bool = True
    tee_io: bool = True
    phantom_functions: int = 0
    max_payload: int = 1
    link_speed: int = 4
    link_width: int = 4
    no_soft_reset: bool = True
    aer: bool = True
    ari: bool = False
    ats: bool = False
    page_request: bool = False
    pasid: bool = False
    virtual_functions: VirtualFunctions | None = None
    configuration: int = 0
    lock: LockPolicy = LockPolicy()

    def __post_init__(self) -> None:
        """Raise ValueError if BARs or regions cannot be as they are described."""
        _check_bars(self.bars)
        if self.virtual_functions:
            _check_bars(self.virtual_functions.bars)
        for region in self.regions:
            self._check_region(region)
        if self.vectors:
            self._check_msix()

    def _check_region(self, region: Region) -> None:
        bar = self.bar(region.bar)
        if bar is None or region.offset + region.size > bar.smallest:
            raise ValueError(f"region {region.kind} is not inside BAR {region.bar}")
        if region.offset % PAGE or region.size % PAGE or region.size <= 0:
            raise ValueError(f"region {region.kind} is not of whole pages")
        for other in self.regions:
            apart = region.bar != other.bar or (
                other.offset + other.size <= region.offset
                or region.offset + region.size <= other.offset
            )
            if other is not region and (other.kind == region.kind or not apart):
                raise ValueError(f"region {region.kind} is there twice, or lies over another one")

    def _check_msix(self) -> None:
        table, pending = self.region("msix_table"), self.region("msix_pba")
        if table is None or pending is None:
            raise ValueError("MSI-X vectors without regions for their table and pending bits")
        if self.vectors > min(MSIX_MAX_VECTORS, table.size // MSIX_ENTRY_SIZE, pending.size * 8):
            raise ValueError(f"no room for {self.vectors} MSI-X vectors")

    @cached_property
    def config(self) -> ConfigMap:
        """The registers of its configuration space; computed once."""
        return config_map(self)

    @property
    def bar_sizes(self) -> Sequence[int]:
        """Bytes of each BAR by number; 0 for one that is absent or the upper half of another."""
        bars = [self.bar(number) for number in range(BAR_COUNT)]
        return [bar.size if bar else 0 for bar in bars]

    def bar(self, number: int) -> Bar | None:
        """The BAR that begins with that number."""
        return next((bar for bar in self.bars if bar.number == number), None)

    def region(self, kind: RegionKind) -> Region | None:
        """The region of a kind."""
        return next((region for region in self.regions if region.kind == kind), None)


def _check_bars(bars: Sequence[Bar]) -> None:
    taken: set[int] = set()
    for bar in bars:
        numbers = set(range(bar.number, bar.number + 1 + bar.wide))
        if numbers & taken or not numbers <= set(range(BAR_COUNT)):
            raise ValueError(f"no place for BAR {bar.number}")
        taken |= numbers
        if max((bar.size, *bar.sizes)) > (LARGEST_WIDE if bar.wide else LARGEST_NARROW):
            raise ValueError(f"BAR {bar.number} is too large for its width")
        if any(size < PAGE or size & (size - 1) for size in (bar.size, *bar.sizes)):
            raise ValueError(f"a size of BAR {bar.number} is no power of two of at least {PAGE}")
        if bar.sizes and (bar.size not in bar.sizes or min(bar.sizes) < SMALLEST_RESIZABLE):
            raise ValueError(f"BAR {bar.number} cannot be resizable like this")
