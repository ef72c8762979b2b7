"""The PCI Express devices of a server: behind sockets, or plugged into machines by vfio-user."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from responder.core.ownership import Reset
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.server.endpoint import SpdmEndpoint
from responder.server.events import PeerIgnored
from responder.server.function_host import DeviceHost, FunctionHost
from responder.server.listener import Listener, open_listeners
from responder.server.vfio_user.port import FunctionPort

if TYPE_CHECKING:
    from responder.core.interfaces import Device
    from responder.device.pcie.device import PcieDevice
    from responder.server.server import Server
    from responder.transport.uri import Endpoint

MakeEndpoint = Callable[["Device", RandomTree, int, Callable[[], None]], SpdmEndpoint]
"""From what an endpoint speaks for, its branch of the tree, the ordinal of its first peer, and what
is to be called when it has done something."""


class _Sockets(msgspec.Struct):
    """Those of one device, from which it can be built anew.

    Attributes:
        ports: of its functions.
        random: its branch of the tree.
        stands_for: what it was built of.
        times: how often it was built anew.
    """

    ports: list[FunctionPort]
    random: RandomTree
    stands_for: tuple[object, ...]
    times: int = 0


class PcieDevices:
    """Makes devices of a profile with functions.

    A socket connection that gets an endpoint gets a device with it, which is set up as by firmware,
    and speaks to function 0. A
    vfio-user socket is a whole device: beside it are those of its other functions, ``/path.1`` for
    function 1 and so on.
    """

    def __init__(self, server: "Server", make_endpoint: MakeEndpoint) -> None:
        self._server = server
        self._make_endpoint = make_endpoint
        self._by_endpoint: dict[SpdmEndpoint, DeviceHost] = {}
        self._plugged: list[DeviceHost] = []
        self._ports: list[FunctionPort] = []
        self._sockets: list[_Sockets] = []

    def __iter__(self) -> Iterator[DeviceHost]:
        """All devices that there are now."""
        return iter([*self._by_endpoint.values(), *self._plugged])

    @property
    def occupied(self) -> bool:
        """Whether a machine has one of the functions."""
        return any(port.occupied for port in self._ports)

    def occupied_functions(self) -> Iterator[tuple[FunctionHost, str]]:
        """The functions that a machine has, and where it connected to."""
        functions = [function for host in self._plugged for function in host.functions]
        for function, port in zip(functions, self._ports, strict=True):
            if port.occupied:
                yield function, port.listener

    def endpoint(self, device: "PcieDevice", random: RandomTree, ordinal: int) -> SpdmEndpoint:
        """The endpoint of function 0 of a device."""
        host = self._host(device, random, ordinal, set_up=True)
        endpoint = host.endpoint_of(0)
        if endpoint is None:
            raise ConfigError("function 0 has no SPDM")
        self._by_endpoint[endpoint] = host
        return endpoint

    def forget(self, endpoint: SpdmEndpoint) -> None:
        """Nobody will find an endpoint again, nor its device."""
        host = self._by_endpoint.pop(endpoint, None)
        if host is not None:
            host.close()

    def plug(
        self,
        device: "PcieDevice",
        random: RandomTree,
        listener: Listener,
        left: Callable[[], None],
    ) -> "list[Endpoint]":
        """Serve a device on ``listener``, and its other functions beside it.

        Raises:
            ConfigError, UnavailableError: as ``open_listeners``.
        """
        path = listener.endpoint.path
        beside = [
            replace(listener.endpoint, path=f"{path}.{number}")
            for number in range(1, len(device.functions))
        ]
        listeners = [listener, *open_listeners(beside, allow_remote=False)]
        number, host = len(self._plugged), self._host(device, random, 0)
        self._plugged.append(host)
        ports = [
            FunctionPort(one, function, self._server, left, partial(self._renew, number))
            for one, function in zip(listeners, host.functions, strict=True)
        ]
        self._ports += ports
        self._sockets.append(_Sockets(ports, random, self._server.stands_for))
        return [one.endpoint for one in listeners]

    def reset(self, endpoint: SpdmEndpoint, reset: Reset) -> None:
        """Reset the device that an endpoint belongs to, or the endpoint alone."""
        host = self._by_endpoint.get(endpoint)
        if host is None:
            endpoint.reset(reset)
        else:
            host.reset(0, reset)

    def reset_plugged(self, reset: Reset) -> None:
        """Reset all devices that are, or wait to be, plugged in."""
        for host in self._plugged:
            host.reset(0, reset)

    def stop(self, reason: str) -> None:
        """Unplug everything."""
        for port in self._ports:
            port.stop(reason)
        for host in self:
            host.close()
        self._ports.clear()
        self._plugged.clear()

    def _renew(self, number: int) -> None:
        """A client comes: a device that nobody has, and that is another one by now, is built anew.

        As after a power cycle nothing is left of what it was, but for what is written into it.
        """
        sockets, stands_for = self._sockets[number], self._server.stands_for
        if stands_for == sockets.stands_for or any(port.occupied for port in sockets.ports):
            return
        sockets.stands_for = stands_for
        sockets.times += 1
        random = sockets.random.child("again", sockets.times)
        device = self._server.pcie(random)
        if device is None or len(device.functions) != len(sockets.ports):
            reason = "what was set: the device that is served there has other functions"
            self._server.emit(0, PeerIgnored(reason))
            return
        self._plugged[number].close()
        host = self._plugged[number] = self._host(device, random, 0)
        for port, function in zip(sockets.ports, host.functions, strict=True):
            port.serve(function)

    def _host(
        self, device: "PcieDevice", random: RandomTree, ordinal: int, *, set_up: bool = False
    ) -> DeviceHost:
        server = self._server

        def make(side: int) -> SpdmEndpoint:
            branch = random if side == 0 else random.child("function", side)
            return self._make_endpoint(device.sides[side].device, branch, ordinal, host.settle)

        host = DeviceHost(
            device, server.clock, server.tell, make, server.hooks, set_up=set_up, ordinal=ordinal
        )
        host.wire = server.wire
        return host
