"""Bad clients of a vfio-user socket: every message a meaning or an errno, and no harm done."""

import asyncio
import errno
import os
import tempfile
from pathlib import Path

import pytest
from fuzzing import fuzzing
from hypothesis import given
from hypothesis import strategies as st
from server.vfio_user import peers
from server.vfio_user.peers import CONFIG, Plugged, open_descriptors

from responder.core.events import InternalError
from responder.server.vfio_user import codec
from responder.server.vfio_user.codec import Command, RequestError

PARSERS = {
    codec.parse_version: peers.version(b'{"capabilities":{"max_msg_fds":8}}\0'),
    codec.parse_dma_map: peers.dma_map(0x1000, 0x1000),
    codec.parse_dma_unmap: peers.dma_unmap(0x1000, 0x1000),
    codec.parse_info_query: peers.info(),
    codec.parse_region_query: peers.region_info(CONFIG),
    codec.parse_irq_query: peers.info(2),
    codec.parse_irq_set: peers.irqs(peers.BOOL | peers.MASK, 0, 2, b"\0\1"),
    codec.parse_region_read: peers.access(CONFIG, 0, 4),
    codec.parse_region_write: peers.access(CONFIG, 0, 4, b"1234"),
    codec.parse_nothing: b"",
}
GOOD = [
    peers.message(Command.DMA_MAP, peers.dma_map(0, 0x2000)),
    peers.message(Command.DMA_MAP, peers.dma_map(0x2000, 0x1000, flags=1)),
    peers.message(Command.DMA_UNMAP, peers.dma_unmap(0, 0x2000)),
    peers.message(Command.DEVICE_GET_INFO, peers.info()),
    peers.message(Command.DEVICE_GET_REGION_INFO, peers.region_info(CONFIG)),
    peers.message(Command.DEVICE_GET_IRQ_INFO, peers.info(2)),
    peers.message(Command.DEVICE_SET_IRQS, peers.irqs(peers.EVENTFD | peers.TRIGGER, 0, 2)),
    peers.message(Command.DEVICE_SET_IRQS, peers.irqs(peers.NONE | peers.TRIGGER, 0, 0)),
    peers.message(Command.DEVICE_SET_IRQS, peers.irqs(peers.BOOL | peers.MASK, 0, 2, b"\1\1")),
    peers.message(Command.REGION_READ, peers.access(CONFIG, 0, 4096)),
    peers.message(Command.REGION_WRITE, peers.access(0, 0, 4, b"\0\0\0\0")),
    peers.message(Command.REGION_WRITE, peers.access(0, 8, 4, b"\0\x10\0\0"), flags=0x10),
    peers.message(Command.DMA_READ, peers.dma(0, 8, b"12345678"), message_id=1, flags=1),
    peers.message(Command.DMA_WRITE, message_id=2, flags=1),
    peers.message(Command.DEVICE_RESET),
    peers.message(Command.VERSION, peers.version()),
]
FILES = [
    lambda: os.eventfd(0),
    lambda: peers.memory_file(0x2000),
    lambda: peers.memory_file(1),
    lambda: os.open("/dev/null", os.O_RDWR),
]


@st.composite
def damaged(draw, good):
    """Bytes of which some are others, some are missing and some are too many."""
    data = bytearray(draw(good))
    for _ in range(draw(st.integers(0, 3))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    end = draw(st.none() | st.integers(0, len(data)))
    return bytes(data[:end]) + draw(st.just(b"") | st.binary(max_size=40))


@pytest.mark.parametrize("parse", PARSERS)
def test_any_payload_has_a_meaning_or_an_errno(parse):
    @fuzzing(300)
    @given(st.binary(max_size=80) | damaged(st.just(PARSERS[parse])))
    def check(payload):
        numbers = {errno.EINVAL}
        try:
            parse(payload)
        except RequestError as error:
            numbers.add(error.number)
        assert numbers <= {errno.EINVAL, errno.EOPNOTSUPP}

    check()


pieces = st.lists(
    st.tuples(
        st.sampled_from(GOOD) | damaged(st.sampled_from(GOOD)) | st.binary(max_size=200),
        st.lists(st.sampled_from(FILES), max_size=3),
    ),
    max_size=12,
)


def busy(function):
    """Let each write make the function signal, read and write memory."""

    def act():
        address = int.from_bytes(function.bars[0][8:12], "little")
        function.bus.interrupt(function.bars[0][0])
        function.bus.memory_read(address, 8, function.done.append)
        function.bus.memory_write(address, bytes(8), function.done.append)

    function.on_write = act


async def send(client, data, makers):
    """Send one piece; its descriptors are the server's afterwards."""
    files = [make() for make in makers]
    try:
        client.send(data or b"\0", files)
    finally:
        for file in files:
            os.close(file)
    for _ in range(5):
        await asyncio.sleep(0)


async def still_served(plugged):
    """A client that comes now has the function to itself."""
    client = plugged.connect()
    await client.negotiate()
    answer = await client.ask(Command.REGION_READ, peers.access(CONFIG, 0, 4))
    assert answer == peers.access(CONFIG, 0, 4, bytes(plugged.function.config[:4]))
    assert await plugged.function.read(0, 1) is None, "memory of another client"
    client.close()


async def one_bad_client(folder, sent):
    bad, good = Plugged(folder / "bad"), Plugged(folder / "good")
    busy(bad.function)
    neighbour, client = good.connect(), bad.connect()
    await neighbour.negotiate()
    await client.negotiate()
    try:
        for data, makers in sent:
            await send(client, data, makers)
    except (BrokenPipeError, ConnectionResetError):
        assert bad.serving.reasons
    client.close()
    reason = await bad.gone()
    bad.function.on_write = lambda: None
    await still_served(bad)
    await neighbour.ask(Command.REGION_READ, peers.access(CONFIG, 0, 4))
    assert bad.serving.of(InternalError) == [], reason
    assert not good.serving.reasons
    bad.close()
    good.close()


@fuzzing(150)
@given(pieces)
def test_a_bad_client_harms_nobody(sent):
    before = open_descriptors()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(one_bad_client(Path(folder), sent))
    assert open_descriptors() == before
