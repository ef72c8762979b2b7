"""What is made to happen to devices from outside, for tests and for whoever steers a server."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from responder.core.ownership import Reset
from responder.errors import ConfigError
from responder.server.events import FunctionNotice
from responder.server.function_host import DeviceHost

Deed = Callable[[DeviceHost], None]


class Served(Protocol):
    """What is used of a ``server.server.Server``."""

    @property
    def devices(self) -> Iterable[DeviceHost]:
        """The devices with functions that there are now."""

    def reset(self, reset: Reset) -> None:
        """Reset everything; observers are told."""

    def apply_waiting(self, reset: Reset) -> None:
        """Let take effect what waits for a reset of the device; observers are told."""


class DeviceControl:
    """Events of devices with functions.

    Each happens to every device that there is by then: a connection to a socket has one of its own.
    With ``connection``, an ordinal, it happens to the device of that one alone. What comes back is
    what was noticed by that, such as that an interface went to ERROR; nothing was if it was not
    locked, or if there is no device at the moment.
    """

    def __init__(self, served: Served, functions: int) -> None:
        """``functions`` is how many a device of the profile has; 0 if it has none."""
        self._served = served
        self._functions = functions

    def reset(
        self, reset: Reset, function: int = 0, *, connection: int | None = None
    ) -> list[FunctionNotice]:
        """A function is reset; with the physical one, 0, all are.

        All of all devices, and what waits for such a reset takes effect, if it is more than a
        function level reset of function 0.

        Raises:
            ConfigError: there is no such function.
        """
        if function == 0 and reset is not Reset.FUNCTION_LEVEL and connection is None:
            self._served.reset(reset)
            return []
        self._check_function(function)
        return self._to_all(connection, lambda host: host.reset(function, reset))

    def link_down(self, *, connection: int | None = None) -> list[FunctionNotice]:
        """The link goes down and comes back, which is a conventional reset.

        Raises:
            ConfigError: the profile has no functions.
        """
        self._check_function(0)
        found = self._to_all(connection, lambda host: host.link_down())
        if connection is None:
            self._served.apply_waiting(Reset.CONVENTIONAL)
        return found

    def fail_interface(
        self, function: int, reason: str, *, connection: int | None = None
    ) -> list[FunctionNotice]:
        """An interface that is locked or runs goes to ERROR.

        Raises:
            ConfigError: there is no such function, or it has no interface.
        """
        self._check_function(function)

        def fail(host: DeviceHost) -> None:
            if host.device.functions[function].interface is None:
                raise ConfigError("the device has no TDISP ([tdisp])")
            host.device.fail_interface(function, reason)

        return self._to_all(connection, fail)

    def fail_stream(self, stream_id: int, *, connection: int | None = None) -> list[FunctionNotice]:
        """An IDE stream goes insecure, because of a failed integrity check.

        Raises:
            ConfigError: no device has IDE, or a stream of that id.
        """
        self._check_function(0)
        known: set[int] = set()

        def fail(host: DeviceHost) -> None:
            if host.device.port is None:
                raise ConfigError("the device has no IDE ([ide])")
            known.update(host.device.port.stream_ids)
            host.device.fail_stream(stream_id)

        found = self._to_all(connection, fail)
        if known and stream_id not in known:
            there = ", ".join(map(str, sorted(known)))
            raise ConfigError(f"no IDE stream has id {stream_id}; there are {there}")
        return found

    def configure(
        self, function: int, word: int, *, connection: int | None = None
    ) -> list[FunctionNotice]:
        """The physical function writes the configuration word, 32 bits, of another one.

        Raises:
            ConfigError: there is no such function.
        """
        self._check_function(function)

        return self._to_all(connection, lambda host: host.device.configure(function, word))

    def _check_function(self, function: int) -> None:
        if not self._functions:
            raise ConfigError("the profile has no PCI Express functions ([pcie])")
        if not 0 <= function < self._functions:
            last = self._functions - 1
            raise ConfigError(f"there is no function {function}, only 0 to {last}")

    def _to_all(self, connection: int | None, deed: Deed) -> list[FunctionNotice]:
        hosts = list(self._served.devices)
        if connection is not None:
            hosts = [host for host in hosts if connection in host.ordinals]
            if not hosts:
                raise ConfigError(f"connection {connection} has no device")
        return [notice for host in hosts for notice in host.noticed_by(partial(deed, host))]
