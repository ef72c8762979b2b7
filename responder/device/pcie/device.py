"""The device as a whole: its functions, their SPDM sides, and what reaches all of them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from responder.core.interfaces import Device
from responder.core.ownership import Reset
from responder.device.pcie.interfaces import FunctionEffect, Noticed, Outbox
from responder.device.pcie.sriov import SriovChange

if TYPE_CHECKING:
    from responder.device.pcie.function import Function
    from responder.device.pcie.ide_port import IdePort


class Side(msgspec.Struct, frozen=True):
    """The SPDM side of one or several functions.

    Attributes:
        device: what its endpoint speaks for.
        functions: the numbers of the functions that have it.
    """

    device: Device
    functions: tuple[int, ...]


class PcieDevice:
    """Functions behind one port; function 0 is the physical one.

    Events of the device, such as a link that goes down, are its methods; whoever calls one, or has
    had a request answered, carries out what ``drain`` gives then.

    Attributes:
        functions: by number.
        sides: their SPDM sides; a function without one has no SPDM.
        port: IDE; ``None`` for a device without.
    """

    def __init__(
        self,
        functions: "Sequence[Function]",
        sides: Sequence[Side],
        outbox: Outbox,
        port: "IdePort | None" = None,
        *,
        flr_ends_sessions: bool = True,
        also_reset: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Put the parts together.

        Args:
            functions: by number.
            sides: their SPDM sides.
            outbox: where the parts leave effects.
            port: IDE; ``None`` for a device without.
            flr_ends_sessions: a function level reset ends the SPDM connection of a function that
                has one of its own.
            also_reset: called when function 0 is reset in another way than that.
        """
        self.functions = tuple(functions)
        self.sides = tuple(sides)
        self._outbox = outbox
        self.port = port
        self._flr_ends_sessions = flr_ends_sessions
        self._also_reset = also_reset
        self.functions[0].listener = self
        self.functions[0].memory.managed = self
        for function in self.functions[1:]:
            function.physical = self.functions[0]

    def side_of(self, number: int) -> int | None:
        """Which side a function has; ``None`` for one without SPDM."""
        found = (n for n, side in enumerate(self.sides) if number in side.functions)
        return next(found, None)

    def drain(self) -> Outbox:
        """What is to be carried out, in order."""
        effects = self._outbox[:]
        self._outbox.clear()
        return effects

    def leave(self, number: int, effects: "Sequence[FunctionEffect]") -> None:
        """What a function does is to be carried out with the rest."""
        self._outbox += [(number, effect) for effect in effects]

    def reset(self, number: int, reset: Reset, now: float) -> list[int]:
        """Reset a function; with the physical one the virtual ones are reset as well.

        Returns:
            The sides whose SPDM connection ends with it.
        """
        hit = range(len(self.functions)) if number == 0 else [number]
        for one in hit:
            self.leave(one, self.functions[one].reset(reset, now))
        if number == 0 and reset is not Reset.FUNCTION_LEVEL:
            for also in self._also_reset:
                also()
        if reset is Reset.FUNCTION_LEVEL and not self._flr_ends_sessions:
            return []
        return [n for n, side in enumerate(self.sides) if set(side.functions) <= set(hit)]

    # What happens to a device of its own accord.

    def fail_interface(self, number: int, reason: str) -> None:
        """The interface of a function goes to ERROR, if it is locked or runs."""
        interface = self.functions[number].interface
        if interface is not None:
            self.leave(number, interface.fail(reason))

    def fail_stream(self, stream_id: int) -> None:
        """An IDE stream goes insecure, because of a failed integrity check."""
        if self.port is not None:
            self.leave(0, self.port.integrity_failed(stream_id))

    def link_down(self, now: float) -> list[int]:
        """The link goes down and comes back: a conventional reset of everything (PCIe 6.2, 6.6.1).

        Returns:
            As ``reset``.
        """
        self._outbox.append((0, Noticed("link-down", "the link went down and came back")))
        return self.reset(0, Reset.CONVENTIONAL, now)

    def write_config(self, number: int, offset: int, data: bytes, now: float) -> None:
        """Somebody writes to the configuration space of a function."""
        self.leave(number, self.functions[number].config_write(offset, data, now))

    def configure(self, number: int, word: int, now: float = 0.0) -> None:
        """The physical function writes the configuration word, 32 bits, of another one."""
        del now
        self.leave(number, self.functions[number].configure(word))

    # What the physical function asks.

    def managed_functions(self) -> "Sequence[Function]":
        """All of them, by number."""
        return self.functions

    def virtual_functions_changed(self, change: SriovChange, now: float) -> None:
        """The physical function has written to its SR-IOV registers."""
        for function in self.functions[1:]:
            self.leave(function.number, function.physical_changed(change, now))
