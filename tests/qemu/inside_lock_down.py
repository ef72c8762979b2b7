"""The story of a locked interface, told in a guest.

A virtual function is locked, attested and started; then the physical one meddles with it, and then
whoever owns its configuration space.
"""

from dataclasses import asdict

from inside import COMMAND, DEVICES, MEMORY_AND_BUS_MASTER, PhysicalMemory
from inside_device import DEFAULT_STREAM, ENABLE, Engine, Stream, configure
from inside_session import LOCK, open_session

from responder.client.doe_mailbox import DoeMailboxChannel, spdm_mailbox
from responder.client.sysfs import SysfsFunction
from responder.requester.checks import Refused

VIRTUAL = 1
STREAM_ID = 1
BUS_MASTER = 0x04
BAR_COUNT = 6
SIZE = 256


class Scene:
    """Both functions, a session with the virtual one, and a page of memory that its DMA fills.

    Attributes:
        told: each time that was looked: when, where the interface stood, what became of DMA, and
            whether that shows in memory.
    """

    def __init__(self, physical, virtual, session):
        self.physical, self.virtual, self.session = physical, virtual, session
        self.management, self._registers = physical.bar(0), virtual.bar(0)
        self.told = []
        self._engine = Engine(self._registers)
        self._memory = PhysicalMemory(1)

    async def look(self, when):
        """Ask for the state, and try DMA, each time with another pattern."""
        (address,) = self._memory.addresses
        pattern = 0x1111_1111 * (len(self.told) + 1)
        outcome = await self._engine.fill(address, SIZE, pattern)
        data = await self._memory.read_memory(address, SIZE)
        shows = data == pattern.to_bytes(4, "little") * (SIZE // 4)
        self.told.append((when, await self.session.state(), outcome, shows))

    async def lock_and_start(self):
        await self.session.do(*LOCK)
        await self.look("locked")
        await self.session.do("tdisp-start")
        await self.look("started")

    def close(self):
        self.management.close()
        self._registers.close()


async def lock_down(physical, virtual):
    """Tell the story with two functions, by name: what was seen, and the requester's reports."""
    with SysfsFunction(physical) as owner, SysfsFunction(virtual) as function:
        for one in (owner, function):
            await one.write32(COMMAND, MEMORY_AND_BUS_MASTER)
        session = await open_session(
            DoeMailboxChannel(await spdm_mailbox(function)),
            ("authenticate", "challenge"),
            function_id=function_id(virtual),
            stream_id=STREAM_ID,
            bars=bars(virtual),
        )
        scene = Scene(owner, function, session)
        try:
            return await _tell(scene) | {"bars": bars(virtual), "told": scene.told}
        finally:
            scene.close()


async def _tell(scene):
    session, report = scene.session, scene.session.report
    await scene.look("before anything")
    stream = await Stream.open(scene.physical)
    await stream.set(STREAM_ID)
    await session.do("ide-query", "ide-keys", "ide-go")
    await stream.set(STREAM_ID, ENABLE | DEFAULT_STREAM)
    secure = await stream.secure()
    await scene.lock_and_start()
    found = {"secure": secure, "interface": asdict(report.tdi.interface)}
    found["locked"] = asdict(report.tdi.status)

    changed = await configure(scene.management, VIRTUAL, 0xBAD)
    await scene.look("configured by the physical function")
    try:
        await session.do("tdisp-measured")
    except Refused as refused:
        found["refused"] = refused.check_id
    found |= {"changed": changed, "meddled": asdict(report.tdi.status)}
    await session.do("tdisp-stop")
    await scene.look("stopped")

    await scene.lock_and_start()
    await scene.virtual.write32(COMMAND, MEMORY_AND_BUS_MASTER & ~BUS_MASTER)
    await scene.look("without bus master")
    await scene.virtual.write32(COMMAND, MEMORY_AND_BUS_MASTER)
    await scene.look("with bus master again")
    await session.do("tdisp-stop")
    return found


def function_id(name):
    """The routing id of a function such as ``0000:00:04.1``."""
    _, bus, place = name.split(":")
    device, function = place.split(".")
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function)


def bars(name):
    """Address and size of each BAR of a function, as Linux has placed them."""
    lines = (DEVICES / name / "resource").read_text().splitlines()[:BAR_COUNT]
    ends = [[int(number, 16) for number in line.split()[:2]] for line in lines]
    return {n: (first, last + 1 - first) for n, (first, last) in enumerate(ends) if last}
