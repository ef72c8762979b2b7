"""What software does with a function of ours: DMA, management words, IDE streams.

Offsets are those of ``docs/reference/dma.md``, and of PCIe 6.2, 7.9.26 for IDE.
"""

import asyncio
import time

from responder.client.config_space import extended_capabilities

SOURCE, DESTINATION, LENGTH, PATTERN, INTERRUPT, COMMAND, STATUS = 0, 8, 16, 20, 24, 28, 32
RESET_COUNT = 0x28
COPY, FILL = 1, 2
INTERRUPT_ENABLE = 1 << 31
STATES = ("idle", "busy", "done", "error", "refused")
REASONS = ("", "no bus master", "not running", "access failed", "unknown", "wraps")

MANAGEMENT, ROW, WORD, CHANGED_LOCKED = 0x1000, 0x10, 0x4, 0xC

IDE = 0x30
ENABLE, DEFAULT_STREAM, SECURE = 1 << 0, 1 << 22, 2


class Engine:
    """The DMA engine in BAR 0 of a function."""

    def __init__(self, bar):
        self._bar = bar

    async def fill(self, address, size, pattern, vector=None):
        """Fill memory with a DW; how that ended, such as ``done`` or ``refused: not running``."""
        await self._bar.write(DESTINATION, address, 8)
        await self._bar.write(LENGTH, size)
        await self._bar.write(PATTERN, pattern)
        return await self._run(FILL, vector)

    async def copy(self, source, destination, size, vector=None):
        """Copy memory; as ``fill``."""
        await self._bar.write(SOURCE, source, 8)
        await self._bar.write(DESTINATION, destination, 8)
        await self._bar.write(LENGTH, size)
        return await self._run(COPY, vector)

    async def _run(self, command, vector):
        await self._bar.write(INTERRUPT, 0 if vector is None else INTERRUPT_ENABLE | vector)
        await self._bar.write(COMMAND, command)
        deadline = time.monotonic() + 5
        while (status := await self._bar.read(STATUS)) & 0xFF == STATES.index("busy"):
            if time.monotonic() > deadline:
                raise TimeoutError("the DMA engine is busy")
            await asyncio.sleep(0.001)
        reason = REASONS[status >> 8 & 0xFF]
        return STATES[status & 0xFF] + (f": {reason}" if reason else "")


async def configure(bar, function, word):
    """The physical function, whose BAR 0 that is, configures another; how often that took effect
    although the other was locked."""
    row = MANAGEMENT + ROW * (function + 1)
    await bar.write(row + WORD, word)
    return await bar.read(row + CHANGED_LOCKED)


class Stream:
    """The first selective stream in the IDE capability of a function."""

    def __init__(self, config, offset):
        self._config = config
        self._control, self._status = offset + 4, offset + 8

    @classmethod
    async def open(cls, config):
        found = [one.offset for one in await extended_capabilities(config) if one.id == IDE]
        capability = await config.read32(found[0] + 4)
        has_links, links = capability & 1, (capability >> 13 & 7) + 1
        return cls(config, found[0] + 0xC + 8 * links * has_links)

    async def set(self, stream_id, flags=0):
        """Write its control register: the stream id, and bits such as ``ENABLE``."""
        await self._config.write32(self._control, stream_id << 24 | flags)

    async def secure(self):
        """Whether its status register says that it is secure."""
        return await self._config.read32(self._status) & 0xF == SECURE
