"""Listeners, connections and endpoints of one profile."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from responder.core.events import Event
from responder.core.hooks import Link
from responder.core.ownership import Reset
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError, system_reason
from responder.server.attach import Attach, Attachments
from responder.server.clock import Clock, LoopClock
from responder.server.connection import PeerConnection
from responder.server.emu_connection import EmuConnection
from responder.server.endpoint import SpdmEndpoint
from responder.server.events import (
    DeviceReset,
    MeasurementChanged,
    Observer,
    PeerLeft,
    SlotChanged,
)
from responder.server.limits import Limits
from responder.server.listener import BACKLOG, Listener, refusing
from responder.transport.uri import Endpoint

if TYPE_CHECKING:
    from responder.core.hooks import Hooks
    from responder.core.interfaces import Device, ResponderPolicy
    from responder.device.emulated import EmulatedDevice
    from responder.device.pcie.device import PcieDevice
    from responder.server.control.gate import Gate
    from responder.server.negotiated import Keeper, NegotiatedStates
    from responder.server.pcie_devices import PcieDevices
    from responder.server.storage_port import StoragePolicy
    from responder.spec.flags import Cap

_CORE = "responder.core.responder"


class Emulated(Protocol):
    """What is used of a ``responder.profiles.load.Profile``."""

    @property
    def name(self) -> str:
        """The profile's name."""

    @property
    def device(self) -> "EmulatedDevice":
        """The device behind all endpoints."""

    @property
    def policy(self) -> "ResponderPolicy":
        """What the responder claims and chooses."""

    @property
    def storage(self) -> "StoragePolicy":
        """How the device treats storage commands."""

    @property
    def functions(self) -> object:
        """What devices with functions are built from; another one once that has changed."""

    def pcie(self, random: RandomTree) -> "PcieDevice | None":
        """The PCI Express functions of one more device; ``None`` if the profile has none."""

    def hooks(self, random: RandomTree) -> "Hooks":
        """The hooks of one more connection; ``random`` is the same for all of them."""

    def missed(self) -> Sequence[Event]:
        """What those hooks were to do and never did."""


class ServerOptions(msgspec.Struct, frozen=True):
    """How a server serves.

    Attributes:
        attach: how connections find their endpoint.
        limits: what a peer may cost.
        once: stop after the first connection that asked for something.
        seed: the root of all randomness; the same seed gives the same nonces.
        keeper: where the negotiated state is kept; not with ``fresh``, whose endpoints end with
            their peers, and all they know with them.
        gated: there is a ``Gate``, at which somebody may hold requests back.
        shared: other processes accept on the listeners too, and are to get their share.
        wire: tell observers the bytes of all connections (``BytesReceived``).
    """

    seed: bytes
    attach: Attach = Attach.FRESH
    limits: Limits = msgspec.field(default_factory=Limits)
    once: bool = False
    keeper: "Keeper | None" = None
    gated: bool = False
    shared: bool = False
    wire: bool = False


class Server:
    """Serves one profile on some listeners, in the running loop.

    Attributes:
        gate: holds requests back; ``None`` if nobody can shut it.
    """

    def __init__(
        self,
        profile: Emulated,
        options: ServerOptions,
        observer: Observer,
        clock: Clock | None = None,
    ) -> None:
        self.limits = options.limits
        self.clock = clock or LoopClock()
        self.wire = self._next_wire if options.wire else None
        self._profile = profile
        self._options = options
        self.tell = observer
        self._random = RandomTree(options.seed)
        self._faults = self._random.child("faults")
        profile.device.provisioning.use(self._random.child("device"))
        self.gate = self._make_gate()
        self._negotiated = self._negotiated_states()
        self._stood_for = self.stands_for
        self._attachments = Attachments(options.attach, self._make_endpoint, self._gone)
        self._devices: PcieDevices | None = None
        self._plugged = 0
        self._connections: set[PeerConnection] = set()
        self._listeners: list[Listener] = []
        self._servers: list[asyncio.Server] = []
        self._numbered = 0
        self._wires = 0
        self._called = False
        self._stopping = False
        self._told_missed = False
        self._finished = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    # What its owner calls.

    async def start(self, listeners: Sequence[Listener]) -> list[Endpoint]:
        """Accept connections on ``listeners``, which belong to the server now.

        If the profile's hooks accept nobody, the addresses are kept and connecting is refused.

        Raises:
            ConfigError: it is to be refused on a socket of the service manager, or the profile has
                no function for a vfio-user socket.
            UnavailableError: an address was lost to another process in the meantime.
        """
        self._listeners += listeners
        self._profile.device.watch(self)
        link = Link(self.clock.now())
        accepts = self._profile.hooks(self._faults).accepts(link)
        for event in link.evidence:
            self.emit(0, event)
        if not accepts:
            self._listeners = [refusing(listener) for listener in self._listeners]
            return [listener.endpoint for listener in listeners]
        reachable: list[Endpoint] = []
        for listener in listeners:
            if listener.endpoint.framing == "vfio-user":
                self._listeners.remove(listener)  # it is the device's now
                reachable += self._plug(listener)
            else:
                await self._accept_on(listener)
                reachable.append(listener.endpoint)
        return reachable

    def prepare(self) -> None:
        """Import what the first request needs, without holding up the loop meanwhile."""
        asyncio.get_running_loop().run_in_executor(None, import_module, _CORE)

    async def call(self, endpoint: Endpoint) -> None:
        """Connect to a requester that listens, and ask it to be one (DSP0287 role inquiry).

        Raises:
            ConfigError: no requester can be called there.
            OSError: nobody listens there.
        """
        if endpoint.framing == "vfio-user":
            raise ConfigError(f"{endpoint}: nobody can be called there")
        loop = asyncio.get_running_loop()
        self._called = True

        def factory() -> PeerConnection:
            connection = self._connection(endpoint)
            connection.inquire_role()
            return connection

        if endpoint.path:
            await loop.create_unix_connection(factory, endpoint.path)
        else:
            await loop.create_connection(factory, endpoint.host, endpoint.port)

    async def finished(self) -> None:
        """Wait until there is nothing left to do: after ``once``, or after all calls."""
        await self._finished.wait()

    async def stop(self, reason: str) -> None:
        """Stop listening, answer what has arrived, close; after ``drain_time`` in any case."""
        self._stopping = True
        if self.gate is not None:
            self.gate.resume()
        self._close_listeners()
        if self._devices is not None:
            self._devices.stop(reason)
        for connection in list(self._connections):
            connection.finish(reason)
        deadline = None
        if self.limits.drain_time:
            deadline = self.clock.call_at(
                self.clock.now() + self.limits.drain_time,
                lambda: self.abort(f"{reason}, and the time to drain is over"),
            )
        await self._empty.wait()
        if deadline is not None:
            deadline.cancel()
        self._attachments.close()
        self._profile.device.unwatch(self)
        self._tell_missed()

    def abort(self, reason: str) -> None:
        """Close all connections at once."""
        for connection in list(self._connections):
            connection.abort(reason)

    def reset(self, reset: Reset) -> None:
        """Reset the device; connections of transports stay, and the observers are told."""
        self.apply_waiting(reset)
        peers = {connection.endpoint for connection in self._connections}
        for endpoint in peers | self._attachments.left():
            if endpoint is not None:
                self._reset_endpoint(endpoint, reset)
        if self._devices is not None:
            self._devices.reset_plugged(reset)

    def apply_waiting(self, reset: Reset) -> None:
        """Let take effect what waits for a reset of the device, and tell that it was reset."""
        trouble = ""
        try:
            self._profile.device.provisioning.reset(reset)
        except OSError as error:
            trouble = f"what waited for it still waits: {system_reason(error)}"
        self.emit(0, DeviceReset(reset.value, trouble))

    @property
    def profile(self) -> Emulated:
        """What it serves."""
        return self._profile

    @property
    def connection_count(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    @property
    def connections(self) -> Sequence[PeerConnection]:
        """The connections that there are now, in the order in which they asked for something."""
        return sorted(self._connections, key=lambda one: one.ordinal)

    # What its connections call; see ``host.Host``.

    @property
    def capabilities(self) -> "Cap":
        """The flags that the profile's responder claims."""
        return self._profile.policy.flags

    @property
    def storage(self) -> "StoragePolicy":
        """How the profile's device treats storage commands."""
        return self._profile.storage

    def admit(self, connection: PeerConnection) -> str:
        """Count a new connection; the reason to refuse it, or nothing."""
        limit = self.limits.max_connections
        full = limit and len(self._connections) >= limit
        self._connections.add(connection)
        self._empty.clear()
        if self._stopping:
            return "the server is stopping"
        return f"there are {limit} connections already" if full else ""

    def hooks(self) -> "Hooks":
        """The hooks of one more connection."""
        return self._profile.hooks(self._faults)

    def number(self) -> int:
        """The ordinal of a connection that asks for something for the first time."""
        self._numbered += 1
        return self._numbered

    def attach(self, connection: PeerConnection) -> SpdmEndpoint:
        """The endpoint that a connection speaks to."""
        if self._options.attach is not Attach.FRESH:
            self._renew()
        return self._attachments.attach(connection, connection.ordinal)

    def left(self, connection: PeerConnection, reason: str) -> None:
        """A connection ended."""
        if connection.endpoint is not None:
            self._attachments.detach(connection, connection.endpoint)
        self.emit(connection.ordinal, PeerLeft(connection.peer, reason))
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
        if self._options.once and connection.ordinal and not connection.keeps_listening:
            self._close_listeners()
            self._finished.set()
        if self._called and not (self._listeners or self._connections):
            self._finished.set()

    def emit(self, ordinal: int, event: Event, at: float | None = None) -> None:
        """Tell the observers, of something that was ``at`` if it is not now."""
        self.tell(self.clock.now() if at is None else at, ordinal, event)

    def pcie(self, random: RandomTree) -> "PcieDevice | None":
        """One more device of the profile; ``None`` if it has no functions."""
        return self._profile.pcie(random.child("pcie"))

    @property
    def stands_for(self) -> tuple[object, ...]:
        """What endpoints and devices are made of; another one once the profile is."""
        return self._profile.policy, self._profile.device, self._profile.functions

    # What its device calls; see ``device.line.Watcher``.

    def measurement_changed(self, index: int) -> None:
        """A measurement has changed, for whatever reason."""
        self.emit(0, MeasurementChanged(index))

    def slot_changed(self, slot_id: int) -> None:
        """A slot holds something else."""
        self.emit(0, SlotChanged(slot_id))

    # Inside.

    def _next_wire(self) -> int:
        self._wires += 1
        return self._wires

    def _make_endpoint(self, ordinal: int) -> SpdmEndpoint:
        """The endpoint that a connection finds: that of function 0 of a device with functions."""
        random = self._random.child("connection", ordinal)
        functions = self.pcie(random)
        if functions is None:
            return self._endpoint(self._profile.device, random, ordinal)
        return self.devices.endpoint(functions, random, ordinal)

    @property
    def devices(self) -> "PcieDevices":
        """The PCI Express devices of the profile, behind sockets or plugged in."""
        if self._devices is None:
            from responder.server.pcie_devices import PcieDevices  # noqa: PLC0415 - start-up time

            self._devices = PcieDevices(self, self._endpoint)
        return self._devices

    def _plug(self, listener: Listener) -> list[Endpoint]:
        """Serve one more device as PCI Express functions."""
        random = self._random.child("plugged", self._plugged)
        self._plugged += 1
        functions = self.pcie(random)
        if functions is None:
            reason = f"profile {self._profile.name} has no PCI Express function ([pcie])"
            raise ConfigError(f"{listener.endpoint}: {reason}")
        return self.devices.plug(functions, random, listener, self._unplugged)

    def _gone(self, endpoint: SpdmEndpoint) -> None:
        if self._devices is not None:
            self._devices.forget(endpoint)

    def _renew(self) -> None:
        """Let no connection find an endpoint of a profile that is another one by now."""
        if self.stands_for != self._stood_for:
            self._stood_for = self.stands_for
            self._attachments.renew()

    def _reset_endpoint(self, endpoint: SpdmEndpoint, reset: Reset) -> None:
        if self._devices is None:
            endpoint.reset(reset)
        else:
            self._devices.reset(endpoint, reset)

    def _unplugged(self) -> None:
        if self._options.once and not self.devices.occupied:
            self._finished.set()

    def _endpoint(
        self,
        device: "Device",
        random: RandomTree,
        ordinal: int,
        settle: Callable[[], None] = lambda: None,
    ) -> SpdmEndpoint:
        # Not at the top: a server is ready sooner, and prepare() has usually done it by now.
        from responder.core.responder import Responder  # noqa: PLC0415

        responder = Responder(device, self._profile.policy, random)
        emit = partial(self.emit, ordinal)
        keep = None
        if self._negotiated is not None:
            self._negotiated.resume(responder)
            keep = partial(self._negotiated.keep, responder)
        return SpdmEndpoint(responder, self.clock, emit, keep, settle, self.gate)

    def _make_gate(self) -> "Gate | None":
        if not self._options.gated:
            return None
        from responder.server.control.gate import Gate  # noqa: PLC0415 - if asked for

        return Gate(self.clock)

    def _negotiated_states(self) -> "NegotiatedStates | None":
        keeper = self._options.keeper
        if keeper is None or self._options.attach is Attach.FRESH:
            return None
        from responder.server.negotiated import NegotiatedStates  # noqa: PLC0415 - if asked for

        return NegotiatedStates(keeper, partial(self.emit, 0))

    def _connection(self, endpoint: Endpoint) -> PeerConnection:
        if endpoint.framing == "dsp0287":
            from responder.server.tcp_connection import TcpConnection  # noqa: PLC0415 - start-up

            return TcpConnection(self, endpoint)
        return EmuConnection(self, endpoint)

    async def _accept_on(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        create: Any = loop.create_unix_server if listener.endpoint.path else loop.create_server
        sock = listener.socket
        # So many are accepted in one turn of the loop as well, before any other process gets one.
        backlog = 1 if self._options.shared else BACKLOG
        server = await create(
            lambda: self._connection(listener.endpoint), sock=sock, backlog=backlog
        )
        sock.listen(BACKLOG)
        self._servers.append(server)

    def _tell_missed(self) -> None:
        if not self._told_missed:
            self._told_missed = True
            for event in self._profile.missed():
                self.emit(0, event)

    def _close_listeners(self) -> None:
        for server in self._servers:
            server.close()
        for listener in self._listeners:
            listener.close()
        self._servers.clear()
        self._listeners.clear()
