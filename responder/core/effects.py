"""What the core wants done; whoever holds the sockets and clocks does it."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from responder.core.events import Event

Wish = Literal["key-update", "endpoint-info"]
"""What may be asked of the device from outside: an encapsulated request."""


class Send(msgspec.Struct, frozen=True):
    """Send one SPDM message, or secured record, to the peer.

    Attributes:
        message: the bytes without any transport header.
        secured: the bytes are a secured record.
        delay: seconds to wait before it is sent; what follows is not held up.
        through: what carries a message: what carried the request, nothing (``clear``), or the
            session of this id.
    """

    message: bytes
    secured: bool = False
    delay: float = 0.0
    through: int | Literal["request", "clear"] = "request"


class ArmTimer(msgspec.Struct, frozen=True):
    """Call ``Responder.expire(name, now)`` at virtual time ``at`` (seconds); replaces ``name``."""

    name: str
    at: float


class Close(msgspec.Struct, frozen=True):
    """Close the connection to the peer.

    Attributes:
        reason: for the observers.
        how: ``fin`` after what was written; ``rst`` at once; ``half``: write no more, yet read.
        delay: seconds to wait before.
    """

    reason: str
    how: Literal["fin", "rst", "half"] = "fin"
    delay: float = 0.0


class Ignore(msgspec.Struct, frozen=True):
    """Say nothing to what came; a transport that always answers has an empty frame for it."""


class Emit(msgspec.Struct, frozen=True):
    """Tell the observers."""

    event: Event


class Run(msgspec.Struct, frozen=True):
    """Run ``work`` off the loop, then call ``Responder.complete(job, result)``."""

    job: int
    work: Callable[[], Any]


class Keep(msgspec.Struct, frozen=True):
    """Keep the negotiated state of this endpoint, so that it outlasts what the endpoint does not.

    Attributes:
        state: the messages of the VCA as sent; empty when there is nothing to keep any more.
    """

    state: tuple[bytes, ...]


Effect = Send | ArmTimer | Close | Emit | Ignore | Keep | Run
