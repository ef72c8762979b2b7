"""Messages as they are heard: unwrapped, read, and built again byte for byte."""

from dataclasses import dataclass, field
from typing import Any

from responder.replay.terms import UnreplayableError
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.raw import RawMessage
from responder.wire.registry import class_of


@dataclass(frozen=True, slots=True)
class Heard:
    """One SPDM message.

    Attributes:
        message: as it was read, of the class of its code.
        raw: as it was sent, without the transport's padding.
        context: what its layout depends on.
        session: the session whose record carried it; ``None`` if none did.
        left_over: how many zeros follow it.
    """

    message: Any
    raw: bytes = field(repr=False)
    context: WireContext
    session: int | None
    left_over: int

    @property
    def code(self) -> int:
        """RequestResponseCode."""
        return int(self.message.code)

    @property
    def signature(self) -> bytes:
        """The signature; empty if there is none."""
        signature: bytes = getattr(self.message, "signature", b"")
        return signature

    @property
    def verify_data(self) -> bytes:
        """ResponderVerifyData or RequesterVerifyData; empty if there is none."""
        message = self.message
        responder = getattr(message, "responder_verify_data", b"")
        verify_data: bytes = responder or getattr(message, "requester_verify_data", b"")
        return verify_data

    @property
    def unsigned(self) -> bytes:
        """The bytes up to signature and verify data."""
        return self.raw[: len(self.raw) - len(self.signature) - len(self.verify_data)]


def hear(data: bytes, context: WireContext, session: int | None) -> Heard:
    """Read a message and build it again.

    Raises:
        UnreplayableError: it cannot be read, anything but zeros follows, what is built differs, or
            its code is not known.
    """
    try:
        kind = class_of(data)
        message, used = kind.read(data, context)
    except WireError as error:
        raise UnreplayableError(f"{data[:4].hex()} cannot be read: {error}") from None
    if kind is RawMessage:
        raise UnreplayableError(f"{message.name} is not known")
    if message.build(context) != data[:used]:
        raise UnreplayableError(f"{message.name} is built otherwise than it was sent")
    if any(data[used:]):
        raise UnreplayableError(f"{data[used:].hex()} follows {message.name}")
    return Heard(message, data[:used], context, session, len(data) - used)
