"""The transcripts of what the requester signs when it is asked in encapsulated requests.

Source: DSP0274 "CHALLENGE_AUTH signature generation" and "ENDPOINT_INFO signature generation", with
the roles changed; before 1.2 the messages from GET_VERSION to ALGORITHMS are not part of the first.
"""

from collections.abc import Sequence

from responder.requester.transcript import Signed
from responder.spec.codes import RequestCode
from responder.spec.versions import V12

CHALLENGE_AUTH_CONTEXT = "requester-challenge_auth signing"
ENDPOINT_INFO_CONTEXT = "requester-endpoint_info signing"

_CERTIFICATES = frozenset({RequestCode.GET_DIGESTS, RequestCode.GET_CERTIFICATE})


class EncapsulatedTranscript:
    """The encapsulated messages of one connection, or of one session."""

    def __init__(self, vca: Sequence[bytes]) -> None:
        """Begin with message A of the connection."""
        self._vca = tuple(vca)
        self._b: list[bytes] = []

    def covered(self, request: bytes, unsigned: bytes) -> Signed | None:
        """Take in an exchange in which the responder asked; say what its signature has to cover.

        Args:
            request: the responder's request.
            unsigned: the requester's response without the signature, if it is to have one.

        Returns:
            For CHALLENGE and GET_ENDPOINT_INFO, with an empty signature; else ``None``.
        """
        code = request[1]
        if code in _CERTIFICATES:
            kept = [] if code == RequestCode.GET_DIGESTS else self._b
            self._b = [*kept, request, unsigned]
        elif code == RequestCode.CHALLENGE:
            vca = self._vca if request[0] >= V12 else ()
            parts, self._b = (*vca, *self._b, request, unsigned), []
            return Signed(CHALLENGE_AUTH_CONTEXT, parts, b"")
        elif code == RequestCode.GET_ENDPOINT_INFO:
            return Signed(ENDPOINT_INFO_CONTEXT, (*self._vca, request, unsigned), b"")
        return None
