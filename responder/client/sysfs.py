"""A PCI function of this machine: Linux shows its configuration space and BARs as files.

Source: Linux "Documentation/PCI/sysfs-pci.rst". Everything here needs root.
"""

import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from responder.client.channel import ChannelError
from responder.client.config_space import Access, ConfigSpace, Region
from responder.client.doe_mailbox import DoeMailbox, DoeMailboxChannel, spdm_mailbox
from responder.errors import system_reason

DEVICES = Path("/sys/bus/pci/devices")
CONFIG_SIZE = 4096
_CASTS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


class SysfsFunction(ConfigSpace):
    """The configuration space of a function, open for reading and writing; a context manager.

    An access blocks until the device has answered it.

    Args:
        name: such as ``0000:00:04.0``.
        devices: the folder that has such a folder for each function.

    Raises:
        ChannelError: there is no such function, no permission (only root may write), or no access
            to the extended part of its configuration space.
    """

    def __init__(self, name: str, devices: Path = DEVICES) -> None:
        self._folder = devices / name
        if not self._folder.is_dir():
            raise ChannelError("closed", f"there is no PCI function {name} in {devices}")
        self._file = _open(self._folder / "config")
        size = os.fstat(self._file).st_size
        if size < CONFIG_SIZE:
            self.close()
            reason = f"only {size} bytes of the configuration space of {name} are visible"
            raise ChannelError("closed", f"{reason}: a DOE mailbox lies above 256")

    async def burst(self, accesses: Sequence[Access]) -> list[int]:
        """As ``ConfigSpace.burst``."""
        read = []
        for offset, value in accesses:
            try:
                if value is None:
                    read.append(self._read(offset))
                else:
                    os.pwrite(self._file, value.to_bytes(4, "little"), offset)
            except OSError as error:
                reason = f"{self._folder / 'config'} at {offset:#x}: {system_reason(error)}"
                raise ChannelError("closed", reason) from error
        return read

    def _read(self, offset: int) -> int:
        data = os.pread(self._file, 4, offset)
        if len(data) != 4:
            reason = f"{self._folder / 'config'} ends within the DW at {offset:#x}"
            raise ChannelError("closed", reason)
        return int.from_bytes(data, "little")

    def bar(self, index: int) -> "SysfsBar":
        """A memory BAR, to be closed; it answers once memory space is enabled.

        Raises:
            ChannelError: there is none with that number, or it cannot be mapped.
        """
        return SysfsBar(self._folder / f"resource{index}")

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class SysfsBar(Region):
    """A memory BAR, mapped.

    Attributes:
        size: in bytes.
    """

    def __init__(self, path: Path) -> None:
        file = _open(path)
        try:
            self.size = os.fstat(file).st_size
            self._map = mmap.mmap(file, self.size)
        except (OSError, ValueError) as error:
            why = system_reason(error) if isinstance(error, OSError) else str(error)
            raise ChannelError("closed", f"{path} cannot be mapped: {why}") from error
        finally:
            os.close(file)

    async def read(self, offset: int, size: int = 4) -> int:
        """As ``Region.read``; ``offset`` is a multiple of ``size``."""
        with memoryview(self._map) as whole, whole.cast(_CASTS[size]) as words:
            return words[offset // size]

    async def write(self, offset: int, value: int, size: int = 4) -> None:
        """As ``Region.write``; ``offset`` is a multiple of ``size``."""
        with memoryview(self._map) as whole, whole.cast(_CASTS[size]) as words:
            words[offset // size] = value

    def close(self) -> None:
        """Unmap it."""
        self._map.close()


class SysfsChannel(DoeMailboxChannel):
    """SPDM through the mailbox of a function of this machine; a ``Channel``."""

    def __init__(self, function: SysfsFunction, mailbox: DoeMailbox) -> None:
        super().__init__(mailbox)
        self._function = function

    async def close(self) -> None:
        """Close the configuration space."""
        self._function.close()


async def open_function(name: str, devices: Path = DEVICES) -> SysfsChannel:
    """The way to the SPDM responder of a function, found by its discovery.

    Raises:
        ChannelError: as ``SysfsFunction``, or no mailbox of it lists SPDM.
    """
    function = SysfsFunction(name, devices)
    try:
        return SysfsChannel(function, await spdm_mailbox(function))
    except BaseException:
        function.close()
        raise


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        hint = " (only root may)" if isinstance(error, PermissionError) else ""
        raise ChannelError("closed", f"{path}: {system_reason(error)}{hint}") from error
