"""PCI as firmware does it, over qtest: functions, BARs, bridges, MSI-X and resets.

PCIe 6.2, 7.5.1 (header), 7.5.3.4 (Device Control), 7.7.2 (MSI-X).
"""

from collections.abc import Mapping, Sequence

from responder.client.channel import ChannelError
from responder.client.config_space import (
    ALL_ONES,
    COMMAND_STATUS,
    Access,
    ConfigSpace,
    Region,
    find_capability,
)
from responder.client.qtest import QtestLink, load, number, store

ECAM_BASE = 0xB000_0000
BAR_WINDOW = range(0xC000_0000, 0xFE00_0000)
"""Addresses of q35 that are neither memory nor anything else's."""
BRIDGE_WINDOW_SIZE = 16 << 20

HEADER_TYPE, BAR0, BUS_NUMBERS = 0x0C, 0x10, 0x18
MEMORY_WINDOW, PREFETCHABLE_WINDOW = 0x20, 0x24
NO_WINDOW = 0x0000_FFF0  # the base lies above the limit
MULTIFUNCTION = 1 << 23  # of the DW at HEADER_TYPE
MEMORY_SPACE, BUS_MASTER = 1 << 1, 1 << 2
BAR_COUNT = 6
BAR_IO, BAR_64_BIT, BAR_TYPE, BAR_FLAGS = 0b1, 0b100, 0b110, 0b1111
PCIE_CAPABILITY, MSIX_CAPABILITY = 0x10, 0x11
DEVICE_CONTROL, INITIATE_FLR = 0x08, 1 << 15
MSIX_ENABLE, MSIX_MASK_ALL = 1 << 31, 1 << 30  # of the capability's first DW
MSIX_TABLE, MSIX_PBA, MSIX_ENTRY_SIZE = 0x04, 0x08, 16


class EcamFunction(ConfigSpace):
    """The configuration space of one PCI function, memory-mapped; all ones if there is none."""

    def __init__(self, link: QtestLink, bus: int, device: int, function: int = 0) -> None:
        self.link = link
        self.place = (bus, device, function)
        self._base = ECAM_BASE + (bus << 20) + (device << 15) + (function << 12)

    async def burst(self, accesses: Sequence[Access]) -> list[int]:
        """The accesses in one write to QEMU; raises as ``QtestLink.run``."""
        answers = await self.link.run([self._command(*access) for access in accesses])
        return [
            number(answer)
            for (_, value), answer in zip(accesses, answers, strict=True)
            if value is None
        ]

    def _command(self, offset: int, value: int | None) -> str:
        address = self._base + offset
        return load(address, 4) if value is None else store(address, 4, value)


class Bar(Region):
    """A memory BAR that has its address.

    Attributes:
        address: where it begins in the guest's memory space.
        size: in bytes.
    """

    def __init__(self, link: QtestLink, address: int, size: int) -> None:
        self.address = address
        self.size = size
        self._link = link

    async def read(self, offset: int, size: int = 4) -> int:
        """As ``Region.read``."""
        return number((await self._link.run([load(self.address + offset, size)]))[0])

    async def write(self, offset: int, value: int, size: int = 4) -> None:
        """As ``Region.write``."""
        await self._link.run([store(self.address + offset, size, value)])


class Window:
    """Memory space that is given out from its beginning.

    Args:
        addresses: all of it.
    """

    def __init__(self, addresses: range = BAR_WINDOW) -> None:
        self._free = addresses

    def take(self, size: int) -> int:
        """The address of ``size`` bytes, a power of two, aligned to it.

        Raises:
            ChannelError: that much is not left.
        """
        address = (self._free.start + size - 1) // size * size
        if address + size > self._free.stop:
            raise ChannelError("framing", f"no {size:#x} bytes are left for a BAR")
        self._free = range(address + size, self._free.stop)
        return address


async def scan(link: QtestLink, bus: int = 0) -> list[EcamFunction]:
    """The functions that are present on a bus; raises as ``QtestLink.run``."""
    found = []
    for device in range(32):
        first = EcamFunction(link, bus, device)
        if await first.read32(0) == ALL_ONES:
            continue
        found.append(first)
        if await first.read32(HEADER_TYPE) & MULTIFUNCTION:
            others = [EcamFunction(link, bus, device, number) for number in range(1, 8)]
            found += [other for other in others if await other.read32(0) != ALL_ONES]
    return found


async def open_bridge(bridge: EcamFunction, bus: int, window: Window) -> Window:
    """Put ``bus`` behind a bridge or root port of bus 0; the memory space for what is there.

    Raises:
        ChannelError: ``window`` is used up; or as ``QtestLink.run``.
    """
    begin = window.take(BRIDGE_WINDOW_SIZE)
    end = begin + BRIDGE_WINDOW_SIZE
    limit = end - 1 & 0xFFF0_0000
    await bridge.burst(
        [
            (BUS_NUMBERS, bus << 16 | bus << 8),
            (MEMORY_WINDOW, limit | begin >> 16),
            (PREFETCHABLE_WINDOW, NO_WINDOW),
            (COMMAND_STATUS, MEMORY_SPACE | BUS_MASTER),
        ]
    )
    return Window(range(begin, end))


async def map_bars(function: EcamFunction, window: Window) -> dict[int, Bar]:
    """Give each memory BAR of a function an address, and enable memory space and bus mastering.

    Returns:
        The BARs by number; the upper half of a 64-bit one has none.

    Raises:
        ChannelError: ``window`` is used up; or as ``QtestLink.run``.
    """
    await function.write32(COMMAND_STATUS, 0)
    bars = {}
    skip = False
    for index in range(BAR_COUNT):
        if skip:
            skip = False
            continue
        offset = BAR0 + 4 * index
        flags = (await function.burst([(offset, ALL_ONES), (offset, None)]))[0]
        if not flags or flags & BAR_IO:
            continue
        skip = flags & BAR_TYPE == BAR_64_BIT
        upper = ALL_ONES
        if skip:
            upper = (await function.burst([(offset + 4, ALL_ONES), (offset + 4, None)]))[0]
        size = (1 << 64) - (upper << 32 | flags & ~BAR_FLAGS)
        bars[index] = Bar(function.link, window.take(size), size)
        await function.write32(offset, bars[index].address)
        if skip:
            await function.write32(offset + 4, 0)
    await function.write32(COMMAND_STATUS, MEMORY_SPACE | BUS_MASTER)
    return bars


async def function_level_reset(config: ConfigSpace) -> None:
    """Initiate a function level reset; ``ChannelError`` without a PCIe capability."""
    offset = await _capability(config, PCIE_CAPABILITY, "PCIe") + DEVICE_CONTROL
    control = await config.read32(offset) & 0xFFFF  # writing ones to Device Status clears it
    await config.write32(offset, control | INITIATE_FLR)


async def _capability(config: ConfigSpace, capability_id: int, name: str) -> int:
    offset = await find_capability(config, capability_id)
    if offset is None:
        raise ChannelError("framing", f"the function has no {name} capability")
    return offset


class MsixTable:
    """The MSI-X vectors of a function whose BARs have their addresses.

    Attributes:
        vectors: how many there are.
    """

    def __init__(self, config: ConfigSpace, offset: int, vectors: int) -> None:
        self.vectors = vectors
        self._config = config
        self._offset = offset
        self._table: tuple[Region, int]
        self._pending: tuple[Region, int]

    @classmethod
    async def open(cls, config: ConfigSpace, bars: Mapping[int, Region]) -> "MsixTable":
        """The table of a function; ``ChannelError`` without the capability or without its BAR."""
        offset = await _capability(config, MSIX_CAPABILITY, "MSI-X")
        table = cls(config, offset, (await config.read32(offset) >> 16 & 0x7FF) + 1)
        table._table = _in_bar(await config.read32(offset + MSIX_TABLE), bars)
        table._pending = _in_bar(await config.read32(offset + MSIX_PBA), bars)
        return table

    async def enable(self, *, masked: bool = False) -> None:
        """Enable MSI-X, with the mask of the whole function set or clear."""
        control = await self._config.read32(self._offset) & ~(MSIX_ENABLE | MSIX_MASK_ALL)
        masks = MSIX_MASK_ALL if masked else 0
        await self._config.write32(self._offset, control | MSIX_ENABLE | masks)

    async def set_vector(
        self, vector: int, address: int, data: int, *, masked: bool = False
    ) -> None:
        """Have a vector write ``data``, a DW, to ``address`` in the guest's memory."""
        region, offset = self._table
        at = offset + vector * MSIX_ENTRY_SIZE
        for word in (address & ALL_ONES, address >> 32, data, int(masked)):
            await region.write(at, word)
            at += 4

    async def pending(self, vector: int) -> bool:
        """Whether a message of that vector waits for the mask to be cleared."""
        region, offset = self._pending
        return bool(await region.read(offset + vector // 32 * 4) >> vector % 32 & 1)


def _in_bar(location: int, bars: Mapping[int, Region]) -> tuple[Region, int]:
    index, offset = location & 0b111, location & ~0b111
    if index not in bars:
        raise ChannelError("framing", f"MSI-X lies in BAR {index}, which the function lacks")
    return bars[index], offset
