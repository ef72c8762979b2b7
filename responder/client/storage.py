"""Channels over storage commands, as a socket of QEMU has them with ``spdm_trans=nvme``."""

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeVar

from responder.client.channel import ChannelError
from responder.client.socket import MAX_PAYLOAD, SocketChannel
from responder.requester.steps import OtherKind
from responder.transport.carried import Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import Command, wrap_frame
from responder.transport.storage import (
    DISCOVERY_SIZE,
    OPERATIONS,
    PENDING_SIZE,
    DiscoveryData,
    Operation,
    StorageCommand,
    decode_pending,
    kind_of,
    received,
)

FIRST_PAUSE = 0.01
"""Seconds before the second question for a response that is not there yet."""
_SUCCESS = bytes(2)
ReadT = TypeVar("ReadT")


class _RefusedError(ChannelError):
    """A command has a status other than success."""


class StorageChannel(SocketChannel):
    """A connection that speaks the storage commands of QEMU's sockets (DSP0286); a ``Channel``."""

    _operations: Collection[int] = frozenset(Operation)

    async def prepare(self) -> None:
        """Say hello and ask what the device can do, if that was asked for."""
        await self._greet()
        if self._options.discover:
            data = await self._fetch(StorageCommand(Operation.DISCOVERY, DISCOVERY_SIZE))
            self._operations = _readable(DiscoveryData.decode, data).operations
            self._check(Operation.MESSAGE)

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """As ``Channel.exchange``; the size of the response is asked for before it is fetched."""
        kind = Kind.SECURED if secured else Kind.SPDM
        self._check(OPERATIONS[kind])
        await self._status(Command.IF_SEND, self._binding.wrap(message, kind), kind.value)
        data = await self._response(kind, await self._pending_length())
        came = kind_of(data)
        answer = _readable(partial(received, kind=came), data)
        return answer if came is kind else OtherKind(answer)

    async def _response(self, kind: Kind, length: int) -> bytes:
        """Fetch a response; what is refused as a record may be an ERROR in the clear."""
        try:
            return await self._fetch(StorageCommand(OPERATIONS[kind], length))
        except _RefusedError:
            if kind is Kind.SPDM:
                raise
            return await self._fetch(StorageCommand(Operation.MESSAGE, length))

    def _check(self, operation: Operation) -> None:
        if operation not in self._operations:
            listed = ", ".join(map(str, sorted(self._operations))) or "nothing"
            raise ChannelError("framing", f"discovery lists no {operation.name}, but {listed}")

    async def _pending_length(self) -> int:
        """Ask for the size of the response until there is one, each time after twice the pause."""
        command = StorageCommand(Operation.PENDING_INFO, PENDING_SIZE)
        pause, waited = FIRST_PAUSE, 0.0
        while True:
            length = _readable(decode_pending, await self._fetch(command))
            if length is not None and not 0 < length <= MAX_PAYLOAD:
                raise ChannelError("framing", f"a response of {length} bytes is pending")
            if length is not None:
                return length
            if waited >= self._options.timeout:
                reason = f"no response was pending within {self._options.timeout} s"
                raise ChannelError("timeout", reason)
            await asyncio.sleep(pause)
            pause, waited = 2 * pause, waited + pause

    async def _status(self, command: Command, payload: bytes, what: str) -> None:
        transport = self._binding.transport
        frame = await self._stream.request(wrap_frame(command, transport, payload))
        status = self._payload(frame, Command.ACK_STATUS, command)
        if status != _SUCCESS:
            told = f"status {status.hex()}" if status else "no status"
            raise _RefusedError("framing", f"{command.name} ({what}) has {told}")

    async def _fetch(self, storage: StorageCommand) -> bytes:
        await self._status(Command.IF_RECV, storage.encode(), storage.operation.name)
        data = self._payload(await self._stream.receive(), Command.IF_RECV, Command.IF_RECV)
        if len(data) > storage.length:
            raise ChannelError(
                "framing", f"{len(data)} bytes for an allocation of {storage.length}"
            )
        return data


def _readable(read: Callable[[bytes], ReadT], data: bytes) -> ReadT:
    try:
        return read(data)
    except FramingError as error:
        raise ChannelError("framing", error.reason) from error
