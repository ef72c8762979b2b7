"""QEMU as an SPDM requester's host without a guest: its qtest protocol reaches PCI configuration.

QEMU connects its NVMe controller's DOE mailbox to a responder's port; the registers of that mailbox
are read and written here (QEMU "docs/devel/testing/qtest.rst", "docs/specs/spdm.rst").
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from responder.client.channel import ChannelError
from responder.client.doe_mailbox import ALL_ONES, Access, ConfigSpace, DoeMailbox, find_mailboxes
from responder.errors import UnavailableError

PROGRAM = "qemu-system-x86_64"
NVME_ID = 0x0010_1B36  # device 0010, vendor 1b36: QEMU's NVMe controller
ECAM_BASE = 0xB000_0000
CONFIG_ADDRESS, CONFIG_DATA = 0xCF8, 0xCFC
Q35_PCIEXBAR = 0x8000_0060  # the host bridge's register, as CONFIG_ADDRESS wants it
PCIEXBAR_ENABLE_256_BUSES = 1
STDERR_TAIL = 4096  # bytes


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


def _content(command: str, answer: str) -> str:
    word, _, content = answer.partition(" ")
    if word != "OK":
        raise ChannelError("framing", f"qtest command {command!r} answered {answer!r}")
    return content


class EcamFunction(ConfigSpace):
    """The configuration space of one PCI function, memory-mapped; all ones if there is none."""

    def __init__(self, link: QtestLink, bus: int, device: int, function: int = 0) -> None:
        self._link = link
        self._base = ECAM_BASE + (bus << 20) + (device << 15) + (function << 12)

    async def burst(self, accesses: Sequence[Access]) -> list[int]:
        """The accesses in one write to QEMU; raises as ``QtestLink.run``."""
        answers = await self._link.run([self._command(*access) for access in accesses])
        return [
            _number(answer)
            for (_, value), answer in zip(accesses, answers, strict=True)
            if value is None
        ]

    def _command(self, offset: int, value: int | None) -> str:
        address = self._base + offset
        return f"readl {address:#x}" if value is None else f"writel {address:#x} {value:#x}"


def _number(content: str) -> int:
    try:
        return int(content, 16)
    except ValueError as error:
        raise ChannelError("framing", f"qtest readl answered {content!r}") from error


class Qemu:
    """A QEMU with an NVMe controller whose mailbox leads to a responder; a context manager.

    ``async with Qemu(port) as qemu`` starts it and ends it. The responder listens on 127.0.0.1
    before that, because QEMU connects once, at start, and gives up if it is refused.

    Args:
        spdm_port: the responder's port, 1 to 65535.
        timeout: seconds for the start, and for each register access (a slow responder blocks the
            access that starts its work).
        program: the name or path of the QEMU to start.
        serial: the controller's serial number.
    """

    def __init__(
        self,
        spdm_port: int,
        *,
        timeout: float = 10.0,
        program: str = PROGRAM,
        serial: str = "spdm-responder",
    ) -> None:
        self._spdm_port = spdm_port
        self._timeout = timeout
        self._program = program
        self._serial = serial
        self._link = QtestLink(timeout, self._said)
        self._open = contextlib.AsyncExitStack()
        self._stderr = Path()

    async def __aenter__(self) -> Self:
        """Start QEMU and map the configuration space.

        Raises:
            UnavailableError: there is no such program.
            ChannelError: QEMU ended or hung at start; the reason has what it wrote to stderr.
        """
        path = shutil.which(self._program)
        if path is None:
            raise UnavailableError(f"{self._program} is not installed")
        async with contextlib.AsyncExitStack() as starting:
            folder = Path(starting.enter_context(tempfile.TemporaryDirectory(prefix="qtest-")))
            self._stderr = folder / "stderr"
            await self._listen(starting, folder / "socket")
            process = await self._spawn(starting, path, folder / "socket")
            await self._await_link(process)
            await self._map_configuration_space()
            self._open = starting.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End QEMU."""
        await self._open.aclose()

    def function(self, bus: int, device: int, function: int = 0) -> EcamFunction:
        """The configuration space of a PCI function, present or not."""
        return EcamFunction(self._link, bus, device, function)

    async def find_nvme(self) -> EcamFunction:
        """The first NVMe controller on bus 0; raises ``ChannelError`` if there is none."""
        for device in range(32):
            candidate = self.function(0, device)
            if await candidate.read32(0) == NVME_ID:
                return candidate
        raise ChannelError("closed", "QEMU shows no NVMe controller 1b36:0010 on bus 0")

    async def open_mailbox(self) -> DoeMailbox:
        """The NVMe controller's DOE mailbox; raises ``ChannelError`` if there is none."""
        config: ConfigSpace = await self.find_nvme()
        for capability in await find_mailboxes(config):
            return DoeMailbox(config, capability)
        raise ChannelError("closed", "QEMU's NVMe controller has no DOE capability")

    async def _listen(self, starting: contextlib.AsyncExitStack, path: Path) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: self._link, str(path))
        starting.callback(server.close)
        starting.callback(self._link.close)

    async def _spawn(
        self, starting: contextlib.AsyncExitStack, path: str, socket: Path
    ) -> asyncio.subprocess.Process:
        # A file for stderr: a pipe that fills up stops QEMU.
        with self._stderr.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                path,
                *("-machine", "q35", "-accel", "tcg", "-S"),
                *("-nodefaults", "-display", "none", "-vga", "none"),
                *("-qtest", f"unix:{socket}", "-qtest-log", "none"),
                *("-device", f"nvme,serial={self._serial},spdm_port={self._spdm_port}"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
            )
        starting.push_async_callback(_end, process)
        return process

    async def _await_link(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(process.wait())
        connected = asyncio.create_task(self._link.connected.wait())
        try:
            await asyncio.wait(
                {ended, connected}, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if ended.done():
                raise ChannelError("closed", f"QEMU ended with {ended.result()}: {self._said()}")
            if not connected.done():
                raise ChannelError("timeout", f"no qtest in {self._timeout:g} s: {self._said()}")
        finally:
            ended.cancel()
            connected.cancel()

    async def _map_configuration_space(self) -> None:
        """Enable the q35 host bridge's memory-mapped configuration, 64-bit register in two DWs."""
        commands = (
            f"outl {CONFIG_ADDRESS:#x} {Q35_PCIEXBAR + 4:#x}",
            f"outl {CONFIG_DATA:#x} 0x0",
            f"outl {CONFIG_ADDRESS:#x} {Q35_PCIEXBAR:#x}",
            f"outl {CONFIG_DATA:#x} {ECAM_BASE | PCIEXBAR_ENABLE_256_BUSES:#x}",
        )
        await self._link.run(commands)
        if await self.function(0, 0).read32(0) == ALL_ONES:
            raise ChannelError("framing", "no host bridge in the mapped configuration space")

    def _said(self) -> str:
        written = self._stderr.read_bytes() if self._stderr.is_file() else b""
        return (
            written[-STDERR_TAIL:].decode("utf-8", "replace").strip()
            or "QEMU wrote nothing to stderr"
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, then SIGKILL after five seconds."""
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
    await process.wait()
