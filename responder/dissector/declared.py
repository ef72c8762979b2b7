"""All records that the dissector knows: messages, what is inside them, and what is around them."""

from collections.abc import Iterator
from typing import Any

from responder.transport.dsp0287 import MessageType
from responder.transport.socket_frame import Command, TransportType
from responder.transport.storage import SECURITY_PROTOCOL
from responder.wire.dig import PART_RECORDS
from responder.wire.fields import Int8ul, Int16ul, Int32ul, Rest
from responder.wire.frames import LAYERS, Dsp0287Message, SocketHeader
from responder.wire.message import Record, wire, wire_fields
from responder.wire.raw import RawMessage
from responder.wire.registry import MESSAGES
from responder.wire.secured import Plaintext, SecuredRecord


class StorageCommandHeader(Record):
    """What leads a storage command on a socket, 7 bytes (``responder.transport.storage``)."""

    security_protocol: int = wire(Int8ul, default=SECURITY_PROTOCOL)
    security_protocol_specific: int = wire(Int16ul)
    length: int = wire(Int32ul)
    payload: bytes = wire(Rest(), default=b"")


class PlaintextHeader(Record):
    """What leads a message of the plaintext interface of our captures, 8 bytes."""

    version: int = wire(Int8ul)
    kind: int = wire(Int8ul)
    reserved: int = wire(Int16ul)
    session_id: int = wire(Int32ul)
    payload: bytes = wire(Rest(), default=b"")


SHOWS: dict[tuple[type[Record], str], Any] = {
    (SocketHeader, "command"): Command,
    (SocketHeader, "transport"): TransportType,
    (Dsp0287Message, "message_type"): MessageType,
}
"""What fields mean whose declarations do not say so."""

_ROOTS: tuple[type[Record], ...] = (
    *MESSAGES,
    RawMessage,
    SecuredRecord,
    Plaintext,
    *LAYERS.values(),
    StorageCommandHeader,
    PlaintextHeader,
)


def records() -> list[type[Record]]:
    """Every record once: those above, and what can be inside of each."""
    found: dict[type[Record], None] = {}
    waiting = list(reversed(_ROOTS))
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found[kind] = None
            waiting += reversed(list(_inside(kind)))
    return list(found)


def _inside(kind: type[Record]) -> Iterator[type[Record]]:
    for name, info in wire_fields(kind).items():
        if info.view is not None:
            yield info.view
        parts = PART_RECORDS.get((kind, name), {})
        yield from (part for part in parts.values() if part is not None)
