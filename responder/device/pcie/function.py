"""A PCI Express function: configuration space, what its BARs decode, interrupts and resets."""

from collections.abc import Iterable, Sequence

from responder.core.ownership import CLEARS, Level, Reset
from responder.device.pcie.bars import (
    address_of,
    align_bars,
    answering,
    ranges_of,
    size_of,
    vf_size_of,
)
from responder.device.pcie.blocks import ConfigSpace, MailboxRegisters
from responder.device.pcie.config_space import Register
from responder.device.pcie.dma import DmaReason
from responder.device.pcie.extended import DeviceSerialNumber
from responder.device.pcie.interfaces import (
    FunctionEffect,
    Interface,
    Interrupt,
    MemoryRange,
    Noticed,
    Registers,
    ResetRequested,
    TdiState,
)
from responder.device.pcie.layout import Bar, FunctionLayout, Region
from responder.device.pcie.lock_facts import FACTS
from responder.device.pcie.management import Configuration
from responder.device.pcie.memory_space import MemorySpace
from responder.device.pcie.sriov import SriovChange, SriovListener, changes, held
from responder.spec.pcie import (
    D0,
    D3_HOT,
    Command,
    DeviceControl,
    DeviceStatus,
    PowerControl,
    SriovControl,
    Status,
)

MSIX_TABLE = "msix.table"
"""The name by which an interface is told of writes to MSI-X table entries."""


class Function:
    """One function of a device; implements ``TdiHost``.

    Accesses may have any size and alignment. Effects are in the order in which things happen.

    Attributes:
        number: its place in the device; 0 is the physical one.
        layout: what never changes.
        function_id: its routing id.
        config: its configuration space.
        mailboxes: its DOE instances, in order.
        memory: what is behind its BARs.
        interface: its TDI, if it has one.
        physical: of a virtual function by the rules of SR-IOV, the one whose VF BARs it decodes.
        listener: who is told when it changes its virtual functions.
        reset_count: how often it was reset since it was made.
        configuration: its device-specific configuration.
        lock: what it allows while its interface is locked.
    """

    __slots__ = (
        "config", "configuration", "function_id", "interface", "layout", "listener", "lock",
        "mailboxes", "memory", "number", "physical", "reset_count",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        layout: FunctionLayout,
        blocks: Sequence[Registers] = (),
        *,
        function_id: int = 0,
        serial_number: int | None = None,
    ) -> None:
        """Raise ValueError if the configuration space has no room for all blocks."""
        serial = [] if serial_number is None else [DeviceSerialNumber(serial_number)]
        self.number = number
        self.layout = layout
        self.function_id = function_id
        self.config = ConfigSpace(layout.config, [*serial, *blocks])
        self.mailboxes = [block for block in blocks if isinstance(block, MailboxRegisters)]
        self.memory = MemorySpace(layout)
        self.interface: Interface | None = None
        self.physical: Function | None = None
        self.listener: SriovListener | None = None
        self.reset_count = 0
        self.configuration = Configuration(layout.configuration)
        self.lock = layout.lock
        self._publish()

    @property
    def name(self) -> str:
        """For people."""
        return f"{'virtual ' if self.layout.virtual else ''}function {self.number}"

    @property
    def trapped(self) -> bool:
        """Whether whoever hosts the function keeps its MSI-X table and its BARs, as QEMU does."""
        return self.memory.msix.trapped

    @trapped.setter
    def trapped(self, value: bool) -> None:
        self.memory.msix.trapped = value

    def attach_interface(self, interface: Interface) -> None:
        """Make it the function's TDI."""
        self.interface = interface

    def config_read(self, offset: int, size: int, now: float) -> bytes:
        """``size`` bytes of configuration space; what is outside of it reads all ones."""
        return self.config.read_at(offset, size, now)

    def config_write(self, offset: int, data: bytes, now: float) -> list[FunctionEffect]:
        """Write registers, the lowest first; what is outside of the space is ignored.

        The interface is told of each, also of those that it does not let be written. Of a register
        of a block it is told what was written, twice: to read one may have effects.
        """
        effects: list[FunctionEffect] = []
        for register in self.config.map.touched(offset, len(data)):
            effects += self._write(register, *register.written(offset, data), now)
        for block, at, value, lanes in self.config.block_writes(offset, data):
            effects += block.write(at, value, now, lanes)
            effects += self._told(block.name(at), value, value)
        return self._settled(effects)

    def register_name(self, offset: int) -> str:
        """The name of the register that has a byte of configuration space, else ``reserved``."""
        return self.config.name_of(offset)

    def config_value(self, register: str) -> int:
        """The value of a register that is not a block's; 0 if there is none of that name."""
        return self.config.get(register)

    def bar_read(self, bar: int, offset: int, size: int, now: float) -> bytes:  # noqa: ARG002
        """``size`` bytes of a BAR: zeros where nothing is, all ones where it does not decode."""
        inside = max(min(self._decoded(bar) - offset, size), 0)
        return self.memory.read(bar, offset, inside).ljust(size, b"\xff")

    def bar_write(self, bar: int, offset: int, data: bytes, now: float) -> list[FunctionEffect]:
        """Write to a BAR; where it does not decode, or nothing is, nothing happens."""
        effects: list[FunctionEffect] = []
        inside = max(self._decoded(bar) - offset, 0)
        for region, first, last in answering(self.layout, bar, offset, min(len(data), inside)):
            part = data[first - offset : last - offset]
            effects += self._write_region(region, first - region.offset, part, now)
        return self._settled(effects)

    def dma_unasked(self, address: int, data: bytes) -> list[FunctionEffect]:
        """Write to host memory although nobody asked for it, whatever is against it.

        At most ``dma.PIECE`` bytes; a transfer under way is given up.
        """
        return self._settled(self._transferred(self.memory.dma.write_unasked(address, data)))

    def decodes(self) -> bool:
        """Whether it answers accesses to its BARs."""
        if self.layout.vf_rules and self.physical:
            return self._awake() and self.physical.decodes_virtual()
        return self._awake() and bool(self._command() & Command.MEMORY_SPACE)

    def decodes_virtual(self) -> bool:
        """Whether its SR-IOV capability lets its virtual functions do so."""
        needed = SriovControl.VF_ENABLE | SriovControl.VF_MEMORY_SPACE
        return self.config.get("sriov.control") & needed == needed

    def memory_ranges(self) -> list[MemoryRange]:
        """What its BARs decode, in order, whether or not Memory Space Enable is set."""
        ranges: list[MemoryRange] = []
        for bar in self.layout.bars:
            ranges += ranges_of(self.layout, bar, self._address(bar), size_of(self.config, bar))
        return ranges

    def configured_well(self) -> str:
        """Why it must not be locked as it is configured; empty if it may be."""
        return next(iter(self.lock_problems().values()), "")

    def lock_problems(self) -> dict[str, str]:
        """All that is against locking it: name of the fact, and what is wrong with it."""
        found = {name: fact(self.config, self.layout) for name, fact in FACTS.items()}
        return {name: problem for name, problem in found.items() if problem}

    def scrub(self) -> list[FunctionEffect]:
        """Abort DMA; clear its registers and the memory of the function.

        If the interface is unlocked, what was changed in spite of the lock counts no more.
        """
        if self.interface is None or self.interface.state is TdiState.CONFIG_UNLOCKED:
            self.configuration.changed_since_lock = False
        self.memory.scrub()
        return self._transferred([])

    def answer(
        self, mailbox: int, exchange: int, data_object: bytes | None, now: float
    ) -> list[FunctionEffect]:
        """The response to a data object that came out; ``None``: there is none."""
        return self._settled(self.mailboxes[mailbox].answer(exchange, data_object, now))

    def memory_done(
        self,
        tag: int,
        data: bytes | None,
        now: float,  # noqa: ARG002
    ) -> list[FunctionEffect]:
        """Host memory was read, or written (``b""``), or could not be; stale tags are ignored."""
        dma = self.memory.dma
        if data is None and dma.waits_for(tag):
            status = self.config.get("header.status") | Status.RECEIVED_MASTER_ABORT
            self.config.put("header.status", status)
        effects = dma.memory_done(tag, data, self._dma_refusal())
        return self._settled(self._transferred(effects))

    def signal(self, vector: int) -> list[FunctionEffect]:
        """Signal an MSI-X vector, without a cause; it goes out as the others do."""
        return self._settled([Interrupt(vector)])

    def next_due(self) -> float | None:
        """When ``due`` is to be called, if ever."""
        times = [time for one in self.mailboxes if (time := one.next_due()) is not None]
        return min(times, default=None)

    def due(self, now: float) -> list[FunctionEffect]:
        """That time has come."""
        return self._settled([effect for one in self.mailboxes for effect in one.due(now)])

    def reset(self, reset: Reset, now: float) -> list[FunctionEffect]:
        """Do a reset, if it is one that concerns functions.

        DMA in flight is dropped and memory cleared. A function level reset keeps the
        device-specific configuration, and the BARs of a trapped function: its host goes on
        showing software what they were, so that nobody writes them again. Other resets keep
        neither. That a physical function takes its virtual ones with it is the device's business;
        ``listener`` hears nothing of resets.
        """
        if Level.FUNCTION not in CLEARS[reset]:
            return []
        effects = list(self.interface.reset(reset)) if self.interface else []
        for _, block in self.config.blocks:
            effects += block.reset(reset, now)
        kept = self._kept() if reset is Reset.FUNCTION_LEVEL else {}
        self.config.reset(reset)
        for name, value in kept.items():
            self.config.put(name, value)
        self.memory.msix.reset()
        effects += self.scrub()
        self.reset_count += 1
        if reset is not Reset.FUNCTION_LEVEL:
            self.configuration.word = self.layout.configuration
        self._publish()
        return self._settled([*effects, Noticed("reset", f"{reset.value} of {self.name}")])

    def configure(self, word: int) -> list[FunctionEffect]:
        """The physical function gives it another device-specific configuration, 32 bits."""
        effects = self.configuration.change(word, self.lock, self.interface)
        self._publish()
        return effects

    def physical_changed(self, change: SriovChange, now: float) -> list[FunctionEffect]:
        """Its physical function took something from it: it fails, without VF Enable it is reset."""
        effects = list(self.interface.fail(change.value)) if self.interface else []
        if change is SriovChange.DISABLED:
            effects += self.reset(Reset.FUNCTION_LEVEL, now)
        return effects

    def _write(
        self, register: Register, value: int, lanes: int, now: float
    ) -> list[FunctionEffect]:
        name, before = register.name, self.config.load(register)
        control = self.config.get("sriov.control")
        if self.interface and not self.interface.may_write(name):
            return self._told(name, before, before)
        after = register.after(before, value, lanes)
        if not (held(name, control) or (name == "pm.control" and _unknown_state(after))):
            self.config.store(register, after)
        if "bar" in name or name == "sriov.system_page_size":
            align_bars(self.config, self.layout)
        after = self.config.load(register)
        for change in changes(name, before, after, control):
            if self.listener:
                self.listener.virtual_functions_changed(change, now)
        wakes = name == "pm.control" and before > after and not self.layout.no_soft_reset
        initiates = name == "pcie.device_control" and value & DeviceControl.INITIATE_FLR
        asked = wakes or (initiates and self.layout.flr)
        effects = [ResetRequested(Reset.FUNCTION_LEVEL)] if asked else []
        return [*effects, *self._told(name, before, after)]

    def _write_region(
        self, region: Region, offset: int, data: bytes, now: float
    ) -> list[FunctionEffect]:
        if region.kind == "msix_table":
            return self._write_table(region, offset, data, now)
        effects = self.memory.write(region, offset, data, self._dma_refusal(), now)
        return self._transferred(effects) if region.kind == "registers" else effects

    def _told(self, register: str, before: int, after: int) -> list[FunctionEffect]:
        told = self.interface
        return list(told.register_written(register, before, after)) if told else []

    def _write_table(
        self, region: Region, offset: int, data: bytes, now: float
    ) -> list[FunctionEffect]:
        before = self._table(region)
        if self.interface is None or self.interface.may_write(MSIX_TABLE):
            self.memory.write(region, offset, data, DmaReason.NONE, now)
        return self._told(MSIX_TABLE, before, self._table(region))

    def _table(self, region: Region) -> int:
        return int.from_bytes(self.memory.msix.read_table(0, region.size), "little")

    def _settled(self, effects: Iterable[FunctionEffect]) -> list[FunctionEffect]:
        """Interrupts go out as MSI-X lets them."""
        control = self.config.get("msix.control")
        return self.memory.msix.settled(effects, control, may_send=self._masters())

    def _transferred(self, effects: list[FunctionEffect]) -> list[FunctionEffect]:
        """The DMA engine has moved: status registers show it."""
        dma = self.memory.dma
        pending = DeviceStatus.TRANSACTIONS_PENDING if dma.busy else 0
        status = self.config.get("pcie.device_status") & ~DeviceStatus.TRANSACTIONS_PENDING
        self.config.put("pcie.device_status", status | pending)
        return effects

    def _dma_refusal(self) -> DmaReason:
        if not self._masters():
            return DmaReason.NO_BUS_MASTER
        told = self.interface
        refused = told is not None and told.enforced and told.state is not TdiState.RUN
        return DmaReason.NOT_RUNNING if refused else DmaReason.NONE

    def _masters(self) -> bool:
        """Whether it may access memory, interrupts included."""
        return self._awake() and bool(self._command() & Command.BUS_MASTER)

    def _kept(self) -> dict[str, int]:
        names = [name for name in self.config.map.registers if name.startswith("header.bar")]
        return {name: self.config.get(name) for name in names} if self.trapped else {}

    def _awake(self) -> bool:
        return self.config.get("pm.control") & PowerControl.STATE == D0

    def _command(self) -> int:
        return self.config.get("header.command")

    def _decoded(self, bar: int) -> int:
        """How many bytes a BAR answers for now."""
        found = self.layout.bar(bar) if self.decodes() else None
        return size_of(self.config, found) if found else 0

    def _address(self, bar: Bar) -> int:
        if self.layout.vf_rules and self.physical:
            first = address_of(self.physical.config, "sriov.vf_bar", bar)
            return first + (self.number - 1) * vf_size_of(self.physical.config, bar)
        return address_of(self.config, "header.bar", bar)

    def _publish(self) -> None:
        """The function's own registers tell of resets and of its configuration."""
        registers = self.memory.dma.registers
        registers.put("function.reset_count", self.reset_count & 0xFFFF_FFFF)
        registers.put("function.configuration", self.configuration.word)


def _unknown_state(power_control: int) -> bool:
    """D1 and D2 are not supported: writing them changes nothing (PCIe 6.2, 7.5.2.2)."""
    return power_control & PowerControl.STATE not in {D0, D3_HOT}
