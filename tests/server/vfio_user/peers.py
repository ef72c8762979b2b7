"""A function that remembers what is done to it, and the client's end of a vfio-user socket."""

import array
import asyncio
import os
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from responder.core.ownership import Reset
from responder.server.clock import ManualClock
from responder.server.events import PeerIgnored, PeerLeft
from responder.server.limits import Limits
from responder.server.listener import open_listeners
from responder.server.vfio_user.codec import Command
from responder.server.vfio_user.port import FunctionPort
from responder.transport.uri import parse_uri

HEADER = struct.Struct("=HHIII")
BAR_SIZES = (0x4000, 0, 0x1000, 0, 0, 0)
CONFIG_SIZE = 4096
VECTORS = 4
BAR0, BAR2, CONFIG = 0, 2, 7
MSIX = 2
NONE, BOOL, EVENTFD, MASK, UNMASK, TRIGGER = 1, 2, 4, 8, 16, 32


def message(command, payload=b"", *, message_id=7, flags=0, size=None, error=0):
    """A whole message, whose header may lie about its size."""
    size = HEADER.size + len(payload) if size is None else size
    return HEADER.pack(message_id, command, size, flags, error) + payload


def version(data=b""):
    return struct.pack("=HH", 0, 0) + data


def dma_map(address, size, *, flags=3, offset=0, argsz=32):
    return struct.pack("=IIQQQ", argsz, flags, offset, address, size)


def dma_unmap(address, size, *, flags=0, argsz=24):
    return struct.pack("=IIQQ", argsz, flags, address, size)


def info(index=0, argsz=16):
    """DEVICE_GET_INFO and DEVICE_GET_IRQ_INFO."""
    return struct.pack("=IIII", argsz, 0, index, 0)


def region_info(index, argsz=32):
    return struct.pack("=IIIIQQ", argsz, 0, index, 0, 0, 0)


def irqs(flags, start=0, count=1, data=b"", *, index=MSIX, argsz=20):
    return struct.pack("=IIIII", argsz, flags, index, start, count) + data


def access(region, offset, count, data=b""):
    """REGION_READ and REGION_WRITE."""
    return struct.pack("=QII", offset, region, count) + data


def dma(address, count, data=b""):
    """DMA_READ and DMA_WRITE."""
    return struct.pack("=QQ", address, count) + data


def memory_file(size, content=b""):
    """A descriptor of ``size`` bytes of memory, such as a client shares."""
    descriptor = os.memfd_create("memory")
    os.ftruncate(descriptor, size)
    os.pwrite(descriptor, content, 0)
    return descriptor


def open_descriptors():
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}


class Function:
    """Implements ``FunctionHost``; ``done`` is what happened to it, in order."""

    def __init__(self):
        self.bar_sizes = BAR_SIZES
        self.config_size = CONFIG_SIZE
        self.msix_vectors = VECTORS
        self.bus = None
        self.config = bytearray(range(256)) * 16
        self.bars = [bytearray(size) for size in BAR_SIZES]
        self.done = []
        self.on_write = lambda: None

    def config_read(self, offset, size):
        self.done.append(("config_read", offset, size))
        return bytes(self.config[offset : offset + size])

    def config_write(self, offset, data):
        self.done.append(("config_write", offset, data))
        self.config[offset : offset + len(data)] = data
        self.on_write()

    def bar_read(self, bar, offset, size):
        self.done.append(("bar_read", bar, offset, size))
        return bytes(self.bars[bar][offset : offset + size])

    def bar_write(self, bar, offset, data):
        self.done.append(("bar_write", bar, offset, data))
        self.bars[bar][offset : offset + len(data)] = data
        self.on_write()

    def reset(self, reset: Reset):
        self.done.append(("reset", reset))

    async def read(self, address, size):
        """What memory_read gives."""
        return await self._wait(self.bus.memory_read, address, size)

    async def write(self, address, data):
        """What memory_write gives."""
        return await self._wait(self.bus.memory_write, address, data)

    async def _wait(self, ask, *arguments):
        future = asyncio.get_running_loop().create_future()
        ask(*arguments, future.set_result)
        async with asyncio.timeout(10):
            return await future


class Serving:
    """Implements ``Service``; remembers the events."""

    def __init__(self, **limits):
        self.clock = ManualClock()
        self.limits = Limits(**limits)
        self.events = []
        self._numbered = 0

    def number(self):
        self._numbered += 1
        return self._numbered

    def emit(self, ordinal, event):
        self.events.append((ordinal, event))

    def of(self, kind):
        return [event for _, event in self.events if isinstance(event, kind)]

    @property
    def ignored(self):
        return [event.reason for event in self.of(PeerIgnored)]

    @property
    def reasons(self):
        """Why clients have left."""
        return [event.reason for event in self.of(PeerLeft)]


class Received(NamedTuple):
    """A message from the server."""

    message_id: int
    command: int
    flags: int
    error: int
    payload: bytes


class Client:
    """The client's end of a socket."""

    def __init__(self, sock):
        sock.setblocking(False)
        self.socket = sock

    def send(self, data, descriptors=()):
        """Send bytes at once, the descriptors with the first of them."""
        rights = array.array("i", descriptors)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
        assert self.socket.sendmsg([data], control) == len(data)

    async def bytes(self, count):
        data = b""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            while len(data) < count:
                part = await loop.sock_recv(self.socket, count - len(data))
                assert part, f"the server closed after {len(data)} bytes of {count}"
                data += part
        return data

    async def receive(self):
        message_id, command, size, flags, error = HEADER.unpack(await self.bytes(HEADER.size))
        payload = await self.bytes(size - HEADER.size)
        return Received(message_id, command, flags, error, payload)

    async def ask(self, command, payload=b"", descriptors=()):
        """The payload of a reply without an error."""
        self.send(message(command, payload), descriptors)
        reply = await self.receive()
        assert reply[:4] == (7, command, 1, 0), reply
        return reply.payload

    async def refused(self, command, payload=b"", descriptors=()):
        """The errno of a reply with an error, which has no payload."""
        self.send(message(command, payload), descriptors)
        reply = await self.receive()
        assert (reply.message_id, reply.command) == (7, command)
        assert (reply.flags, reply.payload) == (0x21, b"")
        return reply.error

    async def negotiate(self, data=b""):
        return await self.ask(Command.VERSION, version(data))

    async def answer_read(self, content):
        """Answer a DMA_READ from ``content``, which begins at address 0; what it asked for."""
        asked = await self.receive()
        assert (asked.command, asked.flags) == (Command.DMA_READ, 0)
        address, count = struct.unpack("=QQ", asked.payload)
        data = dma(address, count, content[address : address + count])
        self.send(message(Command.DMA_READ, data, message_id=asked.message_id, flags=1))
        return address, count

    async def flood(self, data):
        """Send until the server takes no more; how many times that went."""
        count = 0
        while True:
            try:
                self.send(data(count))
            except BlockingIOError:
                return count
            count += 1
            await asyncio.sleep(0)

    async def closed(self):
        """What still comes until the server closes."""
        data = b""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            while True:
                try:
                    part = await loop.sock_recv(self.socket, 1 << 20)
                except ConnectionResetError:
                    return data
                if not part:
                    return data
                data += part

    def close(self):
        self.socket.close()


class Plugged:
    """A port with its function, and the clients that came to it."""

    def __init__(self, path, **limits):
        self.path = str(path)
        self.function = Function()
        self.serving = Serving(**limits)
        (listener,) = open_listeners([parse_uri(f"vfio-user:{path}")], allow_remote=False)
        self.port = FunctionPort(listener, self.function, self.serving)
        self.clients = []

    def connect(self):
        """A new client, which has said nothing yet."""
        self.clients.append(Client(socket.socket(socket.AF_UNIX)))
        self.clients[-1].socket.connect(self.path)
        return self.clients[-1]

    @property
    def client(self):
        """The first one."""
        return self.clients[0]

    async def gone(self, count=1):
        """Wait until so many clients have left; why the last one did."""
        async with asyncio.timeout(10):
            while len(self.serving.reasons) < count:  # noqa: ASYNC110 - as for until()
                await asyncio.sleep(0)
        return self.serving.reasons[-1]

    def close(self):
        self.port.stop("the test is over")
        for client in self.clients:
            client.close()
