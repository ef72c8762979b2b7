"""The responder's code as the judge of a recorded conversation.

The core takes the recorded responder's place: it is given the requests and, through its hooks, what
only the recorded one could know (contents, random values, signatures, the shared secret). What it
answers has to be what was recorded, byte for byte; transcripts, keys and records are its own. What
the requester signs in encapsulated exchanges it does not see: it would ask otherwise.
"""

from responder.core.connection import Peer, Phase, Selected
from responder.core.effects import Emit
from responder.core.events import ResponseSent
from responder.core.interfaces import AlgorithmPolicy, ResponderPolicy, SessionPolicy
from responder.core.key_schedule import Deriver, TrafficKeys, bin_concat
from responder.core.responder import Responder
from responder.core.secured import RecordError, nonce, open_record, seal_record
from responder.core.session import MutualAuth
from responder.core.session import Session as CoreSession
from responder.core.transcript import Buffer
from responder.core.turn import Turn
from responder.crypto.aead import AeadError, unseal
from responder.crypto.hashing import digest
from responder.replay.heard import Heard
from responder.replay.judge import Beginning, Covered, Derived, Handshaken, JudgeError
from responder.replay.scene import Believed, Prompter, Recorded, Stage, StagedConnection
from responder.replay.terms import Terms, UnreplayableError
from responder.spec.algorithms import MEASUREMENT_HASHES, by_bit
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.limits import AEAD_TAG_SIZE
from responder.spec.versions import SpdmVersion
from responder.transport.records import BindingRecords
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.secured import Plaintext, SecuredRecord

_A = (RequestCode.GET_VERSION, RequestCode.GET_CAPABILITIES, RequestCode.NEGOTIATE_ALGORITHMS)
_ACTED = frozenset(
    {
        RequestCode.GET_DIGESTS,
        RequestCode.GET_CERTIFICATE,
        RequestCode.CHALLENGE,
        RequestCode.GET_MEASUREMENTS,
        RequestCode.GET_ENDPOINT_INFO,
    }
)
"""Requests that the core is given as they come."""
_HANDSHAKES = frozenset(
    {
        RequestCode.KEY_EXCHANGE,
        RequestCode.PSK_EXCHANGE,
        RequestCode.FINISH,
        RequestCode.PSK_FINISH,
    }
)
"""Requests that it is given by the session's judge."""
_LABELS = ("req hs data", "rsp hs data")
_SESSIONS = 1 << 16


class CoreJudge:
    """A connection by ``responder.core``."""

    judges_requester = False

    def __init__(self) -> None:
        self._recorded = Recorded()
        self.prompter = Prompter(self._recorded)
        self.connection = StagedConnection(self.prompter, self._recorded)
        self._terms: Terms | None = None
        self._responder: Responder | None = None

    def agreed(self, terms: Terms) -> None:
        """Bring the connection to where the recorded one is."""
        connection, selected = self.connection, terms.selected
        connection.agree_version(SpdmVersion(terms.version))
        connection.agree_capabilities(terms.responder_flags, Peer(terms.requester_flags))
        connection.agree_algorithms(
            Selected(
                base_asym=terms.responder,
                base_hash=terms.base_hash,
                measurement_hash=by_bit(MEASUREMENT_HASHES, selected.measurement_hash_algo),
                measurement_hash_bits=selected.measurement_hash_algo,
                measurement_specification=selected.measurement_specification_sel,
                opaque_format=selected.other_params_selection & 0xF,
                multi_key_responder=terms.multi_key,
                multi_key_requester=terms.multi_key_requester,
                tables={one.alg_type: one.alg_supported for one in selected.structures()},
            )
        )
        connection.advance(Phase.NEGOTIATED)
        policy = ResponderPolicy(
            versions=[SpdmVersion(terms.version)],
            flags=terms.responder_flags,
            algorithms=AlgorithmPolicy(),
            session=SessionPolicy(limit=_SESSIONS),
        )
        device = Stage(self._recorded)
        self._responder = Responder(device, policy, connection.random, self.prompter)
        self._responder.connection = connection
        self._terms = terms

    def exchange(self, request: Heard, response: Heard) -> Covered | None:
        """Have it answered by the core, or tell the core that it was."""
        return self.exchange_in(None, request, response)

    def exchange_in(
        self, session: CoreSession | None, request: Heard, response: Heard
    ) -> Covered | None:
        """As ``exchange``, in a session."""
        code, connection = request.code, self.connection
        transcript = session.transcript if session else connection.transcript
        if code == RequestCode.GET_VERSION:
            connection.restart()
        if code in _A:
            for heard in (request, response):
                transcript.append(Buffer.A, heard.message.name, heard.raw)
        elif response.code == ResponseCode.ERROR:
            late = response.raw[2] == ErrorCode.RESPONSE_NOT_READY
            if code == RequestCode.GET_MEASUREMENTS and not late:
                transcript.clear(Buffer.M)
        elif code in _ACTED:
            return self._acted(session, request, response)
        elif code not in _HANDSHAKES:
            connection.begin(code, outside=session is None)
            if session is not None:
                session.transcript.begin(code)
        return None

    def _acted(
        self, session: CoreSession | None, request: Heard, response: Heard
    ) -> Covered | None:
        self.prompter.signed = None
        answer = self.turn(session, request, response)
        if answer != response.raw:
            raise JudgeError(f"the core answers {answer.hex()} to {request.message.name}")
        return self.covered()

    def turn(self, session: CoreSession | None, request: Heard, response: Heard | None) -> bytes:
        """The core's answer to a request; it is given the recorded one, if there is one yet."""
        if self._responder is None:
            raise UnreplayableError("nothing was negotiated")
        self._recorded.response = response
        turn = Turn(self._responder, request.raw, 0.0, 0, session=session)
        events = [effect.event for effect in turn.take() if isinstance(effect, Emit)]
        return next(event.message for event in events if isinstance(event, ResponseSent))

    def covered(self) -> Covered | None:
        """What was signed last."""
        signing = self.prompter.signed
        return Covered(signing.context, [part for _, part in signing.parts]) if signing else None

    def overheard(self, request: Heard, response: Heard) -> None:
        """Exchanges of sessions close what the connection keeps; ``exchange_in`` sees to it."""

    def encapsulated(self, request: Heard, response: Heard) -> None:
        """Not here."""

    def session(self, beginning: Beginning) -> "CoreSessionJudge":
        """The judge of a session that begins."""
        if self._terms is None:
            raise UnreplayableError("a session begins, but nothing was negotiated")
        message = beginning.response.message
        self._recorded.identity = beginning.identity
        self._recorded.public_key = beginning.public_key
        self._recorded.secret = beginning.secret
        self._recorded.session_id = message.rsp_session_id << 16
        self._recorded.session_id |= beginning.request.message.req_session_id
        return CoreSessionJudge(self, self._terms, beginning)


class CoreSessionJudge:
    """A session by ``responder.core``."""

    def __init__(self, judge: CoreJudge, terms: Terms, beginning: Beginning) -> None:
        self._judge = judge
        self._terms = terms
        self._beginning = beginning
        self._form = BindingRecords(sequence_size=beginning.sequence_size)
        self._session: CoreSession
        self._finished = b""

    def begin(self) -> Handshaken:
        """Have KEY_EXCHANGE or PSK_EXCHANGE answered."""
        judge, beginning = self._judge, self._beginning
        known = set(judge.connection.sessions)
        judge.prompter.signed = None
        answer = judge.turn(None, beginning.request, beginning.response)
        begun = judge.connection.sessions.keys() - known
        if answer[: len(beginning.response.unsigned)] != beginning.response.unsigned or not begun:
            raise JudgeError(f"the core answers {answer.hex()}")
        session = self._session = judge.connection.sessions[begun.pop()]
        th1 = self._hashed("request handshake secret")
        size = self._terms.base_hash.size
        request, response = (bin_concat(size, self._terms.version, label, th1) for label in _LABELS)
        return Handshaken(
            covered=judge.covered(),
            keys={
                "th1_hash": th1,
                "request_finished_key": session.request_finished_key,
                "response_finished_key": session.response_finished_key,
                **_named("request", "handshake", session.request),
                **_named("response", "handshake", session.response),
            },
            verify_data=answer[len(answer) - len(beginning.response.verify_data) :],
            labels=(request, response),
        )

    def _hashed(self, purpose: str) -> bytes:
        parts = self._judge.prompter.hashed.get(purpose, [])
        return digest(self._terms.base_hash, *(part for _, part in parts))

    def sign_finish(self, request: Heard, identity: bytes, digests: bytes) -> Covered | None:
        """Have FINISH or PSK_FINISH answered; the signature covers what came before it."""
        session, believed = self._session, Believed()
        if identity:
            slot_id, requested = request.message.req_slot_id, self._requested
            session.mutual = MutualAuth(requested, 0, slot_id, identity, believed, digests)
        within = None if request.session is None else session
        self._finished = self._judge.turn(within, request, None)
        if self._finished[1] == ResponseCode.ERROR:
            raise JudgeError(f"the core refuses {request.message.name}: {self._finished.hex()}")
        if not request.signature:
            return None
        names = [name for name, _ in session.parts]
        parts = [part for _, part in session.parts[: names.index("FINISH signature")]]
        return Covered(believed.context, parts)

    @property
    def _requested(self) -> int:
        return int(self._beginning.response.message.mut_auth_requested)

    def finish(self, request: Heard) -> bytes:
        """The core has compared RequesterVerifyData, or it would have refused."""
        return request.verify_data

    def finish_response(self, response: Heard) -> bytes:
        """What the core answered has to be what was recorded."""
        if self._finished != response.raw:
            raise JudgeError(f"the core answers {self._finished.hex()}")
        return response.verify_data

    def establish(self) -> Derived:
        """Put the keys of application data to use."""
        establish, session = self._judge.connection.establish, self._session
        if establish is None:
            raise JudgeError("the core has not come to the end of the handshake")
        establish()
        return {
            "th2_hash": self._hashed("request data secret"),
            "export_master_secret": session.export_master_secret,
            **_named("request", "data", session.request),
            **_named("response", "data", session.response),
        }

    def update_request(self) -> Derived:
        """The next request keys."""
        self._session.update_request(self._deriver())
        return _named("request", "data", self._session.request)

    def update_response(self) -> Derived:
        """The next response keys."""
        self._session.update_response(self._deriver())
        return _named("response", "data", self._session.response)

    def _deriver(self) -> Deriver:
        return Deriver(self._terms.base_hash, self._terms.version, lambda asked: asked)

    def open_request(self, record: bytes, padding: int) -> bytes:
        """Open a record as the responder does."""
        del padding
        try:
            return open_record(self._session, record, self._form)
        except RecordError as error:
            raise JudgeError(str(error)) from None

    def open_response(self, record: bytes, padding: int) -> bytes:
        """Seal what the recorded record holds: that has to give the same record."""
        del padding
        data, random = self._contents(record)
        sealed = seal_record(
            self._session, data, self._form.sequence_size, random, lambda sealing: sealing
        )
        if sealed != record[: len(sealed)]:
            raise JudgeError(f"the core seals {sealed.hex()}")
        return data

    def _contents(self, record: bytes) -> tuple[bytes, bytes]:
        """Application data and random bytes of a response."""
        suite, keys = self._session.suite, self._session.response
        context = WireContext(sequence_number_size=self._form.sequence_size)
        iv = nonce(keys.iv, keys.sequence, big_endian=suite.big_endian)
        try:
            told, _ = SecuredRecord.read(record, context)
            if not suite.encrypted:
                return told.payload[:-AEAD_TAG_SIZE], b""
            plain = Plaintext.parse(unseal(suite.aead, keys.key, iv, told.payload, told.header))
        except (WireError, AeadError) as error:
            raise JudgeError(f"response {keys.sequence}: {error}") from None
        return plain.application_data, plain.random_data

    def exchange(self, request: Heard, response: Heard) -> Covered | None:
        """As outside of sessions, with the session's transcript."""
        covered = self._judge.exchange_in(self._session, request, response)
        if response.code == ResponseCode.END_SESSION_ACK:
            self._judge.connection.end_session(self._session, "END_SESSION")
        return covered

    def encapsulated(self, request: Heard, response: Heard) -> None:
        """Not here."""


def _named(side: str, phase: str, keys: TrafficKeys) -> dict[str, bytes]:
    return {
        f"{side}_{phase}_secret": keys.secret,
        f"{side}_{phase}_encryption_key": keys.key,
        f"{side}_{phase}_salt": keys.iv,
    }
