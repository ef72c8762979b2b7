"""Our device as a function of a real QEMU: registers, interrupts, resets, a session, an interface.

Nothing here runs in a guest: qtest takes the processor's place.
"""

import asyncio
import struct
import time

import pytest
from inside_device import DEFAULT_STREAM, ENABLE, RESET_COUNT, Engine, Stream
from inside_session import LOCK, open_session
from plugged import PHYSICAL_ID, SLOT, Machine, covered, notices, sessions_missed

from responder.client.config_space import COMMAND_STATUS, extended_capabilities, find_capability
from responder.client.doe_mailbox import DoeMailboxChannel, discover, spdm_mailbox
from responder.client.pci import BAR0, BUS_MASTER, MEMORY_SPACE, MsixTable, function_level_reset
from responder.requester.checks import Refused
from responder.spec.doe import Control, Register, Status
from responder.transport.doe import SPDM_OBJECTS, DataObject

pytestmark = pytest.mark.qemu

TAKES = 0.2  # seconds
OVERRIDES = {
    "spdm": {"versions": ["1.2"], "ct_exponent": 20},
    "timing": {"takes": {"CHALLENGE": int(TAKES * 1_000_000)}},
    "tdisp": {"ide_binding": "secure"},
}
CHALLENGE = bytes.fromhex("12830000") + bytes(range(32))
GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004")
MSIX, SERIAL_NUMBER, DOE, IDE = 0x11, 0x03, 0x2E, 0x30
FUNCTION = SLOT << 3
STREAM_ID = 3
MESSAGES, DATA = 0x10_0000, 0x11_0000
DOE_VECTOR, DMA_VECTOR = 0, 1
DOE_MESSAGE, DMA_MESSAGE = 0x4D01, 0x4D02


@pytest.fixture
def responder(spdm_responder_factory, tmp_path):
    uri = f"vfio-user:{tmp_path / 'device'}"
    return spdm_responder_factory("tdisp-device", overrides=OVERRIDES, uri=uri)


@pytest.fixture
async def machine(responder, qemu_program):
    async with Machine(responder.endpoint.path, 0, program=qemu_program) as machine:
        yield machine


class Registers:
    """The registers of a mailbox, one by one."""

    def __init__(self, config, mailbox):
        self._config = config
        self._base = mailbox.capability.offset

    async def read(self, register):
        return await self._config.read32(self._base + register)

    async def write(self, register, value):
        await self._config.write32(self._base + register, value)

    async def submit(self, message):
        """Write an SPDM message, and GO with interrupts enabled."""
        for (dword,) in struct.iter_unpack("<I", DataObject(*SPDM_OBJECTS[1], message).encode()):
            await self.write(Register.WRITE_MAILBOX, dword)
        await self.write(Register.CONTROL, Control.GO | Control.INTERRUPT_ENABLE)


async def vectors(machine, bars):
    """Have both vectors write their message."""
    msix = await MsixTable.open(machine.at(0), bars)
    await msix.set_vector(DOE_VECTOR, MESSAGES, DOE_MESSAGE)
    await msix.set_vector(DMA_VECTOR, MESSAGES + 4, DMA_MESSAGE)
    await msix.enable()


async def test_the_device_is_found_with_its_capabilities(machine):
    function = await machine.find(PHYSICAL_ID)
    assert function.place == machine.at(0).place
    assert await function.read32(0x08) == 0x120000_01
    assert await function.read32(0x2C) == 0x1100_1AF4
    assert await find_capability(function, MSIX) is not None
    found = {one.id: one for one in await extended_capabilities(function)}
    assert {SERIAL_NUMBER, DOE, IDE} <= set(found)
    assert found[DOE].version == 2
    serial = found[SERIAL_NUMBER].offset
    assert [await function.read32(serial + at) for at in (4, 8)] == [0x5BD00000, 0]
    assert await discover(await spdm_mailbox(function)) == [(1, 0), (1, 1), (1, 2)]
    bars = await machine.bars(0)
    assert {number: bar.size for number, bar in bars.items()} == {0: 0x4000, 2: 0x2000}
    assert (await MsixTable.open(function, bars)).vectors == 8


async def test_busy_shows_ready_interrupts_and_nothing_comes_of_what_was_aborted(machine):
    await vectors(machine, await machine.bars(0))
    mailbox = await spdm_mailbox(machine.at(0))
    channel = DoeMailboxChannel(mailbox)
    await open_session(channel)
    doe = Registers(machine.at(0), mailbox)

    begin = time.monotonic()
    await doe.submit(CHALLENGE)
    seen = []
    while not (status := await doe.read(Register.STATUS)) & Status.READY:
        seen.append(status)
        await asyncio.sleep(0.005)
    assert time.monotonic() - begin >= TAKES
    assert set(seen) == {Status.BUSY}
    assert status & (Status.BUSY | Status.ERROR) == 0
    await machine.link.await_word(MESSAGES, DOE_MESSAGE)
    header = await doe.read(Register.READ_MAILBOX)
    assert header == 0x0001_0001

    # GO with the answer unread would be an error; it goes with an abort, too.
    await doe.write(Register.CONTROL, Control.ABORT)
    assert await doe.read(Register.STATUS) & (Status.BUSY | Status.READY | Status.ERROR) == 0
    await doe.write(Register.STATUS, Status.INTERRUPT)
    await machine.link.write_memory(MESSAGES, bytes(4))

    await doe.submit(CHALLENGE)
    assert await doe.read(Register.STATUS) == Status.BUSY
    await doe.write(Register.CONTROL, Control.ABORT | Control.INTERRUPT_ENABLE)
    assert await doe.read(Register.STATUS) == 0
    await asyncio.sleep(1.5 * TAKES)
    assert await doe.read(Register.STATUS) == 0
    assert await doe.read(Register.READ_MAILBOX) == 0
    assert await machine.link.read_memory(MESSAGES, 4) == bytes(4)
    assert (await channel.exchange(GET_VERSION))[:2] == VERSION


async def test_resets_reach_the_device_and_show(machine, responder):
    bars = await machine.bars(0)
    before = await bars[0].read(RESET_COUNT)
    session = await open_session(await machine.channel(0), function_id=FUNCTION)
    await session.do("tdisp-state", "tdisp-measured")
    assert session.report.tdi.status.resets == before
    told = len(notices(responder))

    await function_level_reset(machine.at(0))
    assert await session.is_gone()
    assert (0, "reset", "function level reset of function 0") in notices(responder)[told:]
    # What QEMU shows of BARs it does not clear, so that software need not write them again.
    assert await machine.at(0).read32(BAR0) & ~0xF == bars[0].address
    await machine.at(0).write32(COMMAND_STATUS, MEMORY_SPACE | BUS_MASTER)
    session = await open_session(await machine.channel(0), function_id=FUNCTION)
    await session.do("tdisp-state", "tdisp-measured")
    assert session.report.tdi.status.resets == before + 1
    assert await bars[0].read(RESET_COUNT) == before + 1
    told = len(notices(responder))

    await machine.system_reset()
    assert await session.is_gone()
    assert sessions_missed(responder) == 2
    resets = [one for one in notices(responder)[told:] if one[0] == 0]
    assert set(resets) == {(0, "reset", "conventional reset of function 0")}
    await machine.bars(0)
    session = await open_session(await machine.channel(0), function_id=FUNCTION)
    await session.do("tdisp-state", "tdisp-measured")
    assert session.report.tdi.status.resets == before + 1 + len(resets)


async def test_keys_lock_report_start_and_stop_through_the_mailbox(machine, responder):
    bars = await machine.bars(0)
    await vectors(machine, bars)
    stream, engine = await Stream.open(machine.at(0)), Engine(bars[0])
    await stream.set(STREAM_ID)
    assert await engine.fill(DATA, 64, 0x11111111) == "refused: not running"

    places = {number: (bar.address, bar.size) for number, bar in bars.items()}
    session = await open_session(
        await machine.channel(0),
        ("authenticate", "challenge"),
        function_id=FUNCTION,
        stream_id=STREAM_ID,
        bars=places,
    )
    with pytest.raises(Refused, match="INVALID"):
        await session.do("tdisp-lock")
    await session.do("ide-query", "ide-keys", "ide-go")
    assert not await stream.secure()
    await stream.set(STREAM_ID, ENABLE | DEFAULT_STREAM)
    assert await stream.secure()
    await session.do("ide-query", *LOCK)
    report = session.report
    assert [one.state for one in report.ide.streams if one.stream_id == STREAM_ID] == ["SECURE"]
    assert covered(report.tdi.interface.ranges) == places
    assert await engine.fill(DATA, 64, 0x11111111) == "refused: not running"
    assert await machine.link.read_memory(DATA, 64) == bytes(64)

    await session.do("tdisp-start")
    size = 5000
    assert await engine.fill(DATA, size, 0x600D_F00D, DMA_VECTOR) == "done"
    await machine.link.await_word(MESSAGES + 4, DMA_MESSAGE)
    assert await engine.copy(DATA, DATA + 0x2000, size) == "done"
    expected = (bytes.fromhex("0df00d60") * size)[:size] + bytes(8)
    assert await machine.link.read_memory(DATA + 0x2000, size + 8) == expected

    await session.do("tdisp-stop")
    assert report.tdi.states[-1] == "CONFIG_UNLOCKED"
    assert await engine.fill(DATA, 64, 0x11111111) == "refused: not running"
    assert await machine.link.read_memory(DATA, 4) == expected[:4]
