"""The machine's memory, as far as a client lets its device reach it."""

import errno
import fcntl
import os
from bisect import bisect_left, bisect_right

from responder.server.vfio_user.codec import MAX_MAPS, DmaMap, DmaUnmap, RequestError
from responder.server.vfio_user.descriptors import Descriptors, close_all

MAX_FILES = 64
"""Descriptors kept for one client's memory; regions beyond are accessed by messages."""
_NO_FILE = -1


class Region:
    """A stretch of the machine's memory that was mapped by DMA_MAP.

    Its file is read and written in place and not mapped: a client that truncates it would end
    this process (SIGBUS), where here the access is short.
    """

    __slots__ = ("_descriptor", "_offset", "address", "end", "readable", "writable")

    def __init__(self, request: DmaMap, descriptor: int = _NO_FILE) -> None:
        self.address = request.address
        self.end = request.address + request.size
        self.readable = request.readable
        self.writable = request.writable
        self._offset = request.offset
        self._descriptor = descriptor

    @property
    def has_file(self) -> bool:
        """Whether it may be accessed without asking the client."""
        return self._descriptor != _NO_FILE

    def read(self, address: int, size: int) -> bytes | None:
        """``size`` bytes of the file; ``None`` if it does not give them."""
        if not self.has_file:
            return None
        try:
            data = os.pread(self._descriptor, size, self._offset + address - self.address)
        except OSError:
            return None
        return data if len(data) == size else None

    def write(self, address: int, data: bytes) -> bool:
        """Write all of ``data`` to the file; whether it took them."""
        if not self.has_file:
            return False
        try:
            place = self._offset + address - self.address
            return os.pwrite(self._descriptor, data, place) == len(data)
        except OSError:  # such as huge pages, which can be mapped and read alone
            return False

    def close(self) -> None:
        """Let go of the file."""
        if self.has_file:
            close_all([self._descriptor])
            self._descriptor = _NO_FILE


class MemoryMap:
    """The regions of one client, which do not overlap."""

    def __init__(self) -> None:
        self._regions: list[Region] = []  # by address
        self._files = 0

    def add(self, request: DmaMap, descriptors: Descriptors) -> None:
        """DMA_MAP, perhaps with the file that the region is in.

        A file is used if it is memory (memfd, tmpfs, huge pages), where no access can wait; to
        others, as to regions without one, accesses are made by messages.

        Raises:
            RequestError: EEXIST if a region is there already, ENOSPC if there are too many, EINVAL
                if the file ends before the region does.
        """
        descriptors.check(1)
        place = bisect_right(self._regions, request.address, key=_address)
        before, after = self._regions[place - 1 : place], self._regions[place : place + 1]
        if (before and before[0].end > request.address) or (
            after and after[0].address < request.address + request.size
        ):
            raise RequestError(f"a region at 0x{request.address:x} is there", errno.EEXIST)
        if len(self._regions) >= MAX_MAPS:
            raise RequestError(f"there are {MAX_MAPS} DMA regions already", errno.ENOSPC)
        usable = [one for one in descriptors if _is_memory(one, request)]
        if usable and self._files < MAX_FILES:
            self._files += 1
            self._regions.insert(place, Region(request, *descriptors.take()))
        else:
            self._regions.insert(place, Region(request))

    def remove(self, request: DmaUnmap) -> None:
        """DMA_UNMAP; RequestError (ENOENT) if no region is exactly that."""
        if request.everything:
            self.close()
            return
        place = bisect_left(self._regions, request.address, key=_address)
        for region in self._regions[place : place + 1]:
            if (region.address, region.end) == (request.address, request.address + request.size):
                self._files -= region.has_file
                region.close()
                del self._regions[place]
                return
        raise RequestError(
            f"no region is 0x{request.size:x} bytes at 0x{request.address:x}", errno.ENOENT
        )

    def find(self, address: int) -> Region | None:
        """The region in which a byte is."""
        place = bisect_right(self._regions, address, key=_address)
        for region in self._regions[max(0, place - 1) : place]:
            if address < region.end:
                return region
        return None

    def allows(self, address: int, size: int, *, write: bool) -> bool:
        """Whether all of these bytes are mapped, and may be written or read."""
        end = address + size
        while address < end:
            region = self.find(address)
            if region is None or not (region.writable if write else region.readable):
                return False
            address = region.end
        return True

    def close(self) -> None:
        """Forget all regions."""
        for region in self._regions:
            region.close()
        self._regions.clear()
        self._files = 0


def _address(region: Region) -> int:
    return region.address


def _is_memory(descriptor: int, request: DmaMap) -> bool:
    """Whether a file is one that the kernel keeps in memory, which alone has seals.

    Raises:
        RequestError: it is, and ends before the region does.
    """
    try:
        fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        size = os.fstat(descriptor).st_size
    except OSError:
        return False
    if request.offset + request.size > size:
        raise RequestError(f"a file of 0x{size:x} bytes does not hold the region")
    return True
