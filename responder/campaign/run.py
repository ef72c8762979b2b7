"""What is kept of a conversation."""

from dataclasses import dataclass, field
from typing import Any

from responder.campaign.host import Written
from responder.campaign.oracles import Asked, judged
from responder.campaign.registers import Registers
from responder.campaign.setting import MAX_EXCHANGES
from responder.campaign.watching import AnySeen, Seen
from responder.core.events import (
    Event,
    FaultFired,
    InternalError,
    RequestReceived,
    ResponseSent,
)
from responder.observe.entry import Entry
from responder.requester.report import Report
from responder.spec.codes import name_of_code


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A request as the requester sent it, and what came back.

    Attributes:
        attestation: which one it belongs to, counted from 0.
        request: the SPDM message, also if a record carried it.
        response: what came, padding included; ``None`` if nothing did. Of a record it is the
            message that the responder put into it.
        end: how many entries the journal had afterwards.
        record: the record that came; empty if none did.
        unread: the responder has read no message of the record that was sent, which then is the
            request here.
    """

    attestation: int
    request: bytes
    response: bytes | None
    end: int
    record: bytes = b""
    unread: bool = False

    @property
    def name(self) -> str:
        """The request's name."""
        return name_of_code(self.request[1])


@dataclass(slots=True)
class Run:
    """One conversation from its beginning to its end.

    Attributes:
        reports: of each attestation, in order.
        exchanges: all of them, in order.
        journal: what happened, as the responder saw it.
        missed: what came nearest, of the faults that never struck.
        crash: what the requester raised, where it is no verdict.
        seconds: how long it took: virtual time, or real time on a socket.
        requester_seconds: real time that was the requester's own.
        watched: what passed the hooks of keys and records, in order; nothing on a socket.
        written: what PCI Express functions wrote to host memory, or tried to.
        limit: how many exchanges a bounded conversation of its setting has at most.
        registers: what was done at the registers of a mailbox, on the last connection; nothing
            elsewhere.
    """

    reports: list[Report] = field(default_factory=list)
    exchanges: list[Exchanged] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    crash: str = ""
    seconds: float = 0.0
    requester_seconds: float = 0.0
    watched: list[AnySeen] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    limit: int = MAX_EXCHANGES
    registers: Registers = field(default_factory=Registers)

    @property
    def evidence(self) -> list[FaultFired]:
        """What faults did."""
        return [entry.event for entry in self.journal if isinstance(entry.event, FaultFired)]

    @property
    def defects(self) -> list[str]:
        """Where the responder itself failed."""
        found = [e.event for e in self.journal if isinstance(e.event, InternalError)]
        return [event.traceback for event in found]

    @property
    def misdeeds(self) -> list[str]:
        """What the requester did wrong whatever it was answered."""
        found: dict[int, list[Asked]] = {}
        for one in self.exchanges:
            found.setdefault(one.attestation, []).append(Asked(one.request, one.response))
        misdeeds = [f"{name}: {text}" for name, text in judged(list(found.values()))]
        if self.registers.left_open:
            misdeeds.append("the mailbox: an exchange was given up without an abort")
        return misdeeds

    def struck(self) -> list[int]:
        """The exchange of each piece of evidence, by number; between two, it is the later one."""
        found: list[int] = []
        for place, entry in enumerate(self.journal):
            if isinstance(entry.event, FaultFired):
                after = (n for n, exchange in enumerate(self.exchanges) if exchange.end > place)
                found.append(next(after, max(0, len(self.exchanges) - 1)))
        return found

    def message_of(
        self, kind: type[RequestReceived | ResponseSent], begin: int, otherwise: bytes
    ) -> bytes:
        """The message in a record: the first of that kind in the journal from ``begin`` on."""
        events = (entry.event for entry in self.journal[begin:])
        return next((e.message for e in events if isinstance(e, kind)), otherwise)

    def note(self, time: float, connection: int, event: Event) -> None:
        """Take an event into the journal."""
        self.journal.append(Entry(time, connection, event))

    def passed(self, hook: str) -> list[AnySeen]:
        """What passed one of the hooks of keys and records."""
        return [one for one in self.watched if one.hook == hook]

    def saw(self, hook: str, before: Any, after: Any) -> None:
        """Take what passed a hook, in the exchange that is under way."""
        self.watched.append(Seen(hook, len(self.exchanges), before, after))
