"""A configuration space together with the extended capabilities that act when accessed."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from responder.core.ownership import Reset
from responder.device.pcie.config_space import RegisterFile, read_clipped
from responder.device.pcie.interfaces import FunctionEffect, Registers
from responder.device.pcie.placement import ConfigMap, extended_header
from responder.spec.pcie import CONFIG_SIZE

_WORD = 4
_NEXT = 0xFFF << 20
RESERVED = "reserved"
"""The name of what is no register."""


@runtime_checkable
class MailboxRegisters(Registers, Protocol):
    """A DOE instance as the function around it sees it.

    Attributes:
        hands_on_discovery: discovery requests go out as other objects do.
    """

    hands_on_discovery: bool

    @property
    def vector(self) -> int | None:
        """The MSI-X vector that it signals; ``None`` without interrupts."""

    def discovery_answer(self, request: bytes) -> bytes:
        """The data object that answers a discovery request, itself a whole data object."""

    @property
    def discovery_delay(self) -> float:
        """Seconds that it takes to answer one."""

    def awaits(self, exchange: int) -> bool:
        """Whether an answer to that object would be handed out; not if it was aborted."""

    def answer(
        self, exchange: int, data_object: bytes | None, now: float
    ) -> Sequence[FunctionEffect]:
        """The response to an object that it has handed out; ``None``: there is none."""

    def next_due(self) -> float | None:
        """When it needs to be called, if ever."""

    def due(self, now: float) -> Sequence[FunctionEffect]:
        """That time has come."""


class ConfigSpace(RegisterFile):
    """Registers of a layout with blocks linked behind its extended capabilities.

    Attributes:
        map: the layout's registers.
        blocks: offset of the header to block, ascending.
    """

    __slots__ = ("blocks",)
    map: ConfigMap

    def __init__(self, config_map: ConfigMap, blocks: Sequence[Registers]) -> None:
        """Raise ValueError if there is no room for all blocks."""
        super().__init__(config_map)
        self.blocks: tuple[tuple[int, Registers], ...] = ()
        offset = config_map.free
        for block in blocks:
            self.blocks += ((offset, block),)
            offset += block.size
        if offset > CONFIG_SIZE:
            raise ValueError(f"extended capabilities up to {offset:#x} do not fit")
        self._link()

    def read_at(self, offset: int, size: int, now: float) -> bytes:
        """``size`` bytes, those of blocks as they answer; what lies outside reads all ones."""
        data = bytearray(self.read(offset, size))
        for start, block, at in self._words(offset, size):
            word = block.read(at, now).to_bytes(_WORD, "little")
            first, last = max(start, offset), min(start + _WORD, offset + size)
            data[first - offset : last - offset] = word[first - start : last - start]
        return bytes(data)

    def block_writes(self, offset: int, data: bytes) -> Iterator[tuple[Registers, int, int, int]]:
        """What of a write falls on blocks: block, offset in it, the DW, and its byte lanes."""
        for start, block, at in self._words(offset, len(data)):
            first, last = max(start, offset), min(start + _WORD, offset + len(data))
            value = int.from_bytes(data[first - offset : last - offset], "little")
            lanes = (1 << last - first) - 1
            yield block, at, value << 8 * (first - start), lanes << (first - start)

    def name_of(self, offset: int) -> str:
        """The name of the register at an offset."""
        register = self.map.at(offset)
        if register:
            return register.name
        for start, block in self.blocks:
            if start <= offset < start + _WORD:
                return f"{block.name(_WORD).split('.')[0]}.header"
            if start <= offset < start + block.size:
                return block.name((offset - start) // _WORD * _WORD)
        return RESERVED

    def reset(self, reset: Reset) -> None:
        """The layout's registers as after that reset; blocks see to themselves."""
        super().reset(reset)
        self._link()

    def _words(self, offset: int, size: int) -> Iterator[tuple[int, Registers, int]]:
        """The DWs of blocks, without headers, that a range touches: offset, block, offset in it."""
        for start, block in self.blocks:
            first = max(start + _WORD, offset - offset % _WORD)
            for word in range(first, min(start + block.size, offset + size), _WORD):
                yield word, block, word - start

    def _link(self) -> None:
        """Write the headers of blocks, and the pointer of the capability before them."""
        following = 0
        for start, block in reversed(self.blocks):
            head = extended_header(block.capability_id, block.version, following)
            self.data[start : start + _WORD] = head.to_bytes(_WORD, "little")
            following = start
        last = self.map.last_extended
        if last and following:
            head = int.from_bytes(self.data[last : last + _WORD], "little") & ~_NEXT
            self.data[last : last + _WORD] = (head | following << 20).to_bytes(_WORD, "little")


def unclaimed(offset: int, size: int) -> bytes:
    """What a read returns that nobody answers."""
    return read_clipped(b"", offset, size)
