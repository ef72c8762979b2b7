"""What IDE_KM and CXL_IDE_KM have in common: who may speak, and what answers a mistake."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from responder.core.errors import IgnoredError, ProtocolError, invalid
from responder.core.interfaces import SessionToken
from responder.device.pcie.interfaces import FunctionEffect, Noticed, Outbox
from responder.device.pcie.secure_session import require_session

if TYPE_CHECKING:
    from responder.device.pcie.policies import CxlIdePolicy, IdePolicy

_PORT = 0
"""The function that the port belongs to."""


class KeyManager:
    """Who owns key management, and how it refuses.

    Args:
        name: of the protocol.
        policy: what it does where there is a choice.
        outbox: takes what happens besides answers.
    """

    def __init__(self, name: str, policy: "IdePolicy | CxlIdePolicy", outbox: Outbox) -> None:
        self._name = name
        self._rules = policy
        self._outbox = outbox
        self._owner: SessionToken | None = None

    def use(self, policy: "IdePolicy | CxlIdePolicy") -> None:
        """Go by another policy from now on."""
        self._rules = policy

    def admit(self, session: SessionToken | None) -> None:
        """See that a session may speak now.

        Raises:
            IgnoredError: another session owns the protocol.
            OutsideError, UnexpectedRequest: as ``require_session``.
        """
        if self._rules.session_required:
            require_session(session, self._name)
        if not self._rules.exclusive_session:
            return
        if self._owner is None:
            self._owner = session
        if self._owner is not session:
            raise self._ignored("another session owns it")

    def release(self, session: SessionToken) -> None:
        """A session is over: another one may own the protocol."""
        if self._owner is session:
            self._owner = None

    def check_port(self, port_index: int) -> None:
        """See that there is such a port.

        Raises:
            ProtocolError: as ``refused``.
        """
        if port_index > self._rules.max_port_index:
            raise self.refused(f"there is no port {port_index}")

    def refused(self, reason: str) -> ProtocolError:
        """What answers a mistake that no message of the protocol can tell."""
        return self._ignored(reason) if self._rules.refuse_in_silence else invalid(reason)

    def _ignored(self, reason: str) -> IgnoredError:
        self.notice("ide-km-ignored", f"{self._name}: {reason}")
        return IgnoredError(reason)

    def notice(self, what: str, detail: str) -> None:
        """Tell observers."""
        self.tell([Noticed(what, detail)])

    def tell(self, effects: Sequence[FunctionEffect]) -> None:
        """Pass on what happened to the port."""
        self._outbox += [(_PORT, effect) for effect in effects]
