"""How the physical function changes others: configuration words and reset counters in a BAR.

What is done to a function whose interface is locked is refused, or takes effect and shows.
``docs/reference/dma.md`` is written from the table here.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from responder.device.pcie.config_space import Register
from responder.device.pcie.interfaces import FunctionEffect, Interface, Noticed, TdiState
from responder.device.pcie.policies import LockPolicy


class Configuration:
    """The device-specific configuration of a function.

    Attributes:
        word: 32 bits.
        refused: how many changes were refused.
        changed_locked: how many took effect while the interface was locked.
        changed_since_lock: one did, and the interface has not been CONFIG_UNLOCKED since.
    """

    __slots__ = ("changed_locked", "changed_since_lock", "refused", "word")

    def __init__(self, word: int) -> None:
        self.word = word
        self.refused = 0
        self.changed_locked = 0
        self.changed_since_lock = False

    def change(
        self, word: int, policy: LockPolicy, interface: Interface | None
    ) -> list[FunctionEffect]:
        """The physical function gives it another word."""
        what = f"device-specific configuration from {self.word:#x} to {word:#x}"
        if interface is None or interface.state is TdiState.CONFIG_UNLOCKED:
            self.word = word
            return []
        if policy.configure == "refuse":
            self.refused += 1
            return [Noticed("configuration-refused", what)]
        self.word = word
        if policy.configure == "hide":
            return []
        self.changed_locked += 1
        self.changed_since_lock = True
        failed = interface.fail("the physical function changed its configuration")
        return [Noticed("configuration-changed", what), *failed]


class ManagedFunction(Protocol):
    """What the management registers tell of a function."""

    @property
    def reset_count(self) -> int:
        """How often it was reset."""

    @property
    def configuration(self) -> Configuration:
        """Its device-specific configuration."""


class ManagedDevice(Protocol):
    """What the management registers reach: all functions of the device."""

    def managed_functions(self) -> Sequence[ManagedFunction]:
        """Them by number."""

    def configure(self, number: int, word: int, now: float) -> None:
        """``Function.configure`` of one of them; its effects are the device's business."""


ROW_SIZE = 0x10
_WORD = 4
COUNT = Register(
    "management.functions", 0x0, 4, text="How many functions the device has, this one included."
)
_CONFIGURATION = Register(
    "management.configuration",
    0x4,
    4,
    writable=0xFFFF_FFFF,
    text="Its device-specific configuration; writing changes it, unless that is refused.",
)
ROW = (
    Register("management.reset_count", 0x0, 4, text="How often the function was reset."),
    _CONFIGURATION,
    Register("management.refused", 0x8, 4, text="How many changes were refused."),
    Register(
        "management.changed_locked",
        0xC,
        4,
        text="How many changes took effect while its interface was locked.",
    ),
)
"""For function n, from offset 16 * (n + 1) of the region on."""


def read_management(device: ManagedDevice, offset: int, size: int) -> bytes:
    """Bytes of the region; zeros behind the last function."""
    functions = device.managed_functions()
    first = offset - offset % _WORD
    words = (_word(functions, at) for at in range(first, offset + size, _WORD))
    data = b"".join(word.to_bytes(_WORD, "little") for word in words)
    return data[offset - first :][:size]


def write_management(device: ManagedDevice, offset: int, data: bytes, now: float) -> None:
    """Write them; only configuration words take it."""
    functions = device.managed_functions()
    first, last = offset // ROW_SIZE, (offset + len(data) - 1) // ROW_SIZE
    for row in range(max(first, 1), min(last, len(functions)) + 1):
        register = replace(_CONFIGURATION, offset=ROW_SIZE * row + _CONFIGURATION.offset)
        value, lanes = register.written(offset, data)
        if lanes:
            word = functions[row - 1].configuration.word
            device.configure(row - 1, register.after(word, value, lanes), now)


def _word(functions: Sequence[ManagedFunction], offset: int) -> int:
    row, place = divmod(offset, ROW_SIZE)
    if offset == COUNT.offset:
        return len(functions)
    if not 0 < row <= len(functions):
        return 0
    one = functions[row - 1]
    configuration = one.configuration
    row_words = (
        one.reset_count, configuration.word, configuration.refused, configuration.changed_locked
    )  # fmt: skip
    return row_words[place // _WORD]
