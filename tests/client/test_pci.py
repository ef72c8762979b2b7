"""What firmware does to PCI, against a table of bytes; ``tests/qemu`` has the real QEMU."""

import pytest

from responder.client.channel import ChannelError
from responder.client.pci import (
    EcamFunction,
    MsixTable,
    Window,
    function_level_reset,
    map_bars,
    open_bridge,
    scan,
)

SIZES = {"b": 1, "w": 2, "l": 4, "q": 8}
DEVICE = 0xB000_8000  # bus 0, device 1
WINDOW = range(0xC000_0000, 0xC000_4000)


class Machine:
    """Answers qtest commands from memory: ones where nothing is, and BARs keep their low bits."""

    def __init__(self):
        self.memory = {}
        self.fixed = {}
        self.commands = []

    def put(self, base, dwords):
        for offset, value in dwords.items():
            self.store(base + offset, value, 4)

    def store(self, address, value, size):
        self.memory |= dict(enumerate(value.to_bytes(size, "little"), address))

    def get(self, address, size=4):
        data = bytes(self.memory.get(at, 0xFF) for at in range(address, address + size))
        return int.from_bytes(data, "little")

    def bar(self, index, flags, size):
        """A BAR of the device: what is below its size cannot be written, and reads as flags."""
        offset = DEVICE + 0x10 + 4 * index
        for half in range(2 if flags & 0b110 == 0b100 else 1):
            mask = (1 << 64) - size >> 32 * half & 0xFFFF_FFFF
            self.fixed[offset + 4 * half] = (mask, 0 if half else flags)
            self.put(offset, {4 * half: 0 if half else flags})

    async def run(self, commands):
        self.commands += commands
        return [self.answer(*command.split()) for command in commands]

    def answer(self, word, place, *value):
        address, size = int(place, 16), SIZES[word[-1]]
        if word.startswith("read"):
            return hex(self.get(address, size))
        written = int(*value, 16)
        mask, flags = self.fixed.get(address, (-1, 0))
        self.store(address, written & mask | flags, size)
        return ""


@pytest.fixture
def machine():
    machine = Machine()
    # Status says that there are capabilities: PCIe, then MSI-X with 3 vectors in BAR 0.
    machine.put(DEVICE, {0x00: 0x1234_5678, 0x04: 0x0010_0000, 0x0C: 0, 0x34: 0x40})
    machine.fixed[DEVICE + 0x04] = (0x0000_FFFF, 0x0010_0000)
    machine.put(DEVICE, {0x40: 0x0002_6010, 0x48: 0x000F_2810})
    machine.put(DEVICE, {0x60: 0x0002_0011, 0x64: 0x0000_0800, 0x68: 0x0000_0C00})
    machine.put(DEVICE, dict.fromkeys(range(0x10, 0x28, 4), 0))
    return machine


@pytest.fixture
def device(machine):
    return EcamFunction(machine, 0, 1)


@pytest.mark.parametrize(
    ("place", "address"),
    [((0, 0, 0), 0xB0000000), ((0, 1, 0), 0xB0008000), ((1, 31, 7), 0xB01FF000)],
)
async def test_the_address_of_a_function(machine, place, address):
    function = EcamFunction(machine, *place)
    assert await function.burst([(0x108, 0x80000000), (0x108, None)]) == [0x80000000]
    assert machine.commands == [
        f"writel {address + 0x108:#x} 0x80000000",
        f"readl {address + 0x108:#x}",
    ]


async def test_only_a_multifunction_device_is_searched_for_more(machine):
    multi = 0xB001_0000
    machine.put(multi, {0x00: 0x1111_2222, 0x0C: 0x0080_0000, 0x7000: 0x3333_4444})
    machine.put(DEVICE, {0x3000: 0x5555_6666})  # a function that does not exist
    assert [function.place for function in await scan(machine)] == [(0, 1, 0), (0, 2, 0), (0, 2, 7)]


async def test_bars_get_aligned_addresses_and_the_device_is_enabled(machine, device):
    machine.bar(0, 0b0100, 0x2000)
    machine.bar(2, 0b0001, 0x20)  # I/O space
    machine.bar(3, 0b0000, 0x1000)
    machine.bar(4, 0b1100, 0x1000)
    bars = await map_bars(device, Window(range(0xC000_1000, 0xC001_0000)))
    assert {index: (bar.address, bar.size) for index, bar in bars.items()} == {
        0: (0xC000_2000, 0x2000),
        3: (0xC000_4000, 0x1000),
        4: (0xC000_5000, 0x1000),
    }
    assert machine.get(DEVICE + 0x10, 8) == 0xC000_2004
    assert machine.get(DEVICE + 0x1C) == 0xC000_4000
    assert machine.get(DEVICE + 0x20, 8) == 0xC000_500C
    assert machine.get(DEVICE + 0x04, 2) == 0b110


async def test_a_bar_that_does_not_fit_is_refused(machine, device):
    machine.bar(0, 0, 0x8000)
    with pytest.raises(ChannelError, match="no 0x8000 bytes are left"):
        await map_bars(device, Window(WINDOW))


@pytest.mark.parametrize(("size", "letter"), [(1, "b"), (2, "w"), (4, "l"), (8, "q")])
async def test_a_bar_is_accessed_in_the_size_that_is_asked(machine, device, size, letter):
    machine.bar(0, 0, 0x1000)
    bar = (await map_bars(device, Window(WINDOW)))[0]
    await bar.write(0x10, 0x42, size)
    assert await bar.read(0x10, size) == 0x42
    assert machine.commands[-2:] == [f"write{letter} 0xc0000010 0x42", f"read{letter} 0xc0000010"]


async def test_a_bridge_passes_its_bus_and_one_window_on(machine, device):
    window = Window(range(0xC010_0000, 0xD000_0000))
    behind = await open_bridge(device, 3, window)
    assert machine.get(DEVICE + 0x18) == 0x0003_0300
    assert machine.get(DEVICE + 0x20) == 0xC1F0_C100
    assert machine.get(DEVICE + 0x24, 2) > machine.get(DEVICE + 0x26, 2)
    assert machine.get(DEVICE + 0x04, 2) == 0b110
    assert behind.take(0x1000) == 0xC100_0000
    assert window.take(0x1000) == 0xC200_0000


async def test_a_function_level_reset_leaves_device_status_alone(machine, device):
    await function_level_reset(device)
    assert machine.get(DEVICE + 0x48) == 0x0000_A810


async def test_what_a_function_lacks_is_named(machine, device):
    machine.put(DEVICE, {0x34: 0})
    with pytest.raises(ChannelError, match="no PCIe capability"):
        await function_level_reset(device)
    with pytest.raises(ChannelError, match="no MSI-X capability"):
        await MsixTable.open(device, {})


async def test_msix_without_its_bar_is_refused(device):
    with pytest.raises(ChannelError, match="MSI-X lies in BAR 0"):
        await MsixTable.open(device, {})


async def test_msix_vectors_are_programmed_enabled_and_masked(machine, device):
    machine.bar(0, 0, 0x1000)
    table = await MsixTable.open(device, await map_bars(device, Window(WINDOW)))
    assert table.vectors == 3
    await table.set_vector(2, 0x1_FEE0_0000, 0x4042, masked=True)
    entry = [machine.get(0xC000_0820 + offset) for offset in (0, 4, 8, 12)]
    assert entry == [0xFEE0_0000, 1, 0x4042, 1]
    await table.enable()
    assert machine.get(DEVICE + 0x60) == 0x8002_0011
    await table.enable(masked=True)
    assert machine.get(DEVICE + 0x60) == 0xC002_0011
    machine.put(0xC000_0C00, {0: 0b100})
    assert [await table.pending(vector) for vector in range(3)] == [False, False, True]
