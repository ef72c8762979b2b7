"""Holds a conversation: the reference requester with a device, and faults or none."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from responder.campaign.host import Host
from responder.campaign.mailbox import at_mailbox
from responder.campaign.run import Exchanged, Run
from responder.campaign.setting import DEVICE, Setting
from responder.campaign.watching import watch
from responder.client.channel import Channel, ChannelError
from responder.client.drive import Sleep, drive
from responder.client.inprocess import InProcessChannel
from responder.client.socket import SocketOptions, open_channel
from responder.core.effects import Emit
from responder.core.events import Event, FaultMissed, RequestReceived, ResponseSent
from responder.core.ownership import Reset
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey
from responder.errors import ConfigError
from responder.faults.rule import FaultSpec
from responder.pki.sets import identity_path, read_identity, requester_path, shipped_roots
from responder.profiles.load import Profile, load_profile
from responder.requester.attestation import attest, unreached
from responder.requester.options import AttestOptions, NewChain, OwnIdentity
from responder.requester.steps import OtherKind
from responder.server.attach import Attach
from responder.server.server import ServerOptions
from responder.server.thread import ServerThread
from responder.spec.algorithms import BASE_ASYM
from responder.spec.flags import Cap
from responder.transport.socket_frame import Command, TransportType
from responder.transport.uri import parse_uri

AnyResult = TypeVar("AnyResult")
_RECORDS = {
    "doe": TransportType.PCI_DOE,
    "mctp": TransportType.MCTP,
    "storage": TransportType.STORAGE,
}


def converse(setting: Setting, faults: Sequence[FaultSpec], seed: bytes) -> Run:
    """Hold the conversation of a setting.

    Args:
        setting: who speaks, how, and how long.
        faults: what goes wrong; nothing if there are none.
        seed: of all randomness on both sides.

    Raises:
        ConfigError: a fault cannot be applied to the setting's device.
    """
    profile = _profile(setting, faults)
    run = Run(limit=setting.limit)
    requester = _Requester(setting, profile, RandomTree(seed).child("requester"), run)
    if setting.listen:
        asyncio.run(_over_sockets(requester, profile, seed))
    elif setting.mailbox:
        _at_once(at_mailbox(setting, run, profile, RandomTree(seed), requester.attest))
    else:
        _at_once(_in_process(requester, profile, RandomTree(seed)))
    run.missed = [event.nearest for event in profile.missed() if isinstance(event, FaultMissed)]
    return run


def _profile(setting: Setting, faults: Sequence[FaultSpec]) -> Profile:
    return load_profile(setting.profile, {**DEVICE, **setting.overrides}, faults)


@cache
def _roots() -> tuple[bytes, ...]:
    return tuple(shipped_roots().values())


@cache
def _identity() -> OwnIdentity:
    """The shipped requester's, for the algorithm with which it signs in rehearsals."""
    shipped = read_identity(requester_path("device", "ecp256"))
    return OwnIdentity(shipped.key, tuple(shipped.chain))


@cache
def _new_chain() -> NewChain:
    return NewChain(0, tuple(read_identity(identity_path("device", "ecp256", 1)).chain))


class _Requester:
    """The requester of one conversation; tells the run what it does."""

    def __init__(self, setting: Setting, profile: Profile, random: RandomTree, run: Run) -> None:
        self.setting = setting
        self.run = run
        self._random = random
        self._options = _options(setting, profile)

    async def attest(
        self, channel: Channel, sleep: Sleep, settle: Callable[[], None] = lambda: None
    ) -> None:
        """All attestations of one connection; one that could not be told is a crash.

        ``settle`` is called after each exchange.
        """
        for _ in range(self.setting.runs):
            number = len(self.run.reports)
            recorded = _Recorder(channel, self.run, number, settle)
            random = self._random.child(number)
            begin = time.perf_counter()
            try:
                options = replace(
                    self._options,
                    padding=channel.padding,
                    records=channel.records,
                    negotiated_state=self._negotiated_state(),
                )
                generator = attest(options, random, self.setting.parts)
                report = await drive(generator, recorded, sleep=sleep, clock=lambda: 0.0)
            except Exception as error:  # noqa: BLE001 - whatever a fault does to it is the finding
                self.run.crash = f"{type(error).__name__}: {error}"
                return
            finally:
                own = time.perf_counter() - begin - recorded.seconds
                self.run.requester_seconds += own
            self.run.reports.append(report)

    def _negotiated_state(self) -> tuple[bytes, ...]:
        """What the attestation before this one had negotiated, if this one goes on with it."""
        if not (self.setting.resumed and self.run.reports):
            return ()
        return tuple(bytes.fromhex(one) for one in self.run.reports[-1].negotiated_state)


def _options(setting: Setting, profile: Profile) -> AttestOptions:
    options = replace(setting.options, roots=_roots())
    if setting.identity:
        limited = setting.limited_slots
        identity = replace(_identity(), slots=(0, *limited), usages=limited)
        if options.offer.flags & Cap.PUB_KEY_ID:
            identity = replace(identity, chain=())
        options = replace(options, identity=identity)
    if setting.new_chain:
        options = replace(options, new_chain=_new_chain())
    if not setting.public_key:
        return options
    wanted = profile.policy.algorithms.base_asym[0]
    asym = next(row for row in BASE_ASYM if row.bit == wanted)
    key = profile.device.public_key(asym)
    if not isinstance(key, PrivateKey):
        raise ConfigError(f"setting {setting.name}: the device has no public key")
    return replace(options, public_key=key.public_key_der())


class _Recorder:
    """A channel that keeps what passes; a ``Channel``.

    Attributes:
        seconds: real time that the other side took.
    """

    def __init__(
        self, channel: Channel, run: Run, attestation: int, settle: Callable[[], None]
    ) -> None:
        self.padding = channel.padding
        self.records = channel.records
        self._channel = channel
        self._run = run
        self._attestation = attestation
        self._settle = settle
        self.seconds = 0.0

    async def prompt(self, request: int, session_id: int | None) -> None:
        """As the channel's."""
        await self._channel.prompt(request, session_id)

    async def exchange(self, message: bytes, *, secured: bool = False) -> bytes:
        """As the channel's, and into the run."""
        run, begin = self._run, len(self._run.journal)
        response: bytes | None = None
        record, unread = b"", False
        started = time.perf_counter()
        try:
            response = await self._channel.exchange(message, secured=secured)
            return response
        finally:
            self._settle()
            self.seconds += time.perf_counter() - started
            if secured:
                read = run.message_of(RequestReceived, begin, message)
                message, unread = read, read is message
            if response is not None and secured != isinstance(response, OtherKind):
                record, response = response, run.message_of(ResponseSent, begin, response)
            end = len(run.journal)
            exchanged = Exchanged(self._attestation, message, response, end, record, unread)
            run.exchanges.append(exchanged)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()


def _at_once(work: Coroutine[Any, Any, AnyResult]) -> AnyResult:
    """Run what waits for nothing but virtual time."""
    try:
        work.send(None)
    except StopIteration as end:
        result: AnyResult = end.value
        return result
    work.close()
    raise RuntimeError("it waits for something real")


async def _in_process(requester: _Requester, profile: Profile, random: RandomTree) -> None:
    setting, run = requester.setting, requester.run
    faults, now = random.child("faults"), 0.0
    pcie = profile.pcie(random.child("device"))
    device = pcie.sides[0].device if pcie is not None else profile.device
    host = Host(pcie) if pcie is not None else None
    responder: Responder | None = None
    for ordinal in range(1, setting.connections + 1):
        hooks = watch(profile.hooks(faults), run.saw)
        if responder is None or setting.attach == "fresh":
            branch = random.child("connection", ordinal)
            responder = Responder(device, profile.policy, branch, hooks)
        else:
            responder.use(hooks)
            if setting.resumed:
                for effect in responder.reset(Reset.CONVENTIONAL):
                    if isinstance(effect, Emit):
                        run.note(now, ordinal, effect.event)
        channel = InProcessChannel(
            responder,
            padding=setting.padding,
            records=_RECORDS[setting.records],
            timeout=setting.timeout,
            now=now,
            observer=partial(_note, run, ordinal),
        )
        settle = partial(_settle, run, ordinal, host, channel)
        await requester.attest(channel, channel.sleep, settle)
        await channel.sleep(setting.linger)
        await channel.close()
        settle()
        now = channel.now
    run.seconds = now
    run.written = host.written if host is not None else []


def _settle(run: Run, ordinal: int, host: Host | None, channel: InProcessChannel) -> None:
    """Carry out what has come of an exchange beside its answer."""
    for event in host.settle(channel.now) if host is not None else ():
        run.note(channel.now, ordinal, event)


def _note(run: Run, ordinal: int, time: float, event: Event) -> None:
    run.note(time, ordinal, event)


async def _over_sockets(requester: _Requester, profile: Profile, seed: bytes) -> None:
    setting, run = requester.setting, requester.run
    options = ServerOptions(seed=seed, attach=Attach(setting.attach))
    loop = asyncio.get_running_loop()
    begin = loop.time()
    with ServerThread(profile, options, [parse_uri(setting.listen)], run.note) as server:
        uri = str(server.endpoints[0])
        farewell = Command.SHUTDOWN if setting.hello else None
        socket = SocketOptions(setting.timeout, setting.hello, setting.discover, farewell)
        for _ in range(setting.connections):
            try:
                channel = await open_channel(uri, options=socket)
            except ChannelError as error:
                run.reports.append(unreached("", error.kind, error.reason))
                continue
            await requester.attest(channel, asyncio.sleep)
            await asyncio.sleep(setting.linger)
            await channel.close()
    run.seconds = loop.time() - begin
