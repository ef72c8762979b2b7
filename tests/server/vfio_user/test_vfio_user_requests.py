"""What a client asks about its device, what it gets, and what is refused."""

import errno
import os
import struct

import pytest
from server.vfio_user.peers import (
    BAR0,
    BAR2,
    BAR_SIZES,
    CONFIG,
    CONFIG_SIZE,
    EVENTFD,
    NONE,
    TRIGGER,
    VECTORS,
    access,
    dma_map,
    dma_unmap,
    info,
    irqs,
    memory_file,
    message,
    region_info,
)

from responder.core.ownership import Reset
from responder.server.vfio_user.codec import MAX_DATA, Command


async def test_the_device_is_pci_and_can_be_reset(plug):
    client = (await plug()).client
    answer = await client.ask(Command.DEVICE_GET_INFO, info())
    assert struct.unpack("=IIII", answer) == (16, 3, 9, 5)


async def test_regions(plug):
    client = (await plug()).client
    sizes = []
    for index in range(9):
        answer = await client.ask(Command.DEVICE_GET_REGION_INFO, region_info(index))
        argsz, flags, its_index, cap_offset, size, offset = struct.unpack("=IIIIQQ", answer)
        assert (argsz, its_index, cap_offset, offset) == (32, index, 0, 0)
        assert flags == (3 if size else 0)
        sizes.append(size)
    assert sizes == [*BAR_SIZES, 0, CONFIG_SIZE, 0]


async def test_interrupt_types(plug):
    client = (await plug()).client
    answers = [await client.ask(Command.DEVICE_GET_IRQ_INFO, info(index)) for index in range(5)]
    found = [struct.unpack("=IIII", answer) for answer in answers]
    assert found == [
        (16, 0, 0, 0),
        (16, 0, 1, 0),
        (16, 3, 2, VECTORS),
        (16, 0, 3, 0),
        (16, 0, 4, 0),
    ]


async def test_regions_are_read_and_written(plug):
    plugged = await plug()
    client = plugged.client
    assert await client.ask(Command.REGION_WRITE, access(BAR0, 0x3FFC, 4, b"abcd")) == access(
        BAR0, 0x3FFC, 4
    )
    assert await client.ask(Command.REGION_READ, access(BAR0, 0x3FFE, 2)) == access(
        BAR0, 0x3FFE, 2, b"cd"
    )
    assert await client.ask(Command.REGION_WRITE, access(CONFIG, 4, 2, b"\6\0"))
    assert (await client.ask(Command.REGION_READ, access(CONFIG, 0, 4096)))[
        16 + 4 : 16 + 6
    ] == b"\6\0"
    assert plugged.function.done == [
        ("bar_write", BAR0, 0x3FFC, b"abcd"),
        ("bar_read", BAR0, 0x3FFE, 2),
        ("config_write", 4, b"\6\0"),
        ("config_read", 0, 4096),
    ]


async def test_a_write_is_answered_before_its_effects(plug):
    """QEMU holds its lock until it has the answer: it could not answer a DMA_READ."""
    plugged = await plug()
    client = plugged.client
    await client.ask(Command.DMA_MAP, dma_map(0, 4096))
    plugged.function.on_write = lambda: plugged.function.bus.memory_read(0, 4, id)
    client.send(message(Command.REGION_WRITE, access(BAR0, 0, 4, b"copy")))
    assert (await client.receive()).command == Command.REGION_WRITE
    assert (await client.receive()).command == Command.DMA_READ


async def test_requests_that_want_no_reply_get_none(plug):
    plugged = await plug()
    client = plugged.client
    client.send(message(Command.REGION_WRITE, access(BAR0, 0, 4, b"post"), flags=0x10))
    client.send(message(Command.REGION_WRITE, access(BAR0, 0x4000, 4, b"none"), flags=0x10))
    assert await client.ask(Command.REGION_READ, access(BAR0, 0, 4)) == access(BAR0, 0, 4, b"post")
    assert len(plugged.serving.ignored) == 1


async def test_a_reset_reaches_the_function_and_no_old_interrupt_comes_after_it(plug):
    plugged = await plug()
    plugged.function.bus.interrupt(0)
    assert await plugged.client.ask(Command.DEVICE_RESET) == b""
    assert plugged.function.done == [("reset", Reset.CONVENTIONAL)]
    eventfd = os.eventfd(0, os.EFD_NONBLOCK)
    await plugged.client.ask(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [eventfd])
    with pytest.raises(BlockingIOError):
        os.eventfd_read(eventfd)
    os.close(eventfd)


async def test_an_interrupt_of_the_function_arrives(plug):
    plugged = await plug()
    eventfd = os.eventfd(0, os.EFD_NONBLOCK)
    await plugged.client.ask(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER, 3), [eventfd])
    plugged.function.bus.interrupt(3)
    assert os.eventfd_read(eventfd) == 1
    await plugged.client.ask(Command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER, 0, 0))
    plugged.function.bus.interrupt(3)
    with pytest.raises(BlockingIOError):
        os.eventfd_read(eventfd)
    os.close(eventfd)


# command, payload, errno, part of what observers are told
WRONG = [
    (0, b"", errno.EINVAL, "command 0: it is not supported"),
    (999, b"", errno.EINVAL, "command 999: it is not supported"),
    (Command.VERSION, b"\0\0\0\0", errno.EINVAL, "VERSION: it is not supported"),
    (Command.DEVICE_GET_REGION_IO_FDS, info(), errno.EOPNOTSUPP, "it is not supported"),
    (Command.DMA_READ, b"", errno.EOPNOTSUPP, "it is not supported"),
    (Command.DMA_WRITE, b"", errno.EOPNOTSUPP, "it is not supported"),
    (Command.DIRTY_PAGES, b"", errno.EOPNOTSUPP, "it is not supported"),
    (Command.REGION_WRITE_MULTI, b"", errno.EOPNOTSUPP, "it is not supported"),
    (Command.DEVICE_FEATURE, b"", errno.EOPNOTSUPP, "it is not supported"),
    (Command.MIG_DATA_READ, b"", errno.EOPNOTSUPP, "it is not supported"),
    (Command.DEVICE_GET_INFO, info()[:-1], errno.EINVAL, "15 bytes, not 16"),
    (Command.DEVICE_GET_INFO, b"", errno.EINVAL, "0 bytes, not 16"),
    (Command.DEVICE_GET_REGION_INFO, region_info(9), errno.EINVAL, "region 9 is not 0 to 8"),
    (Command.DEVICE_GET_IRQ_INFO, info(5), errno.EINVAL, "interrupt type 5"),
    (Command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER, VECTORS), errno.EINVAL, "interrupts 4 to 4"),
    (Command.DEVICE_RESET, b"\0", errno.EINVAL, "1 bytes, not 0"),
    (Command.DMA_UNMAP, dma_unmap(0, 4096), errno.ENOENT, "no region"),
    (Command.REGION_READ, access(9, 0, 4), errno.EINVAL, "region 9 is not"),
    (Command.REGION_READ, access(0xFFFFFFFF, 0, 4), errno.EINVAL, "region 4294967295 is not"),
    (Command.REGION_READ, access(1, 0, 1), errno.EINVAL, "which has 0"),
    (Command.REGION_READ, access(6, 0, 1), errno.EINVAL, "which has 0"),
    (Command.REGION_READ, access(CONFIG, 4093, 4), errno.EINVAL, "4 bytes at 0xffd"),
    (Command.REGION_READ, access(BAR2, 0x1000, 1), errno.EINVAL, "which has 4096"),
    (Command.REGION_READ, access(BAR0, (1 << 64) - 1, 4), errno.EINVAL, "0xffffffffffffffff"),
    (Command.REGION_READ, access(BAR0, 0, 0), errno.EINVAL, "0 bytes"),
    (Command.REGION_READ, access(BAR0, 0, MAX_DATA + 1), errno.EINVAL, "1048577 bytes"),
    (Command.REGION_WRITE, access(CONFIG, 4096, 1, b"1"), errno.EINVAL, "1 bytes at 0x1000"),
    (Command.REGION_WRITE, access(BAR0, 0, 4, b"12345"), errno.EINVAL, "5 bytes came"),
    (Command.REGION_WRITE, access(BAR0, 0, 0), errno.EINVAL, "0 bytes"),
]


@pytest.mark.parametrize(("command", "payload", "number", "reason"), WRONG)
async def test_what_is_refused_is_told_and_the_device_is_there_as_before(
    plug, command, payload, number, reason
):
    plugged = await plug()
    assert await plugged.client.refused(command, payload) == number
    assert len(plugged.serving.ignored) == 1
    assert reason in plugged.serving.ignored[0]
    assert plugged.function.done == []
    await plugged.client.ask(Command.REGION_READ, access(CONFIG, 0, 4))


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        (Command.DEVICE_GET_INFO, info()),
        (Command.REGION_READ, access(CONFIG, 0, 4)),
        (Command.REGION_WRITE, access(CONFIG, 0, 4, b"1234")),
        (Command.DMA_UNMAP, dma_unmap(0, 0, flags=2)),
        (Command.DEVICE_RESET, b""),
        (999, b""),
    ],
)
async def test_descriptors_where_none_belong_are_refused_and_closed(plug, command, payload):
    plugged = await plug()
    file = memory_file(8)
    assert await plugged.client.refused(command, payload, [file]) == errno.EINVAL
    assert plugged.function.done == []
    os.close(file)


@pytest.mark.parametrize("count", [2, 8, 9, 253])
async def test_too_many_descriptors_are_refused_and_closed(plug, count):
    plugged = await plug()
    files = [os.eventfd(0) for _ in range(count)]
    assert await plugged.client.refused(Command.DMA_MAP, dma_map(0, 8), files) == errno.EINVAL
    assert (
        await plugged.client.refused(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER, 0, 1), files)
        == errno.EINVAL
    )
    assert await plugged.client.refused(Command.DMA_UNMAP, dma_unmap(0, 8)) == errno.ENOENT
    for file in files:
        os.close(file)


async def test_a_region_over_another_is_refused_with_its_descriptor_closed(plug):
    plugged = await plug()
    file = memory_file(8192)
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, 8192), [file])
    number = await plugged.client.refused(Command.DMA_MAP, dma_map(4096, 4096), [file])
    assert number == errno.EEXIST
    os.close(file)
