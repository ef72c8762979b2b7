"""A requester's side of the PCI DOE mailbox registers (PCIe 6.2, 6.30 and 7.9.24)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from responder.client.channel import ChannelError, ChannelTrouble

CAPABILITY_ID = 0x2E
FIRST_EXTENDED_CAPABILITY = 0x100
CONTROL, STATUS, WRITE_MAILBOX, READ_MAILBOX = 0x08, 0x0C, 0x10, 0x14
CONTROL_ABORT, CONTROL_GO = 1 << 0, 1 << 31
BUSY, ERROR, READY = 1 << 0, 1 << 2, 1 << 31
ALL_ONES = 0xFFFFFFFF  # what a read returns when the device is gone
ANSWER_WITHIN = 1.0  # seconds, also for an abort: PCIe 6.2, 6.30.2
POLL_EVERY = 0.001  # seconds
ABORTS = 2
MAX_OBJECT_DWORDS = 1 << 18


class ConfigSpace(Protocol):
    """The configuration space of one function, 4096 bytes, read and written by aligned DWs."""

    async def read32(self, offset: int) -> int:
        """The DW at ``offset``; raises ``ChannelError`` if there is no way to the function."""

    async def write32(self, offset: int, value: int) -> None:
        """Write the DW at ``offset``; raises ``ChannelError`` likewise."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock, in seconds, and how to wait by it."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class DoeCapability:
    """Where a mailbox lies in configuration space, and the version of its capability."""

    offset: int
    version: int


async def find_mailboxes(config: ConfigSpace) -> list[DoeCapability]:
    """The DOE capabilities of a function, in the order of its list of extended capabilities.

    Raises:
        ChannelError: the list leaves extended configuration space or runs in a circle.
    """
    found: list[DoeCapability] = []
    visited: set[int] = set()
    offset = FIRST_EXTENDED_CAPABILITY
    while offset:
        if offset < FIRST_EXTENDED_CAPABILITY or offset in visited:
            raise ChannelError("framing", f"extended capability list points to {offset:#x}")
        visited.add(offset)
        header = await config.read32(offset)
        if header in {0, ALL_ONES}:
            break
        if header & 0xFFFF == CAPABILITY_ID:
            found.append(DoeCapability(offset, header >> 16 & 0xF))
        offset = header >> 20 & 0xFFC
    return found


class DoeMailbox:
    """One DOE instance, used by one exchange at a time.

    A failed exchange aborts what the mailbox was doing. It is not repeated, because an SPDM
    responder that saw the request has it in its transcript. A mailbox that does not come out of an
    abort is given up, as Linux does.
    """

    def __init__(
        self, config: ConfigSpace, capability: DoeCapability, timing: Timing | None = None
    ) -> None:
        self.capability = capability
        self._config = config
        self._timing = timing or Timing()
        self._lock = asyncio.Lock()
        self._clean = False  # whoever used the mailbox before may have left a half-written object
        self._abandoned = ""

    async def exchange(self, data_object: bytes) -> bytes:
        """Send one data object, header included, and return the one that answers it.

        Objects are 8 to 2**20 bytes, a multiple of 4.

        Raises:
            ChannelError: ``timeout`` without an answer within one second; ``framing`` if the mailbox
                reports an error or the answer is not of the length it declares; ``closed`` if the
                device or the mailbox is gone.
        """
        if len(data_object) % 4 or not 2 <= len(data_object) // 4 <= MAX_OBJECT_DWORDS:
            raise ChannelError("framing", f"{len(data_object)} bytes are no DOE data object")
        async with self._lock:
            await self._make_idle()
            self._clean = False
            try:
                await self._send(data_object)
                await self._await_ready()
                answer = await self._receive()
            except ChannelError as failure:
                await self._abort_after(failure)
                raise
            self._clean = True
            return answer

    async def abort(self) -> None:
        """Abort until Busy and Error are clear.

        Raises:
            ChannelError: they are not, one second after the last of two aborts.
        """
        for _ in range(ABORTS):
            await self._write(CONTROL, CONTROL_ABORT)
            deadline = self._timing.clock() + ANSWER_WITHIN
            while (status := await self._status()) & (BUSY | ERROR):
                if self._timing.clock() >= deadline:
                    break
                await self._timing.sleep(POLL_EVERY)
            else:
                self._clean = True
                return
        self._abandoned = f"status {status:#010x} one second after {ABORTS} aborts"
        raise ChannelError("closed", self._abandoned)

    async def _make_idle(self) -> None:
        if self._abandoned:
            raise ChannelError("closed", f"mailbox given up earlier: {self._abandoned}")
        if self._clean and not await self._status() & (BUSY | ERROR | READY):
            return
        await self.abort()
        if await self._status() & READY:
            raise ChannelError("framing", "Data Object Ready is set before any request")

    async def _abort_after(self, failure: ChannelError) -> None:
        try:
            await self.abort()
        except ChannelError as second:
            raise ChannelError(
                "closed", f"{failure.reason}; then the abort failed: {second.reason}"
            ) from failure

    async def _send(self, data_object: bytes) -> None:
        for at in range(0, len(data_object), 4):
            await self._write(WRITE_MAILBOX, int.from_bytes(data_object[at : at + 4], "little"))
        await self._write(CONTROL, CONTROL_GO)

    async def _await_ready(self) -> None:
        deadline = self._timing.clock() + ANSWER_WITHIN
        while not (status := await self._status()) & READY:
            if status & ERROR:
                raise ChannelError("framing", f"DOE Error after GO, status {status:#010x}")
            if self._timing.clock() >= deadline:
                state = "still Busy" if status & BUSY else "not Busy: the object was discarded"
                raise ChannelError("timeout", f"no answer in {ANSWER_WITHIN:g} s, {state}")
            await self._timing.sleep(POLL_EVERY)

    async def _receive(self) -> bytes:
        header = [await self._pop()]
        # Without Ready a read returns zeros, and a length of zero would mean a megabyte.
        await self._expect_ready(len(header))
        header.append(await self._peek())
        if header[1] >> 18:
            raise ChannelError("framing", f"reserved bits in length DW {header[1]:#010x}")
        length = header[1] or MAX_OBJECT_DWORDS
        if length < 2:
            raise ChannelError("framing", f"data object declares {length} DW")
        if length > 2:
            await self._drop()
        return await self._receive_rest(header, length)

    async def _receive_rest(self, header: list[int], length: int) -> bytes:
        dwords = list(header)
        while len(dwords) < length - 1:
            dwords.append(await self._pop())
        if len(dwords) < length:
            dwords.append(await self._peek())
        await self._expect_ready(length - 1)
        await self._drop()
        status = await self._status()
        if status & ERROR:
            raise ChannelError("framing", f"DOE Error after the answer, status {status:#010x}")
        if status & READY:
            raise ChannelError("framing", f"more than the {length} DW that the answer declares")
        return b"".join(dword.to_bytes(4, "little") for dword in dwords)

    async def _expect_ready(self, taken: int) -> None:
        if not (status := await self._status()) & READY:
            raise ChannelError(
                "framing", f"Ready dropped after {taken} DW of the answer, status {status:#010x}"
            )

    async def _pop(self) -> int:
        dword = await self._peek()
        await self._drop()
        return dword
