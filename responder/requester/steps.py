"""What the requester asks of whoever drives it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from responder.requester.report import Report


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send one SPDM message and answer with the bytes that come back, padding included.

    Attributes:
        message: the message, or the record that holds it.
        secured: it is a record of a session, so the transport's secured kind carries it.
    """

    message: bytes
    secured: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass, then answer with no bytes."""

    microseconds: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """Have the device begin an encapsulated request, outside SPDM; answer with no bytes.

    Transports of test peers have a command for that; elsewhere a device begins by itself.

    Attributes:
        request: the request that it shall make: KEY_UPDATE or GET_ENDPOINT_INFO.
        session_id: the session of which it shall update the keys.
    """

    request: int
    session_id: int | None = None


Step = Transmit | Wait | Prompt


class OtherKind(bytes):
    """An answer that came in the clear where a record was sent, or the other way round."""


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
