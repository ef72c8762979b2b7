"""Devices of a profile on a clock that stands, and our requester at their mailbox registers."""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from responder.client.config_space import ConfigSpace
from responder.client.doe_mailbox import DoeMailbox, DoeMailboxChannel, Timing, find_mailboxes
from responder.client.drive import drive
from responder.core.hooks import Hooks
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.profiles.load import load_profile
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions, Offer
from responder.requester.plan import Plan, SessionPlan
from responder.requester.tdi_options import TdiOptions
from responder.server.clock import ManualClock
from responder.server.endpoint import SpdmEndpoint
from responder.server.events import FunctionNotice
from responder.server.function_host import DeviceHost
from responder.spec.flags import Cap

FLAGS = Cap.CERT | Cap.CHAL | Cap.KEY_EX | Cap.ENCRYPT | Cap.MAC
LOCKED = ("ide-keys", "ide-go", "tdisp-lock")
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass
class FakeBus:
    """A machine with a little memory at address 0x1000."""

    ordinal: int = 7
    interrupts: list = field(default_factory=list)
    memory: bytearray = field(default_factory=lambda: bytearray(0x1000))

    def interrupt(self, vector):
        self.interrupts.append(vector)

    def _inside(self, address, size):
        return address >= 0x1000 and address + size <= 0x2000

    def memory_read(self, address, size, done):
        at = address - 0x1000
        done(bytes(self.memory[at : at + size]) if self._inside(address, size) else None)

    def memory_write(self, address, data, done):
        if self._inside(address, len(data)):
            self.memory[address - 0x1000 : address - 0x1000 + len(data)] = data
        done(self._inside(address, len(data)))


class HostConfigSpace(ConfigSpace):
    """The configuration space of a hosted function."""

    def __init__(self, function):
        self.function = function

    async def burst(self, accesses):
        found = []
        for offset, value in accesses:
            if value is None:
                found.append(int.from_bytes(self.function.config_read(offset, 4), "little"))
            else:
                self.function.config_write(offset, struct.pack("<I", value))
        return found


class Hosted:
    """A device, its clock and what observers were told."""

    def __init__(self, profile="tdisp-device", overrides=None, hooks=Hooks, *, set_up=True):
        self.profile = load_profile(profile, overrides)
        self.clock = ManualClock()
        self.events = []
        random = RandomTree(b"hosted")
        self.device = self.profile.pcie(random.child("pcie"))
        self.ends = []

        def endpoint(side):
            branch = random.child("side", side)
            responder = Responder(self.device.sides[side].device, self.profile.policy, branch)
            self.ends.append(responder)
            return SpdmEndpoint(responder, self.clock, self.events.append, settle=self.settle)

        self.host = DeviceHost(self.device, self.clock, self._tell, endpoint, hooks, set_up=set_up)

    def settle(self):
        self.host.settle()

    def _tell(self, *told):
        *_, event = told
        self.events.append(event)

    def noticed(self, what):
        """The functions of which something was noticed."""
        found = [e for e in self.events if isinstance(e, FunctionNotice) and e.what == what]
        return [event.function for event in found]

    def state(self, number):
        return self.device.functions[number].interface.state.name

    async def mailbox(self, number=0):
        async def sleep(seconds):
            self.clock.advance(seconds)

        space = HostConfigSpace(self.host.functions[number])
        (capability, *_) = await find_mailboxes(space)
        return DoeMailbox(space, capability, Timing(self.clock.now, sleep))

    async def attest(self, number=0, steps=(), *, end=True, stream=None, channel=None):
        """Open a session at a function's mailbox and do some steps in it."""
        channel = channel or DoeMailboxChannel(await self.mailbox(number))
        stream = number if stream is None else stream
        options = AttestOptions(
            roots=tuple(shipped_roots().values()),
            time=NOW,
            padding=channel.padding,
            records=channel.records,
            offer=Offer(flags=FLAGS),
            plan=Plan(("authenticate",), (SessionPlan(tuple(steps), end=end),)),
            tdi=TdiOptions(function_id=0x0100 + number, stream_id=stream),
        )
        sleep = partial(self._sleep)
        return await drive(attest(options, RandomTree(b"it")), channel, sleep=sleep)

    async def _sleep(self, seconds):
        self.clock.advance(seconds)
