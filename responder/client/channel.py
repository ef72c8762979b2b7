"""What the requester's driver asks of a transport: one response for each request."""

from typing import Literal, Protocol

from responder.requester.records import RecordFormat

ChannelTrouble = Literal["closed", "timeout", "framing"]


class ChannelError(Exception):
    """The transport did not carry a request or its response.

    Attributes:
        kind: ``closed`` (the peer is gone), ``timeout`` (it said nothing in time) or ``framing``
            (what it said breaks the transport's rules).
        reason: what was seen, for people.
    """

    def __init__(self, kind: ChannelTrouble, reason: str) -> None:
        self.kind: ChannelTrouble = kind
        self.reason = reason
        super().__init__(f"{kind}: {reason}")


class Channel(Protocol):
    """A way to one responder.

    Attributes:
        padding: how many trailing zero bytes the transport may add to a message, 0 to 3.
    """

    padding: int

    @property
    def records(self) -> RecordFormat:
        """How it carries the records of sessions."""

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """Send one SPDM message, or secured record, and return the answer without its header.

        Args:
            message: without transport header.
            secured: it is a record.

        Returns:
            The answer; as ``OtherKind`` if it is a message where a record was sent, or the
            other way round.

        Raises:
            ChannelError: no answer came back whole.
        """

    async def prompt(self, request: int, session_id: int | None) -> None:
        """Have the device begin an encapsulated request, where there is a way to that.

        Raises:
            ChannelError: there is a way, and it failed.
        """

    async def close(self) -> None:
        """Give the transport back; a second call does nothing."""
