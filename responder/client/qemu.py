"""QEMU as the host of a device, paused and without a guest: qtest takes the processor's place.

Its device is QEMU's own with a DOE mailbox that leads to a responder's port (QEMU
"docs/specs/spdm.rst"), or another process (``vfio-user-pci``, from QEMU 11 on).
"""

import asyncio
import contextlib
import json
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from responder.client.channel import ChannelError
from responder.client.config_space import ALL_ONES
from responder.client.pci import ECAM_BASE, EcamFunction, scan
from responder.client.qmp import QmpLink
from responder.client.qtest import QtestLink
from responder.errors import UnavailableError, system_reason

PROGRAM = "qemu-system-x86_64"
NVME_ID = 0x0010_1B36  # device 0010, vendor 1b36: QEMU's NVMe controller
CONFIG_ADDRESS, CONFIG_DATA = 0xCF8, 0xCFC
Q35_PCIEXBAR = 0x8000_0060  # the host bridge's register, as CONFIG_ADDRESS wants it
PCIEXBAR_ENABLE_256_BUSES = 1
STDERR_TAIL = 4096  # bytes


def nvme(spdm_port: int, serial: str = "spdm-responder") -> str:
    """The ``-device`` of an NVMe controller whose mailbox leads to a port of 127.0.0.1.

    The responder listens before QEMU starts: QEMU connects once and gives up if it is refused.
    """
    return f"nvme,serial={serial},spdm_port={spdm_port}"


def vfio_user(path: str | Path, **properties: Any) -> str:
    """The ``-device`` that a process is, which listens on the Unix socket at ``path``.

    It listens before QEMU starts, which connects once.
    """
    socket = {"type": "unix", "path": str(path)}
    return json.dumps({"driver": "vfio-user-pci", "socket": socket, **properties})


class QemuProcess(ABC):
    """A QEMU of the machine q35; a context manager that starts it and ends it.

    Args:
        devices: values of ``-device``.
        arguments: what else to say on the command line.
        memory: of the guest, in MiB; shared, so that vfio-user devices map it.
        timeout: seconds for the start.
        program: the name or path of the QEMU to start.
    """

    def __init__(
        self,
        devices: Sequence[str],
        arguments: Sequence[str] = (),
        *,
        memory: int = 128,
        timeout: float = 10.0,
        program: str = PROGRAM,
    ) -> None:
        self._timeout = timeout
        self._program = program
        self._given = [*arguments, *(word for device in devices for word in ("-device", device))]
        self._memory = f"memory-backend-memfd,id=ram,size={memory}M,share=on"
        self._open = contextlib.AsyncExitStack()
        self._folder = Path()
        self._qmp: QmpLink | None = None

    async def __aenter__(self) -> Self:
        """Start QEMU.

        Raises:
            UnavailableError: there is no such program.
            ChannelError: QEMU ended or hung at start; the reason has what it wrote to stderr.
        """
        path = shutil.which(self._program)
        if path is None:
            raise UnavailableError(f"{self._program} is not installed")
        async with contextlib.AsyncExitStack() as starting:
            folder = starting.enter_context(tempfile.TemporaryDirectory(prefix="qemu-"))
            self._folder = Path(folder)
            arguments = await self._prepare(starting)
            process = await self._spawn(starting, [path, *arguments])
            await self._begin(process)
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

    @abstractmethod
    async def _prepare(self, starting: contextlib.AsyncExitStack) -> list[str]:
        """Listen for what QEMU will connect to; the arguments that say where."""

    @abstractmethod
    async def _begin(self, process: asyncio.subprocess.Process) -> None:
        """Wait for those connections."""

    async def qmp(self) -> QmpLink:
        """The connection for QMP commands, opened at the first call.

        Raises:
            ChannelError: QEMU is gone, or does not answer.
        """
        if self._qmp is None:
            link = QmpLink(self._timeout, self.said)
            loop = asyncio.get_running_loop()
            try:
                await loop.create_unix_connection(lambda: link, str(self._folder / "qmp"))
            except OSError as error:
                reason = f"no QMP: {system_reason(error)}: {self.said()}"
                raise ChannelError("closed", reason) from error
            self._open.callback(link.close)
            await link.execute("qmp_capabilities")
            self._qmp = link
        return self._qmp

    def said(self) -> str:
        """The end of what QEMU wrote to stderr and stdout."""
        path = self._folder / "stderr"
        written = path.read_bytes() if path.is_file() else b""
        return (
            written[-STDERR_TAIL:].decode("utf-8", "replace").strip()
            or "QEMU wrote nothing to stderr"
        )

    async def _listen(
        self, starting: contextlib.AsyncExitStack, name: str, link: asyncio.Protocol
    ) -> str:
        """Listen on a socket in the folder; its path."""
        path = str(self._folder / name)
        server = await asyncio.get_running_loop().create_unix_server(lambda: link, path)
        starting.callback(server.close)
        return path

    async def _spawn(
        self, starting: contextlib.AsyncExitStack, command: Sequence[str]
    ) -> asyncio.subprocess.Process:
        # A file for stderr: a pipe that fills up stops QEMU.
        with (self._folder / "stderr").open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *command,
                *("-machine", "q35,memory-backend=ram", "-object", self._memory),
                *("-nodefaults", "-display", "none", "-vga", "none"),
                *("-qmp", f"unix:{self._folder / 'qmp'},server=on,wait=off"),
                *self._given,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
            )
        starting.push_async_callback(_end, process)
        return process

    async def _await_link(
        self, process: asyncio.subprocess.Process, event: asyncio.Event, name: str
    ) -> None:
        """Wait until QEMU has connected; ``ChannelError`` if it ends before, or takes too long."""
        ended = asyncio.create_task(process.wait())
        connected = asyncio.create_task(event.wait())
        try:
            await asyncio.wait(
                {ended, connected}, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if ended.done():
                raise ChannelError("closed", f"QEMU ended with {ended.result()}: {self.said()}")
            if not connected.done():
                raise ChannelError("timeout", f"no {name} in {self._timeout:g} s: {self.said()}")
        finally:
            ended.cancel()
            connected.cancel()


class Qemu(QemuProcess):
    """A QEMU that runs no code at all; arguments as of ``QemuProcess``.

    Its ``timeout`` is also that of each register access: a slow responder blocks the access that
    starts its work.

    Attributes:
        link: what reaches the guest's memory, and its devices in it.
    """

    link: QtestLink

    def function(self, bus: int, device: int, function: int = 0) -> EcamFunction:
        """The configuration space of a PCI function, present or not."""
        return EcamFunction(self.link, bus, device, function)

    async def find(self, identity: int, bus: int = 0) -> EcamFunction:
        """The first function on a bus with that Device ID (upper 16 bits) and Vendor ID.

        Raises:
            ChannelError: there is none.
        """
        for candidate in await scan(self.link, bus):
            if await candidate.read32(0) == identity:
                return candidate
        wanted = f"{identity & 0xFFFF:04x}:{identity >> 16:04x}"
        raise ChannelError("closed", f"QEMU shows no function {wanted} on bus {bus}")

    async def system_reset(self) -> None:
        """Reset the machine; what firmware had set up is gone, and BARs have no address."""
        qmp = await self.qmp()
        await qmp.execute("system_reset")
        await qmp.event("RESET")
        await self._map_configuration_space()

    async def _prepare(self, starting: contextlib.AsyncExitStack) -> list[str]:
        self.link = QtestLink(self._timeout, self.said)
        path = await self._listen(starting, "qtest", self.link)
        starting.callback(self.link.close)
        return ["-accel", "tcg", "-S", "-qtest", f"unix:{path}", "-qtest-log", "none"]

    async def _begin(self, process: asyncio.subprocess.Process) -> None:
        await self._await_link(process, self.link.connected, "qtest")
        await self._map_configuration_space()

    async def _map_configuration_space(self) -> None:
        """Enable the q35 host bridge's memory-mapped configuration, 64-bit register in two DWs."""
        commands = (
            f"outl {CONFIG_ADDRESS:#x} {Q35_PCIEXBAR + 4:#x}",
            f"outl {CONFIG_DATA:#x} 0x0",
            f"outl {CONFIG_ADDRESS:#x} {Q35_PCIEXBAR:#x}",
            f"outl {CONFIG_DATA:#x} {ECAM_BASE | PCIEXBAR_ENABLE_256_BUSES:#x}",
        )
        await self.link.run(commands)
        if await self.function(0, 0).read32(0) == ALL_ONES:
            raise ChannelError("framing", "no host bridge in the mapped configuration space")


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
