"""Many requesters in one process, which send recorded requests and look at the answers' shape.

They verify nothing: a requester's own cryptography would take several times what the responder's
takes, and be all that is measured. The requests of an attestation are the same each time, and so
are the codes and sizes of what answers them.
"""

import asyncio
import struct
import time
from array import array
from collections.abc import Callable

from test_bench_core import conversation

NAMES = (
    *("GET_VERSION", "GET_CAPABILITIES", "NEGOTIATE_ALGORITHMS", "GET_DIGESTS"),
    *("GET_CERTIFICATE", "CHALLENGE", "GET_MEASUREMENTS"),
)
ECDSA_P384 = 0x80
REQUESTS = conversation(ECDSA_P384)
FRAMES = [struct.pack(">III", 1, 0, len(request)) + request for request in REQUESTS]
HEADER = 12
GRACE = 60.0
"""Seconds that the last attestations may take."""
TOLD = 20
"""Failures that are told; all are counted."""


class Load:
    """What many requesters have seen.

    Attributes:
        seconds: how long each answer took, by message.
        attestations: how many were whole.
        failures: what went wrong, the first of them in words.
    """

    def __init__(self) -> None:
        self.seconds = [array("d") for _ in REQUESTS]
        self.attestations = 0
        self.failed = 0
        self.failures: list[str] = []
        self.sizes: dict[int, int] = {}

    def fail(self, what: str) -> None:
        self.failed += 1
        if len(self.failures) < TOLD:
            self.failures.append(what)

    def forget(self) -> None:
        """Count from here on."""
        self.seconds = [array("d") for _ in REQUESTS]
        self.attestations = 0


class Peer(asyncio.Protocol):
    """A connection: one endpoint of the server."""

    def __init__(self, load: Load) -> None:
        self.attested = 0
        self._load = load
        self._buffer = b""
        self._step = 0
        self._done: Callable[[], None] | None = None
        self._leaving = False

    def connection_made(self, transport) -> None:
        self._transport = transport

    def attest(self, done: Callable[[], None]) -> None:
        """Go through an attestation and call ``done``, whatever came of it."""
        self._done = done
        self._step = 0
        self._send()

    def leave(self) -> None:
        self._leaving = True
        self._transport.close()

    def _send(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(FRAMES[self._step])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        buffer = self._buffer
        if len(buffer) < HEADER or len(buffer) < HEADER + int.from_bytes(buffer[8:HEADER]):
            return
        step, load = self._step, self._load
        load.seconds[step].append(time.perf_counter() - self._begun)
        self._buffer = b""
        right = buffer[HEADER + 1] == REQUESTS[step][1] & 0x7F
        if not right or len(buffer) != load.sizes.setdefault(step, len(buffer)):
            load.fail(f"{NAMES[step]} is answered with {len(buffer)} bytes {buffer[:40].hex()}")
        self._step += 1
        if self._step < len(FRAMES):
            self._send()
        else:
            self.attested += 1
            load.attestations += 1
            self._over()

    def connection_lost(self, exc) -> None:
        if not self._leaving:
            self._load.fail(f"a connection was lost at {NAMES[self._step % len(NAMES)]}: {exc}")
            self._over()

    def _over(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done()


class Requesters:
    """Requesters that attest all the time, each the endpoints that are its own, in turn."""

    def __init__(self, load: Load, peers: list[Peer], requesters: int) -> None:
        self.load = load
        self.peers = peers
        self._shares = [peers[number::requesters] for number in range(requesters)]

    async def once(self) -> None:
        """Each attests each of its endpoints once."""
        await self._run(lambda rounds, share: rounds < len(share))

    async def during(self, seconds: float) -> float:
        """Attest for so long; the time until the last was done."""
        begin = time.perf_counter()
        await self._run(lambda _rounds, _share: time.perf_counter() - begin < seconds)
        return time.perf_counter() - begin

    async def _run(self, goes_on: Callable[[int, list[Peer]], bool]) -> None:
        waiting = len(self._shares)
        finished = asyncio.Event()

        def begin(share: list[Peer], rounds: int) -> None:
            nonlocal waiting
            if goes_on(rounds, share) and not self.load.failed:
                share[rounds % len(share)].attest(lambda: begin(share, rounds + 1))
                return
            waiting -= 1
            if not waiting:
                finished.set()

        for share in self._shares:
            begin(share, 0)
        await finished.wait()


async def connect(load: Load, port: int, count: int, at_once: int = 100) -> list[Peer]:
    """So many connections to a port of this machine."""
    loop = asyncio.get_running_loop()
    peers: list[Peer] = []
    while len(peers) < count:
        some = min(at_once, count - len(peers))
        made = await asyncio.gather(
            *(loop.create_connection(lambda: Peer(load), "127.0.0.1", port) for _ in range(some))
        )
        peers += [peer for _, peer in made]
    return peers
