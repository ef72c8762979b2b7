"""Start-up, socket cost and memory of a whole server process."""

import os
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from measuring import cpu_seconds, median_of, within

from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import load_profile

BARE_LISTENER = """
import asyncio
async def main():
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    print("READY", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
SERVE = [sys.executable, "-m", "responder.cli.main", "serve", "--port", "0"]
GET_VERSION = bytes.fromhex("10840000")
FRAME = bytes.fromhex("000000010000000000000004") + GET_VERSION
"""The socket protocol's NORMAL frame, transport NONE."""
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of both sides: as installed, with compiled modules."""
START_LIMIT = 2.5
EXCHANGES = 4000
ENDPOINTS = 2000
FUNCTIONS = 1000


@contextmanager
def running(command: list[str], environment: dict[str, str] | None = None):
    """A process that has printed its READY line; yields the process and that line's words."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        ready = next(line for line in process.stdout if line.startswith("READY"))
        yield process, ready.split()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def seconds_to_ready(command: list[str], modules: Path) -> float:
    environment = {**COMPILED, "PYTHONPYCACHEPREFIX": str(modules)}
    begin = time.perf_counter()
    with running(command, environment):
        return time.perf_counter() - begin


def connect(words: list[str]) -> socket.socket:
    port = int(words[1].rpartition(":")[2])
    peer = socket.create_connection(("127.0.0.1", port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def exchange(peer: socket.socket) -> bytes:
    peer.sendall(FRAME)
    answer = peer.recv(4096)
    assert answer[12:14] == b"\x10\x04", answer
    return answer


def process_cpu(pid: int) -> float:
    """User and system time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_start_to_ready(report, tmp_path):
    bare = [sys.executable, "-c", BARE_LISTENER]

    def ratio() -> float:
        return seconds_to_ready(SERVE, tmp_path) / seconds_to_ready(bare, tmp_path)

    measured = within(START_LIMIT, lambda: median_of(ratio, 15))
    report.add("start to READY / bare asyncio listener", f"{measured:.2f}", "at most 2.5")
    assert measured <= START_LIMIT


def test_socket_cost_of_an_exchange(report):
    profile = load_profile("default")
    responder = Responder(profile.device, profile.policy, RandomTree(b"bench"))
    with running(SERVE) as (process, words), connect(words) as peer:
        for _ in range(200):
            exchange(peer)
        begin_cpu, begin = process_cpu(process.pid), time.perf_counter()
        for _ in range(EXCHANGES):
            exchange(peer)
        server = (process_cpu(process.pid) - begin_cpu) / EXCHANGES
        wall = (time.perf_counter() - begin) / EXCHANGES
    core = cpu_seconds(lambda: [responder.receive(GET_VERSION, 0.0) for _ in range(EXCHANGES)])
    beyond = server - core / EXCHANGES
    report.add("server CPU beyond the core, an exchange", f"{beyond * 1e6:.0f} us", "at most 150")
    report.add("wall time of a GET_VERSION over TCP", f"{wall * 1e6:.0f} us", "")
    assert beyond <= 150e-6


@contextmanager
def descriptors(count: int):
    """As many for this process, and for those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_memory_of_an_idle_endpoint(report):
    command = [*SERVE, "--max-connections", str(ENDPOINTS + 10)]
    with (
        descriptors(2 * ENDPOINTS + 500),
        running(command) as (process, words),
        ExitStack() as peers,
    ):
        exchange(peers.enter_context(connect(words)))
        before = resident(process.pid)
        for _ in range(ENDPOINTS):
            exchange(peers.enter_context(connect(words)))
        each = (resident(process.pid) - before) / ENDPOINTS
    report.add(f"memory of one of {ENDPOINTS} endpoints", f"{each / 1024:.1f} KiB", "kilobytes")
    assert each <= 64 * 1024


def test_memory_of_an_idle_function_and_how_soon_many_are_there(report, tmp_path):
    serve = [*SERVE[:-2], "tdisp-device", "--listen", f"vfio-user:{tmp_path / 'device'}"]

    def of(count: int) -> tuple[float, int]:
        """Seconds to READY, and bytes then, of a device with so many functions, all with SPDM."""
        command = [*serve, "--set", "function=[]", "--set", f"pcie.virtual_functions={count - 1}"]
        begin = time.perf_counter()
        with running(command, COMPILED) as (process, _):
            return time.perf_counter() - begin, resident(process.pid)

    with descriptors(FUNCTIONS + 500):
        (_, one), (seconds, many) = of(1), of(FUNCTIONS)
    each = (many - one) / (FUNCTIONS - 1)
    report.add(
        f"memory of one of {FUNCTIONS} idle functions", f"{each / 1024:.1f} KiB", "kilobytes"
    )
    report.add(f"start to READY with {FUNCTIONS} functions", f"{seconds:.2f} s", "")
    assert each <= 64 * 1024
