"""A requester's side of the PCI DOE mailbox registers (PCIe 6.2, 6.30 and 7.9.24)."""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from responder.client.channel import ChannelError
from responder.client.config_space import ALL_ONES, Access, ConfigSpace, extended_capabilities
from responder.requester.steps import OtherKind
from responder.spec.doe import CAPABILITY_ID, Control, Register, Status
from responder.transport.binding import Kind
from responder.transport.doe import (
    DISCOVERY,
    DW,
    HEADER_SIZE,
    NO_TYPE,
    NO_VENDOR_ID,
    SPDM_OBJECTS,
    DataObject,
    DiscoveryRequest,
    DiscoveryResponse,
    DoeBinding,
    object_size,
)
from responder.transport.errors import FramingError
from responder.transport.records import records_of

BURST = 512  # accesses at a time
_PORTION = BURST // 2 - 1  # DWs of an answer, and then a look at the status
_VENDOR_SIZE = 2
ANSWER_WITHIN = 1.0  # seconds, also for an abort: PCIe 6.2, 6.30.2
POLL_EVERY = 0.001  # seconds
ABORTS = 2


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
    return [
        DoeCapability(found.offset, found.version)
        for found in await extended_capabilities(config)
        if found.id == CAPABILITY_ID
    ]


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
            ChannelError: ``timeout`` without an answer within one second; ``framing`` if the
                mailbox reports an error or the answer is not of the length it declares; ``closed``
                if the device or the mailbox is gone.
        """
        if _declared_size(data_object) != len(data_object):
            raise ChannelError("framing", f"{len(data_object)} bytes are no DOE data object")
        async with self._lock:
            await self._make_idle()
            self._clean = False
            try:
                await self._send(data_object)
                await self._await_ready()
                answer = await self._receive(data_object[:_VENDOR_SIZE])
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
            await self._write(Register.CONTROL, Control.ABORT)
            deadline = self._timing.clock() + ANSWER_WITHIN
            while (status := await self._status()) & (Status.BUSY | Status.ERROR):
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
        if self._clean and not await self._status() & (Status.BUSY | Status.ERROR | Status.READY):
            return
        await self.abort()
        if await self._status() & Status.READY:
            raise ChannelError("framing", "Data Object Ready is set before any request")

    async def _abort_after(self, failure: ChannelError) -> None:
        if failure.kind == "closed":
            return
        try:
            await self.abort()
        except ChannelError as second:
            raise ChannelError(
                "closed", f"{failure.reason}; then the abort failed: {second.reason}"
            ) from failure

    async def _send(self, data_object: bytes) -> None:
        dwords = struct.unpack(f"<{len(data_object) // DW}I", data_object)
        await self._run(
            [*((Register.WRITE_MAILBOX, dword) for dword in dwords), (Register.CONTROL, Control.GO)]
        )

    async def _await_ready(self) -> None:
        deadline = self._timing.clock() + ANSWER_WITHIN
        while not (status := await self._status()) & Status.READY:
            if status & Status.ERROR:
                raise ChannelError("framing", f"DOE Error after GO, status {status:#010x}")
            if self._timing.clock() >= deadline:
                state = (
                    "still Busy" if status & Status.BUSY else "not Busy: the object was discarded"
                )
                raise ChannelError("timeout", f"no answer in {ANSWER_WITHIN:g} s, {state}")
            await self._timing.sleep(POLL_EVERY)

    async def _receive(self, vendor: bytes) -> bytes:
        peek, pop = (Register.READ_MAILBOX, None), (Register.READ_MAILBOX, 0)
        *header, status = await self._run([peek, pop, peek, (Register.STATUS, None)])
        # Without Ready a read returns zeros, and a length of zero would mean a megabyte.
        _expect_ready(status)
        data = bytearray(struct.pack("<2I", *header))
        size = _declared_size(data)
        if not data.startswith(vendor):
            raise ChannelError("framing", f"answered by an object of another vendor: {data.hex()}")
        # Ready stays until the last DW is taken, and not longer.
        while left := (size - len(data)) // DW:
            part = [pop, peek] * min(left, _PORTION)
            *dwords, status = await self._run([*part, (Register.STATUS, None)])
            _expect_ready(status)
            data += struct.pack(f"<{len(dwords)}I", *dwords)
        (after,) = await self._run([pop, (Register.STATUS, None)])
        if _present(after) & (Status.ERROR | Status.READY):
            what = "Error" if after & Status.ERROR else "Ready"
            raise ChannelError("framing", f"DOE {what} is set after {size} bytes, the whole answer")
        return bytes(data)

    async def _status(self) -> int:
        return _present((await self._run([(Register.STATUS, None)]))[0])

    async def _write(self, register: int, value: int) -> None:
        await self._run([(register, value)])

    async def _run(self, accesses: Sequence[Access]) -> list[int]:
        base = self.capability.offset
        values: list[int] = []
        for at in range(0, len(accesses), BURST):
            part = accesses[at : at + BURST]
            values += await self._config.burst([(base + offset, value) for offset, value in part])
        return values


def _present(status: int) -> int:
    if status == ALL_ONES:
        raise ChannelError("closed", "the device is gone: its DOE status reads all ones")
    return status


def _expect_ready(status: int) -> None:
    if not _present(status) & Status.READY:
        raise ChannelError("framing", f"DOE Ready dropped within the answer, status {status:#010x}")


def _declared_size(header: bytes | bytearray) -> int:
    try:
        return object_size(bytes(header))
    except FramingError as error:
        raise ChannelError("framing", str(error)) from error


async def discover(mailbox: DoeMailbox) -> list[tuple[int, int]]:
    """The (VendorID, Type) of every object that a mailbox takes, index 0 first.

    A request that fails is sent once more: discovery has no state.

    Raises:
        ChannelError: a request failed twice, or the answers are no list.
    """
    version = 2 if mailbox.capability.version >= 2 else 0
    found: list[tuple[int, int]] = []
    asked: set[int] = set()
    index = 0
    while True:
        asked.add(index)
        entry = await _discover_one(mailbox, DiscoveryRequest(index, version))
        if (entry.vendor_id, entry.type) == (NO_VENDOR_ID, NO_TYPE):
            raise ChannelError("framing", f"discovery index {index} is beyond the device's list")
        if entry.extended is not None and version < 2:
            raise ChannelError("framing", "a second discovery DW, but the capability is version 1")
        found.append((entry.vendor_id, entry.type))
        index = entry.next_index
        if index == 0:
            return found
        if index in asked:
            raise ChannelError("framing", f"discovery returns to index {index}")


async def _discover_one(mailbox: DoeMailbox, request: DiscoveryRequest) -> DiscoveryResponse:
    wanted = DataObject(*DISCOVERY, request.encode()).encode()
    try:
        answer = await mailbox.exchange(wanted)
    except ChannelError:
        answer = await mailbox.exchange(wanted)
    if answer[:3] != wanted[:3]:
        raise ChannelError("framing", f"discovery answered by object {answer[:HEADER_SIZE].hex()}")
    try:
        return DiscoveryResponse.decode(DataObject.decode(answer).payload)
    except FramingError as error:
        raise ChannelError("framing", str(error)) from error


async def spdm_mailbox(config: ConfigSpace, timing: Timing | None = None) -> DoeMailbox:
    """The first mailbox of a function whose discovery lists SPDM.

    Raises:
        ChannelError: there is none; or as ``find_mailboxes`` and ``discover``.
    """
    lists = []
    for capability in await find_mailboxes(config):
        mailbox = DoeMailbox(config, capability, timing)
        objects = await discover(mailbox)
        if SPDM_OBJECTS[1] in objects:
            return mailbox
        lists.append(objects)
    reason = f"discovery lists no SPDM, but {lists}" if lists else "there is no DOE capability"
    raise ChannelError("framing", reason)


class DoeMailboxChannel:
    """SPDM through a mailbox; a ``Channel``.

    Attributes:
        padding: 3, because an object is a whole number of DWs.
        records: those of DOE.
    """

    def __init__(self, mailbox: DoeMailbox) -> None:
        self.padding = DoeBinding.padding
        self.records = records_of(DoeBinding.transport)
        self._mailbox = mailbox
        self._binding = DoeBinding()

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """As ``Channel.exchange``; the answer keeps up to 3 bytes of padding."""
        kind = Kind.SECURED if secured else Kind.SPDM
        try:
            answer = await self._mailbox.exchange(self._binding.wrap(message, kind))
            carried = self._binding.unwrap(answer)
        except FramingError as error:
            raise ChannelError("framing", str(error)) from error
        if carried.kind is Kind.OTHER:
            raise ChannelError("framing", f"SPDM answered by object {answer[:HEADER_SIZE].hex()}")
        return carried.message if carried.kind is kind else OtherKind(carried.message)

    async def prompt(self, request: int, session_id: int | None) -> None:
        """There is no way to that: a device begins by itself."""

    async def close(self) -> None:
        """Nothing is held: the mailbox stays with whoever opened it."""
