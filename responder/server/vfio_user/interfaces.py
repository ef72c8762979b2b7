"""What serving a function over vfio-user asks of the function and of the server, and gives it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from responder.core.events import Event
from responder.core.ownership import Reset
from responder.server.clock import Clock
from responder.server.limits import Limits


class Bus(Protocol):
    """The way from a function to the machine that it is plugged into.

    Nothing here raises. ``done`` is called in a later turn of the loop; of accesses that the
    client's leaving cuts short, it is called before the function is reset.

    Attributes:
        ordinal: that of the client, for observers.
    """

    @property
    def ordinal(self) -> int:
        """From 1."""

    def interrupt(self, vector: int) -> None:
        """Signal an MSI-X vector; one that is masked or not set up waits until it can be."""

    def memory_read(self, address: int, size: int, done: Callable[[bytes | None], None]) -> None:
        """Read ``size`` bytes of the machine's memory; ``None`` if they cannot be read."""

    def memory_write(self, address: int, data: bytes, done: Callable[[bool], None]) -> None:
        """Write the machine's memory; ``False`` if that failed, perhaps after a part."""


class FunctionHost(Protocol):
    """A function, and what its effects lead to.

    Attributes:
        bar_sizes: of BAR 0 to 5 in bytes, 0 for one that is absent.
        config_size: bytes of configuration space, 256 or 4096.
        msix_vectors: how many it has; 0 without MSI-X.
        bus: while a client is connected, the way to its machine.
    """

    bus: Bus | None

    @property
    def bar_sizes(self) -> Sequence[int]:
        """Six sizes in bytes."""

    @property
    def config_size(self) -> int:
        """In bytes."""

    @property
    def msix_vectors(self) -> int:
        """0 to 2048."""

    def config_read(self, offset: int, size: int) -> bytes:
        """``size`` bytes within configuration space."""

    def config_write(self, offset: int, data: bytes) -> None:
        """Write within configuration space; the client has its answer already."""

    def bar_read(self, bar: int, offset: int, size: int) -> bytes:
        """``size`` bytes within a BAR."""

    def bar_write(self, bar: int, offset: int, data: bytes) -> None:
        """Write within a BAR; the client has its answer already."""

    def reset(self, reset: Reset) -> None:
        """The function was reset."""


class Service(Protocol):
    """What a connection asks of the server; a part of ``responder.server.host.Host``.

    Of the limits ``frame_time`` holds for each message, and for the first from the time of
    connecting on.
    """

    limits: Limits
    clock: Clock

    def number(self) -> int:
        """The ordinal of a connection that asks for something for the first time."""

    def emit(self, ordinal: int, event: Event) -> None:
        """Tell the observers."""
