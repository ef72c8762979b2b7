"""Two versions of some bytes beside each other, with what changed marked and named."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import msgspec

_WIDTH = 8
"""Bytes of each side in a row."""
_NOTHING = ".."
"""Stands where one side has a byte and the other has none."""
_RUN = 8
"""Bytes of the shortest run that two versions of different sizes are laid beside each other by."""
_FEW = 2
"""So many fields that only one version has are still told one by one."""
_INDEX = re.compile(r"\[\d+\]|\(\d+\)")
_GAP = "   "
_ALIKE = f"  {'':4} "

Styled = tuple[str, bool]
"""A piece of text, and whether it is something that changed."""
Row = list[Styled]


class Leaf(msgspec.Struct, frozen=True):
    """Bytes with a name.

    Attributes:
        path: the field's address; empty for bytes of which nothing is known.
        data: its bytes.
        meaning: what they say, for people.
    """

    path: str
    data: bytes
    meaning: str = ""


class Pair(msgspec.Struct, frozen=True):
    """A field of both versions, or of only one of them.

    Attributes:
        path: its address.
        start: its first byte, in the version that has it.
        before, after: its bytes, made equally long; ``None`` is a byte that is not there.
        meaning: what became of what it says, to be read after its address.
    """

    path: str
    start: int
    before: list[int | None]
    after: list[int | None]
    meaning: str = ""

    @property
    def changed(self) -> bool:
        """Whether the two versions differ."""
        return self.before != self.after

    @property
    def alone(self) -> bool:
        """Whether only one version has it."""
        return not any(byte is not None for byte in self.before) or not any(
            byte is not None for byte in self.after
        )


def paired(before: Sequence[Leaf], after: Sequence[Leaf]) -> list[Pair]:
    """The fields of two versions, those of the same address together, in wire order.

    Elements of a list are told from each other by what is in them, and not by their index.
    """
    first, second = _placed(before), _placed(after)
    pairs: list[Pair] = []
    for _, some, others in _aligned(first, second, lambda one: (one.kind, one.leaf.data)):
        for same, few, fewer in _aligned(some, others, lambda one: one.kind):
            if same:
                pairs += [_pair(a, b) for a, b in zip(few, fewer, strict=True)]
            else:
                pairs += _alone([_pair(one, None) for one in few])
                pairs += _alone([_pair(None, one) for one in fewer])
    return pairs


def laid_out(data: bytes, like: Sequence[Leaf]) -> list[Leaf]:
    """Bytes cut into fields as other bytes were; the last field may be short, the rest has no name.

    For what was changed so that it cannot be read any more, or would be read as something else.
    """
    leaves = []
    for leaf in like:
        if data:
            leaves.append(Leaf(leaf.path, data[: len(leaf.data)]))
            data = data[len(leaf.data) :]
    return [*leaves, Leaf("", data)] if data else leaves


def changed_fields(pairs: Sequence[Pair]) -> list[str]:
    """The fields that changed: address, and what they said and say."""
    return [_label(pair) for pair in pairs if pair.changed and pair.path]


def _label(pair: Pair) -> str:
    return f"{pair.path}{pair.meaning}"


def rows(pairs: Sequence[Pair]) -> Iterator[Row]:
    """What to print: what changed, and its neighbours; the rest is counted."""
    near = _near_changes([pair.changed for pair in pairs])
    for shown, group in groupby(zip(pairs, near, strict=True), key=lambda item: item[1]):
        some = [pair for pair, _ in group]
        if shown:
            for pair in some:
                yield from _pair_rows(pair)
        else:
            size = sum(len(pair.after) for pair in some)
            fields = f"{len(some)} field{'s' if len(some) > 1 else ''}, " if some[0].path else ""
            yield [(f"{_ALIKE}... {fields}{size} bytes alike", False)]


def text_of(row: Row, *, colour: bool) -> str:
    """A row as text; on a terminal (``colour``) what changed is red as well as in brackets."""
    if not colour:
        return "".join(text for text, _ in row).rstrip()
    import click  # noqa: PLC0415 - not needed for plain text

    return "".join(click.style(text, fg="red") if changed else text for text, changed in row)


class _Placed(msgspec.Struct, frozen=True):
    """A field in its place; ``kind`` is its address without indices."""

    leaf: Leaf
    start: int
    kind: str


def _placed(leaves: Sequence[Leaf]) -> list[_Placed]:
    placed, at = [], 0
    for leaf in leaves:
        placed.append(_Placed(leaf, at, _INDEX.sub("", leaf.path)))
        at += len(leaf.data)
    return placed


def _aligned(
    before: Sequence[_Placed], after: Sequence[_Placed], key: Callable[[_Placed], object]
) -> Iterator[tuple[bool, Sequence[_Placed], Sequence[_Placed]]]:
    """Both in pieces: those of the same keys, and between them what has no match."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only when there is something to compare

    matcher = SequenceMatcher(None, [*map(key, before)], [*map(key, after)], autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        yield kind == "equal", before[i:i_end], after[j:j_end]


def _pair(before: _Placed | None, after: _Placed | None) -> Pair:
    one = after or before
    left, right = _stretched(before.leaf.data if before else b"", after.leaf.data if after else b"")
    meaning = ""
    if not before or not after:
        meaning = " is gone" if before else " is new"
    elif left != right and (before.leaf.meaning or after.leaf.meaning):
        meaning = f": {_said(before.leaf)} -> {_said(after.leaf)}"
    return Pair(one.leaf.path if one else "", one.start if one else 0, left, right, meaning)


def _alone(pairs: list[Pair]) -> Iterator[Pair]:
    """What only one version has; the fields of one message or element as one."""
    for top, group in groupby(pairs, key=lambda pair: pair.path.partition(".")[0]):
        some = list(group)
        if len(some) <= _FEW or "." not in some[0].path:
            yield from some
            continue
        before = [byte for pair in some for byte in pair.before]
        after = [byte for pair in some for byte in pair.after]
        yield Pair(top, some[0].start, before, after, some[0].meaning)


def _said(leaf: Leaf) -> str:
    return leaf.meaning or f"0x{leaf.data[::-1].hex()}"


def _stretched(before: bytes, after: bytes) -> tuple[list[int | None], list[int | None]]:
    """Both equally long: bytes that are the same stand opposite each other."""
    left: list[int | None] = list(before)
    right: list[int | None] = list(after)
    if len(before) == len(after):
        return left, right
    head = _common_start(before, after)
    tail = min(_common_start(before[::-1], after[::-1]), len(before) - head, len(after) - head)
    one, other = before[head : len(before) - tail], after[head : len(after) - tail]
    middle_left, middle_right = _opposite(one, other)
    left[head : len(before) - tail] = middle_left
    right[head : len(after) - tail] = middle_right
    return left, right


def _opposite(before: bytes, after: bytes) -> tuple[list[int | None], list[int | None]]:
    """The same, by the runs of bytes that both have; what is missing is so at the end of a gap."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only when there is something to compare

    left: list[int | None] = []
    right: list[int | None] = []
    i = j = 0
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for match in matcher.get_matching_blocks():
        if 0 < match.size < _RUN:
            continue
        left += before[i : match.a]
        right += after[j : match.b]
        size = max(len(left), len(right))
        left += [None] * (size - len(left))
        right += [None] * (size - len(right))
        i, j = match.a + match.size, match.b + match.size
        left += before[match.a : i]
        right += after[match.b : j]
    return left, right


def _common_start(one: bytes, other: bytes) -> int:
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _near_changes(changed: Sequence[bool]) -> list[bool]:
    """Whether an element, or one beside it, is changed."""
    padded = [False, *changed, False]
    return [any(padded[at : at + 3]) for at in range(len(changed))]


def _pair_rows(pair: Pair) -> Iterator[Row]:
    """The rows of a field: those with a change, and of an unchanged one the first."""
    spans = range(0, max(len(pair.after), 1), _WIDTH)
    differs = [pair.before[at : at + _WIDTH] != pair.after[at : at + _WIDTH] for at in spans]
    only_first = not pair.changed or pair.alone
    shown = [at == 0 for at in spans] if only_first else _near_changes(differs)
    named = False
    for visible, group in groupby(zip(spans, shown, strict=True), key=lambda item: item[1]):
        starts = [at for at, _ in group]
        if not visible:
            size = sum(len(pair.after[at : at + _WIDTH]) for at in starts)
            yield [(f"{_ALIKE}... {size} bytes {'more' if pair.alone else 'alike'}", pair.alone)]
            continue
        for at in starts:
            label = "" if named else _label(pair)
            named = True
            yield _row(pair, at, label)


def _row(pair: Pair, at: int, label: str) -> Row:
    before, after = pair.before[at : at + _WIDTH], pair.after[at : at + _WIDTH]
    marks = [one != other for one, other in zip(before, after, strict=True)]
    left, right = _cells(before, marks), _cells(after, marks)
    return [
        (f"  {pair.start + at:04x} ", False),
        *left,
        (_GAP, False),
        *right,
        (f"{_GAP}{label}" if label else "", pair.changed),
    ]


def _cells(values: Sequence[int | None], marks: Sequence[bool]) -> Row:
    """The bytes of one side, changed ones in brackets, as wide as a full row."""
    pieces: Row = []
    before = False
    for value, mark in zip(values, marks, strict=True):
        lead = "[" if mark and not before else "]" if before and not mark else " "
        pieces += [(lead, mark or before), (_hex(value), mark)]
        before = mark
    pieces.append(("]" if before else " ", before))
    pieces.append(("   " * (_WIDTH - len(values)), False))
    return pieces


def _hex(value: int | None) -> str:
    return _NOTHING if value is None else f"{value:02x}"
