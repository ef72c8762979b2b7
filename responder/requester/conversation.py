"""One conversation: sends requests, recovers from ERROR, reads responses, keeps the record."""

from collections.abc import Callable, Container, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import SignatureError, signing_message
from responder.requester import chunks, keep_alive
from responder.requester.agreement import Agreement
from responder.requester.checks import Checks, Refused
from responder.requester.cxl_memory import CxlMemory, TspMemory
from responder.requester.options import AttestOptions
from responder.requester.recovery import WITHOUT_VERSION, Recovery
from responder.requester.report import (
    CertificateReport,
    ExchangeReport,
    Identity,
    Measured,
    Nonces,
    Report,
)
from responder.requester.session_transcript import FirstDigests
from responder.requester.steps import OtherKind, Step, Transmit, Wait
from responder.requester.stored_state import StoredState
from responder.requester.tdi_memory import IdeMemory, TdiMemory
from responder.requester.transcript import Signed, Transcript
from responder.spec.codes import RequestCode, ResponseCode, name_of_code, response_code_of
from responder.spec.flags import Cap
from responder.spec.limits import HEADER_SIZE, NONCE_SIZE, REQUESTER_CONTEXT_SIZE
from responder.spec.versions import V10, V12, V13
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.message import Message, Record

if TYPE_CHECKING:
    from responder.requester.session import Session

AnyMessage = TypeVar("AnyMessage", bound=Message)
AnyRecord = TypeVar("AnyRecord", bound=Record)
AnyResult = TypeVar("AnyResult")
Flow = Generator[Step, bytes, AnyResult]
"""A part of the conversation: yields steps, gets responses, returns its result."""

Clock = Callable[[], float]
_MICROSECONDS = 1_000_000
_ZEROS = (1 << 24) + (1 << 18)
"""More bytes than any length field of a message here can ask for."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was learnt before a restart."""

    versions: list[str]
    identity: Identity
    chain: list[CertificateReport]
    measurements: list[Measured]


@dataclass(frozen=True, slots=True)
class Summary:
    """A measurement summary hash: the response it came in, the type asked for, and the hash."""

    message: str
    type: int
    hash: bytes


class Conversation:
    """What the steps of an attestation share.

    Attributes:
        options: what was asked for.
        checks: the refusals.
        report: what has been learnt.
        agreed: what has been agreed since GET_VERSION.
        outside: the messages since GET_VERSION outside of any session.
        first_digests: D of multi-key connections.
        session: the session in use; ``None`` outside.
        sessions: all that are open, by id.
        summaries: the measurement summary hashes that no measurements were compared with yet.
        ide, tdi: what is remembered of the keys of a stream, and of an interface.
        cxl, tsp: what is remembered of a CXL port, and of a memory target.
        ide_keys: where keys of streams and memory are drawn from; it is never begun anew.
        padding: bytes that may follow the last response; a record pads nothing.
        random: where a step draws what is neither nonce nor context.
    """

    def __init__(
        self, options: AttestOptions, random: RandomTree, clock: Clock | None = None
    ) -> None:
        self.options = options
        self._clock = clock
        self._waited = 0
        self.checks = Checks(options.without)
        self.require = self.checks.require
        self.report = Report()
        self.agreed = Agreement()
        self.random = random
        self.outside = Transcript()
        self.first_digests = FirstDigests()
        self.session: Session | None = None
        self._handle = self._session = 0
        self.sessions: dict[int, Session] = {}
        self.summaries: list[Summary] = []
        self.ide, self.tdi = IdeMemory(), TdiMemory()
        self.cxl, self.tsp = CxlMemory(), TspMemory()
        self.padding = options.padding
        # One stream each: the same path of the tree would begin with the same bytes.
        self._nonces = random.child("nonce")
        self._contexts = random.child("context")
        self.ide_keys = random.child("ide-key")
        self._nonces_seen: set[bytes] = set()
        self._exchange_data_seen: set[bytes] = set()
        self._before: Known | None = None
        self._stored = StoredState(options.negotiated_state)

    def restart(self) -> None:
        """Forget what was agreed, kept and learnt: all begins again at GET_VERSION."""
        old = self.report
        known = Known(old.versions_offered, old.identity, old.chain, old.measurements)
        self._before = self._before or known
        self.report = Report(
            observations=old.observations, declined=old.declined, exchanges=old.exchanges
        )
        self.agreed = Agreement()
        self.outside = Transcript()
        self.first_digests = FirstDigests()
        self.session = None
        self.sessions = {}
        self.summaries = []
        self.ide, self.tdi = IdeMemory(), TdiMemory()
        self.cxl, self.tsp = CxlMemory(), TspMemory()
        self._stored = StoredState()

    def note_changes(self) -> None:
        """Say what is no longer what it was before the responder asked to begin again."""
        before, now = self._before, self.report
        if before is None:
            return
        if before.versions and before.versions != now.versions_offered:
            self.report.observe("restart.versions-changed", ", ".join(now.versions_offered))
        another = (before.identity, before.chain) != (now.identity, now.chain)
        if before.chain and another:
            self.report.observe("restart.identity-changed", now.identity.subject)
        if before.measurements and before.measurements != now.measurements:
            self.report.observe("restart.measurements-changed")

    @property
    def transcript(self) -> Transcript:
        """The messages of the session in use, or those outside of any."""
        return self.outside if self.session is None else self.session.transcript

    def now(self) -> float:
        """Seconds on the clock; without one, what has been waited for."""
        return self._waited / _MICROSECONDS if self._clock is None else self._clock()

    def wait(self, microseconds: int) -> Flow[None]:
        """Let time pass."""
        self._waited += microseconds
        yield Wait(microseconds)

    def exchange(self, request: bytes, *, may_refuse: Container[int] = ()) -> Flow[bytes]:
        """Send a request until it is answered, in the session in use if there is one.

        Args:
            request: the SPDM message; it goes in chunks if it has to.
            may_refuse: error codes; an ERROR with one of them is returned instead of refused,
                unless it calls for a retry.

        Returns:
            The response with its padding. Its SPDMVersion and code are checked.
        """
        if request[1] not in keep_alive.UNBROKEN:
            yield from keep_alive.keep_alive(self, but=self.session)
        self.checks.step = name_of_code(request[1])
        raw = yield from self.recover(request, self._carry)
        if raw[1] == ResponseCode.ERROR:
            if raw[2] not in may_refuse:
                Recovery(self.checks, self.options, request).refuse(raw)
            else:
                return raw
        self.check_header(request, raw)
        return raw

    def recover(self, request: bytes, send: Callable[[bytes], Flow[bytes]]) -> Flow[bytes]:
        """Send a request until an answer stands: a response, or an ERROR that calls for no retry.

        Args:
            request: the SPDM message.
            send: sends a message and returns its answer.
        """
        recovery = Recovery(self.checks, self.options, request)
        wait, message = 0, request
        while True:
            if wait:
                yield from self.wait(wait)
            raw = yield from send(message)
            if raw[1] != ResponseCode.ERROR:
                return raw
            self.transcript.add(request, raw)
            self._check_version(request, raw)
            retry = recovery.next(raw)
            if retry is None:
                return raw
            wait, message = retry

    def _carry(self, message: bytes) -> Flow[bytes]:
        """Send one message and get its answer, either of them in chunks where it has to be."""
        if chunks.must_be_chunked(self, message):
            raw = yield from chunks.send(self, message)
        else:
            raw = yield from self.transmit(message)
        if chunks.must_be_fetched(self, message, raw):
            self._check_version(message, raw)
            raw = yield from chunks.get(self, raw)
        return raw

    def transmit(self, message: bytes) -> Flow[bytes]:
        """One exchange on the wire: a message, or a record, each way.

        What a negotiated state answers that was kept is not sent.
        """
        if self._stored.answers:
            return self._stored.answer(message)
        session = self.session
        if session is None:
            self._check_bound()
            raw = yield Transmit(message)
            self.require("rec.unasked", not isinstance(raw, OtherKind), "a record answers")
        else:
            data = yield from self.transmit_data(session, session.form.enclose(message))
            raw = session.disclosed(self, data)
        response = name_of_code(raw[1]) if len(raw) > 1 else ""
        exchanged = ExchangeReport(name_of_code(message[1]), response, len(message), len(raw))
        self.report.exchanges.append(exchanged)
        self.require("any.header", len(raw) >= HEADER_SIZE, f"{len(raw)} bytes came")
        self.padding = self.options.padding if self.session is None else 0
        largest = self.options.offer.data_transfer_size
        self.require(
            "any.transfer-size",
            self.agreed.version < V12 or len(raw) - self.padding <= largest,
            f"{len(raw)} bytes, more than the {largest} announced",
        )
        raw = raw.ljust(HEADER_SIZE, b"\0")
        self._stored.heard(raw)
        return raw

    def transmit_data(self, session: "Session", data: bytes) -> Flow[bytes]:
        """One exchange of application data in a session."""
        self._check_bound()
        session.used = self.now()
        answer = yield Transmit(session.seal(self, data), secured=True)
        return session.open(self, answer)

    def _check_bound(self) -> None:
        done, limit = len(self.report.exchanges), self.options.patience.exchanges
        self.require("any.exchange-limit", done < limit, f"more than {limit} exchanges")

    def check_header(self, request: bytes, raw: bytes) -> None:
        """SPDMVersion and code of a response."""
        self._check_version(request, raw)
        code = response_code_of(request[1])
        self.require(
            "any.response-code",
            raw[1] == code,
            f"{name_of_code(raw[1])} answers {name_of_code(request[1])}",
        )

    def _check_version(self, request: bytes, raw: bytes) -> None:
        """SPDMVersion of a response, or of an ERROR.

        An ERROR has 1.0 while the responder knows of no version, or has forgotten it.
        """
        version, check = self.agreed.version, "any.version"
        if request[1] == RequestCode.GET_VERSION:
            version, check = V10, "ver.header-version"
        unknown = request[1] == RequestCode.GET_CAPABILITIES or raw[2] in WITHOUT_VERSION
        known = raw[0] == version or (raw[1] == ResponseCode.ERROR and raw[0] == V10 and unknown)
        self.require(check, known, f"SPDMVersion 0x{raw[0]:02x}, expected 0x{version:02x}")

    def read(
        self, kind: type[AnyMessage], raw: bytes, context: WireContext
    ) -> tuple[AnyMessage, bytes]:
        """The typed response, and its bytes without padding: what transcripts take."""
        message, used = self.read_front(kind, raw, context)
        return message, self.cut(raw.ljust(used, b"\0"), used)

    def read_front(
        self, kind: type[AnyRecord], raw: bytes, context: WireContext
    ) -> tuple[AnyRecord, int]:
        """The typed response, or a part of one, and how many bytes it has.

        Zeros follow one that is too short.
        """
        try:
            return kind.read(raw, context)
        except WireError as error:
            self.require("any.size-short", condition=False, detail=str(error))
        try:
            return kind.read(raw + bytes(_ZEROS), context)
        except WireError as error:  # it asks for more than can be made up
            raise Refused(self.checks.step, "any.size-short", str(error)) from None

    def cut(self, raw: bytes, used: int) -> bytes:
        """A response of ``used`` bytes without what the transport padded."""
        spare = len(raw) - used
        self.require(
            "any.size-trailing",
            spare <= self.padding,
            f"{spare} bytes after the end of the message",
        )
        return raw[:used]

    @property
    def largest_message(self) -> int:
        """Bytes of the largest message that both sides take, from 1.2 on in chunks if need be."""
        offer, agreed = self.options.offer, self.agreed
        if agreed.both(Cap.CHUNK) and agreed.message_size is not None:
            return min(offer.max_message_size, agreed.message_size)
        return min(offer.data_transfer_size, agreed.transfer_size or offer.data_transfer_size)

    def next_session(self) -> int:
        """The ordinal of the next session, from 1 on."""
        self._session += 1
        return self._session

    def next_handle(self) -> int:
        """The handle of the next chunked request, 8 bits."""
        self._handle = (self._handle + 1) & 0xFF
        return self._handle

    def enter(self, request: bytes, response: bytes, *, signature_size: int = 0) -> Signed | None:
        """Take an exchange into the transcripts; what its signature covers, if it has one."""
        self.first_digests.see(request[1], response)
        return self.transcript.add(request, response, signature_size=signature_size)

    def new_nonce(self) -> bytes:
        """A fresh nonce, 32 bytes."""
        return self._nonces.bytes(NONCE_SIZE)

    def new_context(self) -> bytes:
        """RequesterContext for the next request, 8 bytes; empty before 1.3."""
        if self.agreed.version < V13:
            return b""
        fixed = self.options.requester_context
        return fixed or self._contexts.bytes(REQUESTER_CONTEXT_SIZE)

    def note_nonces(self, message: str, requester: bytes, responder: bytes) -> None:
        """Record the nonces of an exchange, and say what is odd about the responder's."""
        if requester:
            self.report.nonces.append(Nonces(message, requester.hex(), responder.hex()))
        if not any(responder):
            self.report.observe("nonce.zero", message)
        if responder == requester:
            self.report.observe("nonce.echo", message)
        if responder in self._nonces_seen:
            self.report.observe("nonce.repeated", message)
        self._nonces_seen.add(responder)

    def note_summary(self, message: str, summary_type: int, summary_hash: bytes) -> None:
        """Report a measurement summary hash, and keep it for the measurements that are read."""
        self.report.measurement_summary_hash = summary_hash.hex()
        self.summaries.append(Summary(message, summary_type, summary_hash))

    def note_exchange_data(self, responder: bytes) -> None:
        """Say whether the responder's ExchangeData came before: its key is not ephemeral."""
        if responder in self._exchange_data_seen:
            self.report.observe("exchange.repeated")
        self._exchange_data_seen.add(responder)

    def verify(self, check_id: str, message: str, signed: Signed) -> None:
        """Check a signature by the key that is being authenticated."""
        agreed = self.agreed
        if agreed.key is None or agreed.signature is None:
            self.require(check_id, condition=False, detail="no key or algorithm to verify with")
            return
        text = signing_message(agreed.version, signed.context, agreed.base_hash, signed.parts)
        try:
            agreed.key.verify(
                agreed.signature, agreed.base_hash, text, signed.signature, signed.context
            )
        except SignatureError as error:
            self.require(check_id, condition=False, detail=str(error))
        else:
            if message not in self.report.signed:
                self.report.signed.append(message)
