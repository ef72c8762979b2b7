"""A Linux guest in QEMU that calls Python functions for the host; see ``guest_agent``."""

import asyncio
import json
import time

from responder.client.qemu import QemuProcess

KERNEL_ARGUMENTS = "console=ttyS0 panic=-1 quiet mitigations=off"
BOOT_WITHIN = 120  # seconds, on a machine that has much else to do
CONSOLE_TAIL = 3000  # characters


class GuestError(Exception):
    """A function raised in the guest, or the guest is gone; with its traceback or console."""


class AgentLink(asyncio.Protocol):
    """The lines of the agent."""

    def __init__(self):
        self.connected = asyncio.Event()
        self.lines = asyncio.Queue()
        self._buffer = b""

    def connection_made(self, transport):
        self.transport = transport
        self.connected.set()

    def data_received(self, data):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self.lines.put_nowait(json.loads(line))

    def connection_lost(self, _exc):
        self.lines.put_nowait({"raised": "the guest is gone"})


class Guest(QemuProcess):
    """A guest that boots when entered and is turned off when left.

    Args:
        kernel: the path of a bzImage.
        initramfs: the path of what ``initramfs.build`` wrote.

    Attributes:
        boot: what the agent said first: ``kernel``, its release, and ``seconds`` of the guest's
            clock.
        started: seconds from the start of QEMU until then.
    """

    def __init__(self, devices=(), arguments=(), *, kernel, initramfs, memory=1024, **options):
        super().__init__(devices, arguments, memory=memory, **options)
        self._kernel = kernel
        self._initramfs = initramfs
        self._agent = AgentLink()

    async def call(self, function, *arguments, within=60.0):
        """What a function of a module ``inside*`` returns for those arguments, all JSON values."""
        return await self._ask(f"{function.__module__}:{function.__name__}", arguments, within)

    def console(self):
        """What the kernel and the agent wrote to the console."""
        path = self._folder / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    async def power_off(self):
        """Turn the guest off; QEMU's exit code."""
        self._agent.transport.write(b'{"call": ""}\n')
        async with asyncio.timeout(20):
            return await self._process.wait()

    async def __aexit__(self, *exc):
        if self._process.returncode is None and exc[0] is None:
            await self.power_off()
        await super().__aexit__(*exc)

    async def _prepare(self, starting):
        path = await self._listen(starting, "agent", self._agent)
        return [
            *("-accel", "tcg", "-cpu", "max", "-no-reboot"),
            *("-kernel", str(self._kernel), "-initrd", str(self._initramfs)),
            *("-append", KERNEL_ARGUMENTS),
            *("-serial", f"file:{self._folder / 'console'}", "-serial", f"unix:{path}"),
        ]

    async def _begin(self, process):
        begin = time.monotonic()
        self._process = process
        await self._await_link(process, self._agent.connected, "agent")
        self.boot = await self._answer(BOOT_WITHIN)
        self.started = time.monotonic() - begin

    async def _ask(self, name, arguments, within):
        request = {"call": name, "arguments": arguments}
        self._agent.transport.write(json.dumps(request).encode() + b"\n")
        return await self._answer(within)

    async def _answer(self, within):
        try:
            async with asyncio.timeout(within):
                answer = await self._agent.lines.get()
        except TimeoutError:
            answer = {"raised": f"the guest said nothing in {within:g} s"}
        if "raised" in answer:
            console = self.console()[-CONSOLE_TAIL:]
            raise GuestError(f"{answer['raised']}\nconsole: {console}\nQEMU: {self.said()}")
        return answer["returned"]
