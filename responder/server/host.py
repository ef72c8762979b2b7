"""What a connection asks of the server that accepted it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from responder.core.events import Event
from responder.core.hooks import Hooks
from responder.server.clock import Clock
from responder.server.endpoint import SpdmEndpoint
from responder.server.limits import Limits
from responder.spec.flags import Cap

if TYPE_CHECKING:
    from responder.server.connection import PeerConnection
    from responder.server.control.gate import Gate
    from responder.server.storage_port import StoragePolicy


class Host(Protocol):
    """What a connection asks of its server.

    Attributes:
        gate: may hold requests back; ``None`` if nobody can shut it.
        wire: the number of one more connection of a transport; ``None`` if nobody is told of what
            is on the wire.
    """

    limits: Limits
    clock: Clock
    gate: "Gate | None"
    wire: Callable[[], int] | None

    @property
    def capabilities(self) -> Cap:
        """The flags that the profile's responder claims."""

    @property
    def storage(self) -> "StoragePolicy":
        """How the profile's device treats storage commands."""

    def admit(self, connection: "PeerConnection") -> str:
        """Count a new connection; the reason to refuse it, or nothing."""

    def hooks(self) -> Hooks:
        """The hooks of one more connection."""

    def number(self) -> int:
        """The ordinal of a connection that asks for something for the first time."""

    def attach(self, connection: "PeerConnection") -> SpdmEndpoint:
        """The endpoint that a connection speaks to."""

    def left(self, connection: "PeerConnection", reason: str) -> None:
        """A connection ended."""

    def emit(self, ordinal: int, event: Event, at: float | None = None) -> None:
        """Tell the observers, of something that was ``at`` if it is not now."""
