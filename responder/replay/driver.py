"""Goes through a recorded run, message by message, and has a judge work everything out again."""

from collections.abc import Callable

from responder.crypto.hashing import digest
from responder.crypto.signing import SignatureError, signing_message
from responder.replay.heard import Heard
from responder.replay.identity import Identities
from responder.replay.judge import Beginning, Covered, Judge, JudgeError
from responder.replay.ledger import SIGNATURES, Ledger, Tally
from responder.replay.line import Line, Opener
from responder.replay.recording import (
    REQUEST,
    REQUESTER,
    RESPONDER,
    RESPONSE,
    SPDM_COMMAND,
    Exchanged,
    Recording,
)
from responder.replay.session import Session
from responder.replay.terms import Terms, UnreplayableError, terms_of
from responder.spec.codes import (
    ErrorCode,
    RequestCode,
    ResponseCode,
    name_of_code,
    response_code_of,
)
from responder.spec.limits import PUBLIC_KEY_SLOT, SLOT_MASK
from responder.spec.sessions import MAX_AEAD_EXPONENT
from responder.wire.errors import WireError
from responder.wire.secured_opaque import parse_secured_opaque

_RESPONDER_ID_SHIFT = 16

Deed = Callable[[Heard, Heard], None]
"""What a request and its response mean."""


def replay(recording: Recording, judge: Judge) -> Tally:
    """What is checked in a run, and what of it is not as it was recorded."""
    return _Replay(recording, judge).run()


class _Replay:
    """One run.

    Everything follows from the messages in their order; what was written down only tells the
    secrets that no message does, and what the results have to be.
    """

    def __init__(self, recording: Recording, judge: Judge) -> None:
        self._recording = recording
        self._judge = judge
        self._ledger = Ledger(recording)
        self._line = Line(recording.transport, self._ledger)
        self._identities = Identities(recording.known)
        self._vca: dict[int, Heard] = {}
        self._terms: Terms | None = None
        self._sessions: dict[int, Session] = {}
        self._handshaking: Session | None = None
        self._asked: Heard | None = None
        self._deferred: Heard | None = None
        self._encapsulated: Heard | None = None
        self._answers = 0
        self._deeds: dict[int, Deed] = {
            ResponseCode.VERSION: self._restart,
            ResponseCode.CAPABILITIES: self._agree,
            ResponseCode.ALGORITHMS: self._agree,
            ResponseCode.DIGESTS: self._told,
            ResponseCode.CERTIFICATE: self._read,
            ResponseCode.SET_CERTIFICATE_RSP: self._changed,
            ResponseCode.KEY_EXCHANGE_RSP: self._begin,
            ResponseCode.PSK_EXCHANGE_RSP: self._begin,
            ResponseCode.FINISH_RSP: self._finished,
            ResponseCode.PSK_FINISH_RSP: self._finished,
            ResponseCode.END_SESSION_ACK: self._ended,
            ResponseCode.ENCAPSULATED_REQUEST: self._asks,
            ResponseCode.ENCAPSULATED_RESPONSE_ACK: self._asks,
        }

    def run(self) -> Tally:
        for exchange in self._recording.exchanges:
            if exchange.command != SPDM_COMMAND:
                continue
            self._ledger.place = f"exchange {exchange.number}"
            try:
                self._exchange(exchange)
            except (UnreplayableError, JudgeError, WireError) as error:
                self._ledger.problem(str(error))
        return self._ledger.close()

    def _exchange(self, exchange: Exchanged) -> None:
        number = exchange.number
        asked = self._line.arrive(exchange.request, self._opener(number, REQUEST))
        if asked is not None and asked.code != RequestCode.CHUNK_GET:
            self._asked = asked.whole
            if asked.whole is not None:
                self._request(asked.whole)
        answered = self._line.arrive(exchange.response, self._opener(number, RESPONSE))
        if answered is not None and answered.whole is not None and self._asked is not None:
            request, self._asked = self._asked, None
            self._both(self._meant(request, answered.whole), answered.whole)

    def _meant(self, request: Heard, response: Heard) -> Heard:
        """The request that a response answers: RESPOND_IF_READY stands for the one before."""
        if request.code == RequestCode.RESPOND_IF_READY:
            return self._deferred or request
        not_ready = ResponseCode.ERROR, ErrorCode.RESPONSE_NOT_READY
        self._deferred = request if tuple(response.raw[1:3]) == not_ready else None
        return request

    def _opener(self, number: int, direction: str) -> Opener:
        def opened(session_id: int, record: bytes, padding: int) -> bytes:
            session = self._sessions.get(session_id)
            if session is None:
                raise UnreplayableError(
                    f"a record of session 0x{session_id:08x}, which is not open"
                )
            return session.open((number, direction), record, padding)

        return opened

    def _request(self, request: Heard) -> None:
        """What a request changes before it is answered."""
        session = self._session_of(request)
        match request.code:
            case RequestCode.KEY_UPDATE if session is not None:
                session.update(request.message.key_operation, by_responder=False)
            case RequestCode.FINISH | RequestCode.PSK_FINISH:
                self._finish(request)
            case RequestCode.DELIVER_ENCAPSULATED_RESPONSE:
                self._delivered(request)

    def _both(self, request: Heard, response: Heard) -> None:
        """An exchange is complete."""
        _fitting(request, response)
        session = self._session_of(request)
        self._judge.overheard(request, response)
        covered = (session.judge if session else self._judge).exchange(request, response)
        deed = self._deeds.get(response.code)
        if deed is not None:
            deed(request, response)
        elif response.signature:
            self._signed(RESPONDER, response, covered, response.message.slot & SLOT_MASK)

    def _restart(self, request: Heard, response: Heard) -> None:
        del request, response
        self._vca, self._terms, self._sessions = {}, None, {}

    def _told(self, request: Heard, response: Heard) -> None:
        del request
        self._identities.told(RESPONDER, response)

    def _read(self, request: Heard, response: Heard) -> None:
        self._identities.read(RESPONDER, request, response, self._agreed)

    def _changed(self, request: Heard, response: Heard) -> None:
        del request, response
        self._identities.changed(RESPONDER)

    def _ended(self, request: Heard, response: Heard) -> None:
        del response
        if request.session is not None:
            self._sessions.pop(request.session, None)

    def _asks(self, request: Heard, response: Heard) -> None:
        del request
        self._encapsulated = self._line.embedded(response)

    def _session_of(self, heard: Heard) -> Session | None:
        return None if heard.session is None else self._sessions.get(heard.session)

    def _agree(self, request: Heard, response: Heard) -> None:
        self._vca |= {request.code: request, response.code: response}
        if response.code != ResponseCode.ALGORITHMS:
            return
        asked = self._vca.get(RequestCode.GET_CAPABILITIES)
        answered = self._vca.get(ResponseCode.CAPABILITIES)
        if asked is None or answered is None:
            raise UnreplayableError("ALGORITHMS without CAPABILITIES")
        self._terms = terms_of(
            asked.message, answered.message, response.message, self._line.context
        )
        self._judge.agreed(self._terms)

    @property
    def _agreed(self) -> Terms:
        if self._terms is None:
            raise UnreplayableError("nothing was negotiated")
        return self._terms

    def _begin(self, request: Heard, response: Heard) -> None:
        terms, psk = self._agreed, response.code == ResponseCode.PSK_EXCHANGE_RSP
        slot = 0 if psk else request.message.slot_id
        limits = [
            parse_secured_opaque(heard.message.opaque_data, heard.context).aead_exponent
            for heard in (request, response)
        ]
        beginning = Beginning(
            request=request,
            response=response,
            psk=psk,
            secret=self._ledger.secret(psk=psk),
            identity=b"" if psk else self._identities.hash_of(RESPONDER, slot, terms),
            public_key=(
                self._identities.public_key(RESPONDER, terms) if slot == PUBLIC_KEY_SLOT else b""
            ),
            sequence_size=self._line.records.sequence_size,
            limit=min((limit for limit in limits if limit is not None), default=MAX_AEAD_EXPONENT),
        )
        session_id = response.message.rsp_session_id << _RESPONDER_ID_SHIFT
        session_id |= request.message.req_session_id
        judge = self._judge.session(beginning)
        session = Session(self._ledger.place, beginning, judge, self._ledger)
        self._handshaking, self._answers = None, 0
        shaken = session.begin(terms)
        self._sessions[session_id] = self._handshaking = session
        if not psk:
            self._signed(RESPONDER, response, shaken.covered, slot)

    def _finish(self, request: Heard) -> None:
        session, identity = self._session_of(request) or self._in_handshake(), b""
        slot = getattr(request.message, "req_slot_id", 0)
        if session.mutual:
            identity = self._identities.hash_of(REQUESTER, slot, self._agreed)
        digests = session.digests if self._agreed.multi_key_requester else b""
        covered = session.judge.sign_finish(request, identity, digests)
        if request.signature:
            self._signed(REQUESTER, request, covered, slot)
        session.finish(request)

    def _finished(self, request: Heard, response: Heard) -> None:
        (self._session_of(request) or self._in_handshake()).finished(response)
        self._handshaking = None

    def _in_handshake(self) -> Session:
        if self._handshaking is None:
            raise UnreplayableError("FINISH without KEY_EXCHANGE")
        return self._handshaking

    def _delivered(self, carrier: Heard) -> None:
        """The requester answered an encapsulated request."""
        response = self._line.embedded(carrier)
        if response is None:
            return
        request, self._encapsulated = self._encapsulated, None
        self._answers += 1
        if response.code == ResponseCode.DIGESTS:
            self._identities.told(REQUESTER, response)
            if self._handshaking is not None and self._answers == 1:
                self._handshaking.digests = response.raw
        if request is None:  # DIGESTS that KEY_EXCHANGE_RSP asked for
            return
        _fitting(request, response)
        session = self._session_of(carrier)
        covered = (session.judge if session else self._judge).encapsulated(request, response)
        if response.code == ResponseCode.CERTIFICATE:
            self._identities.read(REQUESTER, request, response, self._agreed)
        elif response.code == ResponseCode.KEY_UPDATE_ACK and session is not None:
            session.update(response.message.key_operation, by_responder=True)
        elif response.signature and not self._judge.judges_requester:
            self._ledger.pass_over(REQUESTER)
        elif response.signature:
            self._signed(REQUESTER, response, covered, response.message.slot & SLOT_MASK)

    def _signed(self, side: str, heard: Heard, covered: Covered | None, slot: int) -> None:
        """Check the hash of what was signed, and the signature."""
        terms, ledger, name = self._agreed, self._ledger, name_of_code(heard.code)
        scheme = terms.responder if side == RESPONDER else terms.requester
        if covered is None or scheme is None:
            raise UnreplayableError(f"{name} is signed, but nothing should be")
        named = getattr(heard.message, "cert_chain_hash", None)
        if named not in (None, self._identities.hash_of(side, slot, terms)):
            ledger.problem(f"{name} is of another chain than was read")
        ledger.signed(side, heard.code, terms, digest(terms.base_hash, *covered.parts))
        text = signing_message(terms.version, covered.context, terms.base_hash, covered.parts)
        key = self._identities.key_of(side, slot, terms)
        try:
            key.verify(scheme, terms.base_hash, text, heard.signature, covered.context)
        except SignatureError as error:
            ledger.problem(f"{name}: {error}")
        else:
            ledger.count(SIGNATURES)


def _fitting(request: Heard, response: Heard) -> None:
    """A request is answered by its own response or by an ERROR."""
    if response.code not in (response_code_of(request.code), ResponseCode.ERROR):
        raise UnreplayableError(f"{response.message.name} answers {request.message.name}")
