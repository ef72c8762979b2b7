"""The host of a PCI Express device in the same process: sets it up, and answers its DMA."""

from dataclasses import dataclass

from responder.core.events import Event
from responder.device.pcie.device import PcieDevice
from responder.device.pcie.firmware import set_up
from responder.device.pcie.interfaces import FunctionEffect, MemoryRead, MemoryWrite, Noticed
from responder.server.events import FunctionNotice

MEMORY_START = MEMORY_SIZE = 0x1_0000
"""Host memory that functions may access, in bytes: the rest is not mapped for them."""


@dataclass(frozen=True, slots=True)
class Written:
    """Something that a function wrote to memory.

    Attributes:
        function: its number.
        address: in bytes.
        data: what it wrote.
        done: whether the host let it.
    """

    function: int
    address: int
    data: bytes
    done: bool


class Host:
    """A device's host, as far as a conversation needs one.

    Attributes:
        written: what functions wrote to its memory, or tried to.
    """

    def __init__(self, device: PcieDevice) -> None:
        self.written: list[Written] = []
        self._device = device
        self._memory = bytearray(MEMORY_SIZE)
        set_up(device, 0.0)

    def settle(self, now: float) -> list[Event]:
        """Carry out what the functions want done; what there is to tell of it.

        Args:
            now: virtual time in seconds.
        """
        told: list[Event] = []
        while effects := self._device.drain():
            for number, effect in effects:
                if isinstance(effect, Noticed):
                    told.append(FunctionNotice(number, effect.what, effect.detail, effect.state))
                else:
                    self._device.leave(number, self._carried_out(number, effect, now))
        return told

    def _carried_out(self, number: int, effect: FunctionEffect, now: float) -> list[FunctionEffect]:
        function = self._device.functions[number]
        match effect:
            case MemoryRead(tag, address, size):
                at = self._place(address, size)
                data = None if at is None else bytes(self._memory[at : at + size])
                return function.memory_done(tag, data, now)
            case MemoryWrite(tag, address, data):
                at = self._place(address, len(data))
                if at is not None:
                    self._memory[at : at + len(data)] = data
                self.written.append(Written(number, address, data, at is not None))
                return function.memory_done(tag, None if at is None else b"", now)
        return []

    def _place(self, address: int, size: int) -> int | None:
        at = address - MEMORY_START
        return at if 0 <= at <= MEMORY_SIZE - size else None
