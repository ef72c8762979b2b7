"""What happened, for journals, logs and reports; times are added by whoever observes."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True):
    """Something that happened at an endpoint.

    Attributes:
        on_request: only those observers are told who ask for this class of events by name.
    """

    on_request: ClassVar[bool] = False


class RequestReceived(Event, frozen=True):
    """A request arrived: its bytes as received, transport padding included."""

    code: int
    message: bytes
    session_id: int | None = None


class ResponseSent(Event, frozen=True):
    """A response left: its bytes, and why if it is an ERROR."""

    code: int
    message: bytes
    reason: str = ""
    session_id: int | None = None


class PhaseChanged(Event, frozen=True):
    """The connection moved from one phase to another."""

    before: str
    after: str


class SessionStarted(Event, frozen=True):
    """A session's handshake began; ``kind`` is KEY or PSK."""

    session_id: int
    kind: str


class SessionEstablished(Event, frozen=True):
    """A session's handshake is complete."""

    session_id: int


class SessionKeys(Event, frozen=True):
    """New keys protect one direction of a session; told only where the policy wants key logs.

    Attributes:
        session_id: 32 bits.
        direction: ``request`` or ``response``.
        phase: ``handshake``, ``data``, then ``update 1`` and so on.
        aead: the cipher's name.
        encrypted: records are encrypted, not only authenticated.
        big_endian: how the sequence number enters the IV.
        key, iv: what protects the records, from sequence number 0 on.
    """

    on_request: ClassVar[bool] = True
    session_id: int
    direction: str
    phase: str
    aead: str
    encrypted: bool
    big_endian: bool
    key: bytes
    iv: bytes


class SessionEnded(Event, frozen=True):
    """A session is gone, and why."""

    session_id: int
    reason: str


class ApplicationData(Event, frozen=True):
    """Application data of a session that is no SPDM message, and its answer if there was one."""

    session_id: int
    request: bytes
    response: bytes


class RecordDropped(Event, frozen=True):
    """A secured record could not be opened, and why; its bytes as received."""

    reason: str
    record: bytes


class FaultFired(Event, frozen=True):
    """A fault changed something: the evidence.

    Attributes:
        fault: its id.
        hook: where it struck.
        detail: what it did, in a few words.
        message: the request or response that it struck, empty where there is none.
        before, after: the bytes that it changed; both empty where it did something else.
    """

    fault: str
    hook: str
    detail: str
    message: str = ""
    before: bytes = b""
    after: bytes = b""


class FaultMissed(Event, frozen=True):
    """A fault never struck.

    Attributes:
        fault: its id.
        nearest: what came nearest, such as "CHALLENGE: slot_id 1, wanted 0".
    """

    fault: str
    nearest: str


class InternalError(Event, frozen=True):
    """A defect of this program met peer input; the peer was answered Unspecified."""

    code: int
    traceback: str
