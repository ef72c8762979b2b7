"""The transcript TH of a session by the requester's own account (DSP0274 "Transcript hash").

It grows in this order, and signatures, keys and verify data cover it as far as it has come:

1. A (GET_VERSION to ALGORITHMS), in a session with certificates D and the responder's identity,
2. KEY_EXCHANGE, KEY_EXCHANGE_RSP up to its signature (signed), the signature (TH1, and the
   HMAC if there is one), ResponderVerifyData,
3. with mutual authentication EncapD and the requester's identity,
4. FINISH up to its signature (signed), the signature (HMAC), RequesterVerifyData,
5. FINISH_RSP up to ResponderVerifyData (HMAC, if there is one), ResponderVerifyData (TH2).

With a PSK there are no identities and no signatures; PSK_EXCHANGE and PSK_FINISH take their place.
An identity is the hash of the whole certificate chain structure, or of the DER public key that was
provisioned. D and EncapD are for connections with several keys.
"""

from dataclasses import dataclass

from responder.crypto.hashing import digest
from responder.requester.transcript import Signed
from responder.spec.algorithms import Hash
from responder.spec.codes import RequestCode, ResponseCode

KEY_EXCHANGE_CONTEXT = "responder-key_exchange_rsp signing"
FINISH_CONTEXT = "requester-finish signing"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What KEY_EXCHANGE_RSP or PSK_EXCHANGE_RSP proves.

    Attributes:
        signed: what its signature covers; ``None`` with a PSK.
        th1: the hash TH1: for the handshake's keys, and for the HMAC.
        verify_data: ResponderVerifyData; empty when the handshake is in the clear.
    """

    signed: Signed | None
    th1: bytes
    verify_data: bytes


class SessionTranscript:
    """TH of one session.

    Attributes:
        parts: what it consists of so far.
    """

    def __init__(
        self, base_hash: Hash, vca: list[bytes], *, digests: bytes = b"", identity: bytes = b""
    ) -> None:
        """Begin a session.

        Args:
            base_hash: the negotiated hash.
            vca: message A of the connection.
            digests: D: the DIGESTS response if the connection has several keys and it
                followed ALGORITHMS at once, else empty.
            identity: the hash of the responder's chain or public key; empty with a PSK.
        """
        self._base_hash = base_hash
        self.parts = [*vca]
        self._add(digests, identity)

    def digest(self) -> bytes:
        """The hash of the transcript as it stands: TH2 after the last message."""
        return digest(self._base_hash, *self.parts)

    def exchange(
        self, request: bytes, response: bytes, *, signature_size: int = 0, verify_size: int = 0
    ) -> Exchanged:
        """Take in KEY_EXCHANGE or PSK_EXCHANGE and the response.

        Args:
            request: as sent.
            response: as received, cut to its own size.
            signature_size: bytes of the signature; 0 with a PSK.
            verify_size: bytes of ResponderVerifyData; 0 when the handshake is in the clear.
        """
        body, verify_data = _cut(response, verify_size)
        body, signature = _cut(body, signature_size)
        self._add(request, body)
        signed = Signed(KEY_EXCHANGE_CONTEXT, tuple(self.parts), signature) if signature else None
        self._add(signature)
        th1 = self.digest()
        self._add(verify_data)
        return Exchanged(signed, th1, verify_data)

    def requester(self, identity: bytes, *, digests: bytes = b"") -> None:
        """Mutual authentication was asked for: the requester's identity belongs here.

        Args:
            identity: the hash of the requester's chain or public key.
            digests: EncapD: the encapsulated DIGESTS response if the requester has several
                keys and it was the first encapsulated response, else empty.
        """
        self._add(digests, identity)

    def finish_head(self, head: bytes) -> tuple[bytes, ...]:
        """Take in FINISH or PSK_FINISH up to its signature; return what FINISH signs."""
        self._add(head)
        return tuple(self.parts)

    def finish_signature(self, signature: bytes) -> bytes:
        """Take in the signature, perhaps empty; return the hash for RequesterVerifyData."""
        self._add(signature)
        return self.digest()

    def finish_verify_data(self, verify_data: bytes) -> None:
        """Take in RequesterVerifyData: the request is complete."""
        self._add(verify_data)

    def finish_response(self, response: bytes, *, verify_size: int = 0) -> tuple[bytes, bytes]:
        """Take in FINISH_RSP or PSK_FINISH_RSP.

        Args:
            response: as received, cut to its own size.
            verify_size: bytes of ResponderVerifyData, which only a handshake in the clear has.

        Returns:
            The hash for ResponderVerifyData, and ResponderVerifyData.
        """
        body, verify_data = _cut(response, verify_size)
        self._add(body)
        covered = self.digest() if verify_size else b""
        self._add(verify_data)
        return covered, verify_data

    def _add(self, *parts: bytes) -> None:
        self.parts += [part for part in parts if part]


class FirstDigests:
    """Keeps D: the DIGESTS response when GET_DIGESTS is what follows ALGORITHMS.

    Attributes:
        message: the response; empty if anything else came first.
    """

    def __init__(self) -> None:
        self.message = b""
        self._open = False

    def see(self, request_code: int, response: bytes) -> None:
        """Take in any exchange of the connection, of sessions too, chunks put together."""
        if request_code == RequestCode.GET_VERSION:
            self.message = b""
        if request_code == RequestCode.NEGOTIATE_ALGORITHMS:
            self._open = True
        elif request_code != RequestCode.GET_DIGESTS:
            self._open = False
        elif self._open and not self.message and response[1] == ResponseCode.DIGESTS:
            self.message = response


def _cut(message: bytes, tail: int) -> tuple[bytes, bytes]:
    end = len(message) - tail
    return message[:end], message[end:]
