"""Functions that a guest calls: what its Linux shows of PCI functions, and our requester there."""

import ctypes
import json
import mmap
import os
import time
from pathlib import Path

from inside_nvme import STATUS, Pages, enable, identify, identity

DEVICES = Path("/sys/bus/pci/devices")
PAGE = 4096
COMMAND, MEMORY_AND_BUS_MASTER = 0x04, 0x06


def functions():
    """What Linux shows of each PCI function, by its name."""
    return {folder.name: _function(folder) for folder in sorted(DEVICES.iterdir())}


def _function(folder):
    features = folder / "doe_features"
    return {
        "id": [(folder / name).read_text().strip() for name in ("vendor", "device")],
        "config_size": (folder / "config").stat().st_size,
        "doe_features": sorted(f.name for f in features.iterdir()) if features.is_dir() else None,
    }


def kernel_log():
    """The lines of the kernel's log so far."""
    lines = []
    file = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            lines.append(os.read(file, 8192).decode().partition(";")[2].splitlines()[0])
    except BlockingIOError:
        return lines
    finally:
        os.close(file)


def import_requester():
    """How many seconds the import of what an attestation needs takes."""
    begin = time.monotonic()
    import responder.cli.attest
    import responder.client.sysfs
    import responder.requester.attestation  # noqa: F401

    return time.monotonic() - begin


def attest(name, *arguments):
    """``spdm-responder attest pci:NAME --json``: its exit code, its report, and the seconds."""
    from click.testing import CliRunner

    from responder.cli.attest import command

    begin = time.monotonic()
    result = CliRunner().invoke(command, [f"pci:{name}", "--json", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout), time.monotonic() - begin


def reset(name):
    """Have Linux reset a function."""
    (DEVICES / name / "reset").write_text("1")


class PhysicalMemory:
    """Pages of this process whose physical addresses are known, as a device needs them.

    Without an IOMMU a physical address is what a device uses. The methods are those of
    ``QtestLink``; an access stays within a page.

    Attributes:
        addresses: of each page.
    """

    def __init__(self, pages):
        self._map = mmap.mmap(-1, pages * PAGE)
        self._map.write(bytes(pages * PAGE))  # now they are there
        virtual = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        # Documentation/admin-guide/mm/pagemap.rst: 8 bytes a page, the frame in bits 54:0.
        with Path("/proc/self/pagemap").open("rb") as pagemap:
            pagemap.seek(virtual // PAGE * 8)
            entries = memoryview(pagemap.read(8 * pages)).cast("Q")
        self.addresses = [(entry & (1 << 55) - 1) * PAGE for entry in entries]

    async def read_memory(self, address, size):
        begin = self._offset(address)
        return self._map[begin : begin + size]

    async def write_memory(self, address, data):
        begin = self._offset(address)
        self._map[begin : begin + len(data)] = data

    def _offset(self, address):
        return self.addresses.index(address // PAGE * PAGE) * PAGE + address % PAGE


async def identify_nvme(name):
    """What QEMU's NVMe controller writes of itself into memory, and its status after a reset."""
    from responder.client.sysfs import SysfsFunction

    memory = PhysicalMemory(3)
    pages = Pages(*memory.addresses)
    with SysfsFunction(name) as function:
        await function.write32(COMMAND, MEMORY_AND_BUS_MASTER)
        bar = function.bar(0)
        await enable(bar, pages)
        await identify(bar, memory, pages)
        deadline = time.monotonic() + 5
        while not any(await memory.read_memory(pages.completion, 16)):
            if time.monotonic() > deadline:
                raise TimeoutError("no completion")
        said = await identity(memory, pages)
        reset(name)
        status = await bar.read(STATUS)
        bar.close()
    return said, status
