"""The clients of a soak: healthy, faulty, hostile and vanishing ones, each a coroutine.

They connect to this machine only, send a bounded number of bytes, and end by themselves.
"""

import asyncio
import os
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from load_client import FRAMES

from responder.client.channel import ChannelError
from responder.client.drive import drive
from responder.client.socket import open_channel
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import read_identity, requester_path, shipped_roots
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions, OwnIdentity, Psk
from responder.requester.plan import CONNECTION_STEPS, Plan, SessionPlan
from responder.spec.algorithms import TABLE_DHE
from responder.spec.flags import Cap

PATIENT, IMPATIENT = 120.0, 3.0
"""Seconds that a healthy client waits for an answer, on a machine that is busy; and the others."""
HEADER = struct.Struct(">III")
ECDSA_P256, ECDSA_P384 = 0x10, 0x80
SECP256R1, SECP384R1 = 0x8, 0x10
AWAY = "turned away"
_ENOUGH = 20
"""Clients of a kind, of which a crowd keeps out a few and no more."""
TURNED_AWAY = ("GET_VERSION", "transport.closed")
"""What a connection gets while there are as many as the server takes; see ``_crowd``."""
PSK = Psk(b"TestPskHint\0", b"TestPskData\0")
"""That of the profile ``full``."""
SESSION = (
    Cap.CERT | Cap.KEY_EX | Cap.MAC | Cap.ENCRYPT | Cap.HBEAT | Cap.KEY_UPD | Cap.ENCAP
    | Cap.EVENT | Cap.CHUNK
)  # fmt: skip
UPKEEP = ("measurements", "heartbeat", "update-key", "update-all-keys", "subscribe", "events")
READING = ("slot-sizes", "extension-log", "endpoint-info", "key-pairs", "csr", "certificates")
KEX = SessionPlan(UPKEEP)
PLANS = {
    "attestation": (Cap(0), Plan()),
    "session": (SESSION, Plan(CONNECTION_STEPS, (KEX,))),
    "mutual": (SESSION | Cap.CHAL | Cap.MUT_AUTH, Plan(("authenticate",), (SessionPlan(UPKEEP),))),
    "psk": (SESSION | Cap.PSK, Plan(("authenticate",), (SessionPlan(UPKEEP, psk=True),))),
    "several": (SESSION, Plan(("authenticate",), (KEX, KEX, KEX), parallel=True)),
    "left open": (SESSION, Plan(("authenticate",), (SessionPlan(end=False),))),
    "reading": (SESSION, Plan(("authenticate", *READING))),
}
BINDINGS = ("+mctp", "+doe", "+tcp")


@dataclass
class World:
    """Where clients go, and what became of them.

    Attributes:
        port: of a listener for spdm-emu's protocol, with any binding.
        uris: all other listeners.
        random: decides what clients do.
        honest: the device tells the truth, so a healthy requester must attest it.
        frame_time: seconds after which the server ends a frame that is not whole.
        deck: the kinds of the next clients, the last one first.
        ended: how many clients came to which end.
        wrong: what must not happen.
    """

    port: int
    uris: list[str]
    random: random.Random
    honest: bool
    frame_time: float
    deck: list[Callable] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def uri(self) -> str:
        """One of the ways to the device that carry records."""
        ways = [f"spdm-emu{one}://127.0.0.1:{self.port}" for one in BINDINGS]
        return self.random.choice([*ways, *self.uris])

    async def plain(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection without a requester."""
        return await asyncio.open_connection("127.0.0.1", self.port)


ROOTS = tuple(shipped_roots().values())


def options(world: World, plan: str) -> AttestOptions:
    """What a requester of that plan asks for."""
    flags, steps = PLANS[plan]
    usual = AttestOptions(roots=ROOTS, time=datetime.now(UTC), plan=steps, psk=PSK)
    structures = {**usual.offer.structures}
    structures[TABLE_DHE] = world.random.choice([SECP256R1, SECP384R1])
    asym = world.random.choice([ECDSA_P256, ECDSA_P384])
    offer = replace(
        usual.offer, flags=flags, structures=structures, base_asym=asym, mel_specification=1
    )
    if Cap.CHUNK in flags and world.random.random() < 0.3:
        offer = replace(offer, data_transfer_size=256)
    shipped = read_identity(requester_path("device", "ecp256"))
    identity = OwnIdentity(shipped.key, tuple(shipped.chain)) if plan == "mutual" else None
    return replace(usual, offer=offer, identity=identity)


async def requester(world: World, patience: float, around: Callable = lambda channel: channel):
    """The report of a reference requester, on a channel that ``around`` may tamper with."""
    plan = world.random.choice(list(PLANS))
    channel = await open_channel(world.uri(), patience)
    try:
        asked = replace(options(world, plan), padding=channel.padding, records=channel.records)
        report = await drive(attest(asked, RandomTree(os.urandom(16))), around(channel))
    finally:
        await channel.close()
    return plan, report


def mostly_turned_away(ended: Counter[str]) -> list[str]:
    """Kinds of clients that a crowd may keep out, and of which nearly all were."""
    found = []
    for end, away in ended.items():
        kind, _, how = end.rpartition(": ")
        all_of_them = sum(ended[one] for one in ended if one.startswith(f"{kind}: "))
        if how == AWAY and all_of_them >= _ENOUGH and away > all_of_them / 2:
            found.append(f"{kind}: {away} of {all_of_them} turned away")
    return found


async def healthy(world: World) -> str:
    """Attests, opens sessions, and verifies everything."""
    if not world.honest:
        _, report = await requester(world, IMPATIENT)
        return report.verdict
    plan, report = await requester(world, PATIENT)
    if report.refusal and (report.refusal.step, report.refusal.check) == TURNED_AWAY:
        return AWAY
    if report.verdict != "attested":
        world.wrong.append(f"{plan}: {report.refusal}")
    return f"{plan}: {report.verdict}"


class Tampering:
    """A channel on which one of the next messages is not what the requester meant to send."""

    def __init__(self, channel, random: random.Random) -> None:
        self._channel = channel
        self._random = random
        self._left = random.randrange(40)

    def __getattr__(self, name):
        return getattr(self._channel, name)

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        self._left -= 1
        if not self._left:
            message = self._damaged(message)
        return await self._channel.exchange(message, secured=secured)

    def _damaged(self, message: bytes) -> bytes:
        at = self._random.randrange(len(message))
        flipped = bytes([message[at] ^ 1 << self._random.randrange(8)])
        return self._random.choice(
            [
                message[:at] + flipped + message[at + 1 :],
                message[: max(4, at)],
                message + self._random.randbytes(40),
                self._random.randbytes(len(message)),
                bytes([message[0], self._random.randrange(0x80, 0x100)]) + bytes(self._left + 30),
            ]
        )


async def faulty(world: World) -> str:
    """A requester that goes wrong somewhere on its way."""
    _, report = await requester(world, IMPATIENT, lambda one: Tampering(one, world.random))
    return report.verdict


class Vanishing:
    """A channel that is gone after a while, before a request or before its answer."""

    def __init__(self, channel, random: random.Random) -> None:
        self._channel = channel
        self._left = random.randrange(30)
        self._asks = random.random() < 0.5
        self._resets = random.random() < 0.5

    def __getattr__(self, name):
        return getattr(self._channel, name)

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        self._left -= 1
        if self._left > 0:
            return await self._channel.exchange(message, secured=secured)
        if self._asks:
            asked = asyncio.ensure_future(self._channel.exchange(message, secured=secured))
            await asyncio.sleep(0)
            asked.cancel()
        transport = self._channel._stream._transport
        if self._resets:
            reset(transport)
        else:
            transport.close()
        raise ChannelError("closed", "gone")


async def vanishing(world: World) -> str:
    """A requester that is gone in the middle: of an attestation, of a session, of a flow."""
    _, report = await requester(world, IMPATIENT, lambda one: Vanishing(one, world.random))
    return report.verdict


def reset(transport) -> None:
    """Leave with a RST where there is such a thing."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _garbage(world: World, reader, writer) -> str:
    writer.write(world.random.randbytes(world.random.randrange(1, 4096)))
    return await _until_closed(world, reader)


async def _nonsense(world: World, reader, writer) -> str:
    """Frames that are whole, with any command, transport and payload."""
    for _ in range(world.random.randrange(1, 20)):
        payload = world.random.randbytes(world.random.randrange(200))
        command = world.random.choice([0, 1, 1, 1, 2, 3, 0xDEAD, 0x8001, 0x8002, 0x1234])
        writer.write(HEADER.pack(command, world.random.randrange(6), len(payload)) + payload)
    writer.write_eof()
    return await _until_closed(world, reader)


async def _huge(world: World, reader, writer) -> str:
    """A frame that claims 4 GiB."""
    writer.write(HEADER.pack(1, 0, 0xFFFFFFFF) + bytes(1000))
    return await _must_close(world, reader, "a frame of 4 GiB")


async def _slow(world: World, reader, writer) -> str:
    """A frame that never becomes whole."""
    writer.write(HEADER.pack(1, 0, 1000) + bytes(world.random.randrange(900)))
    return await _must_close(world, reader, "a frame that is never whole")


async def _flood(world: World, reader, writer) -> str:
    """Thousands of requests whose answers nobody reads, and then reads, or not."""
    writer.transport.pause_reading()
    for _ in range(40):
        writer.write(FRAMES[0] * 100)
    await asyncio.sleep(world.random.random() * 2)
    if world.random.random() < 0.5:
        return "left with all of it unread"
    writer.transport.resume_reading()
    writer.write_eof()
    return await _until_closed(world, reader)


async def _silent(world: World, reader, writer) -> str:
    await asyncio.sleep(world.random.random() * 3)
    return "said nothing"


async def _half_closing(world: World, reader, writer) -> str:
    writer.write(FRAMES[0])
    writer.write_eof()
    answer = await _all(reader)
    if not answer:
        return AWAY  # as in a crowd
    if world.honest and len(answer) < HEADER.size:
        world.wrong.append(f"a request before a half close is answered with {answer.hex()}")
    return "half closed"


async def _gone(world: World, reader, writer) -> str:
    """Gone before the answer, or in the middle of a frame."""
    writer.write(FRAMES[0][: world.random.randrange(1, len(FRAMES[0]) + 1)])
    return "gone at once"


async def _crowd(world: World, reader, writer) -> str:
    """More connections than the server takes, for a moment."""
    made = [world.plain() for _ in range(world.random.randrange(50, 200))]
    for one in await asyncio.gather(*made, return_exceptions=True):
        if isinstance(one, tuple):
            one[1].transport.abort()
    return "a crowd"


HOSTILE = (*(_garbage, _nonsense, _huge, _slow, _flood, _silent, _half_closing, _gone, _crowd),)


async def hostile(world: World) -> str:
    """A client that is no requester."""
    how = world.random.choice(HOSTILE)
    reader, writer = await world.plain()
    try:
        return f"{how.__name__[1:]}: {await how(world, reader, writer)}"
    finally:
        if world.random.random() < 0.5:
            reset(writer.transport)
        else:
            writer.close()


async def _all(reader, seconds: float = PATIENT) -> bytes:
    async with asyncio.timeout(seconds):
        return await reader.read()


async def _until_closed(world: World, reader) -> str:
    """Read until the server closes, for a while."""
    try:
        await _all(reader, IMPATIENT)
    except TimeoutError:
        return "left open"
    return "closed"


async def _must_close(world: World, reader, what: str) -> str:
    try:
        await _all(reader, world.frame_time + PATIENT)
    except TimeoutError:
        world.wrong.append(f"{what} keeps its connection")
    return "closed"


KINDS = [healthy] * 4 + [faulty] * 3 + [vanishing] * 3 + [hostile] * 3
"""The kinds of clients, and how many of each there are among so many."""


async def client(world: World) -> None:
    """One client of a kind that is drawn."""
    if not world.deck:
        world.deck = world.random.sample(KINDS, len(KINDS))
    kind = world.deck.pop()
    try:
        end = await kind(world)
    except (ChannelError, OSError, asyncio.IncompleteReadError) as error:
        end = type(error).__name__
    world.ended[f"{kind.__name__}: {end}"] += 1


async def clients(world: World, at_once: int, seconds: float) -> None:
    """So many clients at a time, one after the other, for so long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def one_after_the_other() -> None:
        while loop.time() < end:
            await client(world)

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
