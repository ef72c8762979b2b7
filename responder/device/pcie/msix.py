"""The MSI-X table and pending bits of a function (PCIe 6.2, 6.1.4 and 7.7.2)."""

from collections.abc import Iterable

from responder.device.pcie.interfaces import FunctionEffect, Interrupt
from responder.spec.pcie import MSIX_ENTRY_MASKED, MSIX_ENTRY_SIZE, MsixControl

_ADDRESS_RESERVED = 0x3
_CONTROL_OFFSET = 12


class MsixTable:
    """Table entries of 16 bytes (address, data, vector control) and one pending bit for each.

    Attributes:
        vectors: how many there are.
        pending: bit n: vector n was signalled and could not be sent.
        trapped: whoever hosts the function keeps the table and its masks, and sees to both.
    """

    __slots__ = ("_entries", "pending", "trapped", "vectors")

    def __init__(self, vectors: int) -> None:
        self.vectors = vectors
        self.trapped = False
        self.reset()

    def reset(self) -> None:
        """Every vector is masked, none is pending."""
        self.pending = 0
        self._entries: bytearray | None = None

    def masked(self, vector: int) -> bool:
        """Whether the entry says so; never while the table is kept elsewhere."""
        if self.trapped:
            return False
        control = vector * MSIX_ENTRY_SIZE + _CONTROL_OFFSET
        return self._entries is None or bool(self._entries[control] & MSIX_ENTRY_MASKED)

    def read_table(self, offset: int, size: int) -> bytes:
        """Bytes of the table; zeros behind it."""
        return _padded(self._entries or _masked_entries(self.vectors), offset, size)

    def write_table(self, offset: int, data: bytes) -> None:
        """Write them, except reserved bits and what is behind the table."""
        entries = self._entries or _masked_entries(self.vectors)
        entries[offset : offset + len(data)] = data[: max(len(entries) - offset, 0)]
        first = offset - offset % MSIX_ENTRY_SIZE
        for entry in range(first, min(offset + len(data), len(entries)), MSIX_ENTRY_SIZE):
            entries[entry] &= ~_ADDRESS_RESERVED
            control = entries[entry + _CONTROL_OFFSET] & MSIX_ENTRY_MASKED
            entries[entry + _CONTROL_OFFSET : entry + MSIX_ENTRY_SIZE] = bytes([control, 0, 0, 0])
        self._entries = entries

    def read_pending(self, offset: int, size: int) -> bytes:
        """Bytes of the pending bit array; zeros behind it."""
        return _padded(self.pending.to_bytes(-(-self.vectors // 64) * 8, "little"), offset, size)

    def settled(
        self, effects: Iterable[FunctionEffect], control: int, *, may_send: bool
    ) -> list[FunctionEffect]:
        """The same effects, with those interrupts that get through, and in their places.

        ``control`` is Message Control; ``may_send`` says whether the function may write to memory.
        While MSI-X is not enabled, and beyond the last vector, interrupts are lost; else they stay
        pending until they can be sent, which may be now.
        """
        enabled = bool(control & MsixControl.ENABLE)
        may_send = may_send and enabled and not control & MsixControl.FUNCTION_MASK
        settled: list[FunctionEffect] = []
        for effect in effects:
            if not isinstance(effect, Interrupt):
                settled.append(effect)
            elif enabled and effect.vector < self.vectors:
                self.pending |= 1 << effect.vector
                settled += self._take_sendable() if may_send else ()
        return [*settled, *(self._take_sendable() if may_send else ())]

    def _take_sendable(self) -> list[Interrupt]:
        found = [
            vector
            for vector in range(self.pending.bit_length())
            if self.pending >> vector & 1 and not self.masked(vector)
        ]
        for vector in found:
            self.pending &= ~(1 << vector)
        return [Interrupt(vector) for vector in found]


def _masked_entries(vectors: int) -> bytearray:
    control = MSIX_ENTRY_MASKED.to_bytes(MSIX_ENTRY_SIZE - _CONTROL_OFFSET, "little")
    return bytearray((bytes(_CONTROL_OFFSET) + control) * vectors)


def _padded(data: bytes | bytearray, offset: int, size: int) -> bytes:
    return bytes(data[offset : offset + size]).ljust(size, b"\0")
