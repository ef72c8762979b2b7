"""Takes transport headers off what ``decode`` is given."""

from collections.abc import Iterator, Sequence

from responder.decode.payload import Payload
from responder.transport.errors import FramingError
from responder.transport.overheard import SOCKET, Overheard, carried_by, overheard
from responder.transport.records import records_of
from responder.transport.socket_frame import (
    HEADER_SIZE,
    Command,
    SocketFrame,
    SocketFramer,
    TransportType,
)

AUTO = "auto"
BINDINGS = {
    "none": TransportType.NONE,
    "mctp": TransportType.MCTP,
    "doe": TransportType.PCI_DOE,
    "tcp": TransportType.TCP,
    "storage": TransportType.STORAGE,
}
TRANSPORTS = (AUTO, *BINDINGS, SOCKET)

_MARKED = (TransportType.PCI_DOE, TransportType.TCP, TransportType.MCTP)
"""Transports that can be told from a plain message by their header, the surest first."""
_MAX_FRAME = 1 << 24


def unwrap(payload: Payload, transport: str) -> Overheard:
    """Take the transport header off.

    Args:
        payload: the bytes; what they say of themselves counts unless ``transport`` is given.
        transport: a name in ``BINDINGS``, or ``auto`` to go by what the bytes look like.

    Raises:
        FramingError: the header is not that transport's.
    """
    if payload.command != Command.NORMAL:
        return overheard(SocketFrame(payload.command, payload.transport or 0, payload.data))
    if transport in BINDINGS:
        return carried_by(BINDINGS[transport], payload.data)
    if payload.transport is not None:
        return carried_by(payload.transport, payload.data, payload.padding)
    for marked in _MARKED:
        try:
            return carried_by(marked, payload.data)
        except FramingError:
            continue
    return carried_by(TransportType.NONE, payload.data)


def disclosed(application_data: bytes, binding: str) -> bytes:
    """The SPDM message in a record's application data; FramingError if it is of another kind."""
    return records_of(BINDINGS[binding]).disclose(application_data)


def unframed(payload: Payload, transport: str) -> Iterator[Payload]:
    """The payloads of the socket frames in ``payload``, or itself if it holds no frames."""
    framed = transport == SOCKET or (transport == AUTO and _looks_framed(payload.data))
    if not framed or payload.transport is not None:
        yield payload
        return
    frames, problem = _frames(payload.data)
    for frame in frames:
        yield Payload(frame.payload, "", frame.command, frame.transport)
    if problem or payload.problem:
        yield Payload(b"", problem or payload.problem)


def _frames(data: bytes) -> tuple[Sequence[SocketFrame], str]:
    """The whole frames, and why there are no more."""
    framer = SocketFramer(_MAX_FRAME)
    try:
        frames = framer.feed(data)
    except FramingError as error:
        return error.frames, error.reason
    try:
        framer.eof()
    except FramingError as error:
        return frames, error.reason
    return frames, ""


def _looks_framed(data: bytes) -> bool:
    """Whether ``data`` begins with a header of the socket protocol."""
    if len(data) < HEADER_SIZE:
        return False
    command, transport = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    return (
        command in Command.__members__.values() and transport in TransportType.__members__.values()
    )
