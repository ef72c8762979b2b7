"""What a requester does wrong whatever it is answered: seen in its requests alone.

A fault is a lie and asks for a reaction; an oracle only watches. It needs no more than the journal
of a responder, so that it judges any requester.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import msgspec

from responder.spec.codes import ErrorCode, RequestCode, ResponseCode, name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.wire.measurements import SIGNATURE_REQUESTED

_NONCE = slice(4, 36)
"""Of CHALLENGE, and of GET_MEASUREMENTS that asks for a signature."""
_WITH_NONCE = frozenset(
    {RequestCode.CHALLENGE, RequestCode.GET_MEASUREMENTS, RequestCode.KEY_EXCHANGE}
)
_FRESH = MappingProxyType({"RandomData": slice(8, 40), "ExchangeData": slice(40, 72)})
"""Of KEY_EXCHANGE; of ExchangeData as much as every group has. ReqSessionID has only to be another
than those of open sessions."""


class Asked(msgspec.Struct, frozen=True):
    """A request, and what it was answered.

    Attributes:
        request: the SPDM message.
        response: what was sent; ``None`` if nothing was.
    """

    request: bytes
    response: bytes | None

    @property
    def code(self) -> int:
        """The request's code, 0 if it is too short for one."""
        return self.request[1] if len(self.request) > 1 else 0

    @property
    def unanswered(self) -> bool:
        """Whether a requester may send it again: silence, or Busy."""
        answer = self.response
        busy = bytes((ResponseCode.ERROR, ErrorCode.BUSY))
        return answer is None or answer[1:3] == busy


Conversation = Sequence[Asked]
"""What was asked on one connection, in order."""


def _retries_differ(conversations: Sequence[Conversation]) -> Iterator[str]:
    """A request that was not answered is sent again as it was; another header is another matter."""
    for conversation in conversations:
        for first, second in pairwise(conversation):
            again = first.unanswered and first.request[:HEADER_SIZE] == second.request[:HEADER_SIZE]
            if again and first.code in _WITH_NONCE and first.request != second.request:
                yield f"{name_of_code(first.code)} is not the same when it is sent again"


def _nonces_repeat(conversations: Sequence[Conversation]) -> Iterator[str]:
    def nonce(asked: Asked) -> bytes:
        signed = asked.code == RequestCode.CHALLENGE or (
            asked.code == RequestCode.GET_MEASUREMENTS and asked.request[2] & SIGNATURE_REQUESTED
        )
        return asked.request[_NONCE] if signed else b""

    yield from _repeated("the nonce", nonce, conversations)


def _key_exchanges_repeat(conversations: Sequence[Conversation]) -> Iterator[str]:
    for name, place in _FRESH.items():

        def value(asked: Asked, place: slice = place) -> bytes:
            return asked.request[place] if asked.code == RequestCode.KEY_EXCHANGE else b""

        yield from _repeated(name, value, conversations)


def _repeated(
    what: str, value: Callable[[Asked], bytes], conversations: Sequence[Conversation]
) -> Iterator[str]:
    """Values that come twice, except in a request that is sent again as it was."""
    seen: set[bytes] = set()
    for conversation in conversations:
        before: Asked | None = None
        for asked in conversation:
            again = before is not None and before.unanswered and before.request == asked.request
            found = value(asked)
            if found and found in seen and not again:
                yield f"{what} of {name_of_code(asked.code)} came before: {found.hex()}"
            seen.add(found)
            before = asked


Oracle = Callable[[Sequence[Conversation]], Iterator[str]]

ORACLES: Mapping[str, Oracle] = MappingProxyType(
    {
        "fresh.requester-must-vary": _nonces_repeat,
        "fresh.requester-random-vary": _key_exchanges_repeat,
        "time.retry-changes-nonce": _retries_differ,
    }
)
"""Id, as in the catalogue, to what it says of all that a requester has asked."""


def judged(conversations: Sequence[Conversation]) -> list[tuple[str, str]]:
    """What is wrong with the requests of some conversations: oracle and finding.

    Args:
        conversations: of one requester, each a connection.
    """
    return [(name, text) for name, oracle in ORACLES.items() for text in oracle(conversations)]
