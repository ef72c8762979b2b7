"""One request on its way through the checks, the handler, the hooks and the signature."""

from copy import copy
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from responder.core.admission import admit
from responder.core.chunking import EarlyError, largest_piece, malformed, most_in_chunks
from responder.core.connection import Deferred
from responder.core.context import Context, Later, Reply, Resume, Whole
from responder.core.effects import Effect, Emit, Ignore, Send
from responder.core.errors import IgnoredError, ProtocolError, invalid
from responder.core.events import ResponseSent
from responder.core.hooked import Hooked
from responder.core.hooks import Defer, Exchange, Sealing
from responder.core.interfaces import Device
from responder.core.secured import RecordError, seal_record
from responder.core.session import Session
from responder.core.table import REQUESTS, Row
from responder.core.transcript import Buffer
from responder.core.work import check_idle, deferral, later, wait
from responder.spec.codes import (
    ErrorCode,
    RequestCode,
    ResponseCode,
)
from responder.spec.flags import Cap
from responder.spec.limits import HEADER_SIZE
from responder.spec.versions import V10
from responder.wire.context import WireContext
from responder.wire.error import Error
from responder.wire.errors import WireError
from responder.wire.message import Message
from responder.wire.raw import RawMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from responder.core.responder import Responder

    T = TypeVar("T")
    Course = Generator[Callable[[], None], ProtocolError | None, T]
    """Comes to a ``T``; on the way it gives the work to be done, and is sent why that failed."""

_CHUNKS = frozenset({RequestCode.CHUNK_SEND, RequestCode.CHUNK_GET})


class Turn:
    """One request on its way through the checks, the handler and the hooks."""

    def __init__(
        self,
        responder: "Responder",
        data: bytes,
        now: float,
        padding: int,
        *,
        session: Session | None = None,
        record: bytes = b"",
    ) -> None:
        self.connection = responder.connection
        self.device = responder.device
        self.policy = responder.policy
        self.hooks = responder.hooks
        self.data = data
        self.now = now
        self.padding = padding
        self.session = session
        self.record = record
        self.around = 0
        self._wait = 0.0
        self._begin_work = responder.begin_work
        self._course = self._taken()
        self.worked = self._forgotten = False
        self.effects: list[Effect] = []
        self.then: Callable[[], None] | None = None
        self.refused: ProtocolError | None = None

    def _inside(self, data: bytes, around: int, device: Device) -> "Turn":
        """The turn of a large request, whose response goes behind ``around`` other bytes."""
        inside = copy(self)
        inside.data, inside.padding, inside.around = data, 0, around
        inside.device = device
        inside.effects, inside.then, inside.refused = [], None, None
        return inside

    def take(self) -> list[Effect]:
        """The effects of the request: its response, the ERROR that refuses it, or nothing.

        If the answer has to be worked for, they begin the work, and ``resume`` gives the rest.
        """
        return self.resume(None)

    def resume(self, failure: ProtocolError | None) -> list[Effect]:
        """The effects after the work that was begun; ``failure`` is why it failed."""
        try:
            work = self._course.send(failure)
        except StopIteration as end:
            effects: list[Effect] = end.value
        else:
            effects = [self._begin_work(self, work)]
        return effects

    def forget(self) -> None:
        """Nobody waits for the answer any more; the work is finished all the same."""
        self._forgotten = True

    def _taken(self) -> "Course[list[Effect]]":
        outcome, exchange = yield from self.respond()
        session = self.session
        ended = session and self.connection.sessions.get(session.session_id) is not session
        if self.worked and (self._forgotten or ended):
            return []
        refused = self.refused
        effects = self._sent(outcome, exchange, refused.reason if refused else "")
        if self.then:
            self.then()
        if refused and refused.ends:
            self.connection.end_session(refused.ends, refused.reason)
        if exchange:
            effects += [Emit(event) for event in exchange.evidence]
        return effects + self.effects

    def respond(self) -> "Course[tuple[list[Effect], Exchange | None]]":
        """What is to be done about the request, not sealed yet, and its exchange."""
        exchange: Exchange | None = None
        try:
            row = admit(
                self.data, self.connection, self.policy, self.session, large=bool(self.around)
            )
            exchange = self._parse(row)
            effects = yield from self._answer(row, exchange)
        except ProtocolError as error:
            self.refused = error
            exchange = exchange or self._unparsed()
            effects = self._refuse(error, exchange)
        return effects, exchange

    def _sent(self, outcome: list[Effect], exchange: Exchange | None, reason: str) -> list[Effect]:
        """What is done, sealed in a session, with an event for all that is sent."""
        effects: list[Effect] = []
        for effect in outcome:
            if not isinstance(effect, Send):
                effects.append(effect)
                continue
            session = self._carrier(effect)
            if session is None or effect.secured or exchange is None:
                effects.append(effect)
            else:
                effects += self._sealed(effect, session, exchange)
            session_id = session.session_id if session else None
            effects.append(Emit(sent(effect.message, reason, session_id)))
        return effects

    def _carrier(self, effect: Send) -> Session | None:
        """The session that carries a message; that of the request unless a hook says otherwise."""
        if effect.through == "request":
            return self.session
        if effect.through == "clear":
            return None
        return self.connection.sessions.get(effect.through)

    def _sealed(self, effect: Send, session: Session, exchange: Exchange) -> list[Effect]:
        """The records that carry a response in a session."""
        form = self.connection.record_form
        if form is None:
            return []
        size = min(self.policy.session.max_padding, form.max_padding)
        padding = self.connection.record_padding(size) if size else b""

        def hook(sealing: Sealing) -> Sealing:
            sealing.message = effect.message
            return self.hooks.seal(exchange, sealing)

        try:
            data = form.enclose(effect.message)
            record = seal_record(session, data, form.sequence_size, padding, hook)
        except RecordError as error:
            self.connection.end_session(session, str(error))
            return []
        records = self.hooks.record(exchange, record)
        return [Send(one, secured=True, delay=effect.delay) for one in records]

    def _parse(self, row: Row) -> Exchange:
        """The exchange with the typed request, and its bytes without transport padding."""
        try:
            request, used = row.codec.read(self.data, self.connection.wire)
        except WireError as error:
            raise self._malformed(str(error)) from None
        padded = self.policy.deviations.ignores_trailing_bytes
        if len(self.data) - used > self.padding and not padded:
            raise self._malformed(f"{len(self.data) - used} bytes after the end of the request")
        wire = _wire_for(request, self.connection.wire)
        return self._exchange(request, self.data[:used], wire)

    def _malformed(self, reason: str) -> ProtocolError:
        if self.data[1] == RequestCode.CHUNK_SEND:
            return malformed(self.data, self.connection.header_version, reason)
        return invalid(reason)

    def _exchange(self, request: Message, raw: bytes, wire: WireContext) -> Exchange:
        session_id = self.session.session_id if self.session else None
        return Exchange(
            self.connection, request, raw, wire, self.now, session_id, self.record, self.device
        )

    def _answer(self, row: Row, exchange: Exchange) -> "Course[list[Effect]]":
        self.device = self.hooks.device(exchange, self.device)
        early = self._intervene(row, exchange)
        if early is not None:
            return early
        outcome = row.handler(exchange.request, self._context(exchange))
        while isinstance(outcome, Resume):
            row = self._resume(exchange, outcome.deferred)
            outcome = row.handler(exchange.request, self._context(exchange))
        if isinstance(outcome, Whole):
            return (yield from self._answer_whole(row, exchange, outcome))
        if isinstance(outcome, Later):
            self.worked = True
            outcome = yield from _worked_for(outcome)
        message = self._finish(row, exchange, outcome)
        effects = self.hooks.message(exchange, message)
        if self._wait:
            effects = [later(effect, self._wait) for effect in effects]
        if exchange.request.code in _CHUNKS:
            return effects
        chunked = self.hooks.chunked(exchange, large=self._is_large(message))
        return self._offered(exchange, effects) if chunked else effects

    def _answer_whole(self, row: Row, exchange: Exchange, outcome: Whole) -> "Course[list[Effect]]":
        """Have a large request answered, and put the response into the acknowledgement."""
        around = len(outcome.acknowledgement.build(exchange.wire))
        large = self._inside(outcome.message, around, exchange.device or self.device)
        answered, large_exchange = yield from large.respond()
        self.then, self.refused, self.worked = large.then, large.refused, large.worked
        self.effects += large.effects
        exchange.evidence += large_exchange.evidence if large_exchange else []

        def acknowledged(response: bytes) -> list[Effect]:
            draft = outcome.acknowledgement.replace(response_to_large_request=response)
            return self.hooks.message(exchange, self._finish(row, exchange, Reply(draft)))

        return _in_place_of_response(answered, acknowledged)

    def _offered(self, exchange: Exchange, effects: list[Effect]) -> list[Effect]:
        """Keep a large response for CHUNK_GET, and say so in its place."""

        def refused(message: bytes) -> list[Effect]:
            handle = self.connection.chunking.offer(message, exchange.session_id)
            error = ProtocolError(ErrorCode.LARGE_RESPONSE, extended=bytes([handle]))
            return self._told(exchange, error_message(self.connection.header_version, error))

        return _in_place_of_response(effects, refused)

    def _intervene(self, row: Row, exchange: Exchange) -> list[Effect] | None:
        """Let the ``request`` hook and the device's slowness decide before the handler does."""
        fate = self.hooks.request(exchange)
        timing = self.policy.timing
        if fate is None:
            check_idle(timing, self.connection, exchange)
        if fate is None and row.deferrable:
            fate = deferral(timing, self.policy.ct_exponent, exchange)
        if fate is None:
            self._wait = wait(timing, exchange.request.code)
        if isinstance(fate, ProtocolError):
            raise fate
        if isinstance(fate, Defer):
            raise self.connection.defer(
                exchange.request,
                exchange.raw_request,
                self.now + fate.ready_after / 1_000_000,
                self.now,
                rdt_exponent=fate.rdt_exponent,
                token=fate.token,
                rdtm=timing.rdtm if fate.rdtm is None else fate.rdtm,
                session_id=exchange.session_id,
            )
        return fate

    def _resume(self, exchange: Exchange, deferred: Deferred) -> Row:
        """Put the deferred request in RESPOND_IF_READY's place."""
        self.connection.resume()
        exchange.request, exchange.raw_request = deferred.request, deferred.raw
        exchange.wire = _wire_for(deferred.request, self.connection.wire)
        return REQUESTS[deferred.request.code]

    def _context(self, exchange: Exchange) -> Context:
        return Context(
            self.connection,
            self.device,
            self.policy,
            exchange.raw_request,
            self.now,
            self._hooked(exchange),
            self.session,
            self.effects,
        )

    def _finish(self, row: Row, exchange: Exchange, reply: Reply) -> bytes:
        """Draft to message: hooks, signature, transcript, phase."""
        response = self.hooks.draft(exchange, reply.response)
        message = _build(response, exchange.wire)
        if exchange.request.code in _CHUNKS:
            return message
        self._check_size(len(message) + reply.added_size(exchange.wire))
        self._begin(exchange.request.code)
        if row.buffer and (self.session is None or row.buffer.in_sessions):
            message = self._keep(row.buffer, exchange, reply, response.name, message)
        if reply.conclude:
            message, self.then = reply.conclude(message)
        if self.session is None:
            self.connection.advance(row.enters)
            if response.code == ResponseCode.DIGESTS:
                self.connection.keep_digests(message)
        return message

    def _begin(self, code: int) -> None:
        """Apply the resets of transcripts that an accepted request causes."""
        connection = self.connection
        connection.begin(code, outside=self.session is None)
        if self.session is not None:
            self.session.transcript.begin(code)

    def _keep(
        self, buffer: Buffer, exchange: Exchange, reply: Reply, name: str, message: bytes
    ) -> bytes:
        """Put an exchange into its transcript; the message, with a signature if it needs one."""
        transcript = self.session.transcript if self.session else self.connection.transcript
        if transcript.full(buffer):
            raise ProtocolError(ErrorCode.UNSPECIFIED, "the transcript is full")
        transcript.append(buffer, exchange.request.name, exchange.raw_request)
        transcript.append(buffer, name, message)
        if reply.sign is None:
            return message
        parts = transcript.signed(buffer, self.connection.header_version)
        try:
            signature = self._hooked(exchange).sign(reply.sign.key, reply.sign.purpose, parts)
        except ProtocolError:
            transcript.clear(buffer)
            raise
        transcript.complete(buffer)
        return message + signature

    def _hooked(self, exchange: Exchange) -> Hooked:
        return Hooked(self.hooks, exchange, self.connection.selected)

    def _is_large(self, message: bytes) -> bool:
        """Whether a response has to go out in chunks."""
        limit = self._largest_piece
        return bool(limit) and len(message) + self.around > limit

    @property
    def _largest_piece(self) -> int:
        return largest_piece(self.connection.peer.data_transfer_size, self.policy.transmit_size)

    def _check_size(self, size: int) -> None:
        """See that the requester can take a response: in chunks, or else in one piece.

        Raises:
            ProtocolError: ResponseTooLarge.
        """
        connection = self.connection
        limit = self._largest_piece
        if not limit or size + self.around <= limit:
            return
        if connection.common(Cap.CHUNK):
            in_chunks = most_in_chunks(connection.header_version, limit)
            limit = min(connection.peer.max_spdm_msg_size, in_chunks)
        if size > limit:
            raise ProtocolError(
                ErrorCode.RESPONSE_TOO_LARGE,
                f"a response of {size} bytes, the requester takes {limit}",
                extended=size.to_bytes(4, "little"),
            )

    def _unparsed(self) -> Exchange | None:
        """The exchange of a request that was refused by its header or its form."""
        if len(self.data) < HEADER_SIZE:
            return None
        return self._exchange(RawMessage.parse(self.data), self.data, self.connection.wire)

    def _refuse(self, error: ProtocolError, exchange: Exchange | None) -> list[Effect]:
        """The ERROR response, past the hooks if the request had at least a header."""
        if isinstance(error, IgnoredError):
            return [Ignore()]
        # After RESPOND_IF_READY the exchange is about the request that was put off.
        code = self.data[1] if exchange is None and len(self.data) > 1 else 0
        code = exchange.request.code if exchange is not None else code
        if code == RequestCode.GET_MEASUREMENTS and error.code != ErrorCode.RESPONSE_NOT_READY:
            transcript = self.session.transcript if self.session else self.connection.transcript
            transcript.clear(Buffer.M)
        about_version = self.data[1:2] == bytes([RequestCode.GET_VERSION])
        version = V10 if about_version else self.connection.header_version
        response: Message = error_message(version, error)
        if isinstance(error, EarlyError):
            self.connection.chunking.give_up()
            response = error.acknowledgement(response)
        if exchange is None:
            return [Send(response.build())]
        return self._told(exchange, response)

    def _told(self, exchange: Exchange, response: Message) -> list[Effect]:
        """An ERROR on its way past the hooks."""
        response = self.hooks.draft(exchange, response)
        return self.hooks.message(exchange, _build(response, exchange.wire))


def _worked_for(later: Later) -> "Course[Reply]":
    """The answer that has to be worked for, once it has been."""
    failure = yield later.work
    if failure is not None:
        later.give_up()
        raise failure
    return later.finish()


def sent(message: bytes, reason: str = "", session_id: int | None = None) -> ResponseSent:
    """The event of a message that is sent, however short a fault has made it."""
    return ResponseSent(message[1] if len(message) > 1 else 0, message, reason, session_id)


def _build(response: Message, wire: WireContext) -> bytes:
    """The response's bytes.

    Raises:
        ProtocolError: Unspecified: a value does not fit its field.
    """
    try:
        return response.build(wire)
    except WireError as error:
        raise ProtocolError(ErrorCode.UNSPECIFIED, str(error)) from None


def _wire_for(request: Message, wire: WireContext) -> WireContext:
    """The context in which a request's response is written."""
    summary = bool(getattr(request, "measurement_summary_hash_type", 0))
    signed = bool(getattr(request, "signature_requested", False))
    return wire.replace(summary=summary, signed=signed) if summary or signed else wire


def _in_place_of_response(
    effects: list[Effect], instead: "Callable[[bytes], list[Effect]]"
) -> list[Effect]:
    """The effects with others in the place of the response, if there is one, as late as it is."""
    for at, effect in enumerate(effects):
        if isinstance(effect, Send):
            others = [
                replace(one, delay=one.delay + effect.delay) if isinstance(one, Send) else one
                for one in instead(effect.message)
            ]
            return [*effects[:at], *others, *effects[at + 1 :]]
    return effects


def error_message(version: int, error: ProtocolError) -> Error:
    """The ERROR response that tells a refusal."""
    return Error(
        spdm_version=version,
        error_code=error.code,
        error_data=error.data,
        extended_error_data=error.extended,
    )
