"""Functions in the loop: our requester at their registers, a bus, resets, events from outside."""

from dataclasses import dataclass, field

import pytest
from function_hosts import LOCKED, FakeBus, HostConfigSpace, Hosted

from responder.client.channel import ChannelError
from responder.core.hooks import Frame, Hooks, Write
from responder.core.ownership import Reset
from responder.server.device_control import DeviceControl
from responder.server.events import (
    BytesReceived,
    BytesSent,
    FunctionNotice,
    WireClosed,
    WireOpened,
)
from responder.spec.pcie import DeviceControl as DevCtl

GET_VERSION = bytes.fromhex("0100010003000000") + bytes.fromhex("10840000")
BUSY, ERROR, READY = 1, 4, 1 << 31
CONTROL, STATUS, WRITE, READ = range(0x1A4, 0x1B4, 4)  # of function 0
SLOW = {"timing": {"takes": {"GET_DIGESTS": 90_000}}}
GET_DIGESTS = bytes.fromhex("0100010003000000") + bytes.fromhex("14810000")


def at(hosted, number, name):
    """Where a function has a register."""
    function = hosted.device.functions[number]
    return next(offset for offset in range(4096) if function.register_name(offset) == name)


def read(function, offset):
    return int.from_bytes(function.config_read(offset, 4), "little")


def write(function, offset, value):
    function.config_write(offset, value.to_bytes(4, "little"))


def send(function, data_object, control=1 << 31):
    for at in range(0, len(data_object), 4):
        function.config_write(WRITE, data_object[at : at + 4])
    write(function, CONTROL, control)


def receive(function):
    words = []
    while read(function, STATUS) & READY:
        words.append(function.config_read(READ, 4))
        write(function, READ, 0)
    return b"".join(words)


@pytest.mark.parametrize("number", [0, 3])
async def test_each_function_attests_with_its_own_chain(number):
    report = await Hosted().attest(number, ["measurements"])
    assert report.verdict == "attested"
    names = [name.value for name in report.identity.other_names]
    assert any(name.endswith(f":000000005bd0000{number}") for name in names)


async def test_busy_is_seen_while_a_response_takes_its_time():
    hosted = Hosted(overrides=SLOW)
    assert (await hosted.attest()).verdict == "attested"
    function = hosted.host.functions[0]
    send(function, GET_DIGESTS)
    assert read(function, STATUS) & (BUSY | READY) == BUSY
    hosted.clock.advance(0.08)
    assert read(function, STATUS) & (BUSY | READY) == BUSY
    hosted.clock.advance(0.02)
    assert read(function, STATUS) & (BUSY | READY) == READY
    assert receive(function)[8:10] == b"\x14\x01"


async def test_nothing_of_an_aborted_exchange_comes_back():
    hosted = Hosted(overrides=SLOW)
    await hosted.attest()
    function = hosted.host.functions[0]
    send(function, GET_DIGESTS)
    assert read(function, STATUS) & BUSY
    write(function, CONTROL, 1)
    assert read(function, STATUS) & (BUSY | ERROR | READY) == 0
    send(function, GET_VERSION)
    assert receive(function)[8:10] == b"\x10\x04"
    hosted.clock.advance(1)
    assert read(function, STATUS) & (BUSY | ERROR | READY) == 0


async def test_an_object_that_spdm_does_not_know_is_dropped():
    hosted = Hosted(overrides={"mailbox": {"reserved_bits": "ignore"}})
    function = hosted.host.functions[0]
    send(function, GET_VERSION[:2] + b"\x02" + GET_VERSION[3:])  # a record of no session
    assert read(function, STATUS) & (BUSY | ERROR | READY) == 0
    mailbox = await hosted.mailbox()
    with pytest.raises(ChannelError, match="the object was discarded"):
        await mailbox.exchange(bytes.fromhex("010007000300000000000000"))


async def test_a_lock_lasts_while_its_session_does():
    hosted = Hosted()
    assert (await hosted.attest(1, LOCKED, end=False)).verdict == "attested"
    assert hosted.state(1) == "CONFIG_LOCKED"
    await hosted.attest(1, [])
    assert hosted.state(1) == "ERROR"
    assert hosted.noticed("tdi-error") == [1]
    told = [event.state for event in hosted.events if isinstance(event, FunctionNotice)]
    assert [state for state in told if state] == ["CONFIG_LOCKED", "ERROR"]


async def test_a_function_level_reset_ends_the_session_of_its_function_alone():
    hosted = Hosted()
    for number in (1, 2):
        await hosted.attest(number, LOCKED, end=False)
    function = hosted.host.functions[1]
    control = at(hosted, 1, "pcie.device_control")
    function.config_write(control, int(DevCtl.INITIATE_FLR).to_bytes(2, "little"))
    assert [len(one.connection.sessions) for one in hosted.ends] == [0, 1]
    assert [hosted.state(1), hosted.state(2)] == ["ERROR", "CONFIG_LOCKED"]
    assert hosted.noticed("reset") == [1]


async def test_a_reset_of_the_physical_function_ends_everything():
    hosted = Hosted()
    for number in (1, 2):
        await hosted.attest(number, LOCKED, end=False)
    hosted.host.functions[0].reset(Reset.CONVENTIONAL)
    assert [len(one.connection.sessions) for one in hosted.ends] == [0, 0]
    assert [hosted.state(1), hosted.state(2)] == ["CONFIG_UNLOCKED"] * 2
    assert hosted.noticed("reset") == [0, 1, 2, 3, 4]


async def test_a_shared_endpoint_outlasts_the_reset_of_a_virtual_function():
    shared = {"pcie": {"cma": "shared"}, "function": []}
    hosted = Hosted(overrides=shared)
    await hosted.attest(0, LOCKED, end=False)
    hosted.host.functions[2].reset(Reset.FUNCTION_LEVEL)
    assert len(hosted.ends[0].connection.sessions) == 1
    assert hosted.host.functions[2].endpoint is hosted.host.functions[0].endpoint


class TestOnABus:
    def plugged(self, number=1):
        hosted = Hosted()
        function, bus = hosted.host.functions[number], FakeBus()
        function.bus = bus
        function.config_write(at(hosted, number, "msix.control"), b"\0\x80")
        return hosted, function, bus

    def test_an_interrupt_arrives_on_ready(self):
        _, function, bus = self.plugged(0)
        send(function, GET_VERSION, control=1 << 31 | 1 << 1)  # GO, and interrupts enabled
        assert bus.interrupts == [0]

    async def test_dma_works_while_the_interface_runs_and_no_longer(self):
        hosted, function, bus = self.plugged()
        device = hosted.device.functions[1]
        registers = device.memory.dma.registers.map.registers
        names = {name: register.offset for name, register in registers.items()}

        def fill(value):
            for name, word in (("destination", 0x1000), ("length", 16), ("pattern", value)):
                function.bar_write(0, names[f"dma.{name}"], word.to_bytes(4, "little"))
            function.bar_write(0, names["dma.command"], (2).to_bytes(4, "little"))
            return bytes(bus.memory[:16])

        assert fill(0x11111111) == bytes(16)
        await hosted.attest(1, [*LOCKED, "tdisp-start"], end=False)
        assert fill(0x22222222) == b"\x22" * 16
        hosted.host.device.fail_interface(1, "for a test")
        hosted.host.settle()
        assert hosted.state(1) == "ERROR"
        assert fill(0x33333333) == b"\x22" * 16

    def test_a_client_that_leaves_takes_its_exchange_with_it(self):
        _, function, _ = self.plugged(0)
        send(function, GET_VERSION)
        function.bus = None
        function.reset(Reset.CONVENTIONAL)
        assert read(function, STATUS) & (BUSY | ERROR | READY) == 0


@dataclass
class Served:
    """A server's side of ``DeviceControl``: devices, and which resets of everything there were."""

    devices: list
    resets: list = field(default_factory=list)

    def reset(self, reset):
        self.resets.append(("everything", reset))

    def apply_waiting(self, reset):
        self.resets.append(("what waits", reset))


class TestEventsFromOutside:
    async def locked(self):
        hosted = Hosted()
        await hosted.attest(1, LOCKED, end=False)
        return hosted, DeviceControl(Served([hosted.host]), 5)

    async def test_an_interface_fails(self):
        hosted, control = await self.locked()
        control.fail_interface(1, "as asked")
        assert hosted.state(1) == "ERROR"

    async def test_a_stream_goes_insecure(self):
        hosted, control = await self.locked()
        control.fail_stream(1)
        assert hosted.state(1) == "ERROR"

    async def test_the_link_goes_down(self):
        hosted, control = await self.locked()
        control.link_down()
        assert hosted.state(1) == "CONFIG_UNLOCKED"
        assert "link-down" in [getattr(event, "what", "") for event in hosted.events]

    async def test_a_reset(self):
        hosted, control = await self.locked()
        control.reset(Reset.FUNCTION_LEVEL, 1)
        assert hosted.state(1) == "ERROR"

    async def test_the_physical_function_meddles_and_is_refused(self):
        hosted, control = await self.locked()
        control.configure(1, 0x55)
        assert hosted.state(1) == "CONFIG_LOCKED"
        assert hosted.noticed("configuration-refused") == [1]


class Padded(Hooks):
    """Data objects end in a DW of 0xFF more."""

    def frame(self, link, frame: Frame):
        del link
        assert (frame.framing, frame.binding, frame.kind) == ("mailbox", "doe", "spdm")
        longer = frame.data[:4] + bytes([frame.data[4] + 1]) + frame.data[5:] + b"\xff" * 4
        return [Write(longer)]


async def test_hooks_change_data_objects_of_a_client():
    hosted = Hosted(hooks=Padded)
    function = hosted.host.functions[0]
    function.bus = FakeBus()
    send(function, GET_VERSION)
    assert receive(function).endswith(b"\xff" * 4)
    function.bus = None
    send(function, GET_VERSION)
    assert not receive(function).endswith(b"\xff" * 4)


DISCOVERY = bytes.fromhex("010000000300000000000000")


async def test_observers_are_told_of_data_objects():
    hosted = Hosted()
    hosted.host.wire = iter([5, 6]).__next__
    function = hosted.host.functions[0]
    function.bus = FakeBus()
    found = []
    for sent in (DISCOVERY, GET_VERSION):
        send(function, sent)
        hosted.clock.advance(1.0)
        found += [BytesReceived(5, sent), BytesSent(5, receive(function))]
    function.bus = FakeBus()
    send(function, GET_VERSION)
    kinds = WireOpened | BytesReceived | BytesSent | WireClosed
    told = [event for event in hosted.events if isinstance(event, kinds)]
    assert told == [
        WireOpened(5, "mailbox", "", "function 0, mailbox 0"),
        *found,
        WireClosed(5, "the client has left"),
        WireOpened(6, "mailbox", "", "function 0, mailbox 0"),
        BytesReceived(6, GET_VERSION),
        BytesSent(6, receive(function)),
    ]
    assert found[1].data.startswith(DISCOVERY[:4])


async def test_registers_are_read_by_whole_words():
    hosted = Hosted()
    space = HostConfigSpace(hosted.host.functions[0])
    assert await space.read32(0) == 0x5BD01B36
