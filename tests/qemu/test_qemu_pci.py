"""PCI as the driver sets it up, in a real QEMU: its NVMe controller answers from its registers."""

import pytest
from inside_nvme import STATUS, VERSION, Pages, enable, identify, identity

from responder.client.channel import ChannelError
from responder.client.config_space import extended_capabilities
from responder.client.pci import (
    MsixTable,
    Window,
    function_level_reset,
    map_bars,
    open_bridge,
)
from responder.client.qemu import NVME_ID, Qemu, vfio_user

pytestmark = pytest.mark.qemu

PAGES = Pages(submission=0x10_0000, completion=0x10_1000, data=0x10_2000)
MESSAGE = 0x10_3000
ROOT_PORT_ID = 0x000C_1B36


@pytest.fixture
async def qemu(qemu_program):
    async with Qemu(["nvme,serial=as-it-was-given"], program=qemu_program) as qemu:
        yield qemu


async def test_a_bar_shows_the_registers_of_the_device(qemu):
    bars = await map_bars(await qemu.find(NVME_ID), Window())
    assert {index: bar.size for index, bar in bars.items()} == {0: 0x4000}
    assert await bars[0].read(VERSION) == 0x0001_0400
    assert await bars[0].read(VERSION, 8) & 0xFFFF_FFFF == 0x0001_0400
    assert await bars[0].read(VERSION + 1, 1) == 4


async def test_a_device_reads_and_writes_the_guests_memory_and_sends_an_msix_message(qemu):
    nvme = await qemu.find(NVME_ID)
    bars = await map_bars(nvme, Window())
    msix = await MsixTable.open(nvme, bars)
    assert msix.vectors == 65
    await msix.set_vector(0, MESSAGE, 0x4042)
    await msix.enable()
    await enable(bars[0], PAGES)
    await identify(bars[0], qemu.link, PAGES)
    await qemu.link.await_word(MESSAGE, 0x4042)
    assert await identity(qemu.link, PAGES) == ("as-it-was-given", "QEMU NVMe Ctrl")


async def test_a_masked_message_is_pending_until_the_mask_is_cleared(qemu):
    nvme = await qemu.find(NVME_ID)
    bars = await map_bars(nvme, Window())
    msix = await MsixTable.open(nvme, bars)
    await msix.set_vector(0, MESSAGE, 0x4042, masked=True)
    await msix.enable()
    await enable(bars[0], PAGES)
    await identify(bars[0], qemu.link, PAGES)
    with pytest.raises(ChannelError, match="is 0x0 and not 0x4042"):
        await qemu.link.await_word(MESSAGE, 0x4042, within=0.05)
    assert await msix.pending(0)
    await msix.set_vector(0, MESSAGE, 0x4042)
    await qemu.link.await_word(MESSAGE, 0x4042)
    assert not await msix.pending(0)


async def test_a_device_behind_a_root_port_is_reached(qemu_program):
    devices = ["pcie-root-port,id=rp,chassis=1", "nvme,serial=x,bus=rp"]
    async with Qemu(devices, program=qemu_program) as qemu:
        with pytest.raises(ChannelError, match="no function 1b36:0010 on bus 1"):
            await qemu.find(NVME_ID, bus=1)
        window = await open_bridge(await qemu.find(ROOT_PORT_ID), 1, Window())
        nvme = await qemu.find(NVME_ID, bus=1)
        assert nvme.place == (1, 0, 0)
        assert await (await map_bars(nvme, window))[0].read(VERSION) == 0x0001_0400


async def test_the_extended_capabilities_of_the_root_port_are_listed(qemu_program):
    async with Qemu(["pcie-root-port,id=rp,chassis=1"], program=qemu_program) as qemu:
        found = await extended_capabilities(await qemu.find(ROOT_PORT_ID))
    assert [(one.id, one.version) for one in found] == [(0x01, 2), (0x0D, 1)]


async def test_a_function_level_reset_disables_the_controller(qemu):
    nvme = await qemu.find(NVME_ID)
    bar = (await map_bars(nvme, Window()))[0]
    await enable(bar, PAGES)
    await function_level_reset(nvme)
    await map_bars(nvme, Window())
    assert await bar.read(STATUS) == 0


async def test_a_reset_of_the_machine_takes_the_addresses_away(qemu):
    nvme = await qemu.find(NVME_ID)
    await map_bars(nvme, Window())
    assert await nvme.read32(0x10) & ~0xF == 0xC000_0000
    await qemu.system_reset()
    assert await nvme.read32(0x10) & ~0xF == 0
    assert await (await map_bars(nvme, Window()))[0].read(VERSION) == 0x0001_0400


async def test_qmp_says_what_qemu_refuses(qemu):
    qmp = await qemu.qmp()
    with pytest.raises(ChannelError, match="'device_del' failed: Device 'x' not found"):
        await qmp.execute("device_del", id="x")
    assert (await qmp.execute("query-status"))["running"] is False


async def test_a_vfio_user_device_that_nobody_serves_is_refused(qemu_program, tmp_path):
    with pytest.raises(ChannelError, match="No such file or directory"):
        async with Qemu([vfio_user(tmp_path / "socket")], program=qemu_program):
            pass
