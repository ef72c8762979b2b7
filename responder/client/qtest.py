"""QEMU's qtest protocol: what a guest's processor would read and write, without one.

Source: QEMU "docs/devel/testing/qtest.rst".
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from responder.client.channel import ChannelError

POLL_EVERY = 0.001  # seconds
_LETTERS = {1: "b", 2: "w", 4: "l", 8: "q"}


@dataclass(slots=True)
class _Batch:
    """Commands sent in one write, and their answers as far as they are there."""

    commands: Sequence[str]
    finished: asyncio.Future[None]
    answers: list[str] = field(default_factory=list)


class QtestLink(asyncio.Protocol):
    """The qtest connection: a line for each command and a line for each answer, in order.

    Args:
        timeout: seconds that an answer may take.
        explain: what QEMU wrote to stderr so far, for the reason of an error.
    """

    def __init__(self, timeout: float, explain: Callable[[], str]) -> None:
        self.connected = asyncio.Event()
        self._timeout = timeout
        self._explain = explain
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[_Batch] = deque()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """QEMU has connected."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("qtest needs a stream")
        self._transport = transport
        self.connected.set()

    def data_received(self, data: bytes) -> None:
        """Hand each line to the batch that waits longest, even if nobody awaits it any more."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if line.startswith(b"IRQ ") or not self._waiting:
                continue
            batch = self._waiting[0]
            batch.answers.append(line.decode("ascii", "replace"))
            if len(batch.answers) == len(batch.commands):
                self._waiting.popleft()
                if not batch.finished.done():
                    batch.finished.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """QEMU is gone, so no command will be answered."""
        self._transport = None
        reason = f"QEMU closed the qtest connection ({exc or 'end of file'}): {self._explain()}"
        while self._waiting:
            finished = self._waiting.popleft().finished
            if not finished.done():
                finished.set_exception(ChannelError("closed", reason))

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    async def run(self, commands: Sequence[str]) -> list[str]:
        """Send commands in one write; what follows ``OK`` in each one's answer.

        Raises:
            ChannelError: the connection is ``closed``, the answers did not all come in time, or one
                of them is not OK.
        """
        if self._transport is None:
            raise ChannelError("closed", f"no qtest connection: {self._explain()}")
        batch = _Batch(commands, asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        self._transport.write("".join(f"{command}\n" for command in commands).encode())
        try:
            async with asyncio.timeout(self._timeout):
                await batch.finished
        except TimeoutError as error:
            late = commands[len(batch.answers)]
            reason = f"QEMU did not answer {late!r} in {self._timeout:g} s: {self._explain()}"
            raise ChannelError("timeout", reason) from error
        return [_content(*pair) for pair in zip(commands, batch.answers, strict=True)]

    async def read_memory(self, address: int, size: int) -> bytes:
        """``size`` bytes, at least 1, of the guest's physical memory; raises as ``run``."""
        answer = (await self.run([f"read {address:#x} {size:#x}"]))[0]
        return bytes.fromhex(answer.removeprefix("0x"))

    async def write_memory(self, address: int, data: bytes) -> None:
        """Write at least one byte to the guest's physical memory; raises as ``run``."""
        await self.run([f"write {address:#x} {len(data):#x} 0x{data.hex()}"])

    async def await_word(self, address: int, value: int, within: float = 1.0) -> None:
        """Wait until the DW at ``address`` is ``value``, as an MSI-X message makes it.

        Raises:
            ChannelError: it is not within that many seconds; or as ``run``.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while (found := number((await self.run([load(address, 4)]))[0])) != value:
            if loop.time() >= deadline:
                reason = f"{address:#x} is {found:#x} and not {value:#x} after {within:g} s"
                raise ChannelError("timeout", reason)
            await asyncio.sleep(POLL_EVERY)


def load(address: int, size: int) -> str:
    """The command that reads 1, 2, 4 or 8 bytes in one access."""
    return f"read{_LETTERS[size]} {address:#x}"


def store(address: int, size: int, value: int) -> str:
    """The command that writes 1, 2, 4 or 8 bytes in one access."""
    return f"write{_LETTERS[size]} {address:#x} {value:#x}"


def number(content: str) -> int:
    """The value that a read answered; ``ChannelError`` if it is none."""
    try:
        return int(content, 16)
    except ValueError as error:
        raise ChannelError("framing", f"qtest read answered {content!r}") from error


def _content(command: str, answer: str) -> str:
    word, _, content = answer.partition(" ")
    if word != "OK":
        raise ChannelError("framing", f"qtest command {command!r} answered {answer!r}")
    return content
