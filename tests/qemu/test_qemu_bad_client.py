"""What a client sends to one function of a process is nothing to the QEMU that has another."""

import asyncio
import errno
import os
import socket
import sys
from contextlib import asynccontextmanager, contextmanager

import pytest
from inside_session import open_session
from plugged import Machine
from server.vfio_user.peers import (
    BAR0,
    CONFIG,
    EVENTFD,
    NONE,
    TRIGGER,
    Client,
    access,
    dma_map,
    irqs,
    memory_file,
    message,
    region_info,
    version,
)

from responder.server.vfio_user.codec import Command

pytestmark = pytest.mark.qemu

PAGE = 4096
BROKEN = {
    "a header that is cut off": message(Command.REGION_READ)[:7],
    "a message that is longer than any": message(Command.REGION_READ, size=0xFFFF_FFFF),
    "a message that is shorter than its header": message(Command.REGION_READ, size=3),
    "a body that does not come": message(Command.REGION_READ, size=1000),
    "no messages at all": bytes(range(256)) * 256,
}
REFUSED = {
    "an unknown command": (99, b"", errno.EINVAL),
    "VERSION once more": (Command.VERSION, version(), errno.EINVAL),
    "a region that there is not": (Command.REGION_READ, access(42, 0, 4), errno.EINVAL),
    "the BAR that there is not": (Command.REGION_READ, access(1, 0, 4), errno.EINVAL),
    "what lies behind a region": (Command.REGION_READ, access(CONFIG, PAGE, 4), errno.EINVAL),
    "a write whose data are missing": (Command.REGION_WRITE, access(BAR0, 0, 4), errno.EINVAL),
    "a query that is too short": (Command.DEVICE_GET_REGION_INFO, b"\0" * 5, errno.EINVAL),
    "a query beyond the regions": (
        Command.DEVICE_GET_REGION_INFO, region_info(200), errno.EINVAL,
    ),
    "interrupts beyond the vectors": (
        Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER, start=7, count=2), errno.EINVAL,
    ),
}  # fmt: skip


@asynccontextmanager
async def server(path):
    """A server process of its own; it has to be there still at the end."""
    serve = ("-m", "responder.cli.main", "serve", "tdisp-device", "--listen", f"vfio-user:{path}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *serve, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            while not (await process.stdout.readline()).startswith(b"READY"):
                pass
        yield
        assert process.returncode is None
    finally:
        process.terminate()
        await process.wait()


@contextmanager
def connected(path):
    """A client that has said nothing yet."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        yield Client(sock)


@asynccontextmanager
async def client_of(path):
    """A client that has the function at ``path``."""
    with connected(path) as client:
        await client.negotiate()
        yield client


async def test_qemu_goes_on_whatever_the_client_of_another_function_sends(tmp_path, qemu_program):
    path, other = str(tmp_path / "device"), str(tmp_path / "device.1")
    async with server(path), Machine(path, 0, program=qemu_program) as machine:
        session = await open_session(await machine.channel(0))
        for data in BROKEN.values():
            async with client_of(other) as client:
                client.send(data)
                client.socket.shutdown(socket.SHUT_WR)
                await client.closed()
            await session.do("measurements")

        async with client_of(other) as client:
            for what, (command, payload, number) in REFUSED.items():
                assert await client.refused(command, payload) == number, what
            await session.do("measurements")
            # Memory that becomes less, and an interrupt into a pipe that nobody reads.
            file = memory_file(PAGE)
            await client.ask(Command.DMA_MAP, dma_map(0, PAGE), [file])
            os.ftruncate(file, 0)
            os.close(file)
            reading, writing = os.pipe()
            os.close(reading)
            client.send(message(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER)), [writing])
            os.close(writing)
            client.send(message(Command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER)))
            for _ in range(2):
                assert (await client.receive()).command == Command.DEVICE_SET_IRQS
        await session.do("measurements")

        # Nor does the function in use change hands.
        with connected(path) as client:
            assert await client.refused(Command.VERSION, version()) == errno.EBUSY
        await session.do("measurements")
        async with client_of(other):
            pass
