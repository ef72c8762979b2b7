"""Protocols that VENDOR_DEFINED carries in a session: messages are exchanged, and answers read.

What an answer must be, every such protocol demands of it alike; the checks have its prefix.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.options import VendorRequest
from responder.requester.vendor_defined import exchange_vendor
from responder.spec.registries import StandardId
from responder.wire.errors import WireError
from responder.wire.family import Coded
from responder.wire.message import Record

AnyCoded = TypeVar("AnyCoded", bound=Coded)
AnyPart = TypeVar("AnyPart", bound=Record)

_VENDOR_ID_SIZE = 2
_ZEROS = bytes(1 << 17)
"""More bytes than any length field of a message of these protocols can ask for."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """One such protocol.

    Attributes:
        checks: the prefix of its checks.
        vendor_id: whose it is.
        protocol_id: the first byte of its payloads.
        code_at: where a message has its code.
    """

    checks: str
    vendor_id: int
    protocol_id: int
    code_at: int


def ask(c: Conversation, protocol: Protocol, request: Coded) -> Flow[bytes]:
    """Exchange a message; the answer begins behind the ProtocolID.

    What is refused afterwards names the message as the step.
    """
    wanted = VendorRequest(
        StandardId.PCI_SIG,
        protocol.vendor_id.to_bytes(_VENDOR_ID_SIZE, "little"),
        bytes([protocol.protocol_id]) + request.build(),
    )
    payload = (yield from exchange_vendor(c, wanted)) or b""
    c.checks.step = request.name
    told = payload[:1]
    c.require(
        f"{protocol.checks}.protocol",
        told == bytes([protocol.protocol_id]),
        f"ProtocolID {told.hex() or 'missing'}, sent {protocol.protocol_id:02x}",
    )
    return payload[1:]


def read_answer(
    c: Conversation, protocol: Protocol, kind: type[AnyCoded], answer: bytes
) -> AnyCoded:
    """The typed answer, which has to be of ``kind`` and nothing more."""
    code = answer[protocol.code_at : protocol.code_at + 1]
    c.require(
        f"{protocol.checks}.type",
        not code or code == bytes([kind.CODE]),
        f"a message 0x{code.hex()}, expected 0x{kind.CODE:02x}",
    )
    return read_whole(c, f"{protocol.checks}.size", kind, answer)


def read_whole(c: Conversation, check_id: str, kind: type[AnyPart], data: bytes) -> AnyPart:
    """A record that fills ``data``; zeros follow one that is too short."""
    try:
        record, used = kind.read(data)
    except WireError as error:
        c.require(check_id, condition=False, detail=str(error))
        record, used = kind.read(data + _ZEROS)
    c.require(check_id, used >= len(data), f"{len(data) - used} bytes after its end")
    return record


def zeros(kind: type[AnyPart]) -> AnyPart:
    """A record for an answer that never came: the check that refuses it was left out."""
    return kind.read(_ZEROS)[0]


def names_of(flags: type[IntFlag], value: int) -> list[str]:
    """The names of the bits that are set, of those that have one."""
    return [str(flag.name) for flag in flags if flag & value]
