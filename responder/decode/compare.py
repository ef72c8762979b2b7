"""Compares two conversations: which messages there are, and which of their fields differ."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Literal

from responder.decode.decoded import Decoded
from responder.wire.describe import Line
from responder.wire.message import PADDING

Change = Literal["same", "changed", "left", "right"]

MASK: Mapping[str, str] = MappingProxyType(
    {
        "nonce": "random",
        "random_data": "random",
        "requester_context": "random",
        "responder_context": "random",
        "exchange_data": "made of a key for this session alone",
        "req_session_id": "each side's own choice",
        "rsp_session_id": "each side's own choice",
        "signature": "follows from what is random",
        "requester_verify_data": "follows from what is random",
        "responder_verify_data": "follows from what is random",
        "csr": "it is signed",
        "tag": "the requester's choice",
        "token": "the responder's choice",
        "handle": "the sender's choice",
        "spdm_chunk": "part of a message that is compared when it is whole",
        "session_id": "of a record: each side's own choice",
        "sequence_number": "of a record: follows from the number of those before it",
        "payload": "of a record: it is sealed",
    }
)
"""Fields of which only the size is compared if randomness is masked, and why."""
_OF_RECORDS = ("session_id", "sequence_number", "payload")
_INDEX = re.compile(r"\[\d+\]$")
_PROBLEMS = "(problems)"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs; ``None`` on the side that lacks it."""

    path: str
    left: Line | None
    right: Line | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A message of either conversation, or of both.

    Attributes:
        shown: the one that gives its name to this.
        left, right: it, in either conversation; ``None`` in one that lacks it.
        fields: what differs.
    """

    change: Change
    shown: Decoded
    left: Decoded | None
    right: Decoded | None
    fields: tuple[FieldChange, ...] = ()


def compare(
    left: Sequence[Decoded], right: Sequence[Decoded], *, mask: bool = False
) -> Iterator[Compared]:
    """The messages of two conversations side by side, in their order.

    Messages are put side by side by direction, name, and being inside of a session. Of a record
    that was opened only what it carried is compared; what a transport has padded is not.

    Args:
        left: one conversation.
        right: the other.
        mask: of the fields in ``MASK`` compare the sizes alone.
    """
    ours, theirs = _comparable(left), _comparable(right)
    keys = [_key(one) for one in ours], [_key(one) for one in theirs]
    for tag, from_left, to_left, from_right, to_right in SequenceMatcher(
        None, *keys, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            pairs = zip(ours[from_left:to_left], theirs[from_right:to_right], strict=True)
            yield from (_compared(one, other, mask=mask) for one, other in pairs)
            continue
        yield from (Compared("left", one, one, None) for one in ours[from_left:to_left])
        yield from (Compared("right", one, None, one) for one in theirs[from_right:to_right])


def _comparable(conversation: Sequence[Decoded]) -> list[Decoded]:
    """All but the records whose contents follow."""
    opened = {one.number for one in conversation if one.kind != "record"}
    return [one for one in conversation if one.kind != "record" or one.number not in opened]


def _key(one: Decoded) -> tuple[object, ...]:
    return (one.direction, one.kind, one.name, one.session is None)


def _compared(left: Decoded, right: Decoded, *, mask: bool) -> Compared:
    ours, theirs = _leaves(left, mask=mask), _leaves(right, mask=mask)
    changes = tuple(
        FieldChange(path, ours.get(path), theirs.get(path))
        for path in {**ours, **theirs}
        if not _equal(path, ours.get(path), theirs.get(path), left, mask=mask)
    )
    return Compared("changed" if changes else "same", left, left, right, changes)


def _leaves(one: Decoded, *, mask: bool) -> dict[str, Line]:
    """The fields with a value by their paths, and what could not be read."""
    leaves: dict[str, Line] = {}
    parents: list[str] = []
    masked_at: int | None = None
    for line in one.lines:
        del parents[line.depth :]
        parents.append(line.name)
        if masked_at is not None and line.depth > masked_at:
            continue  # a part of what is masked as a whole
        masked = mask and is_masked(line.name, record=one.kind == "record")
        masked_at = line.depth if masked else None
        if line.name != PADDING and (line.value or masked):
            leaves[".".join(parents)] = line
    if one.problems:
        leaves[_PROBLEMS] = Line(0, 0, 0, _PROBLEMS, "; ".join(one.problems))
    return leaves


def is_masked(name: str, *, record: bool) -> bool:
    """Whether of a field of this name, in a record or a message, the size alone is compared."""
    plain = _INDEX.sub("", name)
    return plain in MASK and record == (plain in _OF_RECORDS)


def _equal(path: str, left: Line | None, right: Line | None, of: Decoded, *, mask: bool) -> bool:
    if left is None or right is None:
        return False
    name = path.rpartition(".")[2]
    if mask and is_masked(name, record=of.kind == "record"):
        return left.end - left.start == right.end - right.start
    return (left.value, left.end - left.start) == (right.value, right.end - right.start)
