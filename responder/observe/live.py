"""What the live view shows, made from entries: no terminal, no clock."""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from responder.core.events import (
    Event,
    FaultFired,
    InternalError,
    PhaseChanged,
    RecordDropped,
    RequestReceived,
    ResponseSent,
    SessionEnded,
    SessionEstablished,
    SessionStarted,
)
from responder.observe.entry import Entry
from responder.observe.log import Level, level_of
from responder.observe.message_name import error_name, message_name
from responder.observe.rate import Rate
from responder.server.events import (
    CommandDone,
    EventsLost,
    FunctionNotice,
    PeerArrived,
    PeerLeft,
)
from responder.spec.codes import RequestCode, ResponseCode

_KEPT = 200
"""So many exchanges, notes and ended connections are kept: more than any terminal has rows."""
_MOST_CONNECTIONS = 10_000
"""Those whose end was among the events that were lost must not pile up."""


@dataclass(slots=True)
class Exchange:
    """A request and its response; one of them may be missing.

    Attributes:
        time: of the first of them, in virtual seconds.
        connection: its ordinal.
        request, response: names, empty for the one that is missing.
        request_size, response_size: bytes.
        secured: they went through a session.
        error: the name of the error code, empty unless the response is an ERROR.
        reason: why it is one.
        faults: ids of those that struck.
    """

    time: float
    connection: int
    request: str = ""
    request_size: int = 0
    response: str = ""
    response_size: int = 0
    secured: bool = False
    error: str = ""
    reason: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Session:
    """A session that is open; ``kind`` is KEY or PSK."""

    session_id: int
    kind: str
    established: bool = False


@dataclass(slots=True)
class Connection:
    """A connection that has asked for something.

    Attributes:
        ordinal: from 1.
        peer, listener: addresses.
        active: when something happened last.
        phase: how far it has come.
        version: what was negotiated, such as ``1.2``; empty before.
        sessions: by their id.
        requests, errors: how many there were.
        exchange: the latest one.
        left: why it ended; empty while it is open.
        device: the key of its device in ``Live.devices``.
    """

    ordinal: int
    peer: str
    listener: str
    active: float
    phase: str = "NOT_STARTED"
    version: str = ""
    sessions: dict[int, Session] = field(default_factory=dict)
    requests: int = 0
    errors: int = 0
    exchange: Exchange | None = None
    left: str = ""
    device: str = ""


@dataclass(slots=True)
class Strikes:
    """What a fault has done: how often, and the last time when and what."""

    count: int = 0
    time: float = 0.0
    what: str = ""


@dataclass(slots=True)
class Note:
    """Something that happened besides exchanges; ``level`` is that of the log, in lower case."""

    time: float
    connection: int
    level: str
    text: str


class Live:
    """The state of a server, as far as its events tell it.

    Attributes:
        connections: the open ones, by ordinal.
        ended: the latest ones that are not open any more, the newest last.
        exchanges: the latest ones, the newest last.
        notes: the latest ones, the newest last.
        faults: those in force, and others that struck, by id.
        devices: the TDI state of each function of each device, by number; the key of a device is
            its vfio-user address, or ``#`` and the ordinal of the connection that it is for.
        functions: how many each device has.
        arrived, requests, errors: how many there were in all.
        lost: how many events each observer lost.
        rate: requests by the second.
    """

    def __init__(
        self,
        faults: Callable[[], Sequence[str]] = tuple,
        functions: int = 0,
        state: str = "",
    ) -> None:
        """Begin without connections.

        Args:
            faults: gives ids of those in force; asked now, and when somebody gave a command.
            functions: how many PCI Express functions a device has.
            state: the TDI state that each begins in; empty without TDISP.
        """
        self.connections: dict[int, Connection] = {}
        self.ended: deque[Connection] = deque(maxlen=_KEPT)
        self.exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self.notes: deque[Note] = deque(maxlen=_KEPT)
        self.faults = {fault: Strikes() for fault in faults()}
        self.devices: dict[str, dict[int, str]] = {}
        self.arrived = self.requests = self.errors = 0
        self.lost: Counter[str] = Counter()
        self.rate = Rate()
        self.functions = functions
        self._in_force = faults
        self._plugged: list[str] = []
        self._new_device = dict.fromkeys(range(functions), state)
        self._takers: Mapping[type[Event], Callable[[Entry, Any], None]] = {
            PeerArrived: self._arrived,
            PeerLeft: self._left,
            RequestReceived: self._requested,
            ResponseSent: self._answered,
            PhaseChanged: self._phase,
            SessionStarted: self._session_started,
            SessionEstablished: self._session_established,
            SessionEnded: self._session_ended,
            FaultFired: self._fired,
            FunctionNotice: self._function,
            EventsLost: self._lost_events,
            CommandDone: self._commanded,
        }

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return sum(len(one.sessions) for one in self.connections.values())

    def plug(self, address: str) -> None:
        """There is a device at a vfio-user address."""
        self._plugged.append(address)
        self.devices[address] = dict(self._new_device)

    def take(self, entries: Sequence[Entry]) -> None:
        """Bring the state up to date."""
        for entry in entries:
            kind = type(entry.event)
            connection = self.connections.get(entry.connection)
            if connection is not None:
                connection.active = entry.time
            if kind in self._takers:
                self._takers[kind](entry, entry.event)
            elif kind is RecordDropped or level_of(kind) < Level.DEBUG:
                self._note(entry, entry.event)

    # One for each class of events.

    def _arrived(self, entry: Entry, event: PeerArrived) -> None:
        if len(self.connections) >= _MOST_CONNECTIONS:
            self._forget(next(iter(self.connections)))
        self.arrived += 1
        one = Connection(entry.connection, printable(event.peer), event.listener, entry.time)
        self.connections[entry.connection] = one
        at = event.listener
        plugged = [key for key in self._plugged if at == key or at.startswith(f"{key}.")]
        if plugged:
            one.device = plugged[0]
        elif self._new_device:
            one.device = f"#{one.ordinal}"
            self.devices[one.device] = dict(self._new_device)

    def _left(self, entry: Entry, event: PeerLeft) -> None:
        connection = self._forget(entry.connection)
        if connection is not None:
            connection.left = printable(event.reason)
            self.ended.append(connection)

    def _requested(self, entry: Entry, event: RequestReceived) -> None:
        self.requests += 1
        self.rate.add(entry.time)
        exchange = Exchange(
            entry.time,
            entry.connection,
            message_name(event),
            len(event.message),
            secured=event.session_id is not None,
        )
        self.exchanges.append(exchange)
        connection = self.connections.get(entry.connection)
        if connection is not None:
            connection.requests += 1
            connection.exchange = exchange
            if event.code == RequestCode.GET_CAPABILITIES:
                connection.version = _version(event.message)

    def _answered(self, entry: Entry, event: ResponseSent) -> None:
        connection = self.connections.get(entry.connection)
        exchange = connection.exchange if connection is not None else None
        if exchange is None or exchange.response:
            exchange = Exchange(entry.time, entry.connection)
            self.exchanges.append(exchange)
        exchange.response = message_name(event)
        exchange.response_size = len(event.message)
        exchange.secured = event.session_id is not None
        if connection is not None:
            connection.exchange = exchange
        if event.code == ResponseCode.ERROR:
            exchange.error = error_name(event.message)
            exchange.reason = printable(event.reason)
            self.errors += 1
            if connection is not None:
                connection.errors += 1

    def _phase(self, entry: Entry, event: PhaseChanged) -> None:
        connection = self.connections.get(entry.connection)
        if connection is not None:
            connection.phase = event.after

    def _session_started(self, entry: Entry, event: SessionStarted) -> None:
        connection = self.connections.get(entry.connection)
        if connection is not None:
            connection.sessions[event.session_id] = Session(event.session_id, event.kind)

    def _session_established(self, entry: Entry, event: SessionEstablished) -> None:
        connection = self.connections.get(entry.connection)
        if connection is not None and event.session_id in connection.sessions:
            connection.sessions[event.session_id].established = True

    def _session_ended(self, entry: Entry, event: SessionEnded) -> None:
        connection = self.connections.get(entry.connection)
        if connection is not None:
            connection.sessions.pop(event.session_id, None)

    def _fired(self, entry: Entry, event: FaultFired) -> None:
        strikes = self.faults.setdefault(event.fault, Strikes())
        strikes.count += 1
        strikes.time = entry.time
        strikes.what = printable(f"{event.message or event.hook}: {event.detail}")
        connection = self.connections.get(entry.connection)
        exchange = connection.exchange if connection is not None else None
        if exchange is not None and event.fault not in exchange.faults:
            exchange.faults.append(event.fault)

    def _function(self, entry: Entry, event: FunctionNotice) -> None:
        self._note(entry, event)
        connection = self.connections.get(entry.connection)
        key = connection.device if connection is not None else ""
        if connection is None and len(self._plugged) == 1:
            key = self._plugged[0]
        if event.state and key in self.devices:
            self.devices[key][event.function] = event.state

    def _lost_events(self, entry: Entry, event: EventsLost) -> None:
        self.lost[event.observer] += event.count
        self._note(entry, event)

    def _commanded(self, entry: Entry, event: CommandDone) -> None:
        """The faults in force may be others now; those that stay keep their counts."""
        self.faults = {fault: self.faults.get(fault, Strikes()) for fault in self._in_force()}
        self._note(entry, event)

    def _forget(self, ordinal: int) -> Connection | None:
        """A connection is gone, and with it a device that was its own."""
        connection = self.connections.pop(ordinal, None)
        if connection is not None and connection.device.startswith("#"):
            self.devices.pop(connection.device, None)
        return connection

    def _note(self, entry: Entry, event: Event) -> None:
        level = level_of(type(event)).name.lower()
        self.notes.append(Note(entry.time, entry.connection, level, printable(_words(event))))


def printable(text: str) -> str:
    """The text in one line, and without what would steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text.strip())


def _version(message: bytes) -> str:
    return f"{message[0] >> 4}.{message[0] & 0xF}" if message else ""


def _words(event: Event) -> str:
    """What happened: the event's name, and its fields in their order."""
    match event:
        case FunctionNotice(state=state, detail=detail) if state:
            return detail  # which names the function, and both states
        case InternalError(traceback=text):
            return f"a bug of this program: {text.strip().splitlines()[-1]}"
    name = re.sub(r"(?<!^)(?=[A-Z])", " ", type(event).__name__).lower()
    values = (getattr(event, field) for field in event.__struct_fields__)
    texts = [str(value) for value in values if not isinstance(value, bytes) and value != ""]
    return f"{name}: {', '.join(texts)}"
