"""What the requester does about ERROR (DSP0274 "ERROR response message").

Busy: the same request again. ResponseNotReady: RESPOND_IF_READY after the time it names.
RequestResynch: back to GET_VERSION. Anything else stands.
"""

from responder.requester.checks import Checks
from responder.requester.options import AttestOptions
from responder.spec.codes import ErrorCode, RequestCode, name_of_code
from responder.spec.limits import HEADER_SIZE, MAX_ERROR_EXTENDED_SIZE
from responder.spec.timing import MAX_EXPONENT
from responder.wire.error import ResponseNotReadyData
from responder.wire.respond_if_ready import RespondIfReady

_NEVER_DEFERRED = frozenset(
    {RequestCode.GET_VERSION, RequestCode.GET_CAPABILITIES, RequestCode.NEGOTIATE_ALGORITHMS}
)
WITHOUT_VERSION = frozenset({ErrorCode.VERSION_MISMATCH, ErrorCode.REQUEST_RESYNCH})
"""What a responder says that knows of no negotiated version."""
_NOT_READY_SIZE = 4
_EXTENDED_SIZES: dict[int, int] = {
    ErrorCode.BUSY: 0,
    ErrorCode.RESPONSE_NOT_READY: _NOT_READY_SIZE,
    ErrorCode.REQUEST_RESYNCH: 0,
}
"""Bytes of ExtendedErrorData of the codes that are acted on."""
_MIN_RDTM = 2


class ResynchError(Exception):
    """The responder asks to begin again at GET_VERSION."""


def error_name(raw: bytes) -> str:
    """The name of the error in an ERROR message, with its data."""
    known = {code.value: code.name for code in ErrorCode}
    name = known.get(raw[2], f"reserved code 0x{raw[2]:02x}")
    return f"ERROR {name}" + (f" (data 0x{raw[3]:02x})" if raw[3] else "")


class Recovery:
    """The retries of one request; each kind has a bound."""

    def __init__(self, checks: Checks, options: AttestOptions, request: bytes) -> None:
        self._require = checks.require
        self._patience = options.patience
        self._padding = options.padding
        self._request = request
        self._busy = 0
        self._polls = 0

    def next(self, raw: bytes) -> tuple[int, bytes] | None:
        """What to do about an ERROR message.

        Returns:
            Microseconds to wait and the message to send then; ``None`` when the ERROR stands.

        Raises:
            ResynchError: the connection begins anew.
        """
        extended = len(raw) - HEADER_SIZE
        limit = _EXTENDED_SIZES.get(raw[2], MAX_ERROR_EXTENDED_SIZE)
        self._require(
            "err.extended-size",
            extended <= limit + self._padding,
            f"{extended} bytes of ExtendedErrorData, at most {limit}",
        )
        match raw[2]:
            case ErrorCode.BUSY:
                return self._again()
            case ErrorCode.RESPONSE_NOT_READY:
                return self._respond_if_ready(raw)
            case ErrorCode.REQUEST_RESYNCH:
                raise ResynchError
        return None

    def refuse(self, raw: bytes) -> None:
        """The ERROR stands."""
        self._require(
            "err.refused",
            condition=False,
            detail=f"{error_name(raw)} answers {name_of_code(self._request[1])}",
        )

    def _again(self) -> tuple[int, bytes]:
        self._busy += 1
        limit = self._patience.busy
        self._require("err.busy-limit", self._busy <= limit, f"Busy more than {limit} times")
        return self._patience.busy_wait, self._request

    def _respond_if_ready(self, raw: bytes) -> tuple[int, bytes]:
        code = self._request[1]
        self._require(
            "err.not-ready-allowed",
            code not in _NEVER_DEFERRED,
            f"ResponseNotReady answers {name_of_code(code)}",
        )
        data = raw[HEADER_SIZE : HEADER_SIZE + _NOT_READY_SIZE]
        self._require(
            "err.not-ready-size", len(data) == _NOT_READY_SIZE, f"{len(data)} bytes of data"
        )
        hint = ResponseNotReadyData.parse(data.ljust(_NOT_READY_SIZE, b"\0"))
        self._check(hint, code)
        self._polls += 1
        limit = self._patience.not_ready
        self._require(
            "err.not-ready-limit", self._polls <= limit, f"not ready after {limit} requests"
        )
        wait = min(1 << hint.rdt_exponent, self._patience.wait)
        again = RespondIfReady(
            spdm_version=self._request[0], original_request_code=code, token=hint.token
        )
        return wait, again.build()

    def _check(self, hint: ResponseNotReadyData, code: int) -> None:
        require = self._require
        require(
            "err.not-ready-code",
            hint.request_code == code,
            f"RequestCode is {name_of_code(hint.request_code)}",
        )
        require("err.not-ready-rdtm", hint.rdtm >= _MIN_RDTM, f"RDTM is {hint.rdtm}")
        require(
            "err.not-ready-exponent",
            hint.rdt_exponent <= MAX_EXPONENT,
            f"RDTExponent is {hint.rdt_exponent}",
        )
        require(
            "err.not-ready-wait",
            1 << hint.rdt_exponent <= self._patience.wait,
            f"a wait of 2^{hint.rdt_exponent} us",
        )
