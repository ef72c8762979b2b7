"""How long to wait before a broker is tried again."""

from collections.abc import Callable

FIRST = 0.25
LONGEST = 30.0
"""Seconds."""
HELD = 5.0
"""Seconds that a connection must have lasted for the next trouble to be a new one."""


class Backoff:
    """Waits that double, each cut by chance so that many clients do not come back at once.

    Args:
        random: gives numbers from 0 up to 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._next = FIRST

    def after(self, held: float) -> float:
        """Seconds to wait after a connection that lasted ``held`` seconds; 0 if none came about."""
        if held >= HELD:
            self._next = FIRST
        whole = self._next
        self._next = min(2 * whole, LONGEST)
        return whole * (1 + self._random()) / 2
