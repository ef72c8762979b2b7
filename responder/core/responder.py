"""The responder: one SPDM endpoint, bytes and the time in, effects out."""

import traceback
from typing import Any

from responder.core.connection import Connection
from responder.core.context import Context, Reply, Resume, SignWith
from responder.core.effects import Effect, Emit, Send
from responder.core.errors import ProtocolError, invalid, unexpected, unsupported
from responder.core.events import InternalError, PhaseChanged, RequestReceived, ResponseSent
from responder.core.hooks import Defer, Drop, Exchange, Hooks, Signing
from responder.core.interfaces import Device, ResponderPolicy
from responder.core.table import REQUESTS, Row
from responder.core.transcript import Buffer
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import SignatureError, signing_message
from responder.spec.codes import REQUEST_SINCE, ErrorCode, RequestCode, name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.spec.versions import V10, V12, SpdmVersion
from responder.wire.context import WireContext
from responder.wire.error import Error
from responder.wire.message import Message, WireError
from responder.wire.raw import RawMessage

_SINCE: dict[int, int] = {int(code): version for code, version in REQUEST_SINCE.items()}


class Responder:
    """One endpoint with one SPDM connection; a GET_VERSION begins the connection anew."""

    def __init__(
        self,
        device: Device,
        policy: ResponderPolicy,
        random: RandomTree,
        hooks: Hooks | None = None,
    ) -> None:
        self.device = device
        self.policy = policy
        self.hooks = hooks or Hooks()
        self.connection = Connection(random, self.hooks)

    def opened(self) -> None:
        """A peer has attached to this endpoint."""
        self.hooks.connection("opened", self.connection)

    def closed(self) -> None:
        """The peer has left; the SPDM connection stays as it is."""
        self.hooks.connection("closed", self.connection)

    def receive(self, data: bytes, now: float, *, padding: int = 0) -> list[Effect]:
        """Answer one SPDM message.

        Args:
            data: the message without transport header.
            now: virtual time in seconds; never earlier than at the call before.
            padding: how many bytes the transport may have added at the end (3 on DOE).

        Returns:
            What is to be done, in order. Nothing that a peer sends makes this raise.
        """
        code = data[1] if len(data) > 1 else 0
        effects: list[Effect] = [Emit(RequestReceived(code, data))]
        try:
            effects += _Turn(self, data, now, padding).take()
        except Exception:  # noqa: BLE001 - a defect of ours must not end the process
            effects.append(Emit(InternalError(code, traceback.format_exc())))
            error = ProtocolError(ErrorCode.UNSPECIFIED, "internal error")
            effects += _refusal(self.connection, error)
        changes, self.connection.phase_changes = self.connection.phase_changes, []
        effects += [Emit(PhaseChanged(b.name, a.name)) for b, a in changes]
        return effects

    def expire(self, name: str, now: float) -> list[Effect]:
        """A timer ran out that an ``ArmTimer`` effect had asked for; none is armed yet."""
        del name, now
        return []

    def complete(self, job: int, result: Any, now: float) -> list[Effect]:
        """A job ended that a ``Run`` effect had asked for; none is started yet."""
        del job, result, now
        return []


class _Turn:
    """One request on its way through the checks, the handler and the hooks."""

    def __init__(self, responder: Responder, data: bytes, now: float, padding: int) -> None:
        self.responder = responder
        self.connection = responder.connection
        self.hooks = responder.hooks
        self.data = data
        self.now = now
        self.padding = padding
        self.exchange: Exchange | None = None

    def take(self) -> list[Effect]:
        """The effects of the request: its response, the ERROR that refuses it, or nothing."""
        try:
            messages = self._answer()
            reason = ""
        except ProtocolError as error:
            reason = error.reason
            messages = self._refuse(error)
        except Drop:
            messages, reason = [], "dropped"
        effects: list[Effect] = []
        for message in messages:
            code = message[1] if len(message) > 1 else 0
            effects += [Send(message), Emit(ResponseSent(code, message, reason))]
        if self.exchange:
            effects += [Emit(event) for event in self.exchange.evidence]
        return effects

    def _answer(self) -> list[bytes]:
        row = self._admit()
        request, raw = self._parse(row)
        connection = self.connection
        self.exchange = Exchange(
            connection, request, raw, _wire_for(request, connection.wire), self.now
        )
        early = self._intervene(row)
        if early is not None:
            return [early]
        outcome = row.handler(request, self._context(raw))
        if isinstance(outcome, Resume):
            deferred = outcome.deferred
            connection.resume()
            row, request, raw = REQUESTS[deferred.request.code], deferred.request, deferred.raw
            self.exchange.request, self.exchange.raw_request = request, raw
            self.exchange.wire = _wire_for(request, connection.wire)
            outcome = row.handler(request, self._context(raw))
            if isinstance(outcome, Resume):
                raise invalid("RESPOND_IF_READY cannot be deferred")
        return self.hooks.message(self.exchange, self._finish(row, outcome))

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
            raise unsupported(code, f"{name_of_code(code)} is not offered")
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
            if version not in self.responder.policy.versions:
                raise _mismatch(f"version {version:#x} is not offered")
            connection.agree_version(SpdmVersion(version))
        elif version != connection.version:
            raise _mismatch(f"version {version:#x} is not the agreed one")

    def _parse(self, row: Row) -> tuple[Message, bytes]:
        """The typed request, and its bytes without transport padding."""
        try:
            request, used = row.codec.read(self.data, self.connection.wire)
        except WireError as error:
            raise invalid(str(error)) from None
        if len(self.data) - used > self.padding:
            raise invalid(f"{len(self.data) - used} bytes after the end of the request")
        return request, self.data[:used]

    def _intervene(self, row: Row) -> bytes | None:
        """Let the ``request`` hook and the device's slowness decide before the handler does."""
        exchange = self.exchange
        if exchange is None:
            return None
        fate = self.hooks.request(exchange)
        code = exchange.request.code
        if fate is None and row.deferrable and code in self.responder.policy.ready_after:
            fate = Defer(self.responder.policy.ready_after[code])
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

    def _context(self, raw: bytes) -> Context:
        responder = self.responder
        return Context(self.connection, responder.device, responder.policy, raw, self.now)

    def _finish(self, row: Row, reply: Reply) -> bytes:
        """Draft to message: hooks, signature, transcript, phase."""
        connection, exchange = self.connection, self.exchange
        if exchange is None:
            raise invalid("no exchange")
        request = exchange.request
        response = self.hooks.draft(exchange, reply.response)
        message = response.build(exchange.wire)
        self._check_size(len(message) + (connection.wire.signature_size if reply.sign else 0))
        transcript = connection.transcript
        transcript.begin(request.code, authenticated=connection.authenticated)
        if row.buffer:
            transcript.append(row.buffer, request.name, exchange.raw_request)
            transcript.append(row.buffer, response.name, message)
        if reply.sign and row.buffer:
            message += self._sign(exchange, reply.sign, row.buffer)
            transcript.complete(row.buffer)
        connection.advance(row.enters)
        return message

    def _sign(self, exchange: Exchange, sign: SignWith, buffer: Buffer) -> bytes:
        context = self._context(exchange.raw_request)
        version = self.connection.header_version
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
        parts = [part for _, part in signing.parts]
        message = signing_message(signing.version, signing.context, signing.base_hash, parts)
        try:
            signature = signing.key.sign(signing.scheme, signing.base_hash, message)
        except SignatureError as error:
            raise ProtocolError(ErrorCode.UNSPECIFIED, str(error)) from None
        return self.hooks.post_sign(exchange, signature)

    def _check_size(self, size: int) -> None:
        """Without chunking, a response has to fit into the requester's DataTransferSize."""
        limit = self.connection.peer.data_transfer_size
        if self.connection.header_version >= V12 and limit and size > limit:
            raise ProtocolError(
                ErrorCode.RESPONSE_TOO_LARGE,
                f"a response of {size} bytes, the requester takes {limit}",
                extended=size.to_bytes(4, "little"),
            )

    def _refuse(self, error: ProtocolError) -> list[bytes]:
        """The ERROR response, past the hooks if the request got as far as a header."""
        code = self.data[1] if len(self.data) >= HEADER_SIZE else 0
        deferred = error.code == ErrorCode.RESPONSE_NOT_READY
        if code == RequestCode.GET_MEASUREMENTS and not deferred:
            self.connection.transcript.clear(Buffer.M)
        version = _error_version(self.connection, self.data)
        response: Message = _error(version, error)
        if len(self.data) < HEADER_SIZE:
            return [response.build()]
        if self.exchange is None:
            raw = RawMessage.parse(self.data)
            self.exchange = Exchange(self.connection, raw, self.data, WireContext(), self.now)
        response = self.hooks.draft(self.exchange, response)
        return self.hooks.message(self.exchange, response.build(self.exchange.wire))


def _wire_for(request: Message, wire: WireContext) -> WireContext:
    """The context in which a request's response is written."""
    summary = bool(getattr(request, "measurement_summary_hash_type", 0))
    signed = bool(getattr(request, "signature_requested", False))
    return wire.replace(summary=summary, signed=signed) if summary or signed else wire


def _mismatch(reason: str) -> ProtocolError:
    return ProtocolError(ErrorCode.VERSION_MISMATCH, reason)


def _error_version(connection: Connection, data: bytes) -> int:
    """0x10 for all that is wrong with GET_VERSION, else the agreed version."""
    if len(data) > 1 and data[1] == RequestCode.GET_VERSION:
        return V10
    return connection.header_version


def _error(version: int, error: ProtocolError) -> Error:
    return Error(
        spdm_version=version,
        error_code=error.code,
        error_data=error.data,
        extended_error_data=error.extended,
    )


def _refusal(connection: Connection, error: ProtocolError) -> list[Effect]:
    message = _error(connection.header_version, error).build()
    return [Send(message), Emit(ResponseSent(message[1], message, error.reason))]
