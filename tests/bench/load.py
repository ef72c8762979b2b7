"""Load: many endpoints in one process, many requesters at once, and then in several processes.

    python tests/bench/load.py

takes three minutes, prints a page of figures and exits 1 if something failed or memory grew. All
traffic is on loopback, and ends with the program.
"""

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import load_client
from load_client import NAMES, Load, Requesters, connect
from test_bench_process import COMPILED, SERVE, descriptors, running
from watching import Watch, cpu

MIB = 1 << 20
MAY_GROW = MIB
"""Bytes, over all endpoints: a look at the resident memory is no more exact."""
SPARE = 100
"""Connections and descriptors beside those of the load."""
VERIFIER = Path(__file__).with_name("verifying.py")


@dataclass(frozen=True)
class Size:
    """How much load.

    Attributes:
        endpoints: connections, each with an endpoint of its own, all open all the time.
        requesters: how many of them are asked at the same time.
        seconds: for how long.
        settling: after which memory is not to grow.
    """

    endpoints: int = 2000
    requesters: int = 500
    seconds: float = 60.0
    settling: float = 10.0


@dataclass
class Outcome:
    """What came of a load on so many worker processes."""

    workers: int
    size: Size
    load: Load
    seconds: float = 0.0
    server_cpu: float = 0.0
    client_cpu: float = 0.0
    memory: int = 0
    growth: float = 0.0
    verified: int = 0

    @property
    def rate(self) -> float:
        """Attestations a second."""
        return self.load.attestations / self.seconds

    @property
    def wrong(self) -> bool:
        """Something failed, or memory grew."""
        return bool(self.load.failed) or self.growth > MAY_GROW or not self.verified

    def lines(self) -> list[str]:
        size, load, took = self.size, self.load, self.seconds
        server, client = self.server_cpu / took, self.client_cpu / took
        memory, growth = self.memory / MIB, self.growth / MIB
        lines = [
            f"{self.workers} worker(s): {size.endpoints} endpoints, {size.requesters} at once",
            f"  seconds                 {took:.1f}",
            f"  attestations            {load.attestations}, {self.rate:.0f} a second",
            f"  failures                {load.failed}",
            f"  verified in full        {self.verified}",
            f"  CPU of server, client   {server:.0%}, {client:.0%}",
            f"  memory                  {memory:.1f} MiB",
            f"  growth after {size.settling:4g} s     {growth:+.2f} MiB",
            f"  {'message':<22}{'p50':>10}{'p99':>10}",
        ]
        for name, seconds in zip(NAMES, load.seconds, strict=True):
            cuts = statistics.quantiles(seconds, n=100)
            lines.append(f"  {name:<22}{cuts[49] * 1e3:>7.1f} ms{cuts[98] * 1e3:>7.1f} ms")
        return lines + [f"  FAILED {what}" for what in load.failures]


@contextlib.contextmanager
def verifying(uri: str):
    """A requester that verifies everything, beside the load; yields its process."""
    process = subprocess.Popen(
        [sys.executable, VERIFIER, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def verdicts(verifier: subprocess.Popen) -> tuple[int, list[str]]:
    """End it: how many attestations were right, and what was wrong with the others."""
    told = verifier.communicate(timeout=load_client.GRACE)[0].splitlines()
    return (int(told[0]), told[1:]) if told else (0, ["the verifying requester failed"])


async def put(outcome: Outcome, pid: int, uri: str) -> None:
    """Connect, attest at each endpoint once, and then do what is measured."""
    size, load = outcome.size, outcome.load
    peers = await connect(load, int(uri.rpartition(":")[2]), size.endpoints)
    requesters = Requesters(load, peers, size.requesters)
    async with asyncio.timeout(load_client.GRACE + size.seconds):
        await requesters.once()
    load.forget()
    with verifying(uri) as verifier, Watch(pid) as watch:
        before, own = cpu(pid), time.process_time()
        async with asyncio.timeout(load_client.GRACE + size.seconds):
            outcome.seconds = await requesters.during(size.seconds)
        outcome.server_cpu, outcome.client_cpu = cpu(pid) - before, time.process_time() - own
        outcome.verified, wrong = await asyncio.to_thread(verdicts, verifier)
    load.failures += wrong
    load.failed += len(wrong)
    outcome.memory = watch.seen[-1].memory
    outcome.growth = watch.growth(size.settling)
    for peer in peers:
        if not peer.attested:
            load.fail("an endpoint never attested")
        peer.leave()


def run(workers: int, size: Size) -> Outcome:
    """Put a load on a server of its own."""
    outcome = Outcome(workers, size, Load())
    serve = [*SERVE, "--max-connections", str(size.endpoints + SPARE), "--log-level", "error"]
    command = [*serve, "--workers", str(workers)]
    with descriptors(size.endpoints + SPARE), running(command, COMPILED) as (process, ready):
        asyncio.run(put(outcome, process.pid, ready[1]))
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=Size.endpoints)
    parser.add_argument("--requesters", type=int, default=Size.requesters)
    parser.add_argument("--seconds", type=float, default=Size.seconds)
    parser.add_argument("--settling", type=float, default=Size.settling)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = vars(parser.parse_args())
    counts = given.pop("workers")
    outcomes = [run(workers, Size(**given)) for workers in counts]
    for outcome in outcomes:
        print("\n".join(outcome.lines()))  # noqa: T201 - a program
    return any(outcome.wrong for outcome in outcomes)


if __name__ == "__main__":
    sys.exit(main())
