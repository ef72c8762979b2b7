"""One session of a recorded run: its handshake, its keys, its records."""

from responder.replay.heard import Heard
from responder.replay.judge import Beginning, Handshaken, JudgeError, SessionJudge
from responder.replay.ledger import (
    DATA,
    HANDSHAKE,
    MACS,
    PSK_USE,
    UPDATE_REQUEST,
    UPDATE_RESPONSE,
    Ledger,
)
from responder.replay.recording import REQUEST
from responder.replay.terms import Terms, UnreplayableError
from responder.spec.sessions import KeyOperation
from responder.wire.secured_opaque import parse_secured_opaque

_ENCRYPTED, _AUTHENTICATED = 2, 1
"""``session_type`` in recordings."""


class Session:
    """A session and what its judge says of it.

    Attributes:
        judge: the judge.
        mutual: the requester has to prove who it is.
        digests: the encapsulated DIGESTS response, if it came first.
    """

    def __init__(
        self, name: str, beginning: Beginning, judge: SessionJudge, ledger: Ledger
    ) -> None:
        self.judge = judge
        self.mutual = bool(getattr(beginning.response.message, "mut_auth_requested", 0))
        self.digests = b""
        self._name = name
        self._beginning = beginning
        self._ledger = ledger

    def begin(self, terms: Terms) -> Handshaken:
        """The handshake keys, and the HMAC of the response that began it."""
        shaken, beginning, ledger = self.judge.begin(), self._beginning, self._ledger
        ledger.derived(self._name, HANDSHAKE, {**shaken.keys, **self._facts(terms)})
        for label in shaken.labels if beginning.psk else ():
            use = {"psk": beginning.secret, "psk_hkdf_info": label}
            ledger.derived(self._name, PSK_USE, use)
        if not terms.in_the_clear or beginning.psk:
            self._mac("ResponderVerifyData", shaken.verify_data, beginning.response)
        if beginning.psk and not beginning.response.message.responder_context:
            self._establish()
        return shaken

    def _facts(self, terms: Terms) -> dict[str, bytes | int]:
        """What recordings say beside the keys."""
        beginning, aead = self._beginning, terms.aead
        opaque = parse_secured_opaque(
            beginning.response.message.opaque_data, beginning.response.context
        )
        hint = getattr(beginning.request.message, "psk_hint", b"")
        return {
            "spdm_version": terms.version << 8,
            "secured_message_version": opaque.selected or 0,
            "base_hash_algo": terms.base_hash.bit,
            "dhe_named_group": terms.dhe,
            "kem_alg": terms.kem,
            "aead_cipher_suite": aead.bit if aead else 0,
            "session_type": _ENCRYPTED if terms.encrypted else _AUTHENTICATED,
            "use_psk": int(beginning.psk),
            "psk_hint": hint,
            "sequence_number_endian": 0,
            "shared_secret": beginning.secret,
        }

    def finish(self, request: Heard) -> None:
        """FINISH or PSK_FINISH behind its signature."""
        self._mac("RequesterVerifyData", self.judge.finish(request), request)

    def finished(self, response: Heard) -> None:
        """FINISH_RSP or PSK_FINISH_RSP: the session is established."""
        verify_data = self.judge.finish_response(response)
        if verify_data or response.verify_data:
            self._mac("ResponderVerifyData", verify_data, response)
        self._establish()

    def _mac(self, what: str, worked_out: bytes, heard: Heard) -> None:
        self._ledger.compare(MACS, what, worked_out, heard.verify_data)

    def _establish(self) -> None:
        self._ledger.derived(self._name, DATA, self.judge.establish())

    def update(self, operation: int, *, by_responder: bool) -> None:
        """A KEY_UPDATE was sent, or one of the responder's was acknowledged."""
        every = operation == KeyOperation.UPDATE_ALL_KEYS
        if operation not in (KeyOperation.UPDATE_KEY, KeyOperation.UPDATE_ALL_KEYS):
            return
        if not by_responder:
            self._ledger.derived(self._name, UPDATE_REQUEST, self.judge.update_request())
        if every or by_responder:
            self._ledger.derived(self._name, UPDATE_RESPONSE, self.judge.update_response())

    def open(self, place: tuple[int, str], record: bytes, padding: int) -> bytes:
        """The application data of the next record of a direction.

        Args:
            place: the exchange, and the direction.
            record: the record.
            padding: how many bytes the transport may have added.

        Raises:
            UnreplayableError: it does not open.
        """
        judge = self.judge
        opened = judge.open_request if place[1] == REQUEST else judge.open_response
        try:
            data = opened(record, padding)
        except JudgeError as error:
            raise UnreplayableError(f"a record does not open: {error}") from None
        self._ledger.opened(place, data)
        return data
