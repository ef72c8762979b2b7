"""Guesses of what is smaller: parts of a list, of bits, and numbers nearer to the simplest one."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Element = TypeVar("Element")
_PARTS = (1 / 16, 1 / 4, 1 / 2, 3 / 4, 7 / 8, 15 / 16)
_PRECISION = 3
"""Decimals of seconds."""


def fewer(elements: Sequence[Element], least: int = 1) -> Iterator[tuple[list[Element], list[int]]]:
    """Lists with a part taken away: most of it, then less and less, at last single elements.

    What stands at the end goes first.

    Args:
        elements: the list.
        least: no list gets shorter than that.

    Yields:
        What is left, and the places of what is not, from 0.
    """
    size = len(elements) - least
    while size > 0:
        for end in range(len(elements), 0, -size):
            begin = max(0, end - size)
            if len(elements) - (end - begin) >= least:
                yield [*elements[:begin], *elements[end:]], list(range(begin, end))
        size = min(size - 1, (size + 1) // 2)


def fewer_bits(mask: int) -> Iterator[int]:
    """Masks with some of a mask's bits, and at least one; a single bit, the lowest, comes first."""
    bits = [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
    for kept, _ in fewer(bits):
        yield sum(kept)


def nearer(value: int, simplest: int) -> Iterator[int]:
    """Numbers between a value and the simplest one, which comes first."""
    far = value - simplest
    between = (simplest, *(simplest + int(far * part) for part in _PARTS), value - sign(far))
    yield from (one for one in dict.fromkeys(between) if one != value)


def sooner(seconds: float) -> Iterator[float]:
    """Shorter times, in milliseconds' precision; none at all comes first."""
    between = (0.0, *(round(seconds * part, _PRECISION) for part in _PARTS))
    yield from (one for one in dict.fromkeys(between) if one < seconds)


def sign(number: int) -> int:
    """1, 0 or -1."""
    return (number > 0) - (number < 0)
