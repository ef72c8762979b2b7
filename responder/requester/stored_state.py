"""The negotiated state that a requester kept of a responder with CACHE_CAP.

It is the VCA (DSP0274 "CAPABILITIES response message", CACHE_CAP). Its requests are made once more
and answered from what was kept, so that every check that it passed holds again, and the transcripts
begin with it; nothing is sent.
"""

from collections.abc import Sequence

from responder.errors import ConfigError
from responder.spec.codes import ErrorCode, ResponseCode, name_of_code

_FORGOTTEN = frozenset(
    {ErrorCode.UNEXPECTED_REQUEST, ErrorCode.REQUEST_RESYNCH, ErrorCode.VERSION_MISMATCH}
)
"""What a responder says that has no such state; VersionMismatch, because it has no version."""
_COUNT = 6


class StateForgottenError(Exception):
    """The responder no longer has the negotiated state: begin again at GET_VERSION."""


class StoredState:
    """The messages that were kept, as long as they answer, and until the responder does."""

    def __init__(self, messages: Sequence[bytes] = ()) -> None:
        """Begin with the six messages of a VCA, or without any.

        Raises:
            ConfigError: there are another number of them.
        """
        if len(messages) not in (0, _COUNT):
            raise ConfigError(f"a negotiated state has {_COUNT} messages, not {len(messages)}")
        self._exchanges = list(zip(messages[::2], messages[1::2], strict=True))
        self._unconfirmed = bool(messages)

    @property
    def answers(self) -> bool:
        """Whether the next request is answered from here."""
        return bool(self._exchanges)

    def answer(self, request: bytes) -> bytes:
        """The response that was kept.

        Raises:
            ConfigError: it was kept of another request: another offer was made then.
        """
        kept, response = self._exchanges.pop(0)
        if request != kept:
            name = name_of_code(request[1]) if len(request) > 1 else "a request"
            reason = f"the negotiated state was agreed by another offer: {name} was not the same"
            raise ConfigError(reason)
        return response

    def heard(self, response: bytes) -> None:
        """The responder answers, for the first time perhaps.

        Raises:
            StateForgottenError: it does not know the state.
        """
        if not self._unconfirmed:
            return
        if response[1] != ResponseCode.ERROR:
            self._unconfirmed = False
        elif response[2] in _FORGOTTEN:
            raise StateForgottenError
