"""What happened, for journals, logs and reports; times are added by whoever observes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at an endpoint."""


@dataclass(frozen=True, slots=True)
class RequestReceived(Event):
    """A request arrived: its bytes as received, transport padding included."""

    code: int
    message: bytes
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class ResponseSent(Event):
    """A response left: its bytes, and why if it is an ERROR."""

    code: int
    message: bytes
    reason: str = ""
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class PhaseChanged(Event):
    """The connection moved from one phase to another."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FaultFired(Event):
    """A fault changed something: the evidence."""

    fault: str
    hook: str
    detail: str


@dataclass(frozen=True, slots=True)
class InternalError(Event):
    """A defect of this program met peer input; the peer was answered Unspecified."""

    code: int
    traceback: str
