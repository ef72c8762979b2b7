"""The configuration space of a function in the same process, on a clock of its own."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol

from responder.client.config_space import Access, ConfigSpace
from responder.client.doe_mailbox import Timing
from responder.device.pcie.interfaces import FunctionEffect

DW = 4


class ConfigRegisters(Protocol):
    """What is asked of a function; times in seconds."""

    def config_read(self, offset: int, size: int, now: float) -> bytes:
        """The bytes at an offset."""

    def config_write(self, offset: int, data: bytes, now: float) -> Sequence[FunctionEffect]:
        """Write bytes at an offset."""

    def next_due(self) -> float | None:
        """When ``due`` has something to do."""

    def due(self, now: float) -> Sequence[FunctionEffect]:
        """What has become of the time."""


Serve = Callable[[FunctionEffect, float], Sequence[FunctionEffect]]
"""Carries out an effect at a time; what follows of that is carried out next."""


class RegisterConfigSpace(ConfigSpace):
    """Accesses a function's registers and has its effects carried out, in virtual time.

    Attributes:
        now: in seconds; only ``sleep`` moves it.
        timing: that clock, for a ``DoeMailbox``.
    """

    def __init__(self, function: ConfigRegisters, serve: Serve, now: float = 0.0) -> None:
        self.now = now
        self.timing = Timing(lambda: self.now, self.sleep)
        self._function = function
        self._serve = serve
        self._later: list[tuple[float, int, Callable[[float], Sequence[FunctionEffect]]]] = []
        self._order = count()

    async def burst(self, accesses: Sequence[Access]) -> list[int]:
        """As ``ConfigSpace.burst``; there always is a way to the function."""
        values = []
        for offset, value in accesses:
            if value is None:
                read = self._function.config_read(offset, DW, self.now)
                values.append(int.from_bytes(read, "little"))
            else:
                data = value.to_bytes(DW, "little")
                self._carry_out(self._function.config_write(offset, data, self.now))
            self._catch_up(self.now)
        return values

    def call_at(self, at: float, action: Callable[[float], Sequence[FunctionEffect]]) -> None:
        """Have something happen to the function later: its effects are carried out then."""
        heapq.heappush(self._later, (at, next(self._order), action))

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, with all that falls into it."""
        self._catch_up(self.now + seconds)

    def _catch_up(self, until: float) -> None:
        while (at := self._next()) is not None and at <= until:
            self.now = max(self.now, at)
            if self._later and self._later[0][0] <= self.now:
                _, _, action = heapq.heappop(self._later)
                self._carry_out(action(self.now))
            else:
                self._carry_out(self._function.due(self.now))
        self.now = until

    def _next(self) -> float | None:
        """When something happens."""
        times = [self._later[0][0]] if self._later else []
        due = self._function.next_due()
        return min([*times, due]) if due is not None else min(times, default=None)

    def _carry_out(self, effects: Sequence[FunctionEffect]) -> None:
        for effect in effects:
            self._carry_out(self._serve(effect, self.now))
