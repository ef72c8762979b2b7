"""Peers on real sockets, observers that remember, and a profile that needs no certificates."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from responder.core.events import Event
from responder.core.hooks import Hooks
from responder.core.interfaces import AlgorithmPolicy, ResponderPolicy
from responder.device.emulated import EmulatedDevice
from responder.profiles.schema import StorageSection
from responder.server.events import PeerLeft
from responder.spec.flags import Cap
from responder.spec.versions import V10, V12

NORMAL, TEST, CONTINUE, SHUTDOWN, UNKNOWN = 1, 0xDEAD, 0xFFFD, 0xFFFE, 0xFFFF
NONE, MCTP, DOE, TCP = range(4)
GET_VERSION = bytes.fromhex("10840000")
VERSION = bytes.fromhex("1004000000020010 0012")
"""What ``PlainProfile`` answers: 1.0 and 1.2."""
GET_CAPABILITIES = bytes.fromhex("12e10000 00140000 00000000 00120000 00120000")


def doe(kind, payload, vendor=1):
    """A data object; ``payload`` fills whole DWs."""
    return struct.pack("<HBBI", vendor, kind, 0, 2 + len(payload) // 4) + payload


async def until(condition):
    """Let the loop run until it has seen what a socket brought."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing to wait for inside a connection
            await asyncio.sleep(0)


@dataclass
class PlainProfile:
    """A profile with a device that holds nothing; enough for GET_VERSION and GET_CAPABILITIES."""

    name: str = "plain"
    flags: Cap = field(default_factory=lambda: Cap(0))
    hooks_class: type[Hooks] = Hooks
    missing: list[Event] = field(default_factory=list)
    storage: StorageSection = field(default_factory=StorageSection)
    functions: object = None
    device: EmulatedDevice = field(default_factory=lambda: EmulatedDevice({}))

    @property
    def policy(self):
        return ResponderPolicy((V10, V12), self.flags, AlgorithmPolicy())

    def pcie(self, random):
        del random

    def hooks(self, random):
        del random
        return self.hooks_class()

    def missed(self):
        return self.missing


class Remembered:
    """An observer that keeps what it is told and wakes whoever waits for it."""

    def __init__(self):
        self.entries = []
        self._changed = asyncio.Event()

    def __call__(self, time, connection, event):
        self.entries.append((time, connection, event))
        self._changed.set()

    def of(self, kind):
        return [event for _, _, event in self.entries if isinstance(event, kind)]

    async def wait_for(self, kind, count=1):
        """The events of a kind, once there are ``count`` of them."""
        async with asyncio.timeout(10):
            while len(self.of(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(kind)

    async def reasons(self, count=1):
        """Why the connections ended that have ended, once there are ``count`` of them."""
        return [event.reason for event in await self.wait_for(PeerLeft, count)]


def socket_frame(command, transport, payload=b""):
    """A frame of the spdm-emu socket protocol."""
    return struct.pack(">III", command, transport, len(payload)) + payload


class Peer:
    """A requester's end of a connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    def send(self, data):
        self.writer.write(data)

    async def bytes(self, count):
        async with asyncio.timeout(10):
            return await self.reader.readexactly(count)

    async def frame(self):
        """Command, transport and payload of the next frame."""
        command, transport, size = struct.unpack(">III", await self.bytes(12))
        return command, transport, await self.bytes(size)

    async def exchange(self, command, transport, payload=b""):
        self.send(socket_frame(command, transport, payload))
        return await self.frame()

    def reset(self):
        """Leave with a RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def rest(self):
        """All that comes until the server closes."""
        async with asyncio.timeout(10):
            return await self.reader.read()


class Running:
    """A server under test."""

    def __init__(self, server, endpoints, events):
        self.server = server
        self.endpoints = endpoints
        self.events = events
        self.peers = []

    async def peer(self, index=0):
        """A new connection to the listener at ``index``."""
        endpoint = self.endpoints[index]
        if endpoint.path:
            streams = await asyncio.open_unix_connection(endpoint.path)
        else:
            streams = await asyncio.open_connection(endpoint.host, endpoint.port)
        self.peers.append(Peer(*streams))
        return self.peers[-1]

    def connection(self):
        """The server's side of a connection that is the only one."""
        (connection,) = self.server._connections
        return connection

    def blocking_socket(self):
        """A new connection that asyncio knows nothing of."""
        endpoint = self.endpoints[0]
        return socket.create_connection((endpoint.host, endpoint.port), timeout=10)


@asynccontextmanager
async def listening_requester(handle):
    """A requester that waits to be called; yields its port."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
