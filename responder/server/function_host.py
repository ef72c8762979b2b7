"""A PCI Express function in the loop: accesses come in, what they lead to is carried out."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from responder.core.hooks import Hooks, is_default
from responder.core.ownership import Reset
from responder.device.pcie.interfaces import (
    DataObjectAbandoned,
    DataObjectReceived,
    FunctionEffect,
    Interrupt,
    MemoryRead,
    MemoryWrite,
    Noticed,
    ResetRequested,
)
from responder.server.clock import Clock, Handle
from responder.server.events import (
    BytesReceived,
    BytesSent,
    FunctionNotice,
    Observer,
    WireClosed,
    WireOpened,
)
from responder.server.mailbox_port import MailboxPort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from responder.core.events import Event
    from responder.device.pcie.device import PcieDevice
    from responder.device.pcie.function import Function
    from responder.device.pcie.hooked import HookedRegisters
    from responder.server.endpoint import SpdmEndpoint
    from responder.server.vfio_user.interfaces import Bus


class DeviceHost:
    """A PCI Express device in the loop.

    Attributes:
        functions: the hosts of its functions, by number.
        wire: numbers the mailboxes that a client uses, if observers are told of their objects.
    """

    wire: Callable[[], int] | None = None

    def __init__(  # noqa: PLR0913 - a device, and all that is around it
        self,
        device: "PcieDevice",
        clock: Clock,
        observer: Observer,
        make_endpoint: "Callable[[int], SpdmEndpoint]",
        hooks: Callable[[], Hooks] = Hooks,
        *,
        set_up: bool = False,
        ordinal: int = 0,
    ) -> None:
        """Host a device.

        Args:
            device: its functions.
            clock: the time.
            observer: is told what happens.
            make_endpoint: makes the endpoint of a side, by its number.
            hooks: makes the hooks of one more client of a function.
            set_up: do what the firmware of a machine would, now and after each reset.
            ordinal: whose device it is, for observers, while no bus has a function.
        """
        self.device = device
        self.clock = clock
        self.observer = observer
        self.hooks = hooks
        self.ordinal = ordinal
        self._make_endpoint = make_endpoint
        self._endpoints: dict[int, SpdmEndpoint] = {}
        self._noticed: list[FunctionNotice] | None = None
        self.functions = [FunctionHost(self, function) for function in device.functions]
        self._sets_up = set_up
        self._set_up()

    def endpoint_of(self, number: int) -> "SpdmEndpoint | None":
        """The SPDM endpoint of a function, made when it is asked for first."""
        side = self.device.side_of(number)
        if side is None:
            return None
        if side not in self._endpoints:
            self._endpoints[side] = self._make_endpoint(side)
        return self._endpoints[side]

    def met(self, number: int) -> "SpdmEndpoint | None":
        """The SPDM endpoint of a function, if it was asked for before."""
        side = self.device.side_of(number)
        return None if side is None else self._endpoints.get(side)

    @property
    def ordinals(self) -> set[int]:
        """Those of the connections and clients whose device it is."""
        return {function.ordinal for function in self.functions}

    def reset(self, number: int, reset: Reset) -> None:
        """Reset a function, and with the physical one all others."""
        self._end(self.device.reset(number, reset, self.clock.now()), reset)

    def link_down(self) -> None:
        """The link goes down and comes back."""
        self._end(self.device.link_down(self.clock.now()), Reset.CONVENTIONAL)

    def _end(self, sides: "Sequence[int]", reset: Reset) -> None:
        """End the SPDM connections of these sides, whose functions were reset."""
        # Whoever has no other function than those has nothing left that a reset leaves alone.
        whole = Reset.CONVENTIONAL if reset is Reset.FUNCTION_LEVEL else reset
        for side in sides:
            if side in self._endpoints:
                self._endpoints[side].reset(whole)
        self._set_up()
        self.settle()

    def _set_up(self) -> None:
        if self._sets_up:
            from responder.device.pcie.firmware import set_up  # noqa: PLC0415 - for sockets only

            set_up(self.device, self.clock.now())

    def settle(self) -> None:
        """Carry out what has come of something that happened to the device."""
        for number, effect in self.device.drain():
            self.functions[number].carry_out([effect])
            if isinstance(effect, Noticed) and self._noticed is not None:
                self._noticed.append(FunctionNotice(number, effect.what, effect.detail))

    def noticed_by(self, deed: Callable[[], None]) -> list[FunctionNotice]:
        """Do something to the device; what functions have noticed by that."""
        noticed: list[FunctionNotice] = []
        self._noticed = noticed
        try:
            deed()
            self.settle()
        finally:
            self._noticed = None
        return noticed

    def close(self) -> None:
        """The device is gone."""
        for function in self.functions:
            function.close()
        for endpoint in self._endpoints.values():
            endpoint.end()


class FunctionHost:
    """One function: what its bus reads and writes, and what it wants of the bus.

    Attributes:
        number: its place in the device.
        hooks: where faults take hold of what is asked of it.
        config_size: bytes of configuration space.
    """

    config_size = 4096

    def __init__(self, host: DeviceHost, function: "Function") -> None:
        self.number = function.number
        self.hooks = Hooks()
        self._host = host
        self._function = function
        self._hooked: HookedRegisters | None = None
        self._bus: Bus | None = None
        self._wires: dict[int, int] = {}
        self._ports = [MailboxPort(self, n) for n in range(len(function.mailboxes))]
        self._due: Handle | None = None

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._host.clock

    @property
    def endpoint(self) -> "SpdmEndpoint | None":
        """The SPDM endpoint that its mailboxes lead to."""
        return self._host.endpoint_of(self.number)

    @property
    def met(self) -> "SpdmEndpoint | None":
        """That endpoint, if something has reached it."""
        return self._host.met(self.number)

    @property
    def bar_sizes(self) -> "Sequence[int]":
        """Bytes of each of the six BARs, 0 for none."""
        return self._function.layout.bar_sizes

    @property
    def msix_vectors(self) -> int:
        """How many MSI-X vectors it has."""
        return self._function.layout.vectors

    @property
    def bus(self) -> "Bus | None":
        """What it is on at the moment; ``None`` while nobody has it."""
        return self._bus

    @bus.setter
    def bus(self, bus: "Bus | None") -> None:
        """A client puts it on its bus, or has left."""
        for port in self._ports:
            port.forget()
        for wire in self._wires.values():
            self.emit(WireClosed(wire, "the client has left"))
        self._wires.clear()
        self._bus = bus
        self._function.trapped = bus is not None
        self._use(Hooks() if bus is None else self._host.hooks())

    @property
    def ordinal(self) -> int:
        """That of the client, or else of the connection whose device it is."""
        return self._bus.ordinal if self._bus is not None else self._host.ordinal

    def emit(self, event: "Event", at: float | None = None) -> None:
        """Tell the observers, of something that was ``at`` if it is not now."""
        self._host.observer(self.clock.now() if at is None else at, self.ordinal, event)

    def config_read(self, offset: int, size: int) -> bytes:
        """Read configuration space; what is not there reads all ones."""
        now = self.clock.now()
        if self._hooked is None:
            data = self._function.config_read(offset, size, now)
            self._arm()
            return data
        data, effects = self._hooked.read(offset, size, now)
        self._settle(effects)
        return data

    def config_write(self, offset: int, data: bytes) -> None:
        """Write configuration space, and carry out what comes of it."""
        write = self._function.config_write if self._hooked is None else self._hooked.write
        self._settle(write(offset, data, self.clock.now()))

    def bar_read(self, bar: int, offset: int, size: int) -> bytes:
        """Read what a BAR decodes."""
        return self._function.bar_read(bar, offset, size, self.clock.now())

    def bar_write(self, bar: int, offset: int, data: bytes) -> None:
        """Write what a BAR decodes, and carry out what comes of it."""
        self._settle(self._function.bar_write(bar, offset, data, self.clock.now()))

    def reset(self, reset: Reset) -> None:
        """Reset the function, and with the physical one all others."""
        self._host.reset(self.number, reset)

    def discover(self, mailbox: int, request: bytes) -> tuple[bytes, float]:
        """What a mailbox answers a discovery request, and after how many seconds."""
        found = self._function.mailboxes[mailbox]
        return found.discovery_answer(request), found.discovery_delay

    def answer(self, mailbox: int, exchange: int, data_object: bytes | None) -> None:
        """A data object was answered, or nothing will come of it."""
        now = self.clock.now()
        if data_object and self._function.mailboxes[mailbox].awaits(exchange):
            self._tell_wire(mailbox, BytesSent, data_object)
        self.carry_out(self._function.answer(mailbox, exchange, data_object, now))
        self._host.settle()

    def carry_out(self, effects: "Sequence[FunctionEffect]") -> None:
        """Do what the function wants done."""
        for effect in effects:
            self._carry_out(effect)
        self._arm()

    def close(self) -> None:
        """Nothing happens to the function any more."""
        if self._due is not None:
            self._due.cancel()
        for port in self._ports:
            port.forget()

    def _use(self, hooks: Hooks) -> None:
        """Have faults, if there are any, take hold of what the client asks for."""
        self.hooks, self._hooked = hooks, None
        hooked = not is_default(hooks)
        for mailbox in self._function.mailboxes:
            mailbox.hands_on_discovery = hooked or self._host.wire is not None
        if hooked:
            # Not at the top: devices without faults do without it.
            from responder.device.pcie.hooked import HookedRegisters  # noqa: PLC0415

            self._hooked = HookedRegisters(self._function, hooks, self.emit)

    def _settle(self, effects: "Sequence[FunctionEffect]") -> None:
        self.carry_out(effects)
        self._host.settle()

    def _carry_out(self, effect: FunctionEffect) -> None:
        match effect:
            case DataObjectReceived(mailbox, exchange, data_object):
                self._tell_wire(mailbox, BytesReceived, data_object)
                self._ports[mailbox].received(exchange, data_object)
            case DataObjectAbandoned(mailbox, exchange):
                self._ports[mailbox].abandoned(exchange)
            case Interrupt(vector):
                if self.bus is not None:
                    self.bus.interrupt(vector)
            case MemoryRead(tag, address, size):
                self._read(tag, address, size)
            case MemoryWrite(tag, address, data):
                self._write(tag, address, data)
            case ResetRequested(reset):
                self.reset(reset)
            case Noticed(what, detail, state):
                self.emit(FunctionNotice(self.number, what, detail, state))

    def _tell_wire(
        self, mailbox: int, kind: type[BytesReceived | BytesSent], data_object: bytes
    ) -> None:
        """Tell those who listen on the wire of a data object."""
        if self._host.wire is None:
            return
        if mailbox not in self._wires:
            self._wires[mailbox] = self._host.wire()
            where = f"function {self.number}, mailbox {mailbox}"
            self.emit(WireOpened(self._wires[mailbox], "mailbox", "", where))
        self.emit(kind(self._wires[mailbox], data_object))

    def _read(self, tag: int, address: int, size: int) -> None:
        if self.bus is None:
            self._memory_done(tag, None)
        else:
            self.bus.memory_read(address, size, partial(self._memory_done, tag))

    def _write(self, tag: int, address: int, data: bytes) -> None:
        if self.bus is None:
            self._memory_done(tag, None)
        else:
            self.bus.memory_write(
                address, data, lambda ok: self._memory_done(tag, b"" if ok else None)
            )

    def _memory_done(self, tag: int, data: bytes | None) -> None:
        self.carry_out(self._function.memory_done(tag, data, self.clock.now()))

    def _arm(self) -> None:
        """Look again when the function has something to do of its own accord."""
        at = self._function.next_due()
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if at is not None:
            self._due = self.clock.call_at(at, self._fall_due)

    def _fall_due(self) -> None:
        self._due = None
        self._settle(self._function.due(self.clock.now()))
