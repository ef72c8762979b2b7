"""What can be done to a device beside what requests ask of it; faults do."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

PolicyValue = bool | int | str
DeviceEvent = Literal[
    "interface-error", "stream-insecure", "configure", "bar-moved", "function-reset"
]


class Controls(Protocol):
    """What can be done to a device beside what requests ask of it."""

    def switch(self, table: str, values: Mapping[str, PolicyValue]) -> Mapping[str, PolicyValue]:
        """Go by other values of a table of the profile from now on; those of before.

        Raises:
            ValueError: the device has no such table, or that has no such values.
        """

    def happen(self, event: DeviceEvent, *, function: int, value: int, now: float) -> None:
        """Something happens to the device of its own accord.

        Args:
            event: ``interface-error``: the interface of the function finds an error;
                ``stream-insecure``: an integrity check of IDE stream ``value`` fails;
                ``configure``: the physical function gives the function ``value`` as its
                device-specific configuration; ``bar-moved``: somebody writes ``value`` to BAR 0 of
                the function; ``function-reset``: a function level reset, of which SPDM is not told.
            function: its number.
            value: 32 bits.
            now: virtual time in seconds.

        Raises:
            ValueError: there is no such function.
        """

    def rewrite_reports(self, how: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
        """Change the interface reports that there are; all of them before and after.

        Raises:
            ValueError: there is none.
        """

    def write_memory(self, function: int, address: int, data: bytes) -> None:
        """A function writes up to 4096 bytes to host memory, whatever is against it.

        Raises:
            ValueError: there is no such function.
        """
