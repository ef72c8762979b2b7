"""Conversations through the mailbox registers of a PCI Express function, in virtual time."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from responder.campaign.registers import Registers
from responder.campaign.run import Run
from responder.campaign.setting import Setting
from responder.campaign.watching import watch
from responder.client.channel import Channel, ChannelError
from responder.client.config_space import COMMAND_STATUS, Access, find_capability
from responder.client.doe_mailbox import DoeMailboxChannel, spdm_mailbox
from responder.client.drive import Sleep
from responder.client.pci import MSIX_CAPABILITY, MSIX_ENABLE
from responder.client.registers import RegisterConfigSpace
from responder.core.events import Event
from responder.core.hooks import Hooks
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.interfaces import FunctionEffect
from responder.errors import ConfigError
from responder.profiles.load import Profile
from responder.requester.attestation import unreached
from responder.server.clock import ManualClock
from responder.server.endpoint import SpdmEndpoint
from responder.server.function_host import DeviceHost, FunctionHost
from responder.spec.pcie import Command

Attest = Callable[[Channel, Sleep], Awaitable[None]]


class _Bus:
    """Where the function is; keeps the interrupts that it signals. A ``Bus``."""

    ordinal = 1

    def __init__(self, registers: Registers) -> None:
        self._registers = registers

    def interrupt(self, vector: int) -> None:
        """Keep it."""
        self._registers.interrupts.append(vector)

    def memory_read(self, address: int, size: int, done: Callable[[bytes | None], None]) -> None:
        """There is no memory."""
        del address, size
        done(None)

    def memory_write(self, address: int, data: bytes, done: Callable[[bool], None]) -> None:
        """There is no memory."""
        del address, data
        done(False)


class _Hosted:
    """A hosted function and the clock of its host; ``ConfigRegisters``."""

    def __init__(self, host: FunctionHost, clock: ManualClock) -> None:
        self._host = host
        self._clock = clock

    def config_read(self, offset: int, size: int, now: float) -> bytes:
        """The bytes at an offset."""
        self.due(now)
        return self._host.config_read(offset, size)

    def config_write(self, offset: int, data: bytes, now: float) -> Sequence[FunctionEffect]:
        """Write bytes at an offset; the host carries out what comes of it."""
        self.due(now)
        self._host.config_write(offset, data)
        return ()

    def next_due(self) -> float | None:
        """When the clock has a call to make."""
        return self._clock.next_at()

    def due(self, now: float) -> Sequence[FunctionEffect]:
        """Move the clock on."""
        self._clock.advance(now - self._clock.now())
        return ()


class _Space(RegisterConfigSpace):
    """The configuration space as the requester's driver uses it, which is kept."""

    def __init__(
        self, hosted: _Hosted, registers: Registers, name: Callable[[int], str], now: float
    ) -> None:
        super().__init__(hosted, _done_by_host, now)
        self._registers = registers
        self._name = name

    async def burst(self, accesses: Sequence[Access]) -> list[int]:
        """As before, a register at a time."""
        values = await super().burst(accesses)
        reads = iter(values)
        for offset, value in accesses:
            name = self._name(offset)
            if value is None:
                self._registers.read(name, next(reads))
            else:
                self._registers.written(name, value, self.now)
        return values


def _done_by_host(effect: FunctionEffect, now: float) -> Sequence[FunctionEffect]:
    del effect, now
    return ()


async def at_mailbox(
    setting: Setting, run: Run, profile: Profile, random: RandomTree, attest: Attest
) -> None:
    """Find the mailbox of function 0 of a new device, and attest there; once per connection.

    Args:
        setting: the conversation.
        run: takes what happens.
        profile: its device; each connection finds the same one.
        random: the root of the run's tree.
        attest: holds the attestations of one connection.

    Raises:
        ConfigError: the profile has no function with SPDM.
    """
    clock = ManualClock()
    host = _device(profile, run, random, clock)
    function = host.functions[0]
    for ordinal in range(1, setting.connections + 1):
        run.registers = Registers()
        bus = _Bus(run.registers)
        bus.ordinal = ordinal
        function.bus = bus
        name = host.device.functions[0].register_name
        space = _Space(_Hosted(function, clock), run.registers, name, run.seconds)
        try:
            await _enable(space)
            mailbox = await spdm_mailbox(space, space.timing)
        except ChannelError as error:
            run.reports.append(unreached("", error.kind, error.reason))
        else:
            await attest(DoeMailboxChannel(mailbox), space.sleep)
        await space.sleep(setting.linger)
        function.bus = None
        run.seconds = space.now
    host.close()


def _device(profile: Profile, run: Run, random: RandomTree, clock: ManualClock) -> DeviceHost:
    """The device of a profile, whose functions meet its faults."""
    branch = random.child("connection", 1)
    device = profile.pcie(branch.child("pcie"))
    if device is None or device.side_of(0) is None:
        raise ConfigError(f"profile {profile.name} has no function with SPDM")

    def endpoint(side: int) -> SpdmEndpoint:
        own = branch if side == 0 else branch.child("function", side)
        responder = Responder(device.sides[side].device, profile.policy, own, Hooks())
        emit = partial(_emit, run, clock)
        return SpdmEndpoint(responder, clock, emit, settle=host.settle)

    def hooks() -> Hooks:
        return watch(profile.hooks(random.child("faults")), run.saw)

    host = DeviceHost(device, clock, run.note, endpoint, hooks)
    return host


def _emit(run: Run, clock: ManualClock, event: Event) -> None:
    run.note(clock.now(), 0, event)


async def _enable(space: RegisterConfigSpace) -> None:
    """Let the function signal interrupts, as a driver does."""
    await space.write32(COMMAND_STATUS, Command.BUS_MASTER)
    offset = await find_capability(space, MSIX_CAPABILITY)
    if offset is not None:
        await space.write32(offset, MSIX_ENABLE)
