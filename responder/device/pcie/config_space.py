"""Registers as tables: what each holds, which bits software changes, which resets keep."""

from collections.abc import Iterable, Iterator

import msgspec

from responder.core.ownership import Reset


class Register(msgspec.Struct, frozen=True):
    """One register; masks and values are little-endian integers of its size.

    Attributes:
        name: such as ``header.command``.
        offset: of its lowest byte.
        size: in bytes.
        value: after a power cycle.
        writable: bits that take what is written.
        clears: bits that a written one clears (RW1C).
        sticky: bits that only a power cycle resets.
        kept: bits that a function level reset leaves alone too (PCIe 6.2, 6.6.2).
        text: what it is for, where the specification does not say it.
    """

    name: str
    offset: int
    size: int
    value: int = 0
    writable: int = 0
    clears: int = 0
    sticky: int = 0
    kept: int = 0
    text: str = ""

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.offset + self.size

    def written(self, offset: int, data: bytes) -> tuple[int, int]:
        """Of ``data``, written at ``offset``, what falls on this register: its bits and a mask."""
        start = max(offset, self.offset)
        part = data[start - offset : max(self.end - offset, 0)]
        shift = 8 * (start - self.offset)
        lanes = (1 << 8 * len(part)) - 1
        return int.from_bytes(part, "little") << shift, lanes << shift

    def after(self, before: int, value: int, lanes: int) -> int:
        """Its value after the bits of ``lanes`` were written."""
        takes = self.writable & lanes
        return (before & ~takes | value & takes) & ~(self.clears & value)

    def after_reset(self, before: int, reset: Reset) -> int:
        """Its value after that reset."""
        keeps = 0 if reset is Reset.POWER_CYCLE else self.sticky
        if reset is Reset.FUNCTION_LEVEL:
            keeps |= self.kept
        return self.value & ~keeps | before & keeps


class Capability(msgspec.Struct, frozen=True):
    """A capability before it has its place.

    Attributes:
        name: the prefix of its registers.
        id: capability id.
        size: in bytes, header included.
        registers: what is behind the header; their offsets count from it.
        version: of an extended capability; 0 for one of the first 256 bytes.
    """

    name: str
    id: int
    size: int
    registers: tuple[Register, ...]
    version: int = 0


class RegisterMap:
    """Registers that lie in one space; all functions of a layout share it.

    Attributes:
        size: of the space, in bytes.
        registers: name to register, by ascending offset.
        initial: the bytes of the space after a power cycle.
    """

    def __init__(self, registers: Iterable[Register], size: int) -> None:
        """``registers`` do not overlap.

        Raises:
            ValueError: they do, or lie outside of the space.
        """
        self.size = size
        ordered = sorted(registers, key=lambda register: register.offset)
        self.registers = {register.name: register for register in ordered}
        image = bytearray(size)
        self._at: list[Register | None] = [None] * size
        end = 0
        for register in ordered:
            if register.offset < end or register.end > size:
                raise ValueError(f"no room for {register.name} at {register.offset:#x}")
            end = register.end
            image[register.offset : end] = register.value.to_bytes(register.size, "little")
            self._at[register.offset : end] = [register] * register.size
        self.initial = bytes(image)

    def at(self, offset: int) -> Register | None:
        """The register that has the byte at an offset."""
        return self._at[offset] if 0 <= offset < self.size else None

    def touched(self, offset: int, size: int) -> Iterator[Register]:
        """The registers that have some of these bytes, ascending."""
        position = max(offset, 0)
        end = min(offset + size, self.size)
        while position < end:
            register = self._at[position]
            if register is None:
                position += 1
            else:
                yield register
                position = register.end


class RegisterFile:
    """The values of a map's registers.

    Attributes:
        map: which registers there are.
        data: their bytes.
    """

    __slots__ = ("data", "map")

    def __init__(self, register_map: RegisterMap) -> None:
        self.map = register_map
        self.data = bytearray(register_map.initial)

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes; what lies outside of the space reads all ones."""
        return read_clipped(self.data, offset, size)

    def load(self, register: Register) -> int:
        """The value of a register of the map."""
        return int.from_bytes(self.data[register.offset : register.end], "little")

    def store(self, register: Register, value: int) -> None:
        """Set it, whatever software may do."""
        self.data[register.offset : register.end] = value.to_bytes(register.size, "little")

    def get(self, name: str) -> int:
        """The value of a register by name; 0 if there is none."""
        register = self.map.registers.get(name)
        return self.load(register) if register else 0

    def put(self, name: str, value: int) -> None:
        """Set a register by name; nothing happens if there is none."""
        register = self.map.registers.get(name)
        if register:
            self.store(register, value)

    def reset(self, reset: Reset) -> None:
        """Every register as after that reset."""
        for register in self.map.registers.values():
            self.store(register, register.after_reset(self.load(register), reset))


def read_clipped(data: bytes | bytearray, offset: int, size: int) -> bytes:
    """``size`` bytes of ``data`` from ``offset``, which may be negative; all ones outside."""
    before = min(max(-offset, 0), size)
    inside = bytes(data[max(offset, 0) : max(offset + size, 0)])
    return b"\xff" * before + inside + b"\xff" * (size - before - len(inside))
