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
    """A request arrived.

    Attributes:
        code: of the request, 0 if it is too short to have one.
        message: its bytes as received, transport padding included; opened if it came as a record.
        session_id: of the session in which it came, if in one.
    """

    code: int
    message: bytes
    session_id: int | None = None


class ResponseSent(Event, frozen=True):
    """A response left.

    Attributes:
        code: of the response.
        message: its bytes, before they are sealed if they go as a record.
        reason: why it is an ERROR; empty if it is none.
        session_id: of the session in which it went, if in one.
    """

    code: int
    message: bytes
    reason: str = ""
    session_id: int | None = None


class PhaseChanged(Event, frozen=True):
    """The connection moved from one phase to another.

    Attributes:
        before: the phase's name.
        after: the next one's.
    """

    before: str
    after: str


class SessionStarted(Event, frozen=True):
    """A session's handshake began.

    Attributes:
        session_id: 32 bits: the requester's half in bits 15:0, ours in bits 31:16.
        kind: KEY or PSK.
    """

    session_id: int
    kind: str


class SessionEstablished(Event, frozen=True):
    """A session's handshake is complete.

    Attributes:
        session_id: that of its start.
    """

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
        key: what protects the records, from sequence number 0 on.
        iv: the other part of it.
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
    """A session is gone.

    Attributes:
        session_id: that of its start.
        reason: why.
    """

    session_id: int
    reason: str


class ApplicationData(Event, frozen=True):
    """Application data of a session that is no SPDM message.

    Attributes:
        session_id: of the session.
        request: what came, opened.
        response: the answer; empty if there was none.
    """

    session_id: int
    request: bytes
    response: bytes


class RecordDropped(Event, frozen=True):
    """A secured record could not be opened.

    Attributes:
        reason: why.
        record: its bytes as received.
    """

    reason: str
    record: bytes


class FaultFired(Event, frozen=True):
    """A fault changed something: the evidence.

    Attributes:
        fault: its id.
        hook: where it struck.
        detail: what it did, in a few words.
        message: the request or response that it struck, empty where there is none.
        before: the bytes that it changed; empty, as the next, where it did something else.
        after: what they are now.
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
    """A defect of this program met peer input; the peer was answered Unspecified.

    Attributes:
        code: of the request, 0 if there was none.
        traceback: where it happened.
    """

    code: int
    traceback: str
