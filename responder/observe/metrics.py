"""Counts what happens, for Prometheus."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from responder.core.events import (
    Event,
    FaultFired,
    InternalError,
    RecordDropped,
    RequestReceived,
    ResponseSent,
    SessionEnded,
    SessionStarted,
)
from responder.observe.entry import Entry
from responder.observe.message_name import error_name
from responder.server.events import (
    DeviceReset,
    EventsLost,
    FunctionNotice,
    ObserverLost,
    PeerArrived,
    PeerIgnored,
    PeerLeft,
)
from responder.spec.codes import ResponseCode, name_of_code

PREFIX = "spdm_responder"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram: from an answer without a signature to an RSA key pair."""


class Metrics:
    """Counters, gauges and a histogram, in a registry of their own.

    Attributes:
        registry: what a scrape collects.
    """

    def __init__(
        self,
        profile: str,
        version: str,
        faults: Sequence[str],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin to count.

        Args:
            profile: the profile's name.
            version: this program's.
            faults: ids of those in force, which are shown before they strike.
            now: seconds since 1970.
        """
        self.registry = CollectorRegistry()
        counter = partial(Counter, namespace=PREFIX, registry=self.registry)
        gauge = partial(Gauge, namespace=PREFIX, registry=self.registry)
        self._requests = counter("requests", "Requests that arrived, by their code.", ["code"])
        self._responses = counter("responses", "Responses that were sent, by code.", ["code"])
        self._errors = counter(
            "errors", "ERROR responses that were sent, by error code.", ["error"]
        )
        self._seconds = Histogram(
            "response_seconds",
            "Seconds from the turn of a request, by its code, until its response was ready.",
            ["code"],
            namespace=PREFIX,
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._arrived = counter("connections", "Connections that asked for something.")
        self._open = gauge("open_connections", "Those of them that are open.")
        self._started = counter("sessions", "Sessions whose handshake began, by kind.", ["kind"])
        self._sessions = gauge("open_sessions", "Sessions of open connections, by kind.", ["kind"])
        self._fired = counter("fault_fired", "Times that a fault has struck.", ["fault"])
        self._notices = counter("function_notices", "What happened to functions.", ["what"])
        self._resets = counter("device_resets", "Resets of the device.", ["reset"])
        self._ignored = counter("ignored", "What peers sent, or should have got, for nothing.")
        self._dropped = counter("records_dropped", "Secured records that could not be opened.")
        self._lost = counter("events_lost", "Events that an observer did not get.", ["observer"])
        self._observers = counter("observers_lost", "Observers that failed.")
        self._bugs = counter("internal_errors", "Defects of this program that peers have met.")
        Info("build", "What is served by what.", namespace=PREFIX, registry=self.registry).info(
            {"profile": profile, "version": version}
        )
        gauge("start_time_seconds", "When it began, in seconds since 1970.").set(now())
        ProcessCollector(namespace=PREFIX, registry=self.registry)
        for fault in faults:
            self._fired.labels(fault)
        self._asked: dict[int, tuple[float, str]] = {}
        self._kinds: dict[int, dict[int, str]] = {}
        self._takers = self._counted()

    def _counted(self) -> Mapping[type[Event], Callable[[Entry, Any], None]]:
        """What is done with an event, by its class."""
        return {
            RequestReceived: self._requested,
            ResponseSent: self._answered,
            PeerArrived: self._arrive,
            PeerLeft: self._leave,
            SessionStarted: self._session_started,
            SessionEnded: self._session_ended,
            FaultFired: lambda _, event: self._fired.labels(event.fault).inc(),
            FunctionNotice: lambda _, event: self._notices.labels(event.what).inc(),
            DeviceReset: lambda _, event: self._resets.labels(event.reset).inc(),
            PeerIgnored: lambda *_: self._ignored.inc(),
            RecordDropped: lambda *_: self._dropped.inc(),
            EventsLost: lambda _, event: self._lost.labels(event.observer).inc(event.count),
            ObserverLost: lambda *_: self._observers.inc(),
            InternalError: lambda *_: self._bugs.inc(),
        }

    @property
    def kinds(self) -> tuple[type[Event], ...]:
        """The events that count."""
        return tuple(self._takers)

    def take(self, entries: Sequence[Entry]) -> None:
        """Count them."""
        for entry in entries:
            taker = self._takers.get(type(entry.event))
            if taker is not None:
                taker(entry, entry.event)

    # One for each class of events.

    def _requested(self, entry: Entry, event: RequestReceived) -> None:
        code = name_of_code(event.code)
        self._requests.labels(code).inc()
        self._asked[entry.connection] = entry.time, code

    def _answered(self, entry: Entry, event: ResponseSent) -> None:
        self._responses.labels(name_of_code(event.code)).inc()
        if event.code == ResponseCode.ERROR:
            self._errors.labels(error_name(event.message)).inc()
        asked = self._asked.pop(entry.connection, None)
        if asked is not None:
            at, code = asked
            self._seconds.labels(code).observe(entry.time - at)

    def _arrive(self, entry: Entry, _: PeerArrived) -> None:
        self._arrived.inc()
        self._kinds[entry.connection] = {}
        self._open.set(len(self._kinds))

    def _leave(self, entry: Entry, _: PeerLeft) -> None:
        self._asked.pop(entry.connection, None)
        for kind in self._kinds.pop(entry.connection, {}).values():
            self._sessions.labels(kind).dec()
        self._open.set(len(self._kinds))

    def _session_started(self, entry: Entry, event: SessionStarted) -> None:
        self._started.labels(event.kind).inc()
        if entry.connection in self._kinds:
            self._kinds[entry.connection][event.session_id] = event.kind
            self._sessions.labels(event.kind).inc()

    def _session_ended(self, entry: Entry, event: SessionEnded) -> None:
        kind = self._kinds.get(entry.connection, {}).pop(event.session_id, None)
        if kind is not None:
            self._sessions.labels(kind).dec()
