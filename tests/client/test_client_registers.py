"""The requester's DOE mailbox driver against the device's registers, in virtual time."""

import pytest
from device.mailbox_host import DISCOVER_0, DISCOVERED_0, GET_VERSION, UNKNOWN, VERSION, layout

from responder.client.channel import ChannelError
from responder.client.doe_mailbox import (
    DoeCapability,
    DoeMailbox,
    DoeMailboxChannel,
    discover,
    find_mailboxes,
)
from responder.client.registers import RegisterConfigSpace
from responder.device.pcie.interfaces import DataObjectAbandoned, DataObjectReceived, Interrupt
from responder.device.pcie.mailbox import Mailbox

BASE = 0x140


class Function:
    """Nothing but a DOE capability at 0x140, behind one that nobody asks for."""

    def __init__(self, its_layout):
        self.mailbox = Mailbox(0, its_layout)

    def config_read(self, offset, size, now):
        headers = {0x100: 0x1 | 1 << 16 | BASE << 20, BASE: 0x2E | self.mailbox.version << 16}
        inside = BASE + 4 <= offset < BASE + self.mailbox.size
        value = self.mailbox.read(offset - BASE, now) if inside else headers.get(offset, 0)
        return value.to_bytes(size, "little")

    def config_write(self, offset, data, now):
        return self.mailbox.write(offset - BASE, int.from_bytes(data, "little"), now)

    def next_due(self):
        return self.mailbox.next_due()

    def due(self, now):
        return self.mailbox.due(now)


class Device:
    """Answers objects some time after they came.

    Attributes:
        answers: what is said to each one, in turn; the last one for ever.
        takes: seconds.
        effects: all that came.
    """

    def __init__(self, *answers, takes=0.0, **made):
        self.function = Function(layout(**made))
        self.space = RegisterConfigSpace(self.function, self.serve)
        self.answers = list(answers) or [VERSION]
        self.takes = takes
        self.effects = []
        self.driver = DoeMailbox(
            self.space, DoeCapability(BASE, self.function.mailbox.version), self.space.timing
        )

    def serve(self, effect, now):
        self.effects.append(effect)
        if isinstance(effect, DataObjectReceived):
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.space.call_at(
                now + self.takes,
                lambda now: self.function.mailbox.answer(effect.exchange, answer, now),
            )
        return []


async def test_the_mailbox_is_found_and_says_its_version():
    device = Device(version=2)
    assert await find_mailboxes(device.space) == [DoeCapability(BASE, 2)]


@pytest.mark.parametrize("version", [1, 2])
async def test_discovery_finds_what_the_layout_lists(version):
    device = Device(version=version, objects=((1, 1), (1, 2), (1, 3)), max_connection_id=7)
    assert await discover(device.driver) == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert device.effects == []


@pytest.mark.parametrize("takes", [0.0, 0.2, 0.9])
async def test_an_answer_may_take_its_time(takes):
    device = Device(takes=takes)
    assert await device.driver.exchange(GET_VERSION) == VERSION
    assert takes <= device.space.now < takes + 0.01
    assert await device.driver.exchange(DISCOVER_0) == DISCOVERED_0
    assert device.effects == [DataObjectReceived(0, 1, GET_VERSION)]


async def test_a_megabyte_passes_both_ways():
    largest = b"\1\0\1\0\0\0\0\0" + bytes(range(256)) * 4095 + bytes(248)
    device = Device(largest)
    assert await device.driver.exchange(largest) == largest
    assert device.effects[0].data_object == largest


async def test_an_answer_that_comes_too_late_is_aborted_and_never_seen():
    late = b"\1\0\1\0\3\0\0\0late"
    device = Device(late, VERSION, takes=1.2)
    with pytest.raises(ChannelError, match="still Busy") as caught:
        await device.driver.exchange(GET_VERSION)
    assert caught.value.kind == "timeout"
    assert device.effects[1:] == [DataObjectAbandoned(0, 1)]
    device.takes = 0.5
    assert await device.driver.exchange(GET_VERSION) == VERSION


async def test_a_dropped_object_is_a_timeout_that_is_not_busy():
    device = Device()
    with pytest.raises(ChannelError, match="not Busy: the object was discarded"):
        await device.driver.exchange(UNKNOWN)


async def test_an_error_is_told_and_got_over():
    device = Device(policy={"unknown_object": "error", "abort_delay": 900_000})
    with pytest.raises(ChannelError, match="DOE Error after GO"):
        await device.driver.exchange(UNKNOWN)
    assert await device.driver.exchange(GET_VERSION) == VERSION
    assert device.space.now == pytest.approx(1.8, abs=0.01)


@pytest.mark.parametrize("answer", [VERSION[:12], VERSION + bytes(4), VERSION[:4]])
async def test_an_answer_of_another_length_than_declared_is_refused(answer):
    device = Device(answer, VERSION)
    with pytest.raises(ChannelError) as caught:
        await device.driver.exchange(GET_VERSION)
    assert caught.value.kind == "framing"
    assert await device.driver.exchange(GET_VERSION) == VERSION


async def test_an_answer_of_another_vendor_is_not_read_to_its_end():
    huge = bytes.fromhex("f41a010000000000") + bytes((1 << 20) - 8)
    device = Device(huge, VERSION)
    with pytest.raises(ChannelError, match="another vendor: f41a0100"):
        await device.driver.exchange(GET_VERSION)
    assert await device.driver.exchange(GET_VERSION) == VERSION


async def test_an_answer_that_ends_early_is_not_read_for_a_megabyte():
    device = Device(bytes.fromhex("0100010000000000") + bytes(4), VERSION)
    reads = []
    read = device.function.config_read
    device.function.config_read = lambda *access: reads.append(access) or read(*access)
    with pytest.raises(ChannelError, match="Ready dropped"):
        await device.driver.exchange(GET_VERSION)
    assert len(reads) < 1000
    assert await device.driver.exchange(GET_VERSION) == VERSION


async def test_spdm_passes_through_the_registers():
    channel = DoeMailboxChannel(Device().driver)
    assert await channel.exchange(bytes.fromhex("10840000")) == VERSION[8:]


async def test_effects_of_reads_and_of_time_are_carried_out_in_order():
    device = Device(policy={"discovery_delay": 300_000})
    await device.driver.abort()
    await device.space.burst([(BASE + 8, 2)])
    for dword in (1, 3, 0):
        await device.space.write32(BASE + 0x10, dword)
    happened = []
    device.space.call_at(0.2, lambda now: happened.append(("before", now)) or [])
    device.space.call_at(0.4, lambda now: happened.append(("after", now)) or [])
    device.space._serve = lambda effect, now: happened.append((effect, now)) or []
    await device.space.burst([(BASE + 8, 0x8000_0002)])
    await device.space.sleep(1.0)
    assert happened == [("before", 0.2), (Interrupt(5), 0.3), ("after", 0.4)]
    assert device.space.now == 1.0
