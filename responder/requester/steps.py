"""What the requester asks of whoever drives it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from responder.requester.report import Report


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send one SPDM message and answer with the bytes that come back, padding included."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass, then answer with no bytes."""

    microseconds: int


Step = Transmit | Wait


class TransportFailedError(Exception):
    """Thrown into the requester when no answer came; it ends with what it has learnt so far.

    Attributes:
        kind: ``closed``, ``timeout`` or ``framing``.
        report: what was learnt up to here; set by ``attest``.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.report: Report | None = None
