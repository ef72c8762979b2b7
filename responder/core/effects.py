"""What the core wants done; whoever holds the sockets and clocks does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from responder.core.events import Event


@dataclass(frozen=True, slots=True)
class Send:
    """Send one SPDM message, or secured record, to the peer.

    Attributes:
        message: the bytes without any transport header.
        secured: the bytes are a secured record.
    """

    message: bytes
    secured: bool = False


@dataclass(frozen=True, slots=True)
class ArmTimer:
    """Call ``Responder.expire(name, now)`` at virtual time ``at`` (seconds); replaces ``name``."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection to the peer."""

    reason: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the observers."""

    event: Event


@dataclass(frozen=True, slots=True)
class Run:
    """Run ``work`` off the loop, then call ``Responder.complete(job, result)``."""

    job: int
    work: Callable[[], Any]


Effect = Send | ArmTimer | Close | Emit | Run
