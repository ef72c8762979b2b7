"""The requester's code as the judge of a recorded conversation."""

from responder.crypto.hkdf import hmac
from responder.replay.heard import Heard
from responder.replay.judge import Beginning, Covered, Derived, Handshaken, JudgeError
from responder.replay.terms import Terms, UnreplayableError
from responder.requester.encapsulated_transcript import EncapsulatedTranscript
from responder.requester.key_schedule import Handshake, KeySchedule, Traffic, bin_concat
from responder.requester.record import Direction, RecordError
from responder.requester.session_transcript import FINISH_CONTEXT, FirstDigests, SessionTranscript
from responder.requester.transcript import Transcript

_LABELS = ("req hs data", "rsp hs data")


class RequesterJudge:
    """A connection by ``responder.requester``."""

    judges_requester = True

    def __init__(self) -> None:
        self._transcript = Transcript()
        self._digests = FirstDigests()
        self._encapsulated = EncapsulatedTranscript([])
        self._terms: Terms | None = None

    def agreed(self, terms: Terms) -> None:
        """The negotiation is over: message A is complete."""
        self._terms = terms
        self._encapsulated = EncapsulatedTranscript(self._transcript.vca)

    def exchange(self, request: Heard, response: Heard) -> Covered | None:
        """Add an exchange to M1, L1 or IL1."""
        return _exchange(self._transcript, request, response)

    def overheard(self, request: Heard, response: Heard) -> None:
        """Keep the DIGESTS that came first."""
        self._digests.see(request.code, response.raw)

    def encapsulated(self, request: Heard, response: Heard) -> Covered | None:
        """Add an exchange to what the requester signs."""
        return _encapsulated(self._encapsulated, request, response)

    def session(self, beginning: Beginning) -> "RequesterSession":
        """The transcript of a session begins with A, D and the responder's identity."""
        terms = self._terms
        if terms is None or terms.aead is None:
            raise UnreplayableError("a session begins, but no cipher was negotiated")
        multi_key = terms.multi_key and not beginning.psk
        transcript = SessionTranscript(
            terms.base_hash,
            self._transcript.vca,
            digests=self._digests.message if multi_key else b"",
            identity=beginning.identity,
        )
        schedule = KeySchedule(terms.version, terms.base_hash, terms.aead)
        return RequesterSession(terms, schedule, beginning, transcript, self._transcript)


class RequesterSession:
    """A session by ``responder.requester``."""

    def __init__(
        self,
        terms: Terms,
        schedule: KeySchedule,
        beginning: Beginning,
        th: SessionTranscript,
        connection: Transcript,
    ) -> None:
        self._terms = terms
        self._schedule = schedule
        self._beginning = beginning
        self._th = th
        self._transcript = connection.fork()
        self._encapsulated = EncapsulatedTranscript(connection.vca)
        self._handshake: Handshake
        self._request: Direction
        self._response: Direction

    def begin(self) -> Handshaken:
        """Derive the keys of the handshake from TH1."""
        beginning, schedule, response = self._beginning, self._schedule, self._beginning.response
        exchanged = self._th.exchange(
            beginning.request.raw,
            response.raw,
            signature_size=len(response.signature),
            verify_size=len(response.verify_data),
        )
        salt = schedule.salt_0(psk=beginning.psk)
        keys = schedule.handshake(salt, beginning.secret, exchanged.th1)
        self._handshake = keys
        self._request, self._response = (
            Direction(
                schedule.aead,
                traffic,
                encrypted=self._terms.encrypted,
                sequence_size=beginning.sequence_size,
                limit=beginning.limit,
            )
            for traffic in (keys.request, keys.response)
        )
        signed, base_hash = exchanged.signed, self._terms.base_hash
        request, answer = (
            bin_concat(base_hash.size, self._terms.version, label, exchanged.th1)
            for label in _LABELS
        )
        return Handshaken(
            covered=Covered(signed.context, signed.parts) if signed else None,
            keys={
                "th1_hash": exchanged.th1,
                "handshake_secret": keys.secret,
                "request_finished_key": keys.request_finished,
                "response_finished_key": keys.response_finished,
                **_named("request", "handshake", keys.request),
                **_named("response", "handshake", keys.response),
            },
            verify_data=hmac(base_hash, keys.response_finished, exchanged.th1),
            labels=(request, answer),
        )

    def sign_finish(self, request: Heard, identity: bytes, digests: bytes) -> Covered | None:
        """Add EncapD and the requester's identity, and FINISH up to its signature."""
        if identity:
            self._th.requester(identity, digests=digests)
        parts = self._th.finish_head(request.unsigned)
        return Covered(FINISH_CONTEXT, parts) if request.signature else None

    def finish(self, request: Heard) -> bytes:
        """Add the signature and RequesterVerifyData."""
        covered = self._th.finish_signature(request.signature)
        self._th.finish_verify_data(request.verify_data)
        return hmac(self._terms.base_hash, self._handshake.request_finished, covered)

    def finish_response(self, response: Heard) -> bytes:
        """Add the response; its HMAC is there only if the handshake is in the clear."""
        covered, verify_data = self._th.finish_response(
            response.raw, verify_size=len(response.verify_data)
        )
        if not verify_data:
            return b""
        return hmac(self._terms.base_hash, self._handshake.response_finished, covered)

    def establish(self) -> Derived:
        """Derive the keys of application data from TH2."""
        th2 = self._th.digest()
        keys = self._schedule.application(self._handshake.secret, th2)
        self._request = self._request.rekeyed(keys.request)
        self._response = self._response.rekeyed(keys.response)
        return {
            "th2_hash": th2,
            "master_secret": keys.master_secret,
            "export_master_secret": keys.export_master,
            **_named("request", "data", keys.request),
            **_named("response", "data", keys.response),
        }

    def update_request(self) -> Derived:
        """The next secret of requests."""
        self._request = self._request.rekeyed(self._schedule.updated(self._request.traffic))
        return _named("request", "data", self._request.traffic)

    def update_response(self) -> Derived:
        """The next secret of responses."""
        self._response = self._response.rekeyed(self._schedule.updated(self._response.traffic))
        return _named("response", "data", self._response.traffic)

    def open_request(self, record: bytes, padding: int) -> bytes:
        """Open a record with the request keys."""
        return _opened(self._request, record, padding)

    def open_response(self, record: bytes, padding: int) -> bytes:
        """Open a record with the response keys."""
        return _opened(self._response, record, padding)

    def exchange(self, request: Heard, response: Heard) -> Covered | None:
        """Add an exchange to M1, L1 or IL1."""
        return _exchange(self._transcript, request, response)

    def encapsulated(self, request: Heard, response: Heard) -> Covered | None:
        """Add an exchange to what the requester signs."""
        return _encapsulated(self._encapsulated, request, response)


def _exchange(transcript: Transcript, request: Heard, response: Heard) -> Covered | None:
    size = len(response.signature)
    signed = transcript.add(request.raw, response.raw, signature_size=size)
    return Covered(signed.context, signed.parts) if signed else None


def _encapsulated(
    transcript: EncapsulatedTranscript, request: Heard, response: Heard
) -> Covered | None:
    signed = transcript.covered(request.raw, response.unsigned)
    return Covered(signed.context, signed.parts) if signed and response.signature else None


def _opened(direction: Direction, record: bytes, padding: int) -> bytes:
    try:
        return direction.unseal(record, padding=padding)
    except RecordError as error:
        raise JudgeError(str(error)) from None


def _named(side: str, phase: str, traffic: Traffic) -> dict[str, bytes]:
    return {
        f"{side}_{phase}_secret": traffic.secret,
        f"{side}_{phase}_encryption_key": traffic.key,
        f"{side}_{phase}_salt": traffic.iv,
    }
