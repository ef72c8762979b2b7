"""What answers behind the BARs of a function."""

from responder.device.pcie.bars import answering
from responder.device.pcie.dma import DmaEngine, DmaReason
from responder.device.pcie.interfaces import FunctionEffect
from responder.device.pcie.layout import FunctionLayout, Region
from responder.device.pcie.management import ManagedDevice, read_management, write_management
from responder.device.pcie.msix import MsixTable


class MemorySpace:
    """The regions of a layout.

    Attributes:
        layout: where they are.
        dma: region ``registers``.
        msix: regions ``msix_table`` and ``msix_pba``.
        managed: what region ``management`` reaches; it reads zero without.
    """

    __slots__ = ("_memory", "dma", "layout", "managed", "msix")

    def __init__(self, layout: FunctionLayout) -> None:
        self.layout = layout
        self.dma = DmaEngine()
        self.msix = MsixTable(layout.vectors)
        self.managed: ManagedDevice | None = None
        self._memory: bytearray | None = None

    def read(self, bar: int, offset: int, size: int) -> bytes:
        """``size`` bytes; zeros where nothing is."""
        data = bytearray(size)
        for region, first, last in answering(self.layout, bar, offset, size):
            part = self._read(region, first - region.offset, last - first)
            data[first - offset : last - offset] = part
        return bytes(data)

    def write(
        self, region: Region, offset: int, data: bytes, refusal: DmaReason, now: float
    ) -> list[FunctionEffect]:
        """Write inside of a region; ``refusal`` says why a DMA transfer must not start now."""
        match region.kind:
            case "registers":
                return self.dma.write(offset, data, refusal)
            case "memory":
                if self._memory is None:
                    self._memory = bytearray(region.size)
                self._memory[offset : offset + len(data)] = data
            case "msix_table":
                self.msix.write_table(offset, data)
            case "management" if self.managed:
                write_management(self.managed, offset, data, now)
            case _:
                pass
        return []

    def scrub(self) -> None:
        """Abort DMA; clear its registers and the memory."""
        self.dma.scrub()
        self._memory = None

    def _read(self, region: Region, offset: int, size: int) -> bytes:
        data: bytes | bytearray
        match region.kind:
            case "registers":
                data = self.dma.registers.data[offset : offset + size]
            case "memory":
                data = (self._memory or b"")[offset : offset + size]
            case "msix_table":
                data = self.msix.read_table(offset, size)
            case "msix_pba":
                data = self.msix.read_pending(offset, size)
            case "management":
                data = read_management(self.managed, offset, size) if self.managed else b""
        return bytes(data).ljust(size, b"\0")
