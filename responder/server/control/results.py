"""What commands answer, as data; docs/reference/control.md is made of these declarations."""

from typing import Any

import msgspec

from responder.server.control.faults_in_force import FaultInForce
from responder.server.events import FunctionNotice


class Result(msgspec.Struct, frozen=True):
    """The answer of a command."""


class Nothing(Result, frozen=True):
    """Nothing: it is done."""


class Faults(Result, frozen=True):
    """Faults.

    Attributes:
        faults: those in force, or those that were added or removed.
    """

    faults: list[FaultInForce]


class Happened(Result, frozen=True):
    """What was noticed at the functions of devices.

    Attributes:
        notices: such as that an interface went to ERROR; none if it was not locked, or if there is
            no device at the moment.
    """

    notices: list[FunctionNotice]


class Settings(Result, frozen=True):
    """The keys that were changed.

    Attributes:
        settings: dotted keys and their values.
    """

    settings: dict[str, Any]


class Status(Result, frozen=True):
    """The server.

    Attributes:
        instance: its name among others.
        version: of this program.
        profile: what it serves.
        time: virtual seconds since its start; events have the same time.
        connections: how many there are.
        paused: requests wait.
        waiting: how many requests wait.
    """

    instance: str
    version: str
    profile: str
    time: float
    connections: int
    paused: bool
    waiting: int


class Waiting(Result, frozen=True):
    """A request that waits.

    Attributes:
        name: of the message, `secured record` for one whose content is not known yet.
        message: its bytes in hexadecimal, transport padding included.
    """

    name: str
    message: str


class SessionSeen(Result, frozen=True):
    """A session.

    Attributes:
        session_id: 32 bits.
        kind: `KEY` or `PSK`.
        phase: `handshaking` or `established`.
    """

    session_id: int
    kind: str
    phase: str


class ConnectionSeen(Result, frozen=True):
    """A connection, or a machine that has a function.

    Attributes:
        connection: its ordinal; 0 if it has not asked for anything.
        peer: the address of the other side.
        listener: where it came in.
        phase: how far its SPDM connection has come; empty before the first message.
        version: the agreed SPDM version, such as `1.2`; empty before.
        sessions: those that there are.
        waiting: the requests of it that wait, in the order in which they came.
    """

    connection: int
    peer: str
    listener: str
    phase: str
    version: str
    sessions: list[SessionSeen]
    waiting: list[Waiting]


class Connections(Result, frozen=True):
    """The connections.

    Attributes:
        connections: in the order of their ordinals.
    """

    connections: list[ConnectionSeen]


class SlotSeen(Result, frozen=True):
    """A certificate slot that exists.

    Attributes:
        slot: its number.
        size: bytes of its storage; 0 if it does not tell.
        provisioned: it has a chain or a key.
    """

    slot: int
    size: int
    provisioned: bool


class MeasurementSeen(Result, frozen=True):
    """A measurement.

    Attributes:
        index: its index.
        kind: DMTFSpecMeasurementValueType without the bit for raw.
        value: what is measured, in hexadecimal.
    """

    index: int
    kind: int
    value: str


class FunctionSeen(Result, frozen=True):
    """A PCI Express function.

    Attributes:
        connection: the ordinal of the connection, or of the machine, that has it; 0 if none has.
        function: its number.
        interface: the state of its TDI; empty if it has none.
    """

    connection: int
    function: int
    interface: str


class DeviceSeen(Result, frozen=True):
    """The device that connections get.

    Attributes:
        slots: those that exist.
        measurements: all of them.
        functions: those of all devices that there are now.
    """

    slots: list[SlotSeen]
    measurements: list[MeasurementSeen]
    functions: list[FunctionSeen]


class JournalPage(Result, frozen=True):
    """A part of the journal.

    Attributes:
        entries: as in the JSON Lines of `serve --journal`, each with its `position`.
        next: the position to go on from.
        first: the position of the oldest entry that is kept.
    """

    entries: list[dict[str, Any]]
    next: int
    first: int


class Counters(Result, frozen=True):
    """How often each thing has happened.

    Attributes:
        requests: messages that came, by name.
        responses: messages that went, by name.
        faults: strikes by fault.
        events: all events by name.
    """

    requests: dict[str, int]
    responses: dict[str, int]
    faults: dict[str, int]
    events: dict[str, int]


class CommandSeen(Result, frozen=True):
    """A command.

    Attributes:
        name: what `execute` says.
        text: what it does.
        arguments: JSON Schema of `arguments`.
    """

    name: str
    text: str
    arguments: dict[str, Any]


class CommandList(Result, frozen=True):
    """The commands.

    Attributes:
        commands: all of them.
    """

    commands: list[CommandSeen]


class MessageSeen(Result, frozen=True):
    """A message.

    Attributes:
        name: what it is.
        message: its bytes in hexadecimal.
        decoded: its fields, a line each, as `decode` prints them.
    """

    name: str
    message: str
    decoded: list[str]


class Stepped(Result, frozen=True):
    """A request that went through.

    Attributes:
        connection: the ordinal of its connection.
        messages: the request, and what was said to it; those of sessions in plain.
        events: all that it led to, as in the journal.
        waiting: how many requests wait now.
    """

    connection: int
    messages: list[MessageSeen]
    events: list[dict[str, Any]]
    waiting: int


class Released(Result, frozen=True):
    """Nothing waits any more.

    Attributes:
        released: how many requests had waited.
    """

    released: int
