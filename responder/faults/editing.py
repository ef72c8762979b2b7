"""Carries out the actions that change bytes and fields."""

from collections.abc import Callable
from typing import Protocol

from responder.faults import edits
from responder.faults.place import FieldValue, Leaf, NoSuchPlace
from responder.faults.subject import Subject

_BITS = 8
_SHOWN = 16
"""Bytes that are shown in words about a change."""


class Draws(Protocol):
    """Where random bytes come from."""

    def bytes(self, size: int) -> bytes:
        """The next ``size`` bytes."""


class Sources(Protocol):
    """Where ``copy`` takes values from."""

    def value(self, action: edits.Copy, leaf: Leaf) -> FieldValue | None:
        """The value; ``None`` if there is none yet."""

    def limit(self, name: str) -> int:
        """Bytes that the requester takes: its DataTransferSize or MaxSPDMmsgSize."""


def edit(subject: Subject, action: edits.Edit, draws: Draws, sources: Sources) -> str:
    """Change a subject; return what was done, in a few words.

    Raises:
        NoSuchPlace: it cannot be done here.
    """
    if isinstance(action, edits.Truncate) and action.at:
        subject.cut_before(action.at)
        return f"cut before {action.at}"
    if isinstance(action, edits.Swap) and action.other:
        first, second = subject.get(action.field), subject.get(action.other)
        subject.change(action.field, lambda _: second.value)
        subject.change(action.other, lambda _: first.value)
        return f"{action.field} and {action.other} exchanged"
    keep = isinstance(action, edits.Resize) and action.lengths == "keep"
    told: list[str] = []

    def how(leaf: Leaf) -> FieldValue:
        new = _new_value(action, leaf, draws, sources)
        told.append(_change_text(leaf.value, new))
        return new

    subject.change(action.field, how, keep=keep)
    name = f"{action.field}: " if action.field else ""
    return f"{action.__struct_config__.tag} {name}{told[0]}"


def _new_value(action: edits.Edit, leaf: Leaf, draws: Draws, sources: Sources) -> FieldValue:
    match action:
        case edits.Set():
            return _word(action.value, leaf, draws)
        case edits.Copy():
            return _copied(action, leaf, draws, sources)
        case edits.Resize():
            return _resized(action, leaf, draws, sources)
        case edits.Flip():
            return _flipped(action, leaf, draws)
    return _computed(action, leaf)


def _copied(action: edits.Copy, leaf: Leaf, draws: Draws, sources: Sources) -> FieldValue:
    value = sources.value(action, leaf)
    if value is not None:
        return _as_kind(value, leaf)
    if action.otherwise == "zeros":
        return _word("zeros", leaf, draws)
    raise NoSuchPlace("there was nothing yet to copy")


def _computed(action: edits.Edit, leaf: Leaf) -> FieldValue:
    """What arithmetic, or another order of the bytes, makes of a value; its size stays."""
    data = leaf.bytes()
    number = int.from_bytes(data, "little")
    match action:
        case edits.Reverse():
            return _like(leaf, data[::-1])
        case edits.Swap():
            half = len(data) // 2
            return _like(leaf, data[half:] + data[:half])
        case edits.Add():
            number += action.by
        case edits.Xor():
            number ^= _mask(action.mask, len(data))
        case edits.SetBits():
            number |= action.mask
        case edits.ClearBits():
            number &= ~action.mask
        case _:
            raise NoSuchPlace(f"{action.__struct_config__.tag} changes no bytes")
    return _like(leaf, (number % (1 << _BITS * len(data))).to_bytes(len(data), "little"))


def _mask(mask: int | str, size: int) -> int:
    if isinstance(mask, int):
        return mask
    return int.from_bytes(_repeated(_hex(mask), size), "little")


def _flipped(action: edits.Flip, leaf: Leaf, draws: Draws) -> FieldValue:
    data = bytearray(leaf.bytes())
    size = _BITS * len(data)
    if not size:
        raise NoSuchPlace("there are no bits")
    bit = action.bit
    if bit == "random":
        bit = int.from_bytes(draws.bytes(8), "big") % size
    if not -size <= bit < size:
        raise NoSuchPlace(f"there is no bit {bit} in {len(data)} bytes")
    data[bit % size // _BITS] ^= 1 << bit % _BITS
    return _like(leaf, bytes(data))


def _resized(action: edits.Resize, leaf: Leaf, draws: Draws, sources: Sources) -> FieldValue:
    if isinstance(leaf.value, int) and not leaf.entry:
        raise NoSuchPlace("a number has one size")
    unit = leaf.width or 1
    units = [leaf.bytes()[n : n + unit] for n in range(0, len(leaf.bytes()), unit)]
    new = b"".join(_other_units(action, units, leaf, draws, sources))
    if isinstance(leaf.value, bytes):
        return new
    return [int.from_bytes(new[n : n + unit], "little") for n in range(0, len(new), unit)]


def _other_units(
    action: edits.Resize, units: list[bytes], leaf: Leaf, draws: Draws, sources: Sources
) -> list[bytes]:
    """The bytes, or the entries of a list, that an action leaves or makes."""
    match action:
        case edits.Truncate():
            left = len(units) - (action.by or 0) if action.to is None else action.to
            return units[: max(0, left + len(units) if left < 0 else left)]
        case edits.Extend():
            by = action.by
            if action.to is not None:
                to = action.to if isinstance(action.to, int) else sources.limit(action.to) + 1
                by = max(0, to - len(units))
            return [*units, _more(action.value, by, leaf, draws)]
        case edits.Insert():
            at = action.at + len(units) if action.at < 0 else action.at
            return [*units[:at], _more(action.value, action.by, leaf, draws), *units[at:]]
        case edits.Delete() if action.at is not None:
            at = action.at + len(units) if action.at < 0 else action.at
            return units[:at] + units[at + action.size :]
        case edits.Double():
            return units * (1 + action.times)
    return []


def _more(value: edits.Value, by: int | None, leaf: Leaf, draws: Draws) -> bytes:
    unit = leaf.width or 1
    if isinstance(value, list):
        return b"".join(one.to_bytes(unit, "little") for one in value)
    if isinstance(value, int):
        return value.to_bytes(unit, "little") * (1 if by is None else by)
    fill = _WORDS.get(value)
    if fill is not None:
        return fill(unit * (1 if by is None else by), draws)
    given = _hex(value)
    if by is None or by == 1:
        return given
    return _repeated(given, by * unit)


_WORDS: dict[str, Callable[[int, Draws], bytes]] = {
    "zeros": lambda size, _: bytes(size),
    "ones": lambda size, _: b"\xff" * size,
    "random": lambda size, draws: draws.bytes(size),
}


def _word(value: edits.Value, leaf: Leaf, draws: Draws) -> FieldValue:
    size = len(leaf.bytes())
    if isinstance(value, list):
        return value if isinstance(leaf.value, list) else bytes(value)
    if isinstance(value, int):
        if isinstance(leaf.value, list):
            raise NoSuchPlace("a list is set to a list")
        if isinstance(leaf.value, int):
            return value % (1 << _BITS * leaf.width)
        return (value % (1 << _BITS * size)).to_bytes(size, "little")
    if value in _WORDS:
        return _like(leaf, _WORDS[value](size, draws))
    if isinstance(leaf.value, list) and value in {"shuffled", "reversed"}:
        return leaf.value[::-1] if value == "reversed" else _shuffled(leaf.value, draws)
    return _as_kind(_hex(value), leaf)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NoSuchPlace(f"{text!r} is neither a word nor hexadecimal") from None


def _shuffled(values: list[int], draws: Draws) -> list[int]:
    keyed = sorted((draws.bytes(8), n) for n in range(len(values)))
    order = [n for _, n in keyed]
    if order == sorted(order):
        order = order[1:] + order[:1]
    return [values[n] for n in order]


def _like(leaf: Leaf, data: bytes) -> FieldValue:
    """Bytes of the old size as the kind of value that the field has."""
    if isinstance(leaf.value, bytes):
        return data
    if isinstance(leaf.value, int):
        return int.from_bytes(data, "little")
    width = leaf.width
    return [int.from_bytes(data[n : n + width], "little") for n in range(0, len(data), width)]


def _as_kind(value: FieldValue, leaf: Leaf) -> FieldValue:
    if type(value) is type(leaf.value):
        return value
    if isinstance(value, list):
        return _like(leaf, Leaf(value, leaf.width or 1).bytes())
    data = (
        value
        if isinstance(value, bytes)
        else value.to_bytes(max(leaf.width, len(leaf.bytes()), 1), "little")
    )
    return _like(leaf, data)


def _repeated(data: bytes, size: int) -> bytes:
    if not data:
        return bytes(size)
    return (data * (size // len(data) + 1))[:size]


def _change_text(old: FieldValue, new: FieldValue) -> str:
    """What has become of a value; of long bytes only how many are others."""
    if isinstance(old, bytes) and isinstance(new, bytes) and len(old) == len(new) > _SHOWN:
        others = sum(a != b for a, b in zip(old, new, strict=True))
        return f"{others} of {len(old)} bytes"
    return f"{_shown(old)} -> {_shown(new)}"


def _shown(value: FieldValue) -> str:
    if isinstance(value, int):
        return f"0x{value:x}"
    if isinstance(value, bytes):
        return value.hex() or "nothing" if len(value) <= _SHOWN else f"{len(value)} bytes"
    return "[" + ", ".join(f"0x{one:x}" for one in value) + "]"
