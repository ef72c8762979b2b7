"""Ratios are measured in one run, as medians: machines are shared and noisy."""

import statistics
import time
from collections.abc import Callable


def median_of(measure: Callable[[], float], runs: int) -> float:
    """The median of several measurements, after one that does not count."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def within(limit: float, measure: Callable[[], float], attempts: int = 3) -> float:
    """The first of several figures that keeps a limit, else the lowest.

    Noise of other processes only ever adds; what is too slow itself is so at each attempt.
    """
    figures = []
    for _ in range(attempts):
        figures.append(measure())
        if figures[-1] <= limit:
            break
    return min(figures)


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of this process that ``action`` takes."""
    begin = time.process_time()
    action()
    return time.process_time() - begin
