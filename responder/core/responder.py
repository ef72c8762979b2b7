"""The responder: one SPDM endpoint, bytes and the time in, effects out."""

import traceback
from typing import Any

from responder.core.connection import Connection
from responder.core.effects import Effect, Emit, Send
from responder.core.errors import ProtocolError
from responder.core.events import InternalError, PhaseChanged, RequestReceived
from responder.core.hooks import Hooks
from responder.core.interfaces import Device, ResponderPolicy
from responder.core.ownership import Reset
from responder.core.turn import Turn, error_message, sent
from responder.crypto.random_tree import RandomTree
from responder.spec.codes import ErrorCode


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
            self.device.tick(now)
            effects += Turn(self, data, now, padding).take()
        except Exception:  # noqa: BLE001 - a defect of ours must not end the process
            effects.append(Emit(InternalError(code, traceback.format_exc())))
            error = ProtocolError(ErrorCode.UNSPECIFIED, "internal error")
            effects += _refusal(self.connection, error)
        return effects + self._phase_changes()

    def reset(self, reset: Reset) -> list[Effect]:
        """The device is reset; ``responder.core.ownership`` says whether that reaches here."""
        self.connection.reset(reset)
        return self._phase_changes()

    def _phase_changes(self) -> list[Effect]:
        changes, self.connection.phase_changes = self.connection.phase_changes, []
        return [Emit(PhaseChanged(before.name, after.name)) for before, after in changes]

    def expire(self, name: str, now: float) -> list[Effect]:
        """A timer ran out that an ``ArmTimer`` effect had asked for; only hooks arm any yet."""
        effects: list[Effect] = []
        for effect in self.hooks.expired(name, self.connection, now):
            effects.append(effect)
            if isinstance(effect, Send):
                effects.append(Emit(sent(effect.message)))
        return effects + self._phase_changes()

    def use(self, hooks: Hooks) -> None:
        """Another peer speaks now: its hooks take the place of those before."""
        self.hooks = self.connection.hooks = hooks

    def complete(self, job: int, result: Any, now: float) -> list[Effect]:
        """A job ended that a ``Run`` effect had asked for; none is started yet."""
        del job, result, now
        return []


def _refusal(connection: Connection, error: ProtocolError) -> list[Effect]:
    message = error_message(connection.header_version, error).build()
    return [Send(message), Emit(sent(message, error.reason))]
