"""From VERSION to the client's leaving, and what the next one finds."""

import errno
import os

import pytest
from server.vfio_user.peers import (
    CONFIG,
    EVENTFD,
    TRIGGER,
    access,
    dma_map,
    irqs,
    memory_file,
    message,
    version,
)

from responder.core.events import InternalError
from responder.core.ownership import Reset
from responder.server.events import PeerArrived
from responder.server.vfio_user.codec import Command

READ = access(CONFIG, 0, 4)


async def test_what_observers_are_told(plug):
    plugged = await plug()
    plugged.client.close()
    assert await plugged.gone() == "the client closed the connection"
    (first, arrived), (second, _) = plugged.serving.events
    assert (first, second) == (1, 1)
    assert arrived == PeerArrived("unix", f"vfio-user:{plugged.path}")


# command, payload, number of descriptors, part of the reason
NO_COMMON_GROUND = [
    (Command.REGION_READ, READ, 0, "REGION_READ: it comes before VERSION"),
    (Command.DEVICE_RESET, b"", 0, "DEVICE_RESET: it comes before VERSION"),
    (999, b"", 0, "command 999: it comes before VERSION"),
    (Command.VERSION, b"\1\0\0\0", 0, "VERSION: protocol version 1 is not 0"),
    (Command.VERSION, b"", 0, "VERSION: a payload of 0 bytes"),
    (Command.VERSION, version(b'{"capabilities":\0'), 0, "VERSION: the version data is no such"),
    (Command.VERSION, version(b"{}"), 0, "VERSION: the version data does not end"),
    (Command.VERSION, version(), 1, "VERSION: 1 descriptors came"),
]


@pytest.mark.parametrize(("command", "payload", "files", "reason"), NO_COMMON_GROUND)
async def test_a_client_that_begins_badly_is_told_and_parted_with(
    plug, command, payload, files, reason
):
    plugged = await plug()
    plugged.client.close()
    await plugged.gone()
    resets = list(plugged.function.done)
    client = plugged.connect()
    eventfds = [os.eventfd(0) for _ in range(files)]
    assert await client.refused(command, payload, eventfds) == errno.EINVAL
    assert await client.closed() == b""
    assert reason in await plugged.gone(2)
    assert plugged.function.done == resets, "it never had the function"
    for eventfd in eventfds:
        os.close(eventfd)


@pytest.mark.parametrize("kind", range(2, 16))
async def test_a_message_that_is_neither_request_nor_reply(plug, kind):
    plugged = await plug()
    plugged.client.send(message(Command.REGION_READ, READ, flags=kind))
    refusal = await plugged.client.receive()
    assert (refusal.flags, refusal.error) == (0x21, errno.EINVAL)
    await plugged.client.ask(Command.REGION_READ, READ)


async def test_a_reply_before_version_is_no_reason_to_answer(plug):
    plugged = await plug()
    plugged.client.close()
    await plugged.gone()
    client = plugged.connect()
    client.send(message(Command.DMA_READ, flags=1))
    await client.negotiate()


async def test_the_next_client_finds_the_function_as_after_a_reset(plug):
    plugged = await plug()
    bus = plugged.function.bus
    file, eventfd = memory_file(4096, b"secret"), os.eventfd(0, os.EFD_NONBLOCK)
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, 4096), [file])
    await plugged.client.ask(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [eventfd])
    assert await plugged.function.read(0, 6) == b"secret"
    plugged.client.close()
    await plugged.gone()
    assert plugged.function.done == [("reset", Reset.CONVENTIONAL)]
    assert plugged.function.bus is None
    await plugged.connect().negotiate()
    assert plugged.function.bus not in (None, bus)
    assert await plugged.function.read(0, 6) is None
    plugged.function.bus.interrupt(0)
    bus.interrupt(0)
    with pytest.raises(BlockingIOError):
        os.eventfd_read(eventfd)
    os.close(file)
    os.close(eventfd)


async def test_a_defect_ends_one_client_and_is_told(plug):
    plugged = await plug()
    plugged.function.on_write = lambda: 1 // 0
    plugged.client.send(message(Command.REGION_WRITE, access(CONFIG, 0, 1, b"\0")))
    assert "internal error: ZeroDivisionError" in await plugged.gone()
    (defect,) = plugged.serving.of(InternalError)
    assert "ZeroDivisionError" in defect.traceback
    await plugged.connect().negotiate()


async def test_a_defect_of_the_reset_hinders_nobody_from_leaving(plug):
    plugged = await plug()
    plugged.function.reset = None
    plugged.client.close()
    await plugged.gone()
    assert len(plugged.serving.of(InternalError)) == 1
    await plugged.connect().negotiate()


async def test_a_client_that_leaves_while_the_function_writes_to_it(plug):
    """The function must not be reset in the middle of what it does."""
    plugged = await plug()
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, 4096))
    done = plugged.function.done

    def write():
        plugged.client.close()
        plugged.function.bus.memory_write(0, b"1234", done.append)
        done.append("written")

    plugged.function.on_write = write
    plugged.client.send(message(Command.REGION_WRITE, access(CONFIG, 0, 1, b"\0")))
    await plugged.gone()
    assert done[1:] == ["written", False, ("reset", Reset.CONVENTIONAL)]
