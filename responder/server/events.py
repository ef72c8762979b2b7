"""What happens on the way between a socket and the core, for whoever observes."""

from collections.abc import Callable
from typing import ClassVar

from responder.core.events import Event

Observer = Callable[[float, int, Event], None]
"""Called with virtual time in seconds, connection ordinal and event; must not block or raise.

Ordinals count the connections that asked for something, from 1; 0 stands for all others.
"""


class PeerArrived(Event, frozen=True):
    """A connection asked for something for the first time and has its ordinal now.

    Attributes:
        peer: its address.
        listener: the URI that it came to.
    """

    peer: str
    listener: str


class PeerLeft(Event, frozen=True):
    """A connection ended.

    Attributes:
        peer: its address.
        reason: why.
    """

    peer: str
    reason: str


class PeerIgnored(Event, frozen=True):
    """Something that a peer sent, or should have got, came to nothing.

    Attributes:
        reason: what, and why.
    """

    reason: str


class DeviceReset(Event, frozen=True):
    """The device was reset.

    Attributes:
        reset: how.
        trouble: what did not take effect, and why; empty if all did.
    """

    reset: str
    trouble: str = ""


class WireOpened(Event, frozen=True):
    """There is a connection of a transport; told, as its bytes are, while the wire is captured.

    Attributes:
        wire: its number, from 1; those have one as well that never ask for anything.
        framing: what its stream is cut by; a ``mailbox`` has data objects, and no stream.
        peer: address of the other side, empty for a mailbox.
        listener: where it arrived: an endpoint, or which mailbox it is.
    """

    on_request: ClassVar[bool] = True
    wire: int
    framing: str
    peer: str
    listener: str


class BytesReceived(Event, frozen=True):
    """Bytes were read from a connection.

    Attributes:
        wire: the number of the connection.
        data: part of a stream, or one data object.
    """

    on_request: ClassVar[bool] = True
    wire: int
    data: bytes


class BytesSent(Event, frozen=True):
    """Bytes were handed to the system to be written to a connection.

    Attributes:
        wire: the number of the connection.
        data: part of a stream, or one data object.
    """

    on_request: ClassVar[bool] = True
    wire: int
    data: bytes


class WireClosed(Event, frozen=True):
    """The connection of a transport is gone.

    Attributes:
        wire: its number.
        reason: why.
    """

    on_request: ClassVar[bool] = True
    wire: int
    reason: str


class NegotiatedStateLost(Event, frozen=True):
    """The negotiated state (CACHE_CAP) will not be found again, or was not.

    Attributes:
        reason: why.
    """

    reason: str


class FunctionNotice(Event, frozen=True):
    """Something happened to a PCI Express function.

    Attributes:
        function: its number; 0 is the physical one.
        what: such as ``tdi-error`` or ``ide-insecure``.
        detail: in words.
        state: of its interface (TDISP) from now on, such as ``RUN``; empty if it stays as it is.
    """

    function: int
    what: str
    detail: str
    state: str = ""


class MeasurementChanged(Event, frozen=True):
    """A measurement was changed from outside.

    Attributes:
        index: as in GET_MEASUREMENTS.
    """

    index: int


class SlotChanged(Event, frozen=True):
    """A certificate slot holds something else, and no requester has written it.

    Attributes:
        slot: its id, 0 to 7.
    """

    slot: int


class EventsLost(Event, frozen=True):
    """An observer was too slow.

    Attributes:
        observer: its name.
        count: how many events it did not get, since the last such event.
    """

    observer: str
    count: int


class ObserverLost(Event, frozen=True):
    """An observer failed and is told nothing any more.

    Attributes:
        observer: its name.
        error: what it failed with.
    """

    observer: str
    error: str


class BrokerReached(Event, frozen=True):
    """An MQTT broker has the birth of this program.

    Attributes:
        broker: its URI.
        birth: how many births there have been.
    """

    broker: str
    birth: int


class BrokerLost(Event, frozen=True):
    """An MQTT broker cannot be reached, or not any more; it is tried again.

    Attributes:
        broker: its URI.
        reason: why.
    """

    broker: str
    reason: str


class ControllerArrived(Event, frozen=True):
    """Somebody connected to the control socket.

    Attributes:
        controller: a name for it, with a number from 1.
    """

    controller: str


class ControllerLeft(Event, frozen=True):
    """A controller's channel ended, and why.

    Attributes:
        controller: as when it arrived.
        reason: why.
    """

    controller: str
    reason: str


class CommandDone(Event, frozen=True):
    """A controller gave a command.

    Attributes:
        command: its name; empty if the request had none.
        error: what kind of mistake it was; empty if it was carried out. What was wrong is told to
            the controller alone, as its arguments may hold what nobody else is to see.
    """

    command: str
    error: str = ""
