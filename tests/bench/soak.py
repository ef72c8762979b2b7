"""Soak: healthy, faulty, hostile and vanishing clients for a while, and what they leave behind.

    python tests/bench/soak.py

takes 20 minutes and some, prints what two servers hold after each minute, and exits 1 if a client
was treated wrongly or something leaks. One server tells the truth, the other lies now and then. All
traffic is on loopback, and ends with the program.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from soak_clients import World, clients, mostly_turned_away
from test_bench_process import COMPILED
from watching import held

HERE = Path(__file__).parent
HONEST, LIAR = "full", str(HERE / "soak-liar.toml")
FRAME_TIME, IDLE_TIMEOUT, MAX_CONNECTIONS = 3.0, 10.0, 120
QUIET_WITHIN = 60.0
"""Seconds after which nothing may be left of clients that have gone."""
MIB = 1 << 20
THREADS = 32
"""More than an executor ever has."""


@dataclass(frozen=True)
class Terms:
    """How long a soak is, and how much of it at once.

    Attributes:
        seconds: in which new clients come, of all rounds together.
        round: of one round; after each all clients go, and what is left is looked at.
        at_once: clients of each server.
        settling: how many rounds pass before anything counts as growth.
        seed: what clients do is drawn from it.
        may_grow: bytes of memory, and objects of the interpreter, from then on to the end.
    """

    seconds: float = 1200.0
    round: float = 60.0
    at_once: int = 12
    settling: int = 3
    seed: int = 1
    may_grow: tuple[int, int] = (4 * MIB, 2000)


@dataclass(frozen=True)
class Look:
    """What a server holds when its clients have gone."""

    seconds: float
    clients: int
    descriptors: int
    threads: int
    memory: int
    tasks: int
    timers: int
    connections: int
    endpoints: int
    objects: int
    types: Counter[str] = field(repr=False)

    def line(self) -> str:
        return (
            f"{self.seconds:7.0f} s{self.clients:8}{self.connections:7}{self.endpoints:7}"
            f"{self.tasks:7}{self.timers:7}{self.descriptors:7}{self.threads:7}"
            f"{self.memory / MIB:9.1f}{self.objects:9}"
        )


HEAD = (
    f"{'time':>9}{'clients':>8}{'conn.':>7}{'endp.':>7}{'tasks':>7}{'timers':>7}{'fds':>7}"
    f"{'thr.':>7}{'MiB':>9}{'objects':>9}"
)


class Soaked:
    """A server under soak."""

    def __init__(self, name: str, process: subprocess.Popen, world: World, log: Path) -> None:
        self.name = name
        self.world = world
        self.looks: list[Look] = []
        self._process = process
        self._log = log
        self._read = 1

    def ask(self) -> dict[str, int]:
        """What its interpreter holds."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    async def look(self, seconds: float) -> None:
        """Wait until nothing is left of the clients, and look at the rest."""
        until = time.monotonic() + QUIET_WITHIN
        told = await asyncio.to_thread(self.ask)
        while (told["connections"] or told["endpoints"]) and time.monotonic() < until:
            await asyncio.sleep(0.5)
            told = await asyncio.to_thread(self.ask)
        kept = held(self._process.pid, seconds)
        said = self._log.read_text().splitlines()  # errors alone, behind the line with its seed
        self.world.wrong += said[self._read :]
        self._read = len(said)
        self.looks.append(
            Look(
                seconds=seconds,
                clients=self.world.ended.total(),
                descriptors=kept.descriptors,
                threads=kept.threads,
                memory=kept.memory,
                **{**told, "types": Counter(told["types"])},
            )
        )

    def leaks(self, terms: Terms) -> list[str]:
        """What is there at the end and ought not to be."""
        first, last = self.looks[min(terms.settling, len(self.looks)) - 1], self.looks[-1]
        found = [
            f"{what}: {getattr(first, what)} at first, {getattr(last, what)} at last"
            for what in ("connections", "endpoints", "tasks", "timers", "descriptors")
            if getattr(last, what) > getattr(first, what)
        ]
        if last.connections or last.endpoints or last.threads > THREADS:
            found.append(f"something is left: {last}")
        if last.memory - first.memory > terms.may_grow[0]:
            found.append(f"memory: {first.memory / MIB:.1f} MiB, then {last.memory / MIB:.1f} MiB")
        if last.objects - first.objects > terms.may_grow[1]:
            grown = (last.types - first.types).most_common(8)
            found.append(f"objects: {first.objects}, then {last.objects}: {grown}")
        return found

    def lines(self, terms: Terms) -> list[str]:
        ends = [f"    {count:7} {end}" for end, count in sorted(self.world.ended.items())]
        wrong = [f"  WRONG {one}" for one in self.world.wrong]
        leaks = [f"  LEAKS {one}" for one in self.leaks(terms)]
        return [self.name, *ends, *wrong, *leaks]


@contextlib.contextmanager
def soaked(name: str, profile: str, folder: Path, terms: Terms):
    """A server with all that it can listen on, and an observer of everything."""
    path, log = folder / name, folder / f"{name}.log"
    uris = ("dsp0287://127.0.0.1:0", "spdm-emu+storage://127.0.0.1:0", f"spdm-emu+unix:{path}")
    limits = {
        "max-connections": MAX_CONNECTIONS,
        "frame-time": FRAME_TIME,
        "idle-timeout": IDLE_TIMEOUT,
    }
    command = [
        *(sys.executable, HERE / "watched.py", "serve", profile, "--port", "0"),
        *(word for uri in uris for word in ("--listen", uri)),
        *(word for limit, value in limits.items() for word in (f"--{limit}", str(value))),
        *("--journal", "/dev/null", "--log-level", "error"),
    ]
    pipe = subprocess.PIPE
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env=COMPILED, stdin=pipe, stdout=pipe, stderr=file, text=True
        )
    try:
        uris = listening(process)
        world = World(
            port=int(uris[0].rpartition(":")[2]),
            uris=uris[1:],
            random=random.Random(terms.seed),
            honest=profile == HONEST,
            frame_time=FRAME_TIME,
        )
        yield Soaked(name, process, world, log)
    finally:
        process.kill()
        process.communicate()


def listening(process: subprocess.Popen) -> list[str]:
    """Where it listens, once it is ready."""
    uris = []
    for line in process.stdout:
        word, uri = line.split()[:2]
        if word == "READY":
            return uris
        uris.append(uri)
    raise ChildProcessError("the server did not begin")


async def soak(servers: list[Soaked], terms: Terms) -> None:
    """Round after round: clients, and a look at what they leave behind."""
    begin = time.monotonic()
    for _ in range(round(terms.seconds / terms.round)):
        await asyncio.gather(*(clients(one.world, terms.at_once, terms.round) for one in servers))
        for one in servers:
            await one.look(time.monotonic() - begin)
            print(f"{one.name:<7}{one.looks[-1].line()}", flush=True)  # noqa: T201 - a program
    for world in (one.world for one in servers if one.world.honest):
        world.wrong += mostly_turned_away(world.ended)


def run(terms: Terms) -> list[Soaked]:
    """The servers, with what was seen of them; they have ended."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(soaked(name, profile, Path(folder), terms))
            for name, profile in {"honest": HONEST, "liar": LIAR}.items()
        ]
        asyncio.run(soak(servers, terms))
        return servers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("seconds", "round", "at_once", "settling", "seed"):
        default = getattr(Terms, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    terms = Terms(**vars(parser.parse_args()))
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of writes to those who left
    print(f"       {HEAD}")  # noqa: T201 - a program
    servers = run(terms)
    for one in servers:
        print("\n".join(one.lines(terms)))  # noqa: T201
    return any(one.world.wrong or one.leaks(terms) for one in servers)


if __name__ == "__main__":
    sys.exit(main())
