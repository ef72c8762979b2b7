"""One line about a message or frame, for comments and tables."""

from responder.observe.message_name import detail_of
from responder.spec.limits import HEADER_SIZE
from responder.transport.errors import FramingError
from responder.transport.overheard import overheard
from responder.transport.socket_frame import Command, SocketFrame
from responder.wire.names import message_title

_SESSION_ID_SIZE = 4


def summary_of_frame(frame: SocketFrame) -> str:
    """What a frame carries: a message's summary, or what there is instead."""
    try:
        found = overheard(frame)
    except FramingError as error:
        return f"{len(frame.payload)} bytes: {error.reason}"
    if found.label:
        return f"{found.label}, {len(found.data)} bytes"
    if found.sequence_number_size is not None:
        session = int.from_bytes(found.data[:_SESSION_ID_SIZE], "little")
        return f"record of session 0x{session:08x}, {len(found.data)} bytes"
    return summary_of_message(found.data)


def is_management(frame: SocketFrame) -> bool:
    """Whether a frame is the transport's own, such as the status of a storage command."""
    if frame.command == Command.NORMAL:
        return False
    try:
        return bool(overheard(frame).label)
    except FramingError:
        return False


def summary_of_message(message: bytes) -> str:
    """Name, version and size of an SPDM message; the code of an ERROR, what others carry."""
    if len(message) < HEADER_SIZE:
        return f"{len(message)} bytes that are no SPDM message"
    return ": ".join(filter(None, (message_title(message), detail_of(message))))
