"""What a client's requests are answered: about the device, its regions, memory and interrupts."""

import errno
from collections.abc import Callable
from functools import partial

from responder.core.ownership import Reset
from responder.server.vfio_user import codec
from responder.server.vfio_user.codec import Command, RegionAccess, RequestError
from responder.server.vfio_user.descriptors import Descriptors
from responder.server.vfio_user.interfaces import FunctionHost
from responder.server.vfio_user.interrupts import IRQ_TYPES, Interrupts
from responder.server.vfio_user.memory import MemoryMap

CONFIG_REGION = 7
"""Regions of a PCI device: BAR 0 to 5, then ROM, configuration space, VGA; see ``linux/vfio.h``."""

_WITH_DESCRIPTORS = (Command.DMA_MAP, Command.DEVICE_SET_IRQS)
Answer = tuple[bytes, Callable[[], None] | None]
"""The payload of the reply, and what is to be done once it has been sent."""


class Requests:
    """Answers the requests of one client after VERSION."""

    def __init__(self, host: FunctionHost, memory: MemoryMap, interrupts: Interrupts) -> None:
        self._host = host
        self._memory = memory
        self._interrupts = interrupts
        self._sizes = (*host.bar_sizes, 0, host.config_size, 0)
        self._answers: dict[int, Callable[[bytes, Descriptors], bytes]] = {
            Command.DMA_MAP: self._dma_map,
            Command.DMA_UNMAP: self._dma_unmap,
            Command.DEVICE_GET_INFO: self._device_info,
            Command.DEVICE_GET_REGION_INFO: self._region_info,
            Command.DEVICE_GET_IRQ_INFO: self._irq_info,
            Command.DEVICE_SET_IRQS: self._set_irqs,
            Command.REGION_READ: self._region_read,
            Command.DEVICE_RESET: self._device_reset,
        }

    def answer(self, command: int, payload: bytes, descriptors: Descriptors) -> Answer:
        """Do what is asked, or what of it comes before the reply.

        Of REGION_WRITE that is nothing: a client may hold a lock until it has the reply, and
        would not answer what the write makes the device ask for (DMA_READ, DMA_WRITE).

        Raises:
            RequestError: the request is refused.
        """
        if command not in _WITH_DESCRIPTORS:
            descriptors.check(0)
        if command == Command.REGION_WRITE:
            return self._region_write(payload)
        answer = self._answers.get(command)
        if answer is None:
            unknown = command not in set(Command) or command == Command.VERSION
            raise RequestError("it is not supported", errno.EINVAL if unknown else errno.EOPNOTSUPP)
        return answer(payload, descriptors), None

    def _dma_map(self, payload: bytes, descriptors: Descriptors) -> bytes:
        self._memory.add(codec.parse_dma_map(payload), descriptors)
        return b""

    def _dma_unmap(self, payload: bytes, _descriptors: Descriptors) -> bytes:
        self._memory.remove(codec.parse_dma_unmap(payload))
        return payload

    def _device_info(self, payload: bytes, _descriptors: Descriptors) -> bytes:
        codec.parse_info_query(payload)
        return codec.device_info(len(self._sizes), IRQ_TYPES)

    def _region_info(self, payload: bytes, _descriptors: Descriptors) -> bytes:
        index = codec.parse_region_query(payload)
        return codec.region_info(index, self._size(index))

    def _irq_info(self, payload: bytes, _descriptors: Descriptors) -> bytes:
        index = codec.parse_irq_query(payload)
        return codec.irq_info(index, self._interrupts.count(index))

    def _set_irqs(self, payload: bytes, descriptors: Descriptors) -> bytes:
        self._interrupts.set(codec.parse_irq_set(payload), descriptors)
        return b""

    def _region_read(self, payload: bytes, _descriptors: Descriptors) -> bytes:
        access = codec.parse_region_read(payload)
        self._check(access)
        if access.region == CONFIG_REGION:
            data = self._host.config_read(access.offset, access.size)
        else:
            data = self._host.bar_read(access.region, access.offset, access.size)
        return codec.region_access(access, data)

    def _region_write(self, payload: bytes) -> Answer:
        access, data = codec.parse_region_write(payload)
        self._check(access)
        if access.region == CONFIG_REGION:
            write = partial(self._host.config_write, access.offset, data)
        else:
            write = partial(self._host.bar_write, access.region, access.offset, data)
        return codec.region_access(access), write

    def _device_reset(self, payload: bytes, _descriptors: Descriptors) -> bytes:
        codec.parse_nothing(payload)
        self._interrupts.forget_pending()
        self._host.reset(Reset.CONVENTIONAL)
        return b""

    def _size(self, region: int) -> int:
        """Bytes of a region, 0 for one that the device does not have."""
        if region >= len(self._sizes):
            raise RequestError(f"region {region} is not 0 to {len(self._sizes) - 1}")
        return self._sizes[region]

    def _check(self, access: RegionAccess) -> None:
        size = self._size(access.region)
        if access.offset + access.size > size:
            raise RequestError(
                f"{access.size} bytes at 0x{access.offset:x} are not in region {access.region},"
                f" which has {size}"
            )
