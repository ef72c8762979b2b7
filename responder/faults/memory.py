"""What the faults of one device remember: counts, events, and messages of its connections."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from responder.core.events import FaultMissed
from responder.wire.context import WireContext

if TYPE_CHECKING:
    from responder.core.hooks import Parts
    from responder.faults.actions import NotReady
    from responder.faults.rule import FaultSpec

_KEPT_CONNECTIONS = 8
_KEPT_MESSAGES = 512
Kind = Literal["messages", "records", "seeds"]


class Remembered(msgspec.Struct, frozen=True):
    """A message that crossed the wire.

    Attributes:
        name: what it is.
        data: its bytes.
        wire: the context that it is read with.
        ordinal: of its connection.
    """

    name: str
    data: bytes
    wire: WireContext
    ordinal: int = 0


class Near(msgspec.Struct, frozen=True):
    """How near a rule came to striking: how many conditions held, and the one that did not."""

    rank: int
    text: str


class Counts:
    """Counts and events of one scope."""

    def __init__(self) -> None:
        self.matches: Counter[str] = Counter()
        self.strikes: Counter[str] = Counter()
        self.happened: set[str] = set()

    def forget(self, fault_id: str) -> None:
        """Count as if there had never been a fault of that id."""
        own = f"{fault_id}/"
        for counter in (self.matches, self.strikes):
            for key in [key for key in counter if key.startswith(own)]:
                del counter[key]
        self.happened -= {one for one in self.happened if one.startswith(f"step:{own}")}
        self.happened.discard(f"fired:{fault_id}")


class ConnectionMemory(Counts):
    """What is remembered of one connection.

    Attributes:
        ordinal: counted from 1 as peers ask for something; 0 before.
        messages: requests and answers, as they would have been without a change at ``message``.
        held: answers that were kept back.
        last_signed: the transcript of the signature before.
        not_ready: how the request that is deferred now was deferred.
        repeated: what each step says unasked; ``spoken`` how often it has.
        ct_exponent: what CAPABILITIES said of CTExponent.
        in_chunks: the answer goes out in chunks.
        session: the session of the present exchange.
        in_session: counts and events of each session; those outside of any are under ``None``.
        mailbox: the DOE instance whose registers were accessed last, such as ``doe``.
        in_exchange: counts and events of the present exchange of each.
        sealed: the name of the message that was sealed last.
        records: the records that were sealed, as they would have been without a change.
        seeds: what ephemeral keys were drawn from, by the name of their group.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ordinal = 0
        self.messages: deque[Remembered] = deque(maxlen=_KEPT_MESSAGES)
        self.held: list[tuple[bytes, str]] = []
        self.last_signed: Parts = []
        self.not_ready: NotReady | None = None
        self.spoken: Counter[str] = Counter()
        self.repeated: dict[str, bytes] = {}
        self.ct_exponent = 0
        self.in_chunks = False
        self.session: int | None = None
        self.in_session: defaultdict[int | None, Counts] = defaultdict(Counts)
        self.mailbox = ""
        self.in_exchange: defaultdict[str, Counts] = defaultdict(Counts)
        self.sealed = ""
        self.records: deque[Remembered] = deque(maxlen=_KEPT_MESSAGES)
        self.seeds: deque[Remembered] = deque(maxlen=_KEPT_MESSAGES)

    def forget(self, fault_id: str) -> None:
        """Count as if there had never been a fault of that id, in none of the scopes."""
        super().forget(fault_id)
        for counts in (*self.in_session.values(), *self.in_exchange.values()):
            counts.forget(fault_id)
        for key in [key for key in self.repeated if key.startswith(f"{fault_id}/")]:
            del self.repeated[key], self.spoken[key]


class FaultMemory(Counts):
    """What is remembered of a device, whatever connections it has had.

    Attributes:
        connections: the latest ones that asked for something, the newest last.
        messages: the latest messages of all of them.
        count: how many there were.
        fired: how often each fault has struck.
        nearest: for each step, how near it came.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connections: deque[ConnectionMemory] = deque(maxlen=_KEPT_CONNECTIONS)
        self.count = 0
        self.fired: Counter[str] = Counter()
        self.nearest: dict[str, Near] = {}
        self.messages: deque[Remembered] = deque(maxlen=_KEPT_MESSAGES)
        self._builder: Any = None

    def builder(self, make: Callable[[], Any]) -> Any:
        """The maker of defective chains, which keeps what it has made."""
        if self._builder is None:
            self._builder = make()
        return self._builder

    def open(self, connection: ConnectionMemory) -> None:
        """A connection asks for something for the first time."""
        if not connection.ordinal:
            self.count += 1
            connection.ordinal = self.count
            self.connections.append(connection)

    def forget(self, fault_id: str) -> None:
        """Count as if there had never been a fault of that id."""
        super().forget(fault_id)
        del self.fired[fault_id]
        self.nearest.pop(fault_id, None)

    def missed(self, faults: "Iterable[FaultSpec]") -> list[FaultMissed]:
        """An event for each of these faults that never struck, with what came nearest."""
        return [
            FaultMissed(fault.id, self.nearest_to(fault.id))
            for fault in faults
            if not self.fired[fault.id]
        ]

    def nearest_to(self, fault_id: str) -> str:
        """What came nearest to a strike of a fault, such as ``CHALLENGE: slot_id 1, wanted 0``."""
        near = self.nearest.get(fault_id)
        return near.text if near else "its hook never came"

    def miss(self, fault_id: str, near: Near) -> None:
        """A fault did not strike; the nearest miss is kept."""
        known = self.nearest.get(fault_id)
        if known is None or near.rank >= known.rank:  # of equals the latest tells more
            self.nearest[fault_id] = near

    def remember(self, own: ConnectionMemory, message: Remembered) -> None:
        """A message has crossed the wire."""
        own.messages.append(message)
        self.messages.append(message)

    def earlier(
        self,
        own: ConnectionMemory,
        which: str,
        names: Container[str],
        nth: int,
        counts: Callable[[Remembered], bool] = lambda _: True,
        *,
        kind: Kind = "messages",
    ) -> Remembered | None:
        """A message that crossed the wire before; ``None`` if there was none.

        Args:
            own: the connection that asks.
            which: ``this``, ``previous``, ``other`` or ``any`` connection.
            names: of the message; ``*`` among them is any name.
            nth: 1 is the first of them, -1 the last.
            counts: says which of them count.
            kind: what crossed it; the name of a record is that of the message in it.
        """
        found = [
            one
            for one in self._of(own, which, kind)
            if ("*" in names or one.name in names) and counts(one)
        ]
        place = nth - 1 if nth > 0 else nth
        return found[place] if -len(found) <= place < len(found) else None

    def _of(self, own: ConnectionMemory, which: str, kind: Kind) -> Iterator[Remembered]:
        if which == "any" and kind == "messages":
            yield from self.messages
            return
        others = [one for one in self.connections if one is not own]
        chosen = {"this": [own], "previous": others[-1:], "other": others}[which]
        for connection in chosen:
            kept: Iterable[Remembered] = getattr(connection, kind)
            yield from kept
