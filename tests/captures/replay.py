"""Walks a captured run with our own ``Conversation``, encapsulated messages included."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from captures.loader import Run

from responder.spec.algorithms import (
    BASE_ASYM,
    MULTI_KEY_CONNECTION,
    PQC_ASYM,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    by_bit,
)
from responder.wire.algorithms import Algorithms
from responder.wire.context import WireContext
from responder.wire.follow import Conversation

ALGORITHMS = 0x63
ENCAPSULATED_REQUEST = 0x6A
ENCAPSULATED_RESPONSE_ACK = 0x6B
DELIVER_ENCAPSULATED_RESPONSE = 0xEB
PAYLOAD_REQUEST = 1
V12 = 0x12


KEY_PAIR_INFO = 0x7C
V14 = 0x14
KEY_PAIR_INFO_SURPLUS = 6
"""Zeros that this build of the emulator writes after KEY_PAIR_INFO in 1.4: it counts a tail of 16
bytes and fills 10."""


@dataclass(frozen=True)
class Seen:
    """One SPDM message, transport padding included, and how our code reads it."""

    data: bytes
    context: WireContext
    session: int | None
    encapsulated: bool = False

    @property
    def code(self) -> int:
        return self.data[1]


def surplus(run: Run, seen: Seen) -> int:
    """How many bytes may follow the end of a message."""
    wide = seen.code == KEY_PAIR_INFO and seen.context.version >= V14
    return run.padding + (KEY_PAIR_INFO_SURPLUS if wide else 0)


@cache
def replay(run: Run) -> tuple[Seen, ...]:
    """Every SPDM message of a run in order; what CHUNK_* carried comes in one piece."""
    return tuple(_replay(run))


def _replay(run: Run) -> Iterator[Seen]:
    conversation = Conversation()
    encapsulated = Conversation()
    for pair in run.whole_messages():
        for data in (pair.request, pair.response):
            yield Seen(data, conversation.feed(data), pair.session)
            if data[1] == ALGORITHMS:
                mirrored = requester_side(conversation.context, Algorithms.read(data)[0])
                encapsulated = Conversation(mirrored)
            inner = embedded(data)
            if inner:
                yield Seen(inner, encapsulated.feed(inner), pair.session, encapsulated=True)


def requester_side(context: WireContext, selected: Algorithms) -> WireContext:
    """The sizes of encapsulated messages: there the requester is the one who signs."""
    signature = 0
    for structure in selected.structures():
        table = {TABLE_REQ_BASE_ASYM: BASE_ASYM, TABLE_REQ_PQC_ASYM: PQC_ASYM}
        row = by_bit(table.get(structure.alg_type, ()), structure.alg_supported)
        signature = row.size if row else signature
    multi_key = bool(selected.other_params_selection & MULTI_KEY_CONNECTION)
    return context.replace(signature_size=signature, multi_key=multi_key)


def embedded(data: bytes) -> bytes:
    """The encapsulated message in one that carries it, else nothing."""
    if data[1] in (ENCAPSULATED_REQUEST, DELIVER_ENCAPSULATED_RESPONSE):
        return data[4:]
    if data[1] == ENCAPSULATED_RESPONSE_ACK and data[3] == PAYLOAD_REQUEST:
        return data[8 if data[0] >= V12 else 4 :]
    return b""
