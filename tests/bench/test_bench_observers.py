"""What it costs a requester that a responder is observed: all observers against none."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from measuring import cpu_seconds, median_of, within
from mqtt.mosquitto import Mosquitto
from programs import program
from test_bench_core import attest, conversation
from test_bench_process import SERVE, running

from responder.core.effects import Emit
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.observe.bus import Bus
from responder.observe.log import Level, Log, text_line
from responder.profiles.load import load_profile

OBSERVERS: dict[str, Callable[[Path], list[str]]] = {
    "log": lambda _: ["--log-level", "debug"],
    "journal": lambda folder: ["--journal", str(folder / "journal.jsonl")],
    "key log": lambda folder: ["--keylog", str(folder / "keys.jsonl")],
    "capture": lambda folder: ["--capture", str(folder / "a.pcapng"), "--capture-plaintext"],
    "live view": lambda _: ["--live"],
    "metrics": lambda _: ["--metrics", "127.0.0.1:0"],
}
"""Options of `serve` for each that can be had; the log goes to the null device."""
REQUESTER = [sys.executable, str(Path(__file__).parent / "requesting.py")]
LATENCY_LIMIT = 1.15
UNHEARD_LIMIT = 0.02
"""What telling nobody may add to the CPU time of the core."""
BLOCKS = 12
ATTESTATIONS = 10
"""In a block: in so much time observers that gather entries have worked many times."""
REPLAYS = 50
SETTLE = 0.1
"""Seconds after which the observers of what was before have nothing left to do."""


@pytest.fixture(scope="module")
def requester():
    """Seconds that attestations take: a function of kind, port and how many."""
    process = subprocess.Popen(
        REQUESTER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )

    def seconds(kind: str, port: int, times: int) -> float:
        process.stdin.write(f"{kind} {port} {times}\n")
        return float(process.stdout.readline())

    yield seconds
    process.stdin.close()
    process.wait()
    process.stdout.close()


@contextmanager
def served(*options: str):
    """The port of a server with these options."""
    with running([*SERVE, "ecdsa-p384", *options]) as (_, words):
        yield int(words[1].rpartition(":")[2])


def blocks(seconds: Callable[[int], float], none: int, observed: int) -> float:
    """The median of ratios: seconds with all observers over seconds with none, one by one.

    Each is the first of a pair as often as the other: after a rest everything is slower.
    """

    def timed(port: int) -> float:
        found = seconds(port)
        time.sleep(SETTLE)
        return found

    def ratio(number: int) -> float:
        ports = (none, observed) if number % 2 else (observed, none)
        found = {port: timed(port) for port in ports}
        return found[observed] / found[none]

    ratio(0)
    return statistics.median(ratio(number) for number in range(BLOCKS))


@pytest.fixture
def broker(tmp_path):
    """An MQTT broker."""
    broker = Mosquitto(program("mosquitto"), tmp_path).start()
    yield broker
    broker.stop()


def test_observers_cost_a_requester_little(report, requester, broker, tmp_path):
    everything = [word for options in OBSERVERS.values() for word in options(tmp_path)]
    everything += ["--mqtt", broker.uri]
    with served("--log-level", "error") as none, served(*everything) as observed:
        latency = within(
            LATENCY_LIMIT,
            lambda: blocks(lambda port: requester("attest", port, ATTESTATIONS), none, observed),
        )
        replayed = blocks(lambda port: requester("replay", port, REPLAYS), none, observed)
    names = ", ".join([*OBSERVERS, "MQTT"])
    report.add(f"attestation observed / not ({names})", f"{latency:.2f}", "at most 1.15")
    report.add("throughput observed / not, no thinking in between", f"{1 / replayed:.2f}", "")
    journal = (tmp_path / "journal.jsonl").read_text()
    assert journal.count('"name":"MEASUREMENTS"') > BLOCKS * (ATTESTATIONS + REPLAYS)
    assert (tmp_path / "a.pcapng").stat().st_size > len(journal) / 4, "it was observed indeed"
    assert latency <= LATENCY_LIMIT


def test_telling_nobody_costs_nothing_to_speak_of(report):
    profile = load_profile("ecdsa-p384")
    responder = Responder(profile.device, profile.policy, RandomTree(b"bench"))
    requests = conversation(0x80)
    effects = [effect for request in requests for effect in responder.receive(request, 0.0)]
    events = [effect.event for effect in effects if isinstance(effect, Emit)]
    log = Log(2, Level.ERROR, text_line)
    bus = Bus()
    observed = bus.observe("log", log.take, kinds=log.kinds)

    def ratio() -> float:
        core = cpu_seconds(lambda: [attest(responder, requests) for _ in range(10)])
        told = cpu_seconds(lambda: [[bus(0.0, 1, event) for event in events] for _ in range(10)])
        return told / core

    measured = within(UNHEARD_LIMIT, lambda: median_of(ratio, 9))
    assert observed.close(1.0)
    report.add(f"{len(events)} events to an idle log / core CPU", f"{measured:.4f}", "at most 0.02")
    assert len(events) > 2 * len(requests)
    assert measured <= UNHEARD_LIMIT
