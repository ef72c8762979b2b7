"""A device without faults pays nothing for the engine: it is not even on the way."""

import statistics
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from measuring import within

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


def compared():
    """How much longer an attestation takes in a process that has the engine."""
    with closing(Measurer()) as without, closing(Measurer("faults")) as with_engine:
        assert without.modules == 0
        assert with_engine.modules > 10
        pair = without, with_engine
        for one in pair:
            one.measure()
        ratios = []
        for number in range(PAIRS):
            first, second = pair if number % 2 else pair[::-1]
            times = {first: first.measure(), second: second.measure()}
            ratios.append(times[with_engine] / times[without])
        return statistics.median(ratios)


def test_the_engine_costs_nothing_where_there_are_no_faults(report):
    ratio = within(LIMIT, compared)
    report.add(
        f"attestation with the engine imported, {PAIRS} pairs", f"{ratio:.3f}", f"<= {LIMIT}"
    )
    assert ratio <= LIMIT
