"""One client at a time, and nothing that it does disturbs another function."""

import asyncio
import errno
import os
import resource
import stat
from contextlib import contextmanager

import pytest
from server.vfio_user.peers import (
    CONFIG,
    Plugged,
    access,
    dma_map,
    memory_file,
    message,
    open_descriptors,
    version,
)

from responder.server.vfio_user.codec import Command
from responder.server.vfio_user.port import MAX_CLIENTS

READ = access(CONFIG, 0, 4)


async def test_only_the_owner_may_connect_and_nothing_is_left_behind(plug, tmp_path):
    plugged = await plug()
    (mode,) = (path.stat().st_mode for path in tmp_path.iterdir())
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    plugged.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_second_client_is_refused_and_the_first_goes_on(plug):
    plugged = await plug()
    second = plugged.connect()
    assert await second.refused(Command.VERSION, version()) == errno.EBUSY
    assert await second.closed() == b""
    assert await plugged.gone() == "refused: VERSION: the function has a client already"
    await plugged.client.ask(Command.REGION_READ, READ)
    assert plugged.function.done == [("config_read", 0, 4)]
    plugged.client.close()
    await plugged.gone(2)
    assert not plugged.port.occupied
    await plugged.connect().negotiate()
    assert plugged.port.occupied


async def test_whoever_says_nothing_is_in_nobodys_way_and_there_are_few_of_them(plug):
    plugged = await plug(frame_time=2.0)
    plugged.client.close()
    await plugged.gone()
    silent = [plugged.connect() for _ in range(MAX_CLIENTS - 1)]
    client = plugged.connect()
    await client.negotiate()
    assert await plugged.connect().closed() == b""
    assert await plugged.gone(2) == "refused: 8 others are connected"
    plugged.serving.clock.advance(2.0)
    assert await plugged.gone(1 + MAX_CLIENTS) == "it asked for nothing in 2 s"
    assert await silent[0].closed() == b""
    await client.ask(Command.REGION_READ, READ)
    assert await plugged.connect().refused(Command.VERSION, version()) == errno.EBUSY


async def test_whoever_comes_and_goes_resets_nothing(plug):
    plugged = await plug()
    plugged.client.close()
    await plugged.gone()
    for count in range(2, 5):
        plugged.connect().close()
        await plugged.gone(count)
    assert len(plugged.function.done) == 1
    await plugged.connect().negotiate()


async def test_stopping_parts_with_the_client(plug):
    plugged = await plug()
    plugged.port.stop("SIGTERM was received")
    assert plugged.serving.reasons == ["SIGTERM was received"]
    assert await plugged.client.closed() == b""
    with pytest.raises(FileNotFoundError):
        plugged.connect()


async def test_what_one_client_does_is_nothing_to_another_function(plug):
    good, bad = await plug(), await plug()
    wrongs = [message(9, size=0xFFFFFFFF), message(9)[:7], os.urandom(100), message(3, b"x" * 99)]
    for count, wrong in enumerate(wrongs):
        client = bad.connect() if count else bad.client
        if count:
            await client.negotiate()
        client.send(wrong)
        await good.client.ask(Command.REGION_READ, READ)
        client.close()
        await bad.gone(count + 1)
    assert good.function.done == [("config_read", 0, 4)] * len(wrongs)
    assert len(good.serving.events) == 1


@contextmanager
def no_descriptor_left():
    """Every number for a descriptor is taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(open_descriptors()) + 1, hard))
    fillers = []
    try:
        while True:
            fillers.append(os.eventfd(0))
    except OSError:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for filler in fillers:
            os.close(filler)


async def test_want_of_descriptors_is_told_and_passes(no_descriptor_is_left, tmp_path):
    plugged = Plugged(tmp_path / "function")
    client = plugged.connect()
    with no_descriptor_left():
        for _ in range(3):
            await asyncio.sleep(0)
    assert plugged.serving.ignored == ["a client waits: Too many open files"]
    await asyncio.sleep(0)
    assert not plugged.port.occupied
    plugged.serving.clock.advance(1.0)
    await client.negotiate()
    plugged.close()


async def test_descriptors_that_cannot_be_had_are_an_error_of_their_message(plug):
    plugged = await plug()
    file = memory_file(8)
    plugged.client.send(message(Command.DMA_MAP, dma_map(0, 8)), [file])
    with no_descriptor_left():
        for _ in range(3):
            await asyncio.sleep(0)
    assert (await plugged.client.receive()).error == errno.EINVAL
    await plugged.client.ask(Command.DMA_MAP, dma_map(0, 8), [file])
    os.close(file)
