"""What the parts of a PCI Express function ask of each other and of whoever hosts them.

Nothing here does I/O: accesses and the time go in, effects come out, as with the core.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from responder.core.interfaces import SessionToken
from responder.core.ownership import Reset
from responder.spec.tdisp import TdiState


class DataObjectReceived(msgspec.Struct, frozen=True):
    """GO: a whole data object is to be answered with ``Function.answer``.

    Attributes:
        mailbox: the index of the DOE instance within its function.
        exchange: tells this object from all others of the instance; an abort makes it stale.
        data_object: header included, 8 to 2**20 bytes.
    """

    mailbox: int
    exchange: int
    data_object: bytes


class DataObjectAbandoned(msgspec.Struct, frozen=True):
    """ABORT or a reset: nobody waits for the answer to that object any more."""

    mailbox: int
    exchange: int


class Interrupt(msgspec.Struct, frozen=True):
    """Signal an MSI-X vector of the function."""

    vector: int


class MemoryRead(msgspec.Struct, frozen=True):
    """Read host memory; hand the bytes, or ``None``, to ``Function.memory_done`` with the tag.

    Attributes:
        tag: tells this access from others of the function.
        address: in bytes, as the bus sees it.
        size: in bytes.
    """

    tag: int
    address: int
    size: int


class MemoryWrite(msgspec.Struct, frozen=True):
    """Write host memory; hand ``b""``, or ``None`` if that failed, to ``Function.memory_done``."""

    tag: int
    address: int
    data: bytes


class ResetRequested(msgspec.Struct, frozen=True):
    """Software asked for a reset of this function (Initiate FLR in Device Control)."""

    reset: Reset


class Noticed(msgspec.Struct, frozen=True):
    """Something that observers should be told, in words.

    Attributes:
        what: a short name, such as ``tdi-error`` or ``ide-insecure``.
        detail: what happened to what, and why.
        state: of the interface from now on, such as ``RUN``; empty if it stays as it is.
    """

    what: str
    detail: str
    state: str = ""


FunctionEffect = (
    DataObjectReceived
    | DataObjectAbandoned
    | Interrupt
    | MemoryRead
    | MemoryWrite
    | ResetRequested
    | Noticed
)

Outbox = list[tuple[int, FunctionEffect]]
"""What happens besides an answer: the number of a function, and what it does."""


class Registers(Protocol):
    """The registers of one extended capability, behind its header, that act when accessed.

    Attributes:
        capability_id: PCI Express extended capability id, such as 0x2E.
        version: of the capability, 1 to 15.
        size: bytes of the whole capability, header included; a multiple of 4.
    """

    @property
    def capability_id(self) -> int:
        """16 bits."""

    @property
    def version(self) -> int:
        """4 bits."""

    @property
    def size(self) -> int:
        """In bytes, header included."""

    def name(self, offset: int) -> str:
        """The register at an offset, such as ``doe.status``: for faults, observers and errors."""

    def read(self, offset: int, now: float) -> int:
        """The DW at an offset from the capability's header, at least 4, a multiple of 4."""

    def write(
        self, offset: int, value: int, now: float, lanes: int = 0xF
    ) -> Sequence[FunctionEffect]:
        """Write the bytes of a DW whose bit in ``lanes`` is set (bit 0: the lowest)."""

    def reset(self, reset: Reset, now: float) -> Sequence[FunctionEffect]:
        """As after that reset of the function."""


class Interface(Protocol):
    """A TDI as the function around it sees it.

    Attributes:
        state: where it stands.
        lock_flags: LOCK_INTERFACE flags, 0 while unlocked.
        violations: writes against the lock that it has let pass.
        enforced: the function does DMA in RUN only.
    """

    lock_flags: int
    violations: int
    enforced: bool

    @property
    def state(self) -> TdiState:
        """Where it truly stands."""

    @property
    def function_id(self) -> int:
        """The routing id that it answers for, 16 bits."""

    def register_written(self, register: str, before: int, after: int) -> Sequence[FunctionEffect]:
        """A register of configuration space was written: ERROR if that is against the lock.

        ``before`` and ``after`` are its values; the same where the write changed nothing.
        """

    def may_write(self, register: str) -> bool:
        """Whether a write takes effect at all; refused ones are noticed all the same."""

    def fail(self, reason: str) -> Sequence[FunctionEffect]:
        """LOCKED or RUN become ERROR (PCIe 6.2, 11.3.10); elsewhere nothing happens."""

    def reset(self, reset: Reset) -> Sequence[FunctionEffect]:
        """A function level reset is an ERROR of a locked interface; others unlock it."""


class MemoryRange(msgspec.Struct, frozen=True):
    """A range of a function's memory space, as its interface report tells it.

    Attributes:
        bar: the number of the BAR that it is in: the range id.
        address: its first byte as the BAR is programmed now.
        size: bytes, a multiple of 4096.
        msix_table, msix_pba: it holds those.
        non_tee: it stays outside of the trusted environment.
        updatable: SET_MMIO_ATTRIBUTE may change ``non_tee``.
    """

    bar: int
    address: int
    size: int
    msix_table: bool = False
    msix_pba: bool = False
    non_tee: bool = False
    updatable: bool = False


class TdiHost(Protocol):
    """What a TDI asks of the function that it is.

    Attributes:
        number: the function's place in the device; 0 is the physical one.
        name: for people, such as ``function 0`` or ``virtual function 2``.
        function_id: its routing id: bus in bits 15:8, device and function in bits 7:0.
    """

    @property
    def number(self) -> int:
        """From 0."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def function_id(self) -> int:
        """16 bits."""

    def memory_ranges(self) -> Sequence[MemoryRange]:
        """What its BARs decode, in order."""

    def config_value(self, register: str) -> int:
        """A register of its configuration space, such as ``msix.control``; 0 if it has none."""

    def configured_well(self) -> str:
        """Why it must not be locked as it is configured (PCIe 6.2, 11.3.8); empty if it may be."""

    def scrub(self) -> Sequence[FunctionEffect]:
        """STOP: abort DMA, clear what the interface has worked with."""


__all__ = [
    "DataObjectAbandoned",
    "DataObjectReceived",
    "FunctionEffect",
    "Interface",
    "Interrupt",
    "MemoryRange",
    "MemoryRead",
    "MemoryWrite",
    "Noticed",
    "Outbox",
    "Registers",
    "Reset",
    "ResetRequested",
    "SessionToken",
    "TdiHost",
    "TdiState",
]
