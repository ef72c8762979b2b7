"""A small DMA engine: it copies and fills host memory, and tells by MSI-X that it is done.

It works in pieces, one access at a time; the next one follows when the host has carried out the
last. ``docs/reference/dma.md`` is written from the tables here.
"""

from enum import IntEnum

from responder.device.pcie.config_space import Register, RegisterFile, RegisterMap
from responder.device.pcie.interfaces import (
    FunctionEffect,
    Interrupt,
    MemoryRead,
    MemoryWrite,
    Noticed,
)

PIECE = 4096
"""Bytes of one access, at most."""

INTERRUPT_ENABLE = 1 << 31
INTERRUPT_VECTOR = 0x7FF
REASON_SHIFT = 8
_ADDRESS_SPACE = 1 << 64


class DmaCommand(IntEnum):
    """What can be written to ``dma.command``; 0 does nothing."""

    COPY = 1
    FILL = 2


class DmaState(IntEnum):
    """Bits 7:0 of ``dma.status``."""

    IDLE = 0
    BUSY = 1
    DONE = 2
    ERROR = 3
    REFUSED = 4


class DmaReason(IntEnum):
    """Bits 15:8 of ``dma.status``: why it is ERROR or REFUSED."""

    NONE = 0
    NO_BUS_MASTER = 1
    NOT_RUNNING = 2
    ACCESS_FAILED = 3
    UNKNOWN_COMMAND = 4
    ADDRESS_WRAPS = 5


REASONS = {
    DmaReason.NONE: "",
    DmaReason.NO_BUS_MASTER: "Bus Master Enable is clear, or the function is not in D0",
    DmaReason.NOT_RUNNING: "the interface is not in RUN",
    DmaReason.ACCESS_FAILED: "the host did not carry out an access",
    DmaReason.UNKNOWN_COMMAND: "the command is unknown",
    DmaReason.ADDRESS_WRAPS: "an address goes beyond 64 bits",
}

_ALL = 0xFFFF_FFFF
REGISTERS = (
    Register(
        "dma.source", 0x00, 8, writable=_ALL << 32 | _ALL, text="Bus address that COPY reads from."
    ),
    Register(
        "dma.destination", 0x08, 8, writable=_ALL << 32 | _ALL, text="Bus address that is written."
    ),
    Register("dma.length", 0x10, 4, writable=_ALL, text="Bytes to write."),
    Register("dma.pattern", 0x14, 4, writable=_ALL, text="What FILL writes, again and again."),
    Register(
        "dma.interrupt",
        0x18,
        4,
        writable=INTERRUPT_ENABLE | INTERRUPT_VECTOR,
        text="Bits 10:0: the MSI-X vector that is signalled when a transfer ends; bit 31: it is.",
    ),
    Register("dma.command", 0x1C, 4, text="A command starts it; reads 0."),
    Register("dma.status", 0x20, 4, text="Bits 7:0: the state; bits 15:8: why it is that."),
    Register("dma.transferred", 0x24, 4, text="Bytes written so far."),
    Register(
        "function.reset_count",
        0x28,
        4,
        text="How often this function was reset since the device was made.",
    ),
    Register(
        "function.configuration",
        0x2C,
        4,
        text="Its device-specific configuration, as the physical function set it.",
    ),
)
"""The region ``registers`` of a function; offsets count from its start."""

_MAP = RegisterMap(REGISTERS, REGISTERS[-1].end)


class DmaEngine:
    """The engine with its registers.

    Each method that may start an access takes ``refusal``: why the function must not do it now.

    Attributes:
        registers: their values.
    """

    __slots__ = ("_command", "_piece", "_tag", "registers")

    def __init__(self) -> None:
        self.registers = RegisterFile(_MAP)
        self._command = 0
        self._tag = 0
        self._piece = b""

    @property
    def busy(self) -> bool:
        """Whether a transfer is under way."""
        return self.registers.get("dma.status") == DmaState.BUSY

    def waits_for(self, tag: int) -> bool:
        """Whether it waits for the access with this tag."""
        return self.busy and tag == self._tag

    def write(self, offset: int, data: bytes, refusal: DmaReason) -> list[FunctionEffect]:
        """Write registers, the lowest first; nothing happens while it is busy."""
        if self.busy:
            return []
        command = 0
        for register in _MAP.touched(offset, len(data)):
            value, lanes = register.written(offset, data)
            before = self.registers.load(register)
            self.registers.store(register, register.after(before, value, lanes))
            if register.name == "dma.command":
                command = value
        return self._start(command, refusal) if command else []

    def memory_done(self, tag: int, data: bytes | None, refusal: DmaReason) -> list[FunctionEffect]:
        """The host has carried out an access, or could not (``None``); stale tags are ignored."""
        if not self.waits_for(tag):
            return []
        if data is None:
            return self._end(DmaState.ERROR, DmaReason.ACCESS_FAILED)
        if self._piece:
            done = self.registers.get("dma.transferred") + len(self._piece)
            self.registers.put("dma.transferred", done)
            self._piece = b""
            return self._next(refusal)
        if len(data) != self._piece_size():
            return self._end(DmaState.ERROR, DmaReason.ACCESS_FAILED)
        return self._write(data, refusal)

    def write_unasked(self, address: int, data: bytes) -> list[FunctionEffect]:
        """Write to host memory as no engine should: at once, and although it is refused."""
        self.scrub()
        self.registers.put("dma.destination", address)
        self.registers.put("dma.length", len(data))
        self._command = DmaCommand.FILL
        self._set_status(DmaState.BUSY, DmaReason.NONE)
        return self._write(data, DmaReason.NONE)

    def scrub(self) -> None:
        """Forget the transfer and all that was set up for it."""
        for register in REGISTERS:
            if register.name.startswith("dma."):
                self.registers.store(register, register.value)
        self._piece = b""

    def _start(self, command: int, refusal: DmaReason) -> list[FunctionEffect]:
        self._command = command
        get = self.registers.get
        self.registers.put("dma.transferred", 0)
        source = get("dma.source") if command == DmaCommand.COPY else 0
        if refusal:
            return self._end(DmaState.REFUSED, refusal)
        if command not in list(DmaCommand):
            return self._end(DmaState.ERROR, DmaReason.UNKNOWN_COMMAND)
        if max(source, get("dma.destination")) + get("dma.length") > _ADDRESS_SPACE:
            return self._end(DmaState.ERROR, DmaReason.ADDRESS_WRAPS)
        self._set_status(DmaState.BUSY, DmaReason.NONE)
        return self._next(refusal)

    def _next(self, refusal: DmaReason) -> list[FunctionEffect]:
        size = self._piece_size()
        if not size:
            return self._end(DmaState.DONE, DmaReason.NONE)
        if self._command == DmaCommand.FILL:
            pattern = self.registers.get("dma.pattern").to_bytes(4, "little")
            return self._write((pattern * -(-size // 4))[:size], refusal)
        if refusal:
            return self._end(DmaState.REFUSED, refusal)
        self._tag += 1
        return [MemoryRead(self._tag, self._address("dma.source"), size)]

    def _write(self, data: bytes, refusal: DmaReason) -> list[FunctionEffect]:
        if refusal:
            return self._end(DmaState.REFUSED, refusal)
        self._piece = data
        self._tag += 1
        return [MemoryWrite(self._tag, self._address("dma.destination"), data)]

    def _address(self, register: str) -> int:
        return self.registers.get(register) + self.registers.get("dma.transferred")

    def _piece_size(self) -> int:
        left = self.registers.get("dma.length") - self.registers.get("dma.transferred")
        return min(left, PIECE)

    def _end(self, state: DmaState, reason: DmaReason) -> list[FunctionEffect]:
        effects: list[FunctionEffect] = []
        interrupt = self.registers.get("dma.interrupt")
        if self.busy and interrupt & INTERRUPT_ENABLE:
            effects.append(Interrupt(interrupt & INTERRUPT_VECTOR))
        if state is DmaState.REFUSED:
            effects.append(Noticed("dma-refused", REASONS[reason]))
        if self.busy and reason is DmaReason.NOT_RUNNING:
            self.scrub()
        self._piece = b""
        self._set_status(state, reason)
        return effects

    def _set_status(self, state: DmaState, reason: DmaReason) -> None:
        self.registers.put("dma.status", state | reason << REASON_SHIFT)
