"""What is made to happen to devices from outside, for tests and for whoever steers a server."""

from collections.abc import Iterable
from typing import Protocol

from responder.core.ownership import Reset
from responder.server.function_host import DeviceHost


class Measuring(Protocol):
    """What is used of the emulated device that all connections share."""

    def change_measurement(self, index: int, value: bytes) -> None:
        """A measurement changes."""


class DeviceControl:
    """Events of devices; those of functions happen to every device that a server has by then."""

    def __init__(self, measured: Measuring, hosts: Iterable[DeviceHost]) -> None:
        self._measured = measured
        self._hosts = hosts

    def change_measurement(self, index: int, value: bytes) -> None:
        """A measurement changes, and events tell of it.

        Raises:
            KeyError: there is no measurement of that index.
        """
        self._measured.change_measurement(index, value)

    def reset(self, reset: Reset, function: int = 0) -> None:
        """A function is reset; with the physical one, 0, all are.

        Raises:
            IndexError: a device has no such function.
        """
        for host in list(self._hosts):
            host.reset(function, reset)

    def link_down(self) -> None:
        """The link goes down and comes back."""
        for host in list(self._hosts):
            host.link_down()

    def fail_interface(self, function: int, reason: str) -> None:
        """An interface that is locked or runs goes to ERROR; IndexError as ``reset``."""
        for host in list(self._hosts):
            host.device.fail_interface(function, reason)
            host.settle()

    def fail_stream(self, stream_id: int) -> None:
        """An IDE stream goes insecure."""
        for host in list(self._hosts):
            host.device.fail_stream(stream_id)
            host.settle()

    def configure(self, function: int, word: int) -> None:
        """The physical function writes the configuration word, 32 bits, of another one."""
        for host in list(self._hosts):
            host.device.configure(function, word)
            host.settle()
