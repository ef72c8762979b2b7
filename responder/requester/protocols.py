"""Protocols that VENDOR_DEFINED carries in a session: messages are exchanged, and answers read.

What an answer must be, every such protocol demands of it alike; the checks have its prefix.
"""

from collections.abc import Container
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.options import VendorRequest
from responder.requester.vendor_defined import exchange_vendor
from responder.spec.codes import ErrorCode
from responder.spec.registries import StandardId
from responder.wire.cxl_tsp import TspErrorRsp
from responder.wire.errors import WireError
from responder.wire.family import Coded
from responder.wire.message import Record
from responder.wire.names import header_version
from responder.wire.tdisp import TdispError

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


@dataclass(frozen=True, slots=True)
class Versioned(Protocol):
    """A protocol whose messages begin with their version, and that can refuse a request.

    Attributes:
        version: the only one, as in a message.
        error: the message that refuses.
        codes: its error codes; BUSY is one of them.
    """

    version: int
    error: type[TdispError] | type[TspErrorRsp]
    codes: type[IntEnum]


def ask(c: Conversation, protocol: Protocol, request: Coded) -> Flow[bytes]:
    """Exchange a message; the answer begins behind the ProtocolID.

    What is refused afterwards names the message as the step.
    """
    payload = (yield from exchange_vendor(c, _carried(protocol, request))) or b""
    c.checks.step = request.name
    told = payload[:1]
    c.require(
        f"{protocol.checks}.protocol",
        told == bytes([protocol.protocol_id]),
        f"ProtocolID {told.hex() or 'missing'}, sent {protocol.protocol_id:02x}",
    )
    return payload[1:]


def granted(c: Conversation, protocol: Protocol, request: Coded) -> Flow[bool]:
    """Whether a device does what it ought to refuse with the ERROR InvalidRequest of SPDM."""
    refusals = (ErrorCode.INVALID_REQUEST,)
    wanted = _carried(protocol, request)
    return (yield from exchange_vendor(c, wanted, may_refuse=refusals)) is not None


def _carried(protocol: Protocol, request: Coded) -> VendorRequest:
    return VendorRequest(
        StandardId.PCI_SIG,
        protocol.vendor_id.to_bytes(_VENDOR_ID_SIZE, "little"),
        bytes([protocol.protocol_id]) + request.build(),
    )


def ask_patiently(
    c: Conversation, protocol: Versioned, request: Coded, bearable: Container[int] = ()
) -> Flow[bytes | None]:
    """Exchange a message until it is not answered BUSY.

    Args:
        c: the conversation.
        protocol: whose message it is.
        request: the message.
        bearable: error codes that may answer it.

    Returns:
        The answer; ``None`` for an error with such a code.
    """
    patience, busy, prefix = c.options.patience, 0, protocol.checks
    while True:
        answer = yield from ask(c, protocol, request)
        told = answer[0] if answer else protocol.version
        current = told == protocol.version
        c.require(f"{prefix}.version", current, f"version {header_version(told)}")
        if answer[protocol.code_at : protocol.code_at + 1] != bytes([protocol.error.CODE]):
            return answer
        error = read_whole(c, f"{prefix}.size", protocol.error, answer)
        if error.error_code != protocol.codes["BUSY"]:
            break
        busy += 1
        if not c.require(f"{prefix}.busy-limit", busy <= patience.busy, f"BUSY {busy} times"):
            break
        yield from c.wait(patience.busy_wait)
    if error.error_code not in bearable:
        c.require(f"{prefix}.error", condition=False, detail=_error_text(protocol, error))
    return None


def _error_text(protocol: Versioned, error: TdispError | TspErrorRsp) -> str:
    """An error in words: its code, its data, and a vendor's data."""
    known = {code.value: code.name for code in protocol.codes}
    name = known.get(error.error_code, f"reserved code 0x{error.error_code:08x}")
    data = f" (data 0x{error.error_data:08x})" if error.error_data else ""
    vendor = f", vendor's data {error.extended_error_data.hex()}"
    return f"{error.name} {name}{data}" + (vendor if error.extended_error_data else "")


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
