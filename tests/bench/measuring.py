"""Ratios are measured in one run, as medians: machines are shared and noisy."""

import statistics
import time
from collections.abc import Callable


def median_of(measure: Callable[[], float], runs: int) -> float:
    """The median of several measurements, after one that does not count."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of this process that ``action`` takes."""
    begin = time.process_time()
    action()
    return time.process_time() - begin
