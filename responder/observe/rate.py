"""How many of something there were in each of the latest seconds."""

from collections import Counter

_KEPT = 256
"""Seconds; those of nothing take no room."""


class Rate:
    """Counts by whole seconds of virtual time."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, time: float) -> None:
        """Count one at ``time``, in seconds; times never decrease by much."""
        self._counts[int(time)] += 1
        if len(self._counts) > _KEPT:
            del self._counts[min(self._counts)]

    def history(self, now: float, seconds: int) -> list[int]:
        """How many there were in each of the latest ``seconds`` whole seconds, the oldest first."""
        return [self._counts[second] for second in range(int(now) - seconds, int(now))]

    def per_second(self, now: float, seconds: int = 5) -> float:
        """Their mean over that many whole seconds."""
        return sum(self.history(now, seconds)) / seconds
