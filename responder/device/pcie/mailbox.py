"""A DOE mailbox: the registers of one DOE extended capability (PCIe 6.2, 6.30 and 7.9.24).

What it does in which state stands in ``mailbox_table``; here is what an access means, and how an
action is carried out.
"""

import msgspec

from responder.core.ownership import CLEARS, Level, Reset
from responder.device.pcie.interfaces import (
    DataObjectAbandoned,
    DataObjectReceived,
    FunctionEffect,
    Interrupt,
)
from responder.device.pcie.mailbox_layout import MailboxLayout
from responder.device.pcie.mailbox_table import (
    FAILED,
    INTERRUPTS,
    STATUS,
    TABLE,
    Action,
    Event,
    State,
)
from responder.device.pcie.policies import MailboxPolicy
from responder.spec.doe import (
    CAPABILITY_ID,
    CAPABILITY_SIZE,
    Control,
    Register,
    Status,
)
from responder.transport.doe import (
    DISCOVERY,
    DW,
    MAX_OBJECT_DW,
    DataObject,
    DiscoveryResponse,
    discovery_entry,
    with_connection_id,
    without_reserved_bits,
)
from responder.transport.errors import FramingError

ALL_LANES = 0xF
_LOWEST_LANE = 0x1
_HIGHEST_LANE = 0x8
_MICROSECONDS = 1_000_000


class Mailbox:
    """One DOE instance of a function: ``Registers``.

    Discovery is answered here; every other object that the layout names goes out as
    ``DataObjectReceived``. Accesses to the two mailbox registers count only as whole DWs.

    Attributes:
        layout: what it is made for.
        hands_on_discovery: discovery goes out as well, for a host that changes answers; what is
            right, and when, ``discovery_answer`` and ``discovery_delay`` say.
    """

    capability_id = CAPABILITY_ID
    size = CAPABILITY_SIZE
    __slots__ = (
        "_answer",
        "_async_pending",
        "_at_work",
        "_control",
        "_discovered",
        "_exchange",
        "_index",
        "_interrupted",
        "_late",
        "_state",
        "_taken",
        "_until",
        "_written",
        "hands_on_discovery",
        "layout",
    )

    def __init__(self, index: int, layout: MailboxLayout) -> None:
        """A mailbox as it is after a reset; ``index`` counts the instances of its function."""
        self.layout = layout
        self.hands_on_discovery = False
        self._index = index
        self._state = State.IDLE
        self._control = Control(0)
        self._interrupted = False
        self._async_pending = False
        self._written = bytearray()
        self._answer = b""
        self._taken = 0
        self._discovered = b""
        self._exchange = 0
        self._at_work = False
        self._until: float | None = None
        self._late: list[FunctionEffect] = []

    @property
    def version(self) -> int:
        """Of the capability."""
        return self.layout.version

    @property
    def vector(self) -> int | None:
        """The MSI-X vector that it signals; ``None`` without interrupts."""
        return self.layout.interrupt

    @property
    def discovery_delay(self) -> float:
        """Seconds from a discovery request to its answer."""
        return self.layout.policy.discovery_delay / _MICROSECONDS

    def name(self, offset: int) -> str:
        """The register at an offset: ``doe.status``; ``doe1.status`` in the second instance."""
        return f"doe{self._index or ''}.{Register(offset).name.lower()}"

    def read(self, offset: int, now: float) -> int:
        """The DW at an offset.

        What follows from a read is told by the next ``due``, which ``next_due`` then asks for.
        """
        self._late += self._elapse(now)
        match Register(offset):
            case Register.CAPABILITY:
                return self.layout.capability
            case Register.CONTROL:
                return self._control
            case Register.STATUS:
                return self._status()
            case Register.READ_MAILBOX:
                value = self._answer[self._taken : self._taken + DW] if self._ready() else b""
                self._late += self._fire(Event.PEEK, now)
                return int.from_bytes(value, "little")
        return 0

    def write(
        self, offset: int, value: int, now: float, lanes: int = ALL_LANES
    ) -> list[FunctionEffect]:
        """Write the bytes of a DW whose bit in ``lanes`` is set."""
        effects = self.due(now)
        match Register(offset):
            case Register.CONTROL:
                effects += self._write_control(value, now, lanes)
            case Register.STATUS:
                if lanes & _LOWEST_LANE and value & Status.INTERRUPT:
                    self._interrupted = False
            case Register.WRITE_MAILBOX if lanes == ALL_LANES:
                full = len(self._written) >= self.layout.max_object * DW
                dword = value.to_bytes(DW, "little")
                effects += self._fire(Event.OVERFLOW if full else Event.WRITE, now, dword)
            case Register.READ_MAILBOX if lanes == ALL_LANES:
                last = self._ready() and self._taken + DW >= len(self._answer)
                effects += self._fire(Event.POP_LAST if last else Event.POP, now)
        return effects + self._elapse(now)

    def awaits(self, exchange: int) -> bool:
        """Whether an answer to that object would be handed out; not if it was aborted."""
        return self._at_work and exchange == self._exchange

    def answer(self, exchange: int, data_object: bytes | None, now: float) -> list[FunctionEffect]:
        """Answer a ``DataObjectReceived``; what was aborted since is ignored.

        Args:
            exchange: of that object.
            data_object: header included, padded to a DW here; ``None`` or nothing if there is no
                answer: the object was silently discarded.
            now: in seconds.
        """
        effects = self.due(now)
        if not self.awaits(exchange):
            return effects
        self._at_work = False
        if not data_object:
            return effects + self._fire(Event.UNANSWERED, now)
        padded = data_object + bytes(-len(data_object) % DW)
        return effects + self._fire(Event.ANSWERED, now, padded)

    def discovery_answer(self, request: bytes) -> bytes:
        """The data object that answers a discovery request, itself a whole data object."""
        layout = self.layout
        index, version = DataObject.decode(request).payload[:2]
        entry = discovery_entry(index, (DISCOVERY, *layout.objects))
        listed = index <= len(layout.objects)
        if listed and min(version, layout.version) >= 2 and layout.policy.discovery_dw:
            entry = msgspec.structs.replace(entry, extended=self._limits(entry))
        return DataObject(*DISCOVERY, entry.encode()).encode()

    def async_pending(self, pending: bool, now: float) -> list[FunctionEffect]:
        """Say whether there are asynchronous messages to fetch.

        The status shows it if the layout has them and the control register enables them; that the
        bit gets set is a cause of an interrupt.
        """
        effects = self.due(now)
        before = self._async_status()
        self._async_pending = pending
        return effects + self._async_changed(before)

    def reset(self, reset: Reset, now: float) -> list[FunctionEffect]:
        """As after that reset of the function; those that leave functions alone do nothing."""
        if Level.FUNCTION not in CLEARS[reset]:
            return []
        return self.due(now) + self._fire(Event.RESET, now)

    def next_due(self) -> float | None:
        """When ``due`` has something to do, in seconds; the past if something waits already."""
        return float("-inf") if self._late else self._until

    def due(self, now: float) -> list[FunctionEffect]:
        """What has become of the time, and of reads."""
        effects, self._late = self._late, []
        return effects + self._elapse(now)

    def _elapse(self, now: float) -> list[FunctionEffect]:
        if self._until is None or now < self._until:
            return []
        self._until = None
        return self._fire(Event.ELAPSED, now, self._discovered)

    def _fire(self, event: Event, now: float, data: bytes = b"") -> list[FunctionEffect]:
        step = TABLE[self._state, event]
        if step.misuse and self.layout.policy.fails(step.misuse):
            step = FAILED
        effects = self._perform(step.action, now, data)
        entered = step.state is not self._state
        self._state = step.state
        if entered and step.state in INTERRUPTS:
            effects += self._interrupt()
        return effects

    def _perform(self, action: Action, now: float, data: bytes) -> list[FunctionEffect]:
        match action:
            case Action.STORE if len(self._written) <= self.layout.max_object * DW:
                self._written += data
            case Action.DROP:
                self._written.clear()
            case Action.DISCOVER:
                self._forget()
                self._discovered = self.discovery_answer(data)
                self._until = now + self.discovery_delay
            case Action.HAND_ON:
                self._forget()
                self._exchange += 1
                self._at_work = True
                return [DataObjectReceived(self._index, self._exchange, data)]
            case Action.DELIVER:
                self._answer = data
                self._taken = 0
            case Action.TAKE:
                self._taken += DW
            case Action.FAIL:
                return self._forget()
            case Action.ABORT:
                effects = self._forget()
                self._until = now + self.layout.policy.abort_delay / _MICROSECONDS
                return effects
            case Action.RESET:
                self._control = Control(0)
                self._interrupted = self._async_pending = False
                return self._forget()
        return []

    def _forget(self) -> list[FunctionEffect]:
        """Nothing is written, to be read, or waited for any more."""
        effects: list[FunctionEffect] = []
        if self._at_work:
            effects.append(DataObjectAbandoned(self._index, self._exchange))
        self._written.clear()
        self._answer = self._discovered = b""
        self._taken = 0
        self._at_work = False
        self._until = None
        return effects

    def _write_control(self, value: int, now: float, lanes: int) -> list[FunctionEffect]:
        effects: list[FunctionEffect] = []
        if lanes & _LOWEST_LANE:
            before = self._async_status()
            self._control = Control(value) & self.layout.enables
            effects += self._async_changed(before)
            if value & Control.ABORT:
                return effects + self._fire(Event.ABORT, now)
        if lanes & _HIGHEST_LANE and value & Control.GO:
            event, data_object = self._judged()
            effects += self._fire(event, now, data_object)
        return effects

    def _judged(self) -> tuple[Event, bytes]:
        """What GO finds written, and the object."""
        written = bytes(self._written)
        if not written:
            return Event.GO_EMPTY, b""
        if self.layout.policy.reserved_bits == "ignore":
            written = without_reserved_bits(written)
        try:
            data = DataObject.decode(written)
        except FramingError:
            return Event.GO_MALFORMED, b""
        return self._kind_of(data, len(written)), written

    def _kind_of(self, data: DataObject, size: int) -> Event:
        layout = self.layout
        if size > layout.max_object * DW:
            return Event.GO_MALFORMED
        kind = (data.vendor_id, data.type)
        if kind == DISCOVERY:
            reserved = any(data.payload[2:]) and layout.policy.reserved_bits == "drop"
            sized = len(data.payload) == DW
            if not sized or reserved:
                return Event.GO_MALFORMED
            return Event.GO_OBJECT if self.hands_on_discovery else Event.GO_DISCOVERY
        known = kind in layout.objects and data.connection_id <= layout.max_connection_id
        return Event.GO_OBJECT if known else Event.GO_UNKNOWN

    def _limits(self, entry: DiscoveryResponse) -> int:
        """The largest object in bits 17:0, 0 for 2**18; the highest connection id in 29:18."""
        numbered = with_connection_id(entry.vendor_id, entry.type)
        highest = self.layout.max_connection_id if numbered else 0
        return self.layout.max_object % MAX_OBJECT_DW | highest << 18

    def _ready(self) -> bool:
        return self._state is State.READY

    def _status(self) -> int:
        status = STATUS[self._state]
        if self._interrupted:
            status |= Status.INTERRUPT
        return status | Status.ASYNC_MESSAGE if self._async_status() else status

    def _async_status(self) -> bool:
        return self._async_pending and Control.ASYNC_MESSAGE_ENABLE in self._control

    def _async_changed(self, before: bool) -> list[FunctionEffect]:
        return self._interrupt() if self._async_status() and not before else []

    def _interrupt(self) -> list[FunctionEffect]:
        vector = self.layout.interrupt
        if vector is None or Control.INTERRUPT_ENABLE not in self._control:
            return []
        if self._interrupted and not self.layout.policy.repeat_interrupt:
            return []
        self._interrupted = True
        return [Interrupt(vector)]


__all__ = ["Mailbox", "MailboxLayout", "MailboxPolicy"]
