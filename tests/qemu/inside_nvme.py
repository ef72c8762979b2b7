"""QEMU's NVMe controller does one Identify command: BAR, DMA and completion, with any driver.

NVM Express Base Specification 2.0: 3.1.4 (registers), 4.1.1 (queue entries), 5.17 (Identify).
"""

import struct
from typing import NamedTuple

VERSION, CONFIGURATION, STATUS, ADMIN_QUEUES, SUBMISSIONS, COMPLETIONS = 8, 20, 28, 36, 40, 48
ENABLE = 6 << 16 | 4 << 20 | 1  # entries of 64 and 16 bytes
DOORBELL = 0x1000
IDENTIFY = 6
# What Identify Controller says first: vendor and subsystem vendor, serial number, model number.
IDENTITY = struct.Struct("<HH20s40s")


class Pages(NamedTuple):
    """Physical addresses of a page for each queue, and of one for what is transferred."""

    submission: int
    completion: int
    data: int


async def enable(bar, pages):
    """Give the controller admin queues of two entries, in place of those that firmware gave it."""
    await bar.write(CONFIGURATION, 0)
    assert await bar.read(STATUS) == 0
    await bar.write(ADMIN_QUEUES, 0x0001_0001)
    await bar.write(SUBMISSIONS, pages.submission, 8)
    await bar.write(COMPLETIONS, pages.completion, 8)
    await bar.write(CONFIGURATION, ENABLE)
    assert await bar.read(STATUS) == 1


async def identify(bar, memory, pages):
    """Submit Identify Controller, as the first command after ``enable``."""
    command = struct.pack("<BxHI16xQ8xI20x", IDENTIFY, 1, 0, pages.data, 1)
    await memory.write_memory(pages.submission, command)
    await bar.write(DOORBELL, 1)


async def identity(memory, pages):
    """The serial number and the model number that were transferred."""
    data = await memory.read_memory(pages.data, IDENTITY.size)
    _, _, serial, model = IDENTITY.unpack(data)
    return serial.decode().rstrip(), model.decode().rstrip()
