"""vfio-user messages of protocol version 0.0: bytes to typed requests, answers to bytes.

A message is a header of 16 bytes and a payload; numbers have the byte order of the machine, which
both sides run on. Source: "vfio-user Protocol Specification" (QEMU, docs/interop), whose structures
are those of ``linux/vfio.h``. Parsing is strict: a payload has the size that its command gives it.
"""

import errno
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

import msgspec

from responder.transport.errors import FramingError

HEADER_SIZE = 16
MAX_DATA = 1 << 20
"""Bytes of memory that one message may carry: max_data_xfer_size, the protocol's default."""
MAX_DESCRIPTORS = 8
"""File descriptors that we take with one message: max_msg_fds."""
MAX_MAPS = 0xFFFF
"""DMA regions at a time: max_dma_maps, the protocol's default."""

_HEADER = Struct("=HHIII")
_VERSION = Struct("=HH")
_DMA_MAP = Struct("=IIQQQ")
_DMA_UNMAP = Struct("=IIQQ")
_INFO = Struct("=IIII")
_REGION_INFO = Struct("=IIIIQQ")
_IRQ_SET = Struct("=IIIII")
_REGION_ACCESS = Struct("=QII")
_DMA_ACCESS = Struct("=QQ")
MAX_MESSAGE = HEADER_SIZE + _REGION_ACCESS.size + MAX_DATA


class Command(IntEnum):
    """The commands of the protocol; those that get EOPNOTSUPP are listed all the same."""

    VERSION = 1
    DMA_MAP = 2
    DMA_UNMAP = 3
    DEVICE_GET_INFO = 4
    DEVICE_GET_REGION_INFO = 5
    DEVICE_GET_REGION_IO_FDS = 6
    DEVICE_GET_IRQ_INFO = 7
    DEVICE_SET_IRQS = 8
    REGION_READ = 9
    REGION_WRITE = 10
    DMA_READ = 11
    DMA_WRITE = 12
    DEVICE_RESET = 13
    DIRTY_PAGES = 14
    REGION_WRITE_MULTI = 15
    DEVICE_FEATURE = 16
    MIG_DATA_READ = 17
    MIG_DATA_WRITE = 18


_NAMES = {command.value: command.name for command in Command}


def command_name(number: int) -> str:
    """The command for people, such as ``REGION_READ``."""
    return _NAMES.get(number, f"command {number}")


TYPE_MASK = 0xF
"""The bits of a header's flags that are its type: 0 for a request."""
TYPE_REPLY = 0x1
NO_REPLY = 0x10
ERROR = 0x20


class RequestError(Exception):
    """A request is refused.

    Attributes:
        number: the errno for the header of the reply.
        reason: what is wrong with it, for the log.
    """

    def __init__(self, reason: str, number: int = errno.EINVAL) -> None:
        super().__init__(reason)
        self.reason = reason
        self.number = number


class Header(NamedTuple):
    """A message's header; ``size`` counts itself and the payload."""

    message_id: int
    command: int
    size: int
    flags: int
    error: int

    @classmethod
    def parse(cls, data: bytes | bytearray) -> "Header":
        """From 16 bytes, whatever they hold."""
        return cls(*_HEADER.unpack(data))

    def check_size(self) -> None:
        """Raise FramingError if no message has this size: the next one cannot be found then."""
        if not HEADER_SIZE <= self.size <= MAX_MESSAGE:
            raise FramingError(
                f"{command_name(self.command)} has a size of {self.size} bytes,"
                f" not {HEADER_SIZE} to {MAX_MESSAGE}"
            )


def request(message_id: int, command: Command, payload: bytes) -> bytes:
    """A message that asks for something."""
    return _HEADER.pack(message_id, command, HEADER_SIZE + len(payload), 0, 0) + payload


def reply(header: Header, payload: bytes) -> bytes:
    """The answer to the request with that header."""
    size = HEADER_SIZE + len(payload)
    return _HEADER.pack(header.message_id, header.command, size, TYPE_REPLY, 0) + payload


def error_reply(header: Header, number: int) -> bytes:
    """The answer to a request that is refused, with an errno."""
    flags = TYPE_REPLY | ERROR
    return _HEADER.pack(header.message_id, header.command, HEADER_SIZE, flags, number)


# Capabilities are JSON; what a client does not say has the specification's default.


class Capabilities(msgspec.Struct, frozen=True):
    """What the sender of VERSION can do; its other capabilities are not used here.

    Attributes:
        max_msg_fds: descriptors that it takes with a message.
        max_data_xfer_size: bytes of memory in a message, at least 1.
        max_dma_maps: DMA regions at a time.
    """

    max_msg_fds: int = 1
    max_data_xfer_size: int = MAX_DATA
    max_dma_maps: int = MAX_MAPS


class _VersionData(msgspec.Struct, frozen=True):
    capabilities: Capabilities = Capabilities()


OURS = Capabilities(MAX_DESCRIPTORS, MAX_DATA, MAX_MAPS)


def parse_version(payload: bytes) -> Capabilities:
    """The capabilities in a client's VERSION, whose major number must be 0."""
    if len(payload) < _VERSION.size:
        raise _wrong_size(payload, _VERSION.size)
    major, _minor = _VERSION.unpack_from(payload)
    if major:
        raise RequestError(f"protocol version {major} is not 0")
    text = payload[_VERSION.size :]
    if text and text.find(b"\0") != len(text) - 1:
        raise RequestError("the version data does not end with its only NUL")
    try:
        theirs = msgspec.json.decode(text[:-1] or b"{}", type=_VersionData).capabilities
    except (msgspec.DecodeError, RecursionError) as error:
        raise RequestError(f"the version data is no such JSON: {error}") from error
    if theirs.max_data_xfer_size < 1 or theirs.max_msg_fds < 0:
        raise RequestError("max_data_xfer_size or max_msg_fds is out of range")
    return theirs


def version() -> bytes:
    """The payload of our VERSION."""
    return _VERSION.pack(0, 0) + msgspec.json.encode(_VersionData(OURS)) + b"\0"


# Requests, each without its header.


class DmaMap(NamedTuple):
    """DMA_MAP: a part of the machine's memory may be accessed.

    Attributes:
        readable, writable: how it may be.
        offset: where in its file, if one came along, the region begins.
        address: its first byte, as the bus sees it.
        size: bytes, at least 1; the region ends within 2**64.
    """

    readable: bool
    writable: bool
    offset: int
    address: int
    size: int


def parse_dma_map(payload: bytes) -> DmaMap:
    """DMA_MAP, 32 bytes."""
    argsz, flags, offset, address, size = _unpack(_DMA_MAP, payload)
    _check_argsz(argsz, _DMA_MAP)
    if flags not in (1, 2, 3):
        raise RequestError(f"flags 0x{flags:x} of a DMA region are not readable, writable or both")
    if not size or address + size > 1 << 64:
        raise RequestError(f"no DMA region has 0x{size:x} bytes at 0x{address:x}")
    return DmaMap(bool(flags & 1), bool(flags & 2), offset, address, size)


class DmaUnmap(NamedTuple):
    """DMA_UNMAP: a region that was mapped, or all of them, must not be accessed any more."""

    address: int
    size: int
    everything: bool


def parse_dma_unmap(payload: bytes) -> DmaUnmap:
    """DMA_UNMAP, 24 bytes, without a bitmap of dirty pages."""
    argsz, flags, address, size = _unpack(_DMA_UNMAP, payload)
    _check_argsz(argsz, _DMA_UNMAP)
    if flags not in (0, 2):
        raise RequestError(f"flags 0x{flags:x} of DMA_UNMAP", errno.EOPNOTSUPP)
    if flags and (address or size):
        raise RequestError("all regions are to be unmapped, and an address or size is given")
    return DmaUnmap(address, size, bool(flags))


def parse_info_query(payload: bytes) -> None:
    """DEVICE_GET_INFO, 16 bytes, which ask for nothing in particular."""
    _check_argsz(_unpack(_INFO, payload)[0], _INFO)


def parse_region_query(payload: bytes) -> int:
    """DEVICE_GET_REGION_INFO, 32 bytes: the index of the region that is asked for."""
    argsz, _flags, index, *_rest = _unpack(_REGION_INFO, payload)
    _check_argsz(argsz, _REGION_INFO)
    return int(index)


def parse_irq_query(payload: bytes) -> int:
    """DEVICE_GET_IRQ_INFO, 16 bytes: the index of the interrupt type that is asked for."""
    argsz, _flags, index, _count = _unpack(_INFO, payload)
    _check_argsz(argsz, _INFO)
    return int(index)


class IrqData(IntEnum):
    """What comes with DEVICE_SET_IRQS."""

    NONE = 0x1
    BOOL = 0x2
    EVENTFD = 0x4


class IrqAction(IntEnum):
    """What DEVICE_SET_IRQS is to do."""

    MASK = 0x08
    UNMASK = 0x10
    TRIGGER = 0x20


class IrqSet(msgspec.Struct, frozen=True):
    """DEVICE_SET_IRQS: something about ``count`` interrupts of a type, from ``start`` on.

    Attributes:
        chosen: with ``IrqData.BOOL`` one byte for each interrupt, not 0 if it is meant.
    """

    data: IrqData
    action: IrqAction
    index: int
    start: int
    count: int
    chosen: bytes


def parse_irq_set(payload: bytes) -> IrqSet:
    """DEVICE_SET_IRQS, 20 bytes and those of ``chosen``."""
    if len(payload) < _IRQ_SET.size:
        raise _wrong_size(payload, _IRQ_SET.size)
    argsz, flags, index, start, count = _IRQ_SET.unpack_from(payload)
    _check_argsz(argsz, _IRQ_SET)
    try:
        data, action = IrqData(flags & 0x7), IrqAction(flags & ~0x7)
    except ValueError as error:
        raise RequestError(f"flags 0x{flags:x} are not one kind of data and one action") from error
    chosen = payload[_IRQ_SET.size :]
    if len(chosen) != (count if data is IrqData.BOOL else 0):
        raise RequestError(f"{len(chosen)} bytes of {data.name} data for {count} interrupts")
    if not count and (start, data, action) != (0, IrqData.NONE, IrqAction.TRIGGER):
        raise RequestError("no interrupts, and that does not mean all")
    return IrqSet(data, action, index, start, count, chosen)


class RegionAccess(NamedTuple):
    """REGION_READ or REGION_WRITE: ``size`` bytes, 1 to ``MAX_DATA``, of a region."""

    offset: int
    region: int
    size: int


def parse_region_read(payload: bytes) -> RegionAccess:
    """REGION_READ, 16 bytes."""
    access = RegionAccess(*_unpack(_REGION_ACCESS, payload))
    if not 0 < access.size <= MAX_DATA:
        raise RequestError(f"{access.size} bytes are not 1 to {MAX_DATA}")
    return access


def parse_region_write(payload: bytes) -> tuple[RegionAccess, bytes]:
    """REGION_WRITE, 16 bytes and those to be written."""
    access, data = parse_region_read(payload[: _REGION_ACCESS.size]), payload[_REGION_ACCESS.size :]
    if len(data) != access.size:
        raise RequestError(f"{len(data)} bytes came where {access.size} are to be written")
    return access, data


def parse_nothing(payload: bytes) -> None:
    """DEVICE_RESET, which has no payload."""
    if payload:
        raise _wrong_size(payload, 0)


# Answers, each without its header.


def device_info(regions: int, irqs: int) -> bytes:
    """A PCI device (flag 2) that can be reset (flag 1)."""
    return _INFO.pack(_INFO.size, 0b11, regions, irqs)


def region_info(index: int, size: int) -> bytes:
    """A region of ``size`` bytes that can be read and written by messages alone."""
    return _REGION_INFO.pack(_REGION_INFO.size, 0b11 if size else 0, index, 0, size, 0)


def irq_info(index: int, count: int) -> bytes:
    """An interrupt type that signals eventfds (flag 1) and can be masked (flag 2)."""
    return _INFO.pack(_INFO.size, 0b11 if count else 0, index, count)


def region_access(access: RegionAccess, data: bytes = b"") -> bytes:
    """The bytes that were read, or nothing more of those that were written."""
    return _REGION_ACCESS.pack(*access) + data


# What we ask of a client, and its answers.


def dma_read(address: int, size: int) -> bytes:
    """The payload of DMA_READ."""
    return _DMA_ACCESS.pack(address, size)


def dma_write(address: int, data: bytes) -> bytes:
    """The payload of DMA_WRITE."""
    return _DMA_ACCESS.pack(address, len(data)) + data


def parse_dma_data(payload: bytes, address: int, size: int) -> bytes:
    """The bytes in an answer to DMA_READ; RequestError if they are not those asked for."""
    if payload[: _DMA_ACCESS.size] != _DMA_ACCESS.pack(address, size):
        raise RequestError(f"what came is not {size} bytes at 0x{address:x}")
    data = payload[_DMA_ACCESS.size :]
    if len(data) != size:
        raise RequestError(f"{len(data)} bytes came instead of {size}")
    return data


def _unpack(form: Struct, payload: bytes) -> tuple[int, ...]:
    if len(payload) != form.size:
        raise _wrong_size(payload, form.size)
    return form.unpack(payload)


def _wrong_size(payload: bytes, size: int) -> RequestError:
    return RequestError(f"a payload of {len(payload)} bytes, not {size}")


def _check_argsz(argsz: int, form: Struct) -> None:
    if argsz < form.size:
        raise RequestError(f"argsz {argsz} is less than {form.size}")
