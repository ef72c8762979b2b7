"""What commands are about: the interfaces of the parts that they reach."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from responder.server.control.results import Counters, JournalPage

if TYPE_CHECKING:
    from responder.server.control.gate import Gate
    from responder.server.control.steering import Steering
    from responder.server.device_control import DeviceControl
    from responder.server.server import Server


class Story(Protocol):
    """What has happened, as far as it is kept."""

    @property
    def position(self) -> int:
        """How many entries there have been."""

    def page(self, since: int | None, limit: int, connection: int | None) -> JournalPage:
        """Up to ``limit`` entries since a position, or the latest ones."""

    def counters(self) -> Counters:
        """How often each thing has happened."""


class Controller(Protocol):
    """Who gives commands over a channel that events can be sent on."""

    def subscribe(self, kinds: Sequence[str]) -> None:
        """Send events; ``CommandError`` for a name that is none."""

    def unsubscribe(self) -> None:
        """Send no more events."""


class Scene(msgspec.Struct, frozen=True):
    """All that commands reach.

    Attributes:
        steering: what connections get.
        server: the server, with a gate.
        story: what has happened.
        shut_down: called with whether to give up what is going on.
        instance: the name of this server among others.
    """

    steering: "Steering"
    server: "Server"
    story: Story
    shut_down: Callable[[bool], None]
    instance: str = ""

    @property
    def device(self) -> "DeviceControl":
        """What can be made to happen to devices, as they are now."""
        return self.steering.device_control(self.server)

    @property
    def gate(self) -> "Gate":
        """The gate of the server."""
        if self.server.gate is None:
            raise TypeError("the server has no gate")
        return self.server.gate
