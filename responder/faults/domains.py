"""What the variables of a fault can run over, by name (``each = { message = "responses" }``)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from responder.errors import ConfigError, suggest
from responder.spec.codes import (
    REQUEST_SINCE,
    ErrorCode,
    RequestCode,
    ResponseCode,
    response_code_of,
)
from responder.spec.tdisp import TdispType
from responder.spec.versions import V10
from responder.wire.message import wire_fields
from responder.wire.registry import BY_CODE

Chosen = Mapping[str, int | str]
"""The values of the variables before."""

_HANDLED_ELSEWHERE = frozenset({RequestCode.RESPOND_IF_READY})
_ATTESTATION = frozenset(code for code, since in REQUEST_SINCE.items() if since == V10)
"""Every version has these requests, and an attestation needs no others."""
_RECOVERABLE = frozenset({ErrorCode.BUSY, ErrorCode.RESPONSE_NOT_READY, ErrorCode.REQUEST_RESYNCH})
_HEADER_FIELDS = 2
_SIGNATURE = "signature"
_TDISP = [TdispType(number) for number in range(0x01, 0x08)]
"""The answers of TDISP to the requests that every device supports."""
_TDISP_REQUEST = 0x80


def _requests() -> list[str]:
    return [RequestCode(code).name for code in sorted(_ATTESTATION - _HANDLED_ELSEWHERE)]


def _responses() -> list[str]:
    return _answers(_ATTESTATION - _HANDLED_ELSEWHERE)


def _later_responses() -> list[str]:
    return _answers(set(REQUEST_SINCE) - _ATTESTATION)


def _answers(requests: Iterable[int]) -> list[str]:
    return [ResponseCode(response_code_of(code)).name for code in sorted(requests)]


def _fields(chosen: Chosen) -> Sequence[int | str]:
    """The fields of ``message`` behind the first two bytes of its header."""
    name = str(chosen.get("message", ""))
    known = [ResponseCode(code).name for code in sorted(BY_CODE) if code in set(ResponseCode)]
    if name not in known:
        reason = f"the domain 'fields' needs a variable 'message' before it, not {name!r}"
        raise ConfigError(reason, suggestion=suggest(name, known))
    return [*wire_fields(BY_CODE[ResponseCode[name]])][_HEADER_FIELDS:]


def _signed() -> list[str]:
    names = [*_responses(), *_later_responses()]
    return [name for name in names if _SIGNATURE in _fields({"message": name})]


DOMAINS: Mapping[str, Callable[[Chosen], Sequence[int | str]]] = MappingProxyType(
    {
        "responses": lambda _: list(_responses()),
        "later-responses": lambda _: _later_responses(),
        "all-responses": lambda _: _responses() + _later_responses(),
        "requests": lambda _: list(_requests()),
        "signed": lambda _: list(_signed()),
        "fields": _fields,
        "tdisp-messages": lambda _: [one.name for one in _TDISP],
        "tdisp-answers": lambda _: [one.name.lower() for one in _TDISP],
        "tdisp-requests": lambda _: [TdispType(one | _TDISP_REQUEST).name for one in _TDISP],
        "bits": lambda _: list(range(8)),
        "named-errors": lambda _: sorted({int(code) for code in ErrorCode} - _RECOVERABLE),
        "errors": lambda _: sorted(set(range(0x100)) - _RECOVERABLE),
    }
)
"""Name to values; those of ``fields`` depend on the variable ``message`` before it.

``errors`` are all codes but Busy, ResponseNotReady and RequestResynch, which call for more than a
refusal.
"""


def describe_domain(name: str) -> str:
    """What a domain holds, for documents."""
    return _TEXTS[name]


_TEXTS = {
    "responses": "the names of the responses that every version has, but ERROR",
    "later-responses": "the names of the responses that versions after 1.0 have added",
    "all-responses": "both of these",
    "requests": "the names of the requests that every version has, but RESPOND_IF_READY",
    "signed": "the responses that carry a signature",
    "fields": "the fields of the response `message`, a variable before this one, from Param1 on",
    "tdisp-messages": "the answers of TDISP to the requests that every device supports",
    "tdisp-answers": "the same as parts of addresses, in lower case",
    "tdisp-requests": "those requests",
    "bits": "0 to 7",
    "named-errors": "error codes that have a name, except those that call for a retry or resync",
    "errors": "all error codes, 0 to 255, except those that call for a retry or resync",
}
