"""One request on its way through the checks, the handler, the hooks and the signature."""

from typing import TYPE_CHECKING

from responder.core.connection import Deferred
from responder.core.context import Context, Reply, Resume, SignWith
from responder.core.effects import Effect, Emit, Send
from responder.core.errors import ProtocolError, invalid, unexpected, unsupported
from responder.core.events import ResponseSent
from responder.core.hooks import Defer, Exchange, Signing
from responder.core.table import REQUESTS, Row
from responder.core.transcript import Buffer
from responder.crypto.signing import SignatureError, signing_message
from responder.spec.codes import REQUEST_SINCE, ErrorCode, RequestCode, name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.spec.versions import V10, V12, SpdmVersion
from responder.wire.context import WireContext
from responder.wire.error import Error
from responder.wire.message import Message, WireError
from responder.wire.raw import RawMessage

if TYPE_CHECKING:
    from responder.core.responder import Responder

_SINCE: dict[int, int] = {int(code): version for code, version in REQUEST_SINCE.items()}


class Turn:
    """One request on its way through the checks, the handler and the hooks."""

    def __init__(self, responder: "Responder", data: bytes, now: float, padding: int) -> None:
        self.connection = responder.connection
        self.device = responder.device
        self.policy = responder.policy
        self.hooks = responder.hooks
        self.data = data
        self.now = now
        self.padding = padding

    def take(self) -> list[Effect]:
        """The effects of the request: its response, the ERROR that refuses it, or nothing."""
        exchange: Exchange | None = None
        try:
            row = self._admit()
            exchange = self._parse(row)
            outcome, reason = self._answer(row, exchange), ""
        except ProtocolError as error:
            exchange = exchange or self._unparsed()
            outcome, reason = self._refuse(error, exchange), error.reason
        effects: list[Effect] = []
        for effect in outcome:
            effects.append(effect)
            if isinstance(effect, Send):
                effects.append(Emit(sent(effect.message, reason)))
        if exchange:
            effects += [Emit(event) for event in exchange.evidence]
        return effects

    def _admit(self) -> Row:
        """The checks that need the header only, in the order that requesters rely on.

        Raises:
            ProtocolError: the request is unknown, of the wrong version, not offered, or early.
        """
        data, connection = self.data, self.connection
        if len(data) < HEADER_SIZE:
            raise invalid(f"{len(data)} bytes are no SPDM message")
        code = data[1]
        self._check_version(data[0], code)
        row = REQUESTS.get(code)
        if row is None:
            raise _not_offered(code)
        offered = not row.capability or connection.flags & row.capability
        if connection.capabilities_known and not offered:
            raise unsupported(code, f"the capability for {name_of_code(code)} is not offered")
        if not row.allows(connection.phase):
            raise unexpected(f"{name_of_code(code)} in phase {connection.phase.name}")
        return row

    def _check_version(self, version: int, code: int) -> None:
        connection = self.connection
        if code == RequestCode.GET_VERSION:
            if version != V10:
                raise _mismatch(f"GET_VERSION with version {version:#x}")
            return
        since = _SINCE.get(code)
        if since is None or (connection.version is not None and since > connection.version):
            raise unsupported(code, f"{name_of_code(code)} is not defined in this version")
        if code == RequestCode.GET_CAPABILITIES and connection.may_agree_version:
            if version not in self.policy.versions:
                raise _mismatch(f"version {version:#x} is not offered")
            connection.agree_version(SpdmVersion(version))
        elif version != connection.version:
            raise _mismatch(f"version {version:#x} is not the agreed one")

    def _parse(self, row: Row) -> Exchange:
        """The exchange with the typed request, and its bytes without transport padding."""
        try:
            request, used = row.codec.read(self.data, self.connection.wire)
        except WireError as error:
            raise invalid(str(error)) from None
        if len(self.data) - used > self.padding:
            raise invalid(f"{len(self.data) - used} bytes after the end of the request")
        wire = _wire_for(request, self.connection.wire)
        return self._exchange(request, self.data[:used], wire)

    def _exchange(self, request: Message, raw: bytes, wire: WireContext) -> Exchange:
        return Exchange(self.connection, request, raw, wire, self.now, device=self.device)

    def _answer(self, row: Row, exchange: Exchange) -> list[Effect]:
        self.device = self.hooks.device(exchange, self.device)
        early = self._intervene(row, exchange)
        if early is not None:
            return early
        outcome = row.handler(exchange.request, self._context(exchange))
        while isinstance(outcome, Resume):
            row = self._resume(exchange, outcome.deferred)
            outcome = row.handler(exchange.request, self._context(exchange))
        return self.hooks.message(exchange, self._finish(row, exchange, outcome))

    def _intervene(self, row: Row, exchange: Exchange) -> list[Effect] | None:
        """Let the ``request`` hook and the device's slowness decide before the handler does."""
        fate = self.hooks.request(exchange)
        work = self.policy.ready_after.get(exchange.request.code)
        if fate is None and work is not None and row.deferrable:
            fate = Defer(work)
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
                rdtm=fate.rdtm,
            )
        return fate

    def _resume(self, exchange: Exchange, deferred: Deferred) -> Row:
        """Put the deferred request in RESPOND_IF_READY's place."""
        self.connection.resume()
        exchange.request, exchange.raw_request = deferred.request, deferred.raw
        exchange.wire = _wire_for(deferred.request, self.connection.wire)
        return REQUESTS[deferred.request.code]

    def _context(self, exchange: Exchange) -> Context:
        return Context(self.connection, self.device, self.policy, exchange.raw_request, self.now)

    def _finish(self, row: Row, exchange: Exchange, reply: Reply) -> bytes:
        """Draft to message: hooks, signature, transcript, phase."""
        request, transcript = exchange.request, self.connection.transcript
        response = self.hooks.draft(exchange, reply.response)
        message = _build(response, exchange.wire)
        self._check_size(len(message) + (exchange.wire.signature_size if reply.sign else 0))
        transcript.begin(request.code, authenticated=self.connection.authenticated)
        if row.buffer:
            if transcript.full(row.buffer):
                raise ProtocolError(ErrorCode.UNSPECIFIED, "the transcript is full")
            transcript.append(row.buffer, request.name, exchange.raw_request)
            transcript.append(row.buffer, response.name, message)
        if reply.sign and row.buffer:
            message += self._sign(exchange, reply.sign, row.buffer)
            transcript.complete(row.buffer)
        self.connection.advance(row.enters)
        return message

    def _sign(self, exchange: Exchange, sign: SignWith, buffer: Buffer) -> bytes:
        context, version = self._context(exchange), self.connection.header_version
        signing = self.hooks.pre_sign(
            exchange,
            Signing(
                key=sign.key,
                scheme=context.base_asym,
                base_hash=context.base_hash,
                version=version,
                context=f"responder-{sign.purpose} signing",
                parts=self.connection.transcript.signed(buffer, version),
            ),
        )
        message = signing.message
        if message is None:
            parts = [part for _, part in signing.parts]
            message = signing_message(signing.version, signing.context, signing.base_hash, parts)
        try:
            signature = signing.key.sign(
                signing.scheme, signing.base_hash, message, signing.context
            )
        except SignatureError as error:
            self.connection.transcript.clear(buffer)
            raise ProtocolError(ErrorCode.UNSPECIFIED, str(error)) from None
        return self.hooks.post_sign(exchange, signing, signature)

    def _check_size(self, size: int) -> None:
        """Without chunking, a response has to fit into the requester's DataTransferSize."""
        limit = self.connection.peer.data_transfer_size
        if self.connection.header_version >= V12 and limit and size > limit:
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
        # After RESPOND_IF_READY the exchange is about the request that was put off.
        code = self.data[1] if exchange is None and len(self.data) > 1 else 0
        code = exchange.request.code if exchange is not None else code
        if code == RequestCode.GET_MEASUREMENTS and error.code != ErrorCode.RESPONSE_NOT_READY:
            self.connection.transcript.clear(Buffer.M)
        about_version = self.data[1:2] == bytes([RequestCode.GET_VERSION])
        version = V10 if about_version else self.connection.header_version
        response: Message = error_message(version, error)
        if exchange is None:
            return [Send(response.build())]
        response = self.hooks.draft(exchange, response)
        return self.hooks.message(exchange, _build(response, exchange.wire))


def sent(message: bytes, reason: str = "") -> ResponseSent:
    """The event of a message that is sent, however short a fault has made it."""
    return ResponseSent(message[1] if len(message) > 1 else 0, message, reason)


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


def _not_offered(code: int) -> ProtocolError:
    """How a request is refused that this responder does not know or has no capability for."""
    if code == RequestCode.CHUNK_GET:
        # Without CHUNK_CAP no chunk is ever pending, and that is what requesters expect to hear.
        return unexpected("no chunked response is pending")
    return unsupported(code, f"{name_of_code(code)} is not offered")


def _mismatch(reason: str) -> ProtocolError:
    return ProtocolError(ErrorCode.VERSION_MISMATCH, reason)


def error_message(version: int, error: ProtocolError) -> Error:
    """The ERROR response that tells a refusal."""
    return Error(
        spdm_version=version,
        error_code=error.code,
        error_data=error.data,
        extended_error_data=error.extended,
    )
