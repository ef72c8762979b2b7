"""What is left of a payload when it has been taken apart."""

from dataclasses import dataclass
from typing import Literal

from responder.decode.payload import Payload
from responder.wire.describe import Line

Kind = Literal["message", "large", "record", "other"]
Direction = Literal["request", "response", ""]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message, a record, or what else a payload is.

    Attributes:
        number: of its payload, from 1; what a record carried has the number of the record.
        kind: ``large`` for a message that came in chunks, the last of which is before it; ``other``
            for what is neither message nor record.
        payload: where it comes from.
        binding: the transport's name.
        direction: who sent it; empty if nobody knows.
        name: of the message, else of what it is.
        title: name, version and size.
        origin: where it was, for people.
        data: its bytes, without transport header.
        lines: its fields.
        problems: why it could not be read to the end, or what is wrong with it.
        session: the id of the session that it is of; ``None`` outside of any.
        context_missing: it could not be read because nobody knows what was negotiated before.
    """

    number: int
    kind: Kind
    payload: Payload
    binding: str
    direction: Direction
    name: str
    title: str
    origin: str
    data: bytes
    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    session: int | None = None
    context_missing: bool = False
