"""The negotiated state (CACHE_CAP) of a server's endpoints, so that it outlasts the process."""

from typing import TYPE_CHECKING, Protocol

from responder.errors import system_reason
from responder.server.events import NegotiatedStateLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from responder.core.events import Event

State = tuple[bytes, ...]
"""The messages of the VCA as sent; none if there is no negotiated state."""


class Keeper(Protocol):
    """Where the negotiated state of a device is kept; there is room for one."""

    @property
    def found(self) -> State:
        """What was kept when the process began."""

    def keep(self, state: State) -> None:
        """Keep another one, or none.

        Raises:
            OSError: it cannot be kept.
            ValueError: it has no room there.
        """


class Resumes(Protocol):
    """What is used of a ``responder.core.responder.Responder``."""

    def resume(self, state: State) -> bool:
        """Begin with a state; whether it fits the device."""


class NegotiatedStates:
    """Hands what was found to the first endpoint, and has kept what was agreed last."""

    def __init__(self, keeper: Keeper, tell: "Callable[[Event], None]") -> None:
        self._keeper = keeper
        self._found = keeper.found
        self._owner: object = None
        self._tell = tell

    def resume(self, responder: Resumes) -> None:
        """Let a new endpoint go on where one of another process was, if nobody has done so yet."""
        found, self._found = self._found, ()
        if not found:
            return
        self._owner = responder
        fits = responder.resume(found)
        if not fits:
            self._tell(NegotiatedStateLost("the device would negotiate otherwise now"))
        self.keep(responder, found if fits else ())

    def keep(self, owner: object, state: State) -> None:
        """An endpoint has another state, or none; that of another endpoint is left alone."""
        if not (state or owner is self._owner):
            return
        self._owner = owner
        try:
            self._keeper.keep(state)
        except OSError as error:
            self._tell(NegotiatedStateLost(f"it cannot be kept: {system_reason(error)}"))
        except ValueError as error:
            self._tell(NegotiatedStateLost(f"it cannot be kept: {error}"))
