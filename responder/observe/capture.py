"""Writes the wire to a pcapng file, and on demand what secured records carry."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from responder import __version__
from responder.core.events import (
    ApplicationData,
    Event,
    FaultFired,
    InternalError,
    RecordDropped,
    RequestReceived,
    ResponseSent,
)
from responder.observe.batch import Batch
from responder.observe.entry import Entry
from responder.observe.pcapng import PLAINTEXT_DATA, PLAINTEXT_MESSAGE, PcapngWriter
from responder.observe.summary import is_management, summary_of_frame, summary_of_message
from responder.observe.wire_frames import DSP0287, MAILBOX, WireFrames
from responder.server.events import BytesReceived, BytesSent, EventsLost, WireClosed, WireOpened
from responder.transport.socket_frame import Command, TransportType, wrap_frame
from responder.transport.uri import SOCKET_PORT, TCP_PORT

_PORTS = {DSP0287: TCP_PORT}
"""The responder's ports in the file by framing, by which dissectors tell them; else SOCKET_PORT."""
_MAX_WAITING = 100
"""Remarks, and plaintexts, that wait for what they belong to; it may never be sent."""


@dataclass(slots=True)
class _Wire:
    """A connection: its framing, and what is not yet a whole frame of either side."""

    framing: str
    received: WireFrames
    sent: WireFrames


@dataclass(slots=True)
class _Waiting:
    """What belongs to the next response to a peer: remarks, and session id, kind and data."""

    remarks: deque[str] = field(default_factory=lambda: deque(maxlen=_MAX_WAITING))
    plain: deque[tuple[int, int, bytes]] = field(default_factory=lambda: deque(maxlen=_MAX_WAITING))


class Capture:
    """Takes the events of ``kinds`` and writes packets, all of them whole when ``take`` returns.

    Each packet's comment says what it has: messages by name, the fault that struck, why an ERROR
    was sent. A data object of a mailbox is put into a frame of the socket protocol. Keys are in
    none of these events.
    """

    kinds: ClassVar[tuple[type[Event], ...]] = (
        WireOpened,
        BytesReceived,
        BytesSent,
        WireClosed,
        RequestReceived,
        ResponseSent,
        ApplicationData,
        RecordDropped,
        FaultFired,
        InternalError,
        EventsLost,
    )

    def __init__(
        self, file: Batch, begin: int, *, name: str = "capture", plaintext: bool = False
    ) -> None:
        """Begin a file.

        Args:
            file: is flushed with each ``take``.
            begin: nanoseconds since 1970 at virtual time 0.
            name: the observer's, under which its losses are told.
            plaintext: write what records carry as well.
        """
        self._file = file
        self._name = name
        self._plaintext = plaintext
        program = f"spdm-responder {__version__}"
        self._writer = PcapngWriter(file, program, SOCKET_PORT, plaintext=plaintext, begin=begin)
        self._wires: dict[int, _Wire] = {}
        self._wire_of: dict[int, int] = {}
        self._waiting: dict[int, _Waiting] = {}
        self._remark = ""
        self._file.flush()

    def take(self, entries: Sequence[Entry]) -> None:
        """Write packets.

        Raises:
            OSError: the file takes no more.
        """
        for entry in entries:
            self._TAKERS[type(entry.event)](self, entry, entry.event)
        self._file.flush()

    def close(self) -> None:
        """End all connections."""
        self._writer.close()
        self._file.flush()

    def _opened(self, entry: Entry, event: WireOpened) -> None:
        port = _PORTS.get(event.framing, SOCKET_PORT)
        where = f"{event.peer} at {event.listener}" if event.peer else event.listener
        self._writer.opened(entry.time, event.wire, port, where)
        self._begin_wire(event.wire, event.framing)

    def _begin_wire(self, wire: int, framing: str) -> _Wire:
        found = _Wire(framing, WireFrames(framing), WireFrames(framing))
        self._wires[wire] = found
        return found

    def _received(self, entry: Entry, event: BytesReceived) -> None:
        wire = self._wire(entry, event.wire)
        self._bytes(entry, wire, event, _said(wire.received, event.data)[0])

    def _sent(self, entry: Entry, event: BytesSent) -> None:
        wire = self._wire(entry, event.wire)
        said, management = _said(wire.sent, event.data)
        if management:
            self._bytes(entry, wire, event, said)
            return
        waiting = self._waiting.pop(entry.connection, _Waiting())
        self._bytes(entry, wire, event, [*said, *waiting.remarks])
        for session_id, kind, data in waiting.plain:
            self._plain(entry, event.wire, session_id, kind, data, received=False)

    def _bytes(
        self, entry: Entry, wire: _Wire, event: BytesReceived | BytesSent, said: list[str]
    ) -> None:
        if self._remark:
            said = [self._remark, *said]
            self._remark = ""
        data = event.data
        if wire.framing == MAILBOX:
            data = wrap_frame(Command.NORMAL, TransportType.PCI_DOE, data)
        received = isinstance(event, BytesReceived)
        self._writer.message(
            entry.time, event.wire, data, received=received, comment="\n".join(said)
        )

    def _closed(self, entry: Entry, event: WireClosed) -> None:
        waiting = self._waiting.pop(entry.connection, _Waiting())
        comment = "\n".join([event.reason, *waiting.remarks])
        self._writer.closed(entry.time, event.wire, comment)
        self._wires.pop(event.wire, None)
        self._wire_of.pop(entry.connection, None)

    def _request(self, entry: Entry, event: RequestReceived) -> None:
        wire = self._wire_of.get(entry.connection)
        if wire is not None and event.session_id is not None:
            session = event.session_id
            self._plain(entry, wire, session, PLAINTEXT_MESSAGE, event.message, received=True)

    def _response(self, entry: Entry, event: ResponseSent) -> None:
        waiting = self._waits_for(entry)
        if event.session_id is not None:
            waiting.remarks.append(f"in the record: {summary_of_message(event.message)}")
            waiting.plain.append((event.session_id, PLAINTEXT_MESSAGE, event.message))
        if event.reason:
            waiting.remarks.append(f"because: {event.reason}")

    def _application_data(self, entry: Entry, event: ApplicationData) -> None:
        wire = self._wire_of.get(entry.connection)
        if wire is not None:
            session = event.session_id
            self._plain(entry, wire, session, PLAINTEXT_DATA, event.request, received=True)
        if event.response:
            plain = (event.session_id, PLAINTEXT_DATA, event.response)
            self._waits_for(entry).plain.append(plain)

    def _plain(
        self, entry: Entry, wire: int, session_id: int, kind: int, data: bytes, *, received: bool
    ) -> None:
        if not self._plaintext:
            return
        message = kind == PLAINTEXT_MESSAGE
        comment = summary_of_message(data) if message else f"application data, {len(data)} bytes"
        self._writer.plaintext(
            entry.time, wire, session_id, data, received=received, kind=kind, comment=comment
        )

    def _fault(self, entry: Entry, event: FaultFired) -> None:
        what = f"fault {event.fault} ({event.hook}): {event.detail}"
        self._waits_for(entry).remarks.append(what)

    def _dropped(self, entry: Entry, event: RecordDropped) -> None:
        self._waits_for(entry).remarks.append(f"record dropped: {event.reason}")

    def _defect(self, entry: Entry, event: InternalError) -> None:
        last = event.traceback.rstrip().rpartition("\n")[2]
        self._waits_for(entry).remarks.append(f"internal error: {last}")

    def _lost(self, entry: Entry, event: EventsLost) -> None:
        del entry
        if event.observer == self._name:
            self._remark = f"{event.count} events before this are missing"
            self._writer.skip()
            for number, wire in list(self._wires.items()):
                self._begin_wire(number, wire.framing)

    def _wire(self, entry: Entry, number: int) -> _Wire:
        """The connection of some bytes; its beginning may have been lost."""
        if entry.connection:
            self._wire_of[entry.connection] = number
        return self._wires.get(number) or self._begin_wire(number, "")

    def _waits_for(self, entry: Entry) -> _Waiting:
        return self._waiting.setdefault(entry.connection, _Waiting())

    _TAKERS: ClassVar[dict[type[Event], Callable[["Capture", Entry, Any], None]]] = {
        WireOpened: _opened,
        BytesReceived: _received,
        BytesSent: _sent,
        WireClosed: _closed,
        RequestReceived: _request,
        ResponseSent: _response,
        ApplicationData: _application_data,
        RecordDropped: _dropped,
        FaultFired: _fault,
        InternalError: _defect,
        EventsLost: _lost,
    }


def _said(stream: WireFrames, data: bytes) -> tuple[list[str], bool]:
    """What there is to say of the next bytes, and whether they are the transport's alone."""
    had_problem = bool(stream.problem)
    frames = stream.feed(data)
    said = [summary_of_frame(frame) for frame in frames]
    if stream.problem and not had_problem:
        said.append(f"bad frame: {stream.problem}")
    return said, bool(frames) and all(is_management(frame) for frame in frames)
