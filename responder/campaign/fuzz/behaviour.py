"""What of a requester's behaviour counts as new, and which breakdowns are the same one."""

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from responder.campaign.result import Observed, Wire
from responder.spec.codes import name_of_code
from responder.spec.limits import HEADER_SIZE

_NUMBER = re.compile(r"0x[0-9a-f]+|\b(?=[0-9a-f]*\d)[0-9a-f]{2,}\b|\d+", re.IGNORECASE)
_TEXT = 200
"""Characters of a text that count."""
_STEP = 8
"""Time and memory count in steps of this factor beyond the usual, so that noise is not new."""
_MANY = 100
"""So many requests before a time limit are no silence."""
_LEAST_SECONDS = 0.25
_LEAST_MEMORY = 64 << 20


class Signature(msgspec.Struct, frozen=True):
    """What is the same in two breakdowns of one bug.

    Attributes:
        kind: whether the requester broke down or never came to an end.
        text: how, without numbers, and after which request.
    """

    kind: Literal["crash", "hang"]
    text: str


def normalised(text: str) -> str:
    """A text without what differs from run to run: numbers, addresses, white space."""
    return " ".join(_NUMBER.sub("#", text).split())[:_TEXT]


def bucket(count: int) -> str:
    """A count as coarsely as it matters: 1, 2, 3, 4-7, 8-15 and so on."""
    if count < 4:
        return str(count)
    power = 1 << (count.bit_length() - 1)
    return f"{power}-{2 * power - 1}"


def counted(names: Iterable[str]) -> str:
    """Names in the order in which each came first, and how often it came, coarsely."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} {bucket(count)}" for name, count in counts.items())


def behaviour(observed: Observed, healthy: Observed) -> str:
    """What a requester did, as a text that is the same where nothing of interest differs.

    Args:
        observed: with the input.
        healthy: without any: time and memory are measured by it.
    """
    process = observed.process
    parts = {
        "after": last_request(observed),
        "then": counted(observed.wire.reaction),
        "requests": bucket(observed.wire.count),
        "connections": bucket(observed.wire.connections),
        "end": "" if process is None else process.signal or f"exit {process.exit}",
        "refused": " ".join(observed.reasons),
        "told": " ".join(observed.surfaced or ()),
        "said": "" if observed.reasons else normalised(observed.text),
        "time": _steps(_seconds(observed), _seconds(healthy), _LEAST_SECONDS),
        "memory": _steps(_memory(observed), _memory(healthy), _LEAST_MEMORY),
    }
    return "; ".join(f"{name}: {value}" for name, value in parts.items() if value)


def signature_of(observed: Observed) -> Signature | None:
    """Which breakdown this is; ``None`` if the requester came to an end by itself."""
    after = f"after {last_request(observed) or 'nothing'}"
    if observed.crash:
        return Signature("crash", f"{normalised(observed.crash)} {after}")
    if observed.hang:
        return Signature("hang", f"it {_still_does(observed.wire)} {after}")
    return None


def _still_does(wire: Wire) -> str:
    """What a requester does that does not come to an end; an answer may be missing in earnest."""
    if wire.count >= _MANY:
        return "asks on and on"
    if wire.exchanges and not wire.exchanges[-1].response:
        return "is not answered, and waits"
    return "asks no more"


def last_request(observed: Observed) -> str:
    """The name of the last request that could be read; empty if there was none."""
    requests = (one.request for one in reversed(observed.wire.exchanges))
    return next((name_of_code(one[1]) for one in requests if len(one) >= HEADER_SIZE), "")


def _seconds(observed: Observed) -> float:
    """Processor time, which other processes of the machine do not lengthen."""
    return observed.process.cpu_seconds if observed.process else 0.0


def _memory(observed: Observed) -> float:
    return float(observed.process.peak_memory) if observed.process else 0.0


def _steps(value: float, usual: float, least: float) -> str:
    """How many steps a value is beyond the usual; nothing if it is about as usual."""
    limit, steps = _STEP * max(usual, least), 0
    while value >= limit:
        limit, steps = limit * _STEP, steps + 1
    return f"{_STEP}^{steps}" if steps else ""
