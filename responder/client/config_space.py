"""The configuration space of a PCI function as a client reaches it, and its capability lists.

PCIe 6.2, 7.5.1.1.11 (capabilities) and 7.6.3 (extended capabilities).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from responder.client.channel import ChannelError

COMMAND_STATUS = 0x04
CAPABILITIES_POINTER = 0x34
FIRST_EXTENDED_CAPABILITY = 0x100
STATUS_CAPABILITIES_LIST = 1 << 20  # of the DW at COMMAND_STATUS
ALL_ONES = 0xFFFFFFFF  # what a read returns when the device is gone

Access = tuple[int, int | None]
"""An aligned offset, and the DW to write there or ``None`` to read."""


class ConfigSpace(ABC):
    """The configuration space of one function, 4096 bytes, accessed by aligned DWs."""

    @abstractmethod
    async def burst(self, accesses: Sequence[Access]) -> list[int]:
        """Do the accesses in this order; the DWs that were read.

        Raises:
            ChannelError: there is no way to the function.
        """

    async def read32(self, offset: int) -> int:
        """The DW at ``offset``; raises as ``burst``."""
        return (await self.burst([(offset, None)]))[0]

    async def write32(self, offset: int, value: int) -> None:
        """Write the DW at ``offset``; raises as ``burst``."""
        await self.burst([(offset, value)])


class Region(ABC):
    """A memory BAR of a function.

    Attributes:
        size: in bytes.
    """

    size: int

    @abstractmethod
    async def read(self, offset: int, size: int = 4) -> int:
        """The little-endian value of ``size`` bytes, 1, 2, 4 or 8, in one access.

        Raises:
            ChannelError: there is no way to the function.
        """

    @abstractmethod
    async def write(self, offset: int, value: int, size: int = 4) -> None:
        """Write ``size`` bytes, 1, 2, 4 or 8, in one access; raises as ``read``."""


@dataclass(frozen=True, slots=True)
class ExtendedCapability:
    """What the header of an extended capability says, and where it stands."""

    id: int
    version: int
    offset: int


async def find_capability(config: ConfigSpace, capability_id: int) -> int | None:
    """The offset of the first capability with that ID, below 0x100, or ``None``.

    Raises:
        ChannelError: the list runs in a circle or into the header; or as ``ConfigSpace.burst``.
    """
    if not await config.read32(COMMAND_STATUS) & STATUS_CAPABILITIES_LIST:
        return None
    visited: set[int] = set()
    offset = await config.read32(CAPABILITIES_POINTER) & 0xFC
    while offset:
        if offset < 0x40 or offset in visited:
            raise ChannelError("framing", f"capability list points to {offset:#x}")
        visited.add(offset)
        header = await config.read32(offset)
        if header & 0xFF == capability_id:
            return offset
        offset = header >> 8 & 0xFC
    return None


async def extended_capabilities(config: ConfigSpace) -> list[ExtendedCapability]:
    """The extended capabilities of a function, in the order of their list.

    Raises:
        ChannelError: the list leaves extended configuration space or runs in a circle; or as
            ``ConfigSpace.burst``.
    """
    found: list[ExtendedCapability] = []
    visited: set[int] = set()
    offset = FIRST_EXTENDED_CAPABILITY
    while offset:
        if offset < FIRST_EXTENDED_CAPABILITY or offset in visited:
            raise ChannelError("framing", f"extended capability list points to {offset:#x}")
        visited.add(offset)
        header = await config.read32(offset)
        if header in {0, ALL_ONES}:
            break
        found.append(ExtendedCapability(header & 0xFFFF, header >> 16 & 0xF, offset))
        offset = header >> 20 & 0xFFC
    return found
