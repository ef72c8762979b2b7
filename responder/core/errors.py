"""The one exception that peer input may raise, and why a peer is not believed."""

from responder.spec.codes import ErrorCode


class ProtocolError(Exception):
    """A request is refused with an ERROR response (DSP0274 "ERROR response message").

    Attributes:
        code: the error code, Param1.
        data: the error data, Param2.
        extended: extended error data, at most 32 bytes.
        reason: for the log, never for the wire.
    """

    def __init__(
        self, code: ErrorCode | int, reason: str = "", *, data: int = 0, extended: bytes = b""
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.data = data
        self.extended = extended
        self.reason = reason


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
