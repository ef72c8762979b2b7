"""SPDM by Security Send and Security Receive of QEMU's NVMe controller (``spdm_trans=nvme``).

NVM Express Base Specification 2.0: 3.3 (queues), 4.1.1 (PRPs), 5.25 and 5.26 (Security Receive and
Send); DSP0286.
"""

import struct

from inside_nvme import (
    ADMIN_QUEUES,
    COMPLETIONS,
    CONFIGURATION,
    DOORBELL,
    ENABLE,
    STATUS,
    SUBMISSIONS,
)

from responder.client.channel import ChannelError
from responder.requester.steps import OtherKind
from responder.transport.carried import Kind
from responder.transport.records import records_of
from responder.transport.socket_frame import TransportType
from responder.transport.storage import (
    OPERATIONS,
    PENDING_SIZE,
    Operation,
    decode_pending,
    fetched,
    kind_of,
    received,
)

SECURITY_SEND, SECURITY_RECEIVE = 0x81, 0x82
PROTOCOL = 0xE8
PAGE, DEPTH = 4096, 16
SUBMISSION, COMPLETION, LIST, DATA = 0x10_0000, 0x10_1000, 0x10_2000, 0x20_0000
POLLS = 1000


class StorageChannel:
    """The way to a responder through the admin queues; a ``Channel``.

    Attributes:
        padding: none.
        records: those of storage commands.
    """

    padding = 0
    records = records_of(TransportType.STORAGE)

    def __init__(self, bar, memory):
        self._bar = bar
        self._memory = memory
        self._commands = 0

    async def start(self):
        """Give the controller admin queues of some entries; the channel."""
        await self._bar.write(CONFIGURATION, 0)
        await self._bar.write(ADMIN_QUEUES, (DEPTH - 1) << 16 | (DEPTH - 1))
        await self._bar.write(SUBMISSIONS, SUBMISSION, 8)
        await self._bar.write(COMPLETIONS, COMPLETION, 8)
        await self._memory.write_memory(COMPLETION, bytes(16 * DEPTH))
        await self._bar.write(CONFIGURATION, ENABLE)
        assert await self._bar.read(STATUS) == 1
        return self

    async def command(self, opcode, operation, size):
        """Do a security command with ``size`` bytes at DATA; its status, 0 for success."""
        slot, rounds = self._commands % DEPTH, self._commands // DEPTH
        self._commands += 1
        pages = [DATA + PAGE * n for n in range(1, -(-size // PAGE))]
        await self._memory.write_memory(LIST, struct.pack(f"<{len(pages)}Q", *pages) or bytes(8))
        second = LIST if len(pages) > 1 else (pages or [0])[0]
        words = PROTOCOL << 24 | operation << 10, size, 0, 0, 0, 0
        command = struct.pack("<BxHI16x2Q6I", opcode, self._commands, 0, DATA, second, *words)
        await self._memory.write_memory(SUBMISSION + 64 * slot, command)
        await self._bar.write(DOORBELL, self._commands % DEPTH)
        for _ in range(POLLS):
            entry = await self._memory.read_memory(COMPLETION + 16 * slot, 16)
            identifier, status = struct.unpack_from("<HH", entry, 12)
            if status & 1 != rounds & 1:
                assert identifier == self._commands & 0xFFFF
                await self._bar.write(DOORBELL + 4, self._commands % DEPTH)
                return status >> 1
        raise ChannelError("timeout", "the controller does not complete a command")

    async def send(self, operation, data):
        """Security Send; its status."""
        await self._memory.write_memory(DATA, data)
        return await self.command(SECURITY_SEND, operation, len(data))

    async def receive(self, operation, size):
        """Security Receive; its status and what came."""
        status = await self.command(SECURITY_RECEIVE, operation, size)
        return status, await self._memory.read_memory(DATA, size)

    async def exchange(self, message, *, secured=False):
        """As ``Channel.exchange``."""
        kind = Kind.SECURED if secured else Kind.SPDM
        operation = OPERATIONS[kind]
        if status := await self.send(operation, fetched(message, kind)):
            raise ChannelError("framing", f"Security Send has status 0x{status:x}")
        for _ in range(POLLS):
            status, data = await self.receive(Operation.PENDING_INFO, PENDING_SIZE)
            length = decode_pending(data)
            if length is not None:
                break
        status, data = await self.receive(operation, length)
        if status:
            raise ChannelError("framing", f"Security Receive has status 0x{status:x}")
        came = kind_of(data)
        answer = received(data, came)
        return answer if came is kind else OtherKind(answer)

    async def prompt(self, request, session_id):
        """There is no way to that."""

    async def close(self):
        """Nothing is held."""
