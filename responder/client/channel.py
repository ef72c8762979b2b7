"""What the requester's driver asks of a transport: one response for each request."""

from typing import Literal, Protocol

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

    async def exchange(self, message: bytes) -> bytes:
        """Send one SPDM message, or secured record, and return the answer without its header.

        Raises:
            ChannelError: no answer came back whole.
        """

    async def close(self) -> None:
        """Give the transport back; a second call does nothing."""
