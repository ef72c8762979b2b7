"""A function's way to the memory of its client: in shared files, and by messages."""

import asyncio
import errno
import os
import struct

import pytest
from server.vfio_user.peers import dma, dma_map, dma_unmap, memory_file, message

from responder.server.vfio_user.codec import MAX_DATA, Command

PAGE = 4096
CONTENT = bytes(range(256)) * 16
LESS = b'{"capabilities":{"max_data_xfer_size":1000}}\0'


@pytest.fixture
async def shared(plug):
    """A function whose client shares a page of memory; the page's file is ``shared.file``."""
    plugged = await plug()
    plugged.file = memory_file(PAGE, CONTENT)
    await plugged.client.ask(Command.DMA_MAP, dma_map(0x10000, PAGE), [plugged.file])
    yield plugged
    os.close(plugged.file)


@pytest.fixture
async def unshared(plug):
    """A function whose client has a page of memory and does not share it."""
    plugged = await plug()
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, PAGE))
    return plugged


async def test_shared_memory_is_read_and_written_without_a_word(shared):
    assert await shared.function.read(0x10010, 16) == CONTENT[16:32]
    assert await shared.function.write(0x10FFE, b"ab")
    assert os.pread(shared.file, 2, 0xFFE) == b"ab"
    assert await shared.function.read(0x10000, 0) == b""
    with pytest.raises(BlockingIOError):
        shared.client.socket.recv(1)


async def test_done_is_called_in_a_later_turn(shared):
    told = []
    shared.function.bus.memory_read(0x10000, 1, told.append)
    assert told == []
    await asyncio.sleep(0)
    assert told == [b"\0"]


@pytest.mark.parametrize(("address", "size"), [(0xFFFF, 2), (0x10FFF, 2), (0, 1), (1 << 64, 1)])
async def test_addresses_outside_fail_before_anything_is_done(shared, address, size):
    assert await shared.function.read(address, size) is None
    assert not await shared.function.write(address, b"x" * size)
    assert os.pread(shared.file, PAGE, 0) == CONTENT


async def test_what_may_only_be_read_is_not_written(plug):
    plugged = await plug()
    file = memory_file(PAGE)
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, PAGE, flags=1), [file])
    assert await plugged.function.read(0, 4) == bytes(4)
    assert not await plugged.function.write(0, b"1234")
    assert os.pread(file, 4, 0) == bytes(4)
    os.close(file)


async def test_memory_that_is_not_shared_is_asked_for(unshared):
    reading = asyncio.create_task(unshared.function.read(0x10, 8))
    assert await unshared.client.answer_read(CONTENT) == (0x10, 8)
    assert await reading == CONTENT[0x10:0x18]


@pytest.mark.parametrize("answer", [b"", dma(0x20, 2)])
async def test_memory_that_is_not_shared_is_written_by_message(unshared, answer):
    writing = asyncio.create_task(unshared.function.write(0x20, b"hi"))
    asked = await unshared.client.receive()
    assert (asked.command, asked.payload) == (Command.DMA_WRITE, dma(0x20, 2, b"hi"))
    unshared.client.send(message(asked.command, answer, message_id=asked.message_id, flags=1))
    assert await writing


async def test_no_message_carries_more_than_the_client_takes(plug):
    plugged = await plug(LESS)
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, PAGE))
    reading = asyncio.create_task(plugged.function.read(0, 2500))
    pieces = [await plugged.client.answer_read(CONTENT) for _ in range(3)]
    assert pieces == [(0, 1000), (1000, 1000), (2000, 500)]
    assert await reading == CONTENT[:2500]
    writing = asyncio.create_task(plugged.function.write(1, CONTENT[:1001]))
    for part in (dma(1, 1000, CONTENT[:1000]), dma(1001, 1, CONTENT[1000:1001])):
        asked = await plugged.client.receive()
        assert asked.payload == part
        plugged.client.send(message(asked.command, message_id=asked.message_id, flags=1))
    assert await writing


async def test_no_message_carries_more_than_we_say_ourselves(plug):
    plugged = await plug(b'{"capabilities":{"max_data_xfer_size":18446744073709551616}}\0')
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, 2 * MAX_DATA))
    reading = asyncio.create_task(plugged.function.read(0, MAX_DATA + 1))
    asked = await plugged.client.receive()
    assert struct.unpack("=QQ", asked.payload) == (0, MAX_DATA)
    plugged.client.close()
    assert await reading is None


async def test_an_access_over_two_regions_is_made_in_both(unshared):
    file = memory_file(PAGE, b"shared")
    await unshared.client.ask(Command.DMA_MAP, dma_map(PAGE, PAGE), [file])
    reading = asyncio.create_task(unshared.function.read(PAGE - 2, 8))
    assert await unshared.client.answer_read(CONTENT) == (PAGE - 2, 2)
    assert await reading == CONTENT[-2:] + b"shared"
    os.close(file)


async def test_a_file_that_was_cut_is_asked_for(shared):
    os.ftruncate(shared.file, 0)
    reading = asyncio.create_task(shared.function.read(0x10000, 4))
    assert await shared.client.answer_read(bytes(0x10000) + CONTENT) == (0x10000, 4)
    assert await reading == CONTENT[:4]


async def test_accesses_are_made_in_order_with_one_message_at_a_time(unshared):
    reads = [asyncio.create_task(unshared.function.read(4 * place, 4)) for place in range(5)]
    for place in range(5):
        assert await unshared.client.answer_read(CONTENT) == (4 * place, 4)
        assert await reads[place] == CONTENT[4 * place : 4 * place + 4]


async def test_an_error_fails_one_access(unshared):
    failing = asyncio.create_task(unshared.function.read(0, 4))
    going_on = asyncio.create_task(unshared.function.read(4, 4))
    asked = await unshared.client.receive()
    wrong = {"message_id": asked.message_id, "flags": 0x21, "error": errno.EFAULT}
    unshared.client.send(message(asked.command, **wrong))
    assert await failing is None
    await unshared.client.answer_read(CONTENT)
    assert await going_on == CONTENT[4:8]
    assert unshared.serving.ignored == [
        f"a memory access fails: DMA_READ: the client says errno {errno.EFAULT}"
    ]


@pytest.mark.parametrize(
    "payload", [b"", dma(0, 4), dma(0, 4, b"123"), dma(0, 3, b"123"), dma(1, 4, b"1234")]
)
async def test_an_answer_to_something_else_fails_the_access(unshared, payload):
    reading = asyncio.create_task(unshared.function.read(0, 4))
    asked = await unshared.client.receive()
    unshared.client.send(message(asked.command, payload, message_id=asked.message_id, flags=1))
    assert await reading is None


async def test_replies_that_were_not_asked_for_are_told_and_change_nothing(unshared):
    unshared.client.send(message(Command.DMA_READ, dma(0, 4, b"1234"), flags=1))
    reading = asyncio.create_task(unshared.function.read(0, 4))
    asked = await unshared.client.receive()
    unshared.client.send(message(Command.DMA_READ, message_id=asked.message_id + 1, flags=1))
    unshared.client.send(message(Command.DMA_WRITE, message_id=asked.message_id, flags=1))
    unshared.client.send(
        message(asked.command, dma(0, 4, b"1234"), message_id=asked.message_id, flags=1)
    )
    assert await reading == b"1234"
    nothing = "it answers nothing that was asked"
    assert unshared.serving.ignored == [
        f"DMA_READ: {nothing}",
        f"DMA_READ: {nothing}",
        f"DMA_WRITE: {nothing}",
    ]


async def test_a_client_that_does_not_answer_fails_the_access_in_time(unshared):
    late = asyncio.create_task(unshared.function.read(0, 4))
    next_one = asyncio.create_task(unshared.function.read(4, 4))
    asked = await unshared.client.receive()
    unshared.serving.clock.advance(4.9)
    assert not late.done()
    unshared.serving.clock.advance(0.1)
    assert await late is None
    answer = message(asked.command, dma(0, 4, b"late"), message_id=asked.message_id, flags=1)
    unshared.client.send(answer)
    await unshared.client.answer_read(CONTENT)
    assert await next_one == CONTENT[4:8]
    assert unshared.serving.ignored == [
        "a memory access fails: DMA_READ was not answered in 5 s",
        "DMA_READ: it answers nothing that was asked",
    ]


async def test_unmapped_before_its_turn(unshared):
    first = asyncio.create_task(unshared.function.read(0, 4))
    second = asyncio.create_task(unshared.function.read(4, 4))
    asked = await unshared.client.receive()
    assert await unshared.client.ask(Command.DMA_UNMAP, dma_unmap(0, PAGE)) == dma_unmap(0, PAGE)
    unshared.client.send(
        message(asked.command, dma(0, 4, b"1234"), message_id=asked.message_id, flags=1)
    )
    assert await first == b"1234"
    assert await second is None


async def test_what_waits_fails_before_the_function_is_reset(unshared):
    done = unshared.function.done
    bus = unshared.function.bus
    for place in range(2):
        bus.memory_read(place, 1, lambda data, place=place: done.append((place, data)))
    unshared.client.close()
    await unshared.gone()
    assert [entry[0] for entry in done] == [0, 1, "reset"]
    assert unshared.function.bus is None
    unshared.serving.clock.advance(60.0)
    assert unshared.serving.ignored == []
    bus.memory_read(0, 1, done.append)
    await asyncio.sleep(0)
    assert done[-1] is None


async def test_a_defect_in_what_waits_for_memory_ends_that_client_alone(unshared):
    def broken(data):
        raise ArithmeticError(data)

    unshared.function.bus.memory_read(PAGE, 1, broken)
    assert await unshared.gone() == "internal error: ArithmeticError: None"
    assert await unshared.connect().negotiate()
