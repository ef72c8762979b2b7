"""A device without faults pays nothing for the engine: it is not even on the way."""

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAIRS = 30
LIMIT = 1.05


class Measurer:
    """One process that attests when it is asked to."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "attesting.py", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
        )
        self.modules = int(self.process.stdout.readline())

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(10) == 0


@pytest.fixture
def pair():
    without, with_engine = Measurer(), Measurer("faults")
    yield without, with_engine
    without.close()
    with_engine.close()


def test_the_engine_costs_nothing_where_there_are_no_faults(pair, report):
    without, with_engine = pair
    assert without.modules == 0
    assert with_engine.modules > 10
    for one in pair:
        one.measure()
    ratios = []
    for number in range(PAIRS):
        first, second = pair if number % 2 else pair[::-1]
        times = {first: first.measure(), second: second.measure()}
        ratios.append(times[with_engine] / times[without])
    ratio = statistics.median(ratios)
    report.add(
        f"attestation with the engine imported, {PAIRS} pairs", f"{ratio:.3f}", f"<= {LIMIT}"
    )
    assert ratio <= LIMIT
