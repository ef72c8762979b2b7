"""Memory accesses of a device: in the file of a region, or by messages to the client."""

import asyncio
from collections import deque
from collections.abc import Callable

from responder.core.events import Event
from responder.server.clock import Clock
from responder.server.events import PeerIgnored
from responder.server.vfio_user.codec import (
    ERROR,
    MAX_DATA,
    Command,
    Header,
    RequestError,
    dma_read,
    dma_write,
    parse_dma_data,
    request,
)
from responder.server.vfio_user.memory import MemoryMap, Region
from responder.server.watch import Watch

COMPLETION_TIME = 5.0
"""Seconds in which a client must answer; the access has failed then, as over a real link."""


class _Access:
    """One access, and how far it is.

    Attributes:
        data: what has been read, or what is to be written.
        done: bytes that have been read or written.
    """

    __slots__ = ("address", "complete", "data", "done", "size", "write")

    def __init__(
        self, address: int, size: int, data: bytes | None, complete: Callable[[bytes | None], None]
    ) -> None:
        self.address = address
        self.size = size
        self.write = data is not None
        self.data = bytearray(data or b"")
        self.complete = complete
        self.done = 0


class Dma:
    """Does the accesses of one device in order, at most one message at a time.

    Args:
        memory: what may be accessed.
        clock: where the time comes from.
        send: writes a message to the client; must not come back to this object.
        emit: tells the observers.
    """

    max_data = MAX_DATA
    """Bytes that the client takes or gives in a message."""

    def __init__(
        self,
        memory: MemoryMap,
        clock: Clock,
        send: Callable[[bytes], None],
        emit: Callable[[Event], None],
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._send = send
        self._soon = asyncio.get_running_loop().call_soon
        self._emit = emit
        self._waiting: deque[_Access] = deque()
        self._asked: tuple[Command, int] | None = None  # the command, and how many bytes
        self._message_id = 0
        self._watch = Watch(clock, self._expired)
        self._closed = False

    def read(self, address: int, size: int, done: Callable[[bytes | None], None]) -> None:
        """Read memory; see ``Bus.memory_read``."""
        self._begin(_Access(address, size, None, done))

    def write(self, address: int, data: bytes, done: Callable[[bool], None]) -> None:
        """Write memory; see ``Bus.memory_write``."""

        def written(result: bytes | None) -> None:
            done(result is not None)

        self._begin(_Access(address, len(data), data, written))

    def replied(self, header: Header, payload: bytes) -> None:
        """The client answered; whatever it answers is the end of one message.

        Raises:
            RequestError: it answers something that was not asked.
        """
        asked = self._asked
        if asked is None or (asked[0], self._message_id) != (header.command, header.message_id):
            raise RequestError("it answers nothing that was asked")
        self._asked = None
        self._watch.cancel()
        command, size = asked
        if header.flags & ERROR:
            self._fail(f"{command.name}: the client says errno {header.error}")
        else:
            self._took(command, payload, size)
        self._go_on()

    def close(self) -> None:
        """The client is gone: what waits has failed, and so does all that comes."""
        self._closed = True
        self._watch.cancel()
        while self._waiting:
            self._waiting.popleft().complete(None)

    def _begin(self, access: _Access) -> None:
        allowed = self._memory.allows(access.address, access.size, write=access.write)
        if self._closed or not allowed:
            self._soon(access.complete, None)
            return
        self._waiting.append(access)
        if len(self._waiting) == 1:
            self._go_on()

    def _go_on(self) -> None:
        """Do what can be done before the next answer of the client."""
        while self._waiting and self._asked is None:
            access = self._waiting[0]
            if access.done == access.size:
                self._waiting.popleft()
                self._soon(access.complete, bytes(access.data))
                continue
            address = access.address + access.done
            region = self._memory.find(address)
            if region is None:
                self._fail(f"0x{address:x} was unmapped before it could be accessed")
            elif not self._access_file(access, region, address):
                self._ask(access, region, address)

    def _access_file(self, access: _Access, region: Region, address: int) -> bool:
        """Do what of an access is in a region's file; whether that was possible."""
        size = min(access.size - access.done, region.end - address)
        if access.write:
            data = bytes(access.data[access.done : access.done + size])
            if not region.write(address, data):
                return False
        else:
            found = region.read(address, size)
            if found is None:
                return False
            access.data += found
        access.done += size
        return True

    def _ask(self, access: _Access, region: Region, address: int) -> None:
        """Ask the client for as much as one message may carry."""
        size = min(access.size - access.done, region.end - address, self.max_data)
        if access.write:
            command = Command.DMA_WRITE
            payload = dma_write(address, bytes(access.data[access.done : access.done + size]))
        else:
            command, payload = Command.DMA_READ, dma_read(address, size)
        self._message_id = (self._message_id + 1) & 0xFFFF
        self._asked = command, size
        self._watch.until(self._clock.now() + COMPLETION_TIME)
        self._send(request(self._message_id, command, payload))

    def _took(self, command: Command, payload: bytes, size: int) -> None:
        """The client did as it was asked, if what it sends along says so."""
        access = self._waiting[0]
        try:
            if command is Command.DMA_READ:
                access.data += parse_dma_data(payload, access.address + access.done, size)
        except RequestError as error:
            self._fail(f"{command.name}: {error.reason}")
        else:
            access.done += size

    def _expired(self) -> None:
        if self._asked is not None:
            command, self._asked = self._asked[0], None
            self._fail(f"{command.name} was not answered in {COMPLETION_TIME:g} s")
            self._go_on()

    def _fail(self, reason: str) -> None:
        self._emit(PeerIgnored(f"a memory access fails: {reason}"))
        self._soon(self._waiting.popleft().complete, None)
