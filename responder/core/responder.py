"""The responder: one SPDM endpoint, bytes and the time in, effects out."""

import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from responder.core.asking import want
from responder.core.connection import Connection
from responder.core.effects import Effect, Emit, Ignore, Keep, Run, Send, Wish
from responder.core.errors import ProtocolError
from responder.core.events import (
    ApplicationData,
    InternalError,
    PhaseChanged,
    RecordDropped,
    RequestReceived,
)
from responder.core.handshake import HEARTBEAT_TIMER, heartbeat_timer
from responder.core.hooks import Exchange, Hooks
from responder.core.interfaces import Device, RecordFormat, ResponderPolicy
from responder.core.ownership import CLEARS, Level, Reset
from responder.core.secured import RecordError, open_record, seal_record, session_id_of
from responder.core.session import Session
from responder.core.turn import Turn, error_message, sent
from responder.crypto.random_tree import RandomTree
from responder.spec.codes import ErrorCode
from responder.wire.raw import RawMessage


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
        self._turns: dict[int, Turn] = {}
        self._started = 0
        self._kept: tuple[bytes, ...] = ()
        self.connection = Connection(random, self.hooks)

    def opened(self) -> None:
        """A peer has attached to this endpoint."""
        self.hooks.connection("opened", self.connection)

    def closed(self) -> None:
        """The peer has left; the SPDM connection stays as it is."""
        self.hooks.connection("closed", self.connection)

    def receive(
        self, data: bytes, now: float, *, padding: int = 0, secured: RecordFormat | None = None
    ) -> list[Effect]:
        """Answer one SPDM message, or secured record.

        Args:
            data: the message or record without transport header.
            now: virtual time in seconds; never earlier than at the call before.
            padding: how many bytes the transport may have added at the end (3 on DOE).
            secured: what the transport puts into records, if ``data`` is one.

        Returns:
            What is to be done, in order. Nothing that a peer sends makes this raise.
        """
        code = data[1] if len(data) > 1 and secured is None else 0
        effects: list[Effect] = []
        try:
            self.device.tick(now)
            if secured is None:
                effects += [Emit(RequestReceived(code, data))]
                effects += Turn(self, data, now, padding).take()
            else:
                effects += self._receive_record(data, now, secured)
        except Exception:  # noqa: BLE001 - a defect of ours must not end the process
            effects.append(Emit(InternalError(code, traceback.format_exc())))
            error = ProtocolError(ErrorCode.UNSPECIFIED, "internal error")
            effects += _refusal(self.connection, error)
        return effects + self._changes()

    def _receive_record(self, data: bytes, now: float, form: RecordFormat) -> list[Effect]:
        """Answer what a secured record carries; one of no session is passed over in silence."""
        try:
            session = self.connection.sessions.get(session_id_of(data))
            if session is None:
                return [Emit(RecordDropped("no such session", data)), Ignore()]
        except RecordError as error:
            return [Emit(RecordDropped(str(error), data)), Ignore()]
        try:
            application_data = open_record(session, data, form)
            session.last_traffic = now
            if form.foreign(application_data):
                request = RawMessage(spdm_version=self.connection.header_version)
                exchange = Exchange(
                    self.connection,
                    request,
                    application_data,
                    self.connection.wire,
                    now,
                    session.session_id,
                    data,
                    self.device,
                )
                return self._application(session, exchange, form)
            message = form.disclose(application_data)
        except (RecordError, ValueError) as error:
            return self._undecryptable(session, data, str(error))
        self.connection.record_form = form
        code = message[1] if len(message) > 1 else 0
        received = RequestReceived(code, message, session.session_id)
        return [Emit(received), *Turn(self, message, now, 0, session=session, record=data).take()]

    def _application(
        self, session: Session, exchange: Exchange, form: RecordFormat
    ) -> list[Effect]:
        """Answer application data that is no SPDM message, in its session.

        Faults see its record as that of any answer, to a request without a name.

        Raises:
            RecordError: the session's sequence numbers are used up.
        """
        data = exchange.raw_request
        answer = self.device.application(data) if session.established else None
        emit = Emit(ApplicationData(session.session_id, data, answer or b""))
        if answer is None:
            return [emit, Ignore()]
        hook = partial(self.hooks.seal, exchange)
        record = seal_record(session, answer, form.sequence_size, b"", hook)
        records = self.hooks.record(exchange, record)
        told = [Emit(event) for event in exchange.evidence]
        return [*(Send(one, secured=True) for one in records), emit, *told]

    def _undecryptable(self, session: Session, data: bytes, reason: str) -> list[Effect]:
        """A record that does not open ends its session; what is said of it is in the clear."""
        policy = self.policy.session
        if not policy.keep_undecryptable:
            self.connection.end_session(session, reason)
        effects: list[Effect] = [Emit(RecordDropped(reason, data))]
        if policy.drop_undecryptable:
            return [*effects, Ignore()]
        error = ProtocolError(ErrorCode.DECRYPT_ERROR, reason)
        return effects + _refusal(self.connection, error)

    def resume(self, state: tuple[bytes, ...]) -> bool:
        """Begin with the negotiated state that another endpoint of this device had kept.

        Its requests are answered once more, and what is agreed by that is kept over a reset.

        Returns:
            Whether they were answered as they had been; if not, nothing is agreed. A device that
            has become another one in the meantime is not what the requester remembers.
        """
        for request in state[::2]:
            Turn(self, request, 0.0, 0).take()
            self.connection.chunking.response = None  # the requester has fetched it then
        fits = bool(state) and self.connection.kept == state
        self.connection.reset(Reset.POWER_CYCLE if fits else Reset.GET_VERSION)
        self.connection.phase_changes.clear()
        self._kept = self.connection.kept
        return fits

    def reset(self, reset: Reset) -> list[Effect]:
        """The device is reset; ``responder.core.ownership`` says whether that reaches here."""
        self.connection.reset(reset)
        if Level.ENDPOINT in CLEARS[reset]:
            for turn in self._turns.values():
                turn.forget()
        return self._changes()

    def _changes(self) -> list[Effect]:
        """What has become of the connection and its sessions since this was asked last.

        The device is told of the sessions that are over.
        """
        ended, self.connection.ended = self.connection.ended, []
        for session in ended:
            self.device.session_ended(session)
        changes, self.connection.phase_changes = self.connection.phase_changes, []
        notes, self.connection.notes = self.connection.notes, []
        effects: list[Effect] = [
            Emit(PhaseChanged(before.name, after.name)) for before, after in changes
        ]
        kept = self.connection.kept
        if kept != self._kept:
            self._kept = kept
            effects.append(Keep(kept))
        if self.policy.session.log_keys:
            for session in self.connection.sessions.values():
                notes += session.new_keys()
        return effects + [Emit(note) for note in notes]

    def expire(self, name: str, now: float) -> list[Effect]:
        """A timer ran out that an ``ArmTimer`` effect had asked for."""
        if name.startswith(HEARTBEAT_TIMER):
            return self._heartbeat_due(name, now) + self._changes()
        effects: list[Effect] = []
        for effect in self.hooks.expired(name, self.connection, now):
            effects.append(effect)
            if isinstance(effect, Send):
                effects.append(Emit(sent(effect.message)))
        return effects + self._changes()

    def _heartbeat_due(self, name: str, now: float) -> list[Effect]:
        """End a session without traffic (DSP0274 "HEARTBEAT"); look again later at another."""
        for session in list(self.connection.sessions.values()):
            timer = heartbeat_timer(session)
            if timer.name != name or not session.heartbeat_period:
                continue
            if now < timer.at:
                return [timer]
            self.connection.end_session(session, "no traffic for two heartbeat periods")
        return []

    def use(self, hooks: Hooks) -> None:
        """Another peer speaks now: its hooks take the place of those before."""
        self.hooks = self.connection.hooks = hooks

    def want(self, what: Wish, session_id: int | None) -> None:
        """Something outside wants an encapsulated request to be made, as soon as one is asked for.

        Nothing comes of it if there is no such session.
        """
        want(self.connection, self.device, what, session_id)

    def begin_work(self, turn: Turn, work: Callable[[], None]) -> Run:
        """The effect that begins the work of a request; ``complete`` goes on with the request."""
        self._started += 1
        self._turns[self._started] = turn
        return Run(self._started, partial(_guarded, work))

    def complete(self, job: int, result: Any, now: float) -> list[Effect]:
        """The work ended that a ``Run`` effect had asked for; ``result`` is what it returned."""
        del now
        turn = self._turns.pop(job, None)
        if turn is None:
            return []
        effects: list[Effect] = []
        if isinstance(result, InternalError):
            effects.append(Emit(result))
            result = ProtocolError(ErrorCode.UNSPECIFIED, "internal error")
        try:
            effects += turn.resume(result)
        except Exception:  # noqa: BLE001 - as in receive
            effects.append(Emit(InternalError(0, traceback.format_exc())))
            error = ProtocolError(ErrorCode.UNSPECIFIED, "internal error")
            effects += _refusal(self.connection, error)
        return effects + self._changes()


def _guarded(work: Callable[[], None]) -> ProtocolError | InternalError | None:
    """Do the work of a request; what it raises is its result."""
    try:
        work()
    except ProtocolError as error:
        return error
    except Exception:  # noqa: BLE001 - as in Responder.receive
        return InternalError(0, traceback.format_exc())
    return None


def _refusal(connection: Connection, error: ProtocolError) -> list[Effect]:
    message = error_message(connection.header_version, error).build()
    return [Send(message), Emit(sent(message, error.reason))]
