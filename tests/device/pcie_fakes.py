"""What stands beside a function in its tests: blocks, an interface, other functions."""

from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import (
    DataObjectReceived,
    Interrupt,
    Noticed,
    TdiState,
)
from responder.device.pcie.layout import FunctionLayout

COMMAND = 0x04
MEMORY, MASTER = 0x2, 0x4
NOW = 7.0


class Block:
    """Four DWs behind a header, readable and writable; it remembers what it was told."""

    version = 1
    size = 0x14

    def __init__(self, capability_id=0x30, prefix="ide"):
        self.capability_id = capability_id
        self.prefix = prefix
        self.words = {offset: 0x1111_1111 * (offset // 4) for offset in range(4, self.size, 4)}
        self.log = []

    def name(self, offset):
        return f"{self.prefix}.word{offset // 4}"

    def read(self, offset, now):
        assert offset in self.words, "never the header, always a DW"
        self.log.append(("read", offset, now))
        return self.words[offset]

    def write(self, offset, value, now, lanes=0xF):
        self.log.append(("write", offset, value, now, lanes))
        mask = sum(0xFF << 8 * lane for lane in range(4) if lanes >> lane & 1)
        assert value & ~mask == 0, "nothing outside of the lanes"
        self.words[offset] = self.words[offset] & ~mask | value
        return [Noticed("block", self.name(offset))]

    def reset(self, reset, now):
        self.log.append(("reset", reset, now))
        return [Noticed("block", "reset")]


class FakeMailbox(Block):
    """A DOE instance that answers to everything with an interrupt."""

    def __init__(self, index=0, due=None):
        super().__init__(0x2E, f"doe{index or ''}")
        self.index = index
        self.time = due
        self.hands_on_discovery = False
        self.vector = index
        self.discovery_delay = 0.0

    def discovery_answer(self, request):
        return request

    def write(self, offset, value, now, lanes=0xF):
        super().write(offset, value, now, lanes)
        return [DataObjectReceived(self.index, 1, value.to_bytes(4, "little"))]

    def awaits(self, exchange):
        return exchange is not None

    def answer(self, exchange, data_object, now):
        self.log.append(("answer", exchange, data_object, now))
        return [Interrupt(self.index)]

    def next_due(self):
        return self.time

    def due(self, now):
        self.log.append(("due", now))
        return [Interrupt(self.index)]


class FakeInterface:
    """A TDI that writes down what it is told and refuses what it is asked to."""

    def __init__(self, state=TdiState.CONFIG_UNLOCKED, *, enforced=False, refuses=()):
        self.state = state
        self.function_id = 0x0300
        self.lock_flags = self.violations = 0
        self.enforced = enforced
        self.refuses = set(refuses)
        self.written = []
        self.told = []

    def register_written(self, register, before, after):
        self.written.append((register, before, after))
        return ()

    def may_write(self, register):
        return register not in self.refuses

    def fail(self, reason):
        self.told.append(reason)
        if self.state in {TdiState.CONFIG_LOCKED, TdiState.RUN}:
            self.state = TdiState.ERROR
        return [Noticed("tdi-error", reason)]

    def reset(self, reset):
        self.told.append(reset)
        return [Noticed("tdi-reset", reset.value)]


def awake(layout=None, blocks=(), **options):
    """A function that decodes its BARs and may access memory."""
    function = Function(0, layout or FunctionLayout(), blocks, **options)
    assert function.config_write(COMMAND, bytes([MEMORY | MASTER, 0]), NOW) == []
    return function


def value(function, offset, size):
    return int.from_bytes(function.config_read(offset, size, NOW), "little")


def write(function, offset, number, size):
    return function.config_write(offset, number.to_bytes(size, "little"), NOW)


def poke(function, bar, offset, number, size=4):
    return function.bar_write(bar, offset, number.to_bytes(size, "little"), NOW)


def peek(function, bar, offset, size=4):
    return int.from_bytes(function.bar_read(bar, offset, size, NOW), "little")


def enable_msix(function, bits=0x8000):
    """Write Message Control of the MSI-X capability, which is at 0x50."""
    return write(function, 0x52, bits, 2)


def unmask(function, vector):
    """Write Vector Control of an entry of the table, at the beginning of BAR 2."""
    return poke(function, 2, vector * 16 + 12, 0)
