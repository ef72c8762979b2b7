"""The one exception that peer input may raise, and why a peer is not believed."""

from typing import TYPE_CHECKING

from responder.spec.codes import ErrorCode
from responder.spec.versions import V12

if TYPE_CHECKING:
    from responder.core.session import Session


class ProtocolError(Exception):
    """A request is refused with an ERROR response (DSP0274 "ERROR response message").

    Attributes:
        code: the error code, Param1.
        data: the error data, Param2.
        extended: extended error data, at most 32 bytes.
        reason: for the log, never for the wire.
        ends: the session that ends once the ERROR is sent, if any.
    """

    def __init__(
        self,
        code: ErrorCode | int,
        reason: str = "",
        *,
        data: int = 0,
        extended: bytes = b"",
        ends: "Session | None" = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.data = data
        self.extended = extended
        self.reason = reason
        self.ends = ends


class IgnoredError(ProtocolError):
    """A request is passed over in silence; the text says why, for the log only."""

    def __init__(self, reason: str) -> None:
        super().__init__(ErrorCode.UNSPECIFIED, reason)


class OutsideError(ProtocolError):
    """A device wants a vendor's request in a session; it comes outside of all."""

    def __init__(self, reason: str) -> None:
        super().__init__(ErrorCode.SESSION_REQUIRED, reason)


class UntrustedError(Exception):
    """A requester's certificate chain is not believed; the text says why, for the log only."""


def invalid(reason: str) -> ProtocolError:
    """InvalidRequest: the request is malformed, or asks for what is not there."""
    return ProtocolError(ErrorCode.INVALID_REQUEST, reason)


def unexpected(reason: str) -> ProtocolError:
    """UnexpectedRequest: the request is well formed and comes at the wrong time."""
    return ProtocolError(ErrorCode.UNEXPECTED_REQUEST, reason)


def unsupported(request_code: int, reason: str) -> ProtocolError:
    """UnsupportedRequest: the request or its capability is not offered; names its code."""
    return ProtocolError(ErrorCode.UNSUPPORTED_REQUEST, reason, data=request_code)


def session_required(version: int, reason: str) -> ProtocolError:
    """SessionRequired, which 1.1 does not know: the request belongs into a session."""
    code = ErrorCode.SESSION_REQUIRED if version >= V12 else ErrorCode.UNSPECIFIED
    return ProtocolError(code, f"{reason} outside of any session")


def undecryptable(reason: str, session: "Session") -> ProtocolError:
    """DecryptError: signature, HMAC or record are not authentic; the session ends."""
    return ProtocolError(ErrorCode.DECRYPT_ERROR, reason, ends=session)
