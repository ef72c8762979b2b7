"""The requester's DOE mailbox against a register model of its own (PCIe 6.2 7.9.24)."""

import asyncio
import struct
from dataclasses import dataclass, field

import pytest

from responder.client.channel import ChannelError
from responder.client.doe_mailbox import (
    ConfigSpace,
    DoeCapability,
    DoeMailbox,
    DoeMailboxChannel,
    Timing,
    discover,
    find_mailboxes,
    spdm_mailbox,
)
from responder.requester.steps import OtherKind

BASE = 0x140
BUSY, ERROR, READY = 0x1, 0x4, 0x8000_0000
# As an independent implementation sent them in PCI_DOE runs over the socket (version 1.0).
GET_VERSION = bytes.fromhex("10840000")
GET_VERSION_OBJECT = bytes.fromhex("010001000300000010840000")
VERSION_OBJECT = bytes.fromhex("01000100040000001004000000010010")
CAPABILITIES_OBJECT = bytes.fromhex("0100010005000000106100000000000037000000")
DISCOVERY = {
    bytes.fromhex("010000000300000000000000"): bytes.fromhex("010000000300000001000001"),
    bytes.fromhex("010000000300000001000000"): bytes.fromhex("010000000300000001000102"),
    bytes.fromhex("010000000300000002000000"): bytes.fromhex("010000000300000001000200"),
}


class VirtualTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Plan:
    """What the model does with one GO."""

    answer: bytes | None = VERSION_OBJECT
    ready_after: float = 0.0
    error: bool = False
    drop_after: int | None = None
    error_after: int | None = None


@dataclass
class Model(ConfigSpace):
    """The registers of one DOE instance at ``BASE``; any other DW comes from ``headers``."""

    time: VirtualTime = field(default_factory=VirtualTime)
    plans: list = field(default_factory=lambda: [Plan()])
    headers: dict = field(default_factory=dict)
    abort_takes: float = 0.0
    abort_leaves: int = 0
    gone: bool = False
    objects: list = field(default_factory=list)
    aborts: int = 0
    written: bytearray = field(default_factory=bytearray)
    answer: bytes = b""
    popped: int = 0
    status: int = 0
    busy_until: float = 0.0
    went: asyncio.Event = field(default_factory=asyncio.Event)
    plan: Plan = field(default_factory=Plan)

    async def burst(self, accesses):
        values = []
        for offset, value in accesses:
            assert offset % 4 == 0
            if value is None:
                values.append(0xFFFFFFFF if self.gone else self.load(offset - BASE, offset))
            elif not self.gone:
                self.store(offset - BASE, value)
        return values

    def load(self, register, offset):
        if register == 0x0C:
            return self.now_status()
        if register == 0x14:
            if not self.now_status() & READY:
                return 0
            return int.from_bytes(self.answer[4 * self.popped : 4 * self.popped + 4], "little")
        return self.headers.get(offset, 0)

    def now_status(self):
        if self.time.now < self.busy_until:
            return BUSY
        return self.status

    def store(self, register, value):
        if register == 0x08 and value & 1:
            self.aborts += 1
            self.written.clear()
            self.status = self.abort_leaves
            self.busy_until = self.time.now + self.abort_takes
        elif register == 0x08 and value & 0x8000_0000:
            self.go()
        elif register == 0x10:
            self.written += value.to_bytes(4, "little")
        elif register == 0x14:
            self.pop()

    def go(self):
        self.went.set()
        self.objects.append(bytes(self.written))
        self.written.clear()
        self.plan = self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]
        self.popped = 0
        if self.plan.error:
            self.status = ERROR
        elif self.plan.answer is not None:
            answer = self.plan.answer
            self.answer = answer(self.objects[-1]) if callable(answer) else answer
            self.status = READY
        self.busy_until = self.time.now + self.plan.ready_after

    def pop(self):
        if not self.now_status() & READY:
            self.status |= ERROR
            return
        self.popped += 1
        if self.popped * 4 >= len(self.answer) or self.popped == self.plan.drop_after:
            self.status &= ~READY
        if self.popped == self.plan.error_after:
            self.status |= ERROR


def mailbox_of(model, version=1):
    timing = Timing(model.time.clock, model.time.sleep)
    return DoeMailbox(model, DoeCapability(BASE, version), timing)


async def refused(mailbox, kind, reason, data_object=GET_VERSION_OBJECT):
    with pytest.raises(ChannelError, match=reason) as caught:
        await mailbox.exchange(data_object)
    assert caught.value.kind == kind


@pytest.mark.parametrize("ready_after", [0.0, 0.004, 0.9])
async def test_an_object_is_exchanged_whether_ready_comes_at_once_or_late(ready_after):
    model = Model(plans=[Plan(ready_after=ready_after)])
    assert await mailbox_of(model).exchange(GET_VERSION_OBJECT) == VERSION_OBJECT
    assert model.objects == [GET_VERSION_OBJECT]
    assert model.status == 0
    assert ready_after <= model.time.now < ready_after + 0.01


async def test_a_used_mailbox_is_aborted_once_and_then_only_after_trouble():
    model = Model(plans=[Plan(), Plan(answer=CAPABILITIES_OBJECT), Plan(error=True), Plan()])
    mailbox = mailbox_of(model)
    await mailbox.exchange(GET_VERSION_OBJECT)
    assert await mailbox.exchange(GET_VERSION_OBJECT) == CAPABILITIES_OBJECT
    assert model.aborts == 1
    await refused(mailbox, "framing", "DOE Error after GO, status 0x00000004")
    assert model.aborts == 2
    assert await mailbox.exchange(GET_VERSION_OBJECT) == VERSION_OBJECT
    assert model.aborts == 2


async def test_what_another_user_half_wrote_is_thrown_away():
    model = Model(written=bytearray(b"\1\0\0\0"))
    await mailbox_of(model).exchange(GET_VERSION_OBJECT)
    assert model.objects == [GET_VERSION_OBJECT]


async def test_an_exchange_that_was_cancelled_leaves_nothing_to_the_next():
    model = Model(plans=[Plan(ready_after=0.5), Plan(answer=CAPABILITIES_OBJECT)])
    mailbox = mailbox_of(model)
    task = asyncio.create_task(mailbox.exchange(GET_VERSION_OBJECT))
    await model.went.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await mailbox.exchange(GET_VERSION_OBJECT) == CAPABILITIES_OBJECT


async def test_two_exchanges_at_once_do_not_mix():
    model = Model(plans=[Plan(ready_after=0.1), Plan(answer=CAPABILITIES_OBJECT, ready_after=0.1)])
    mailbox = mailbox_of(model)
    answers = await asyncio.gather(*(mailbox.exchange(GET_VERSION_OBJECT) for _ in range(2)))
    assert answers == [VERSION_OBJECT, CAPABILITIES_OBJECT]


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (Plan(ready_after=99), "no answer in 1 s, still Busy"),
        (Plan(answer=None), "no answer in 1 s, not Busy: the object was discarded"),
    ],
)
async def test_silence_ends_after_one_second_and_the_mailbox_recovers(plan, reason):
    model = Model(plans=[plan, Plan()])
    mailbox = mailbox_of(model)
    await refused(mailbox, "timeout", reason)
    assert 1.0 <= model.time.now < 1.01
    assert await mailbox.exchange(GET_VERSION_OBJECT) == VERSION_OBJECT


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (Plan(drop_after=1), "Ready dropped within the answer"),
        (Plan(drop_after=2), "Ready dropped within the answer"),
        (Plan(drop_after=3), "Ready dropped within the answer"),
        (Plan(error_after=1), "Error is set after 16 bytes"),
        (Plan(error_after=4), "Error is set after 16 bytes"),
        (Plan(answer=VERSION_OBJECT + bytes(4)), "Ready is set after 16 bytes"),
        (Plan(answer=VERSION_OBJECT[:12]), "Ready dropped within the answer"),
        (Plan(answer=VERSION_OBJECT[:4]), "Ready dropped within the answer"),
        (Plan(answer=b"\1\0\1\0" + b"\1\0\0\0"), "DOE length 1 DW is less than its header"),
        (Plan(answer=b"\1\0\1\0" + b"\4\0\4\0" + bytes(8)), "reserved bits of the DOE length"),
    ],
)
async def test_an_answer_of_another_length_than_declared_is_refused(plan, reason):
    model = Model(plans=[plan, Plan()])
    mailbox = mailbox_of(model)
    await refused(mailbox, "framing", reason)
    assert await mailbox.exchange(GET_VERSION_OBJECT) == VERSION_OBJECT


async def test_an_object_may_be_nothing_but_its_header():
    empty = b"\1\0\1\0\2\0\0\0"
    model = Model(plans=[Plan(answer=empty)])
    assert await mailbox_of(model).exchange(empty) == empty
    assert model.objects == [empty]


async def test_length_zero_means_a_megabyte():
    largest = b"\1\0\1\0\0\0\0\0" + bytes(range(256)) * 4095 + bytes(248)
    model = Model(plans=[Plan(answer=largest)])
    assert await mailbox_of(model).exchange(GET_VERSION_OBJECT) == largest


@pytest.mark.parametrize("data_object", [b"", GET_VERSION_OBJECT[:8], GET_VERSION_OBJECT + b"\0"])
async def test_only_whole_objects_are_sent(data_object):
    model = Model()
    await refused(mailbox_of(model), "framing", "DOE", data_object)
    assert model.objects == []


async def test_an_abort_may_take_most_of_a_second():
    model = Model(abort_takes=0.9)
    assert await mailbox_of(model).exchange(GET_VERSION_OBJECT) == VERSION_OBJECT


@pytest.mark.parametrize("leaves", [BUSY, ERROR])
async def test_a_mailbox_that_two_aborts_do_not_free_is_given_up(leaves):
    model = Model(abort_leaves=leaves)
    mailbox = mailbox_of(model)
    await refused(mailbox, "closed", f"status {leaves:#010x} one second after 2 aborts")
    assert (model.aborts, model.objects) == (2, [])
    await refused(mailbox, "closed", "given up earlier")
    assert model.aborts == 2


async def test_an_abort_that_fails_after_an_error_says_both():
    model = Model(plans=[Plan(error=True)])
    mailbox = mailbox_of(model)
    await mailbox.abort()
    model.abort_leaves = BUSY
    await refused(mailbox, "closed", "Error after GO.*then the abort failed: status 0x00000001")


async def test_ready_before_any_request_is_refused_unless_an_abort_clears_it():
    model = Model(status=READY, answer=VERSION_OBJECT)
    assert await mailbox_of(model).exchange(GET_VERSION_OBJECT) == VERSION_OBJECT
    model = Model(abort_leaves=READY)
    await refused(mailbox_of(model), "framing", "Ready is set before any request")
    assert model.objects == []


async def test_a_device_that_is_gone_is_closed_at_once():
    model = Model()
    mailbox = mailbox_of(model)
    await mailbox.exchange(GET_VERSION_OBJECT)
    model.gone = True
    await refused(mailbox, "closed", "all ones")
    assert model.time.now == 0


async def test_discovery_of_the_captured_list():
    model = Model(plans=[Plan(answer=lambda asked: DISCOVERY[asked])])
    assert await discover(mailbox_of(model)) == [(1, 0), (1, 1), (1, 2)]
    assert model.objects == list(DISCOVERY)


@pytest.mark.parametrize("capability_version", [2, 3])
async def test_discovery_says_version_2_to_a_capability_of_version_2_and_reads_its_second_dw(
    capability_version,
):
    answer = bytes.fromhex("01000000040000000100010000000400")
    model = Model(plans=[Plan(answer=answer)])
    assert await discover(mailbox_of(model, capability_version)) == [(1, 1)]
    assert model.objects == [bytes.fromhex("010000000300000000020000")]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("010000000300000001000101", "returns to index 1"),
        ("0100000003000000ffffff00", "index 0 is beyond"),
        ("01000000040000000100010000000400", "the capability is version 1"),
        ("0100000002000000", "response of 0 bytes"),
        ("0100000005000000010001000000000000000000", "response of 12 bytes"),
        ("010001000300000001000100", "answered by object 0100010003000000"),
    ],
)
async def test_discovery_refuses_what_is_no_list(answer, reason):
    model = Model(plans=[Plan(answer=bytes.fromhex(answer))])
    with pytest.raises(ChannelError, match=reason) as caught:
        await discover(mailbox_of(model))
    assert caught.value.kind == "framing"


async def test_a_discovery_request_is_sent_twice_and_not_three_times():
    good = Plan(answer=lambda asked: DISCOVERY[asked])
    model = Model(plans=[Plan(error=True), good])
    assert len(await discover(mailbox_of(model))) == 3
    model = Model(plans=[Plan(error=True), Plan(error=True), good])
    with pytest.raises(ChannelError, match="Error after GO"):
        await discover(mailbox_of(model))
    assert len(model.objects) == 2


def header(capability, version, following):
    return capability | version << 16 | following << 20


async def test_the_mailbox_is_found_behind_other_capabilities_and_all_are_listed():
    model = Model(
        headers={
            0x100: header(0x01, 2, 0x140),
            0x140: header(0x2E, 1, 0x2A0),
            0x2A0: header(0x0E, 1, 0x108),
            0x108: header(0x2E, 2, 0),
        }
    )
    assert await find_mailboxes(model) == [DoeCapability(0x140, 1), DoeCapability(0x108, 2)]


@pytest.mark.parametrize("headers", [{}, {0x100: 0xFFFFFFFF}, {0x100: header(0x01, 2, 0)}])
async def test_a_function_without_a_mailbox_has_none(headers):
    assert await find_mailboxes(Model(headers=headers)) == []


@pytest.mark.parametrize("following", [0x100, 0x140, 0x0FC, 0x004])
async def test_a_capability_list_in_a_circle_or_out_of_bounds_is_refused(following):
    model = Model(headers={0x100: header(1, 1, 0x140), 0x140: header(2, 1, following)})
    with pytest.raises(ChannelError, match=f"points to {following:#x}"):
        await find_mailboxes(model)


class Side(ConfigSpace):
    """Two mailboxes of one function: the second lies 0x40 above the first."""

    def __init__(self, *models):
        self.models = models

    async def burst(self, accesses):
        read = []
        for offset, value in accesses:
            second = offset >= BASE + 0x40
            shifted = offset - 0x40 if second else offset
            read += await self.models[second].burst([(shifted, value)])
        return read


def lists(*objects):
    """A model whose discovery lists these (VendorID, Type)."""
    chain = [*range(1, len(objects)), 0]
    entries = [
        struct.pack("<3I", 1, 3, vendor | kind << 16 | following << 24)
        for (vendor, kind), following in zip(objects, chain, strict=True)
    ]
    return Model(plans=[Plan(answer=lambda asked: entries[asked[8]])])


async def spdm_mailbox_of(*models):
    # The lists end in the second model.
    models[0].headers = {0x100: header(1, 1, 0x140), 0x140: header(0x2E, 1, 0x180)}
    models[1].headers = {0x140: header(0x2E, 1, 0)}
    return await spdm_mailbox(Side(*models), Timing(sleep=models[0].time.sleep))


async def test_the_mailbox_of_spdm_is_the_first_that_lists_it():
    found = await spdm_mailbox_of(lists((1, 0), (0x1E98, 0)), lists((1, 0), (1, 1), (1, 2)))
    assert found.capability == DoeCapability(0x180, 1)
    found = await spdm_mailbox_of(lists((1, 0), (1, 1)), lists((1, 0), (1, 1)))
    assert found.capability == DoeCapability(0x140, 1)


async def test_mailboxes_without_spdm_are_told():
    with pytest.raises(
        ChannelError, match=r"lists no SPDM, but \[\[\(1, 0\)\], \[\(1, 0\), "
    ) as caught:
        await spdm_mailbox_of(lists((1, 0)), lists((1, 0), (2, 1)))
    assert caught.value.kind == "framing"


async def test_a_function_without_mailboxes_is_told():
    with pytest.raises(ChannelError, match="there is no DOE capability"):
        await spdm_mailbox(Model())


async def test_the_channel_carries_messages_without_their_object_header():
    model = Model(plans=[Plan(), Plan(answer=CAPABILITIES_OBJECT)])
    channel = DoeMailboxChannel(mailbox_of(model))
    assert channel.padding == 3
    assert await channel.exchange(GET_VERSION) == bytes.fromhex("1004000000010010")
    assert await channel.exchange(b"\x10\xe1\0\0\x5a") == CAPABILITIES_OBJECT[8:]
    assert model.objects[0] == GET_VERSION_OBJECT
    assert model.objects[1] == bytes.fromhex("010001000400000010e100005a000000")
    await channel.close()
    await channel.close()


@pytest.mark.parametrize("first", ["01000000", "02000100"])
async def test_the_channel_refuses_an_answer_that_is_no_spdm_object(first):
    answer = bytes.fromhex(first) + struct.pack("<I", 3) + bytes(4)
    channel = DoeMailboxChannel(mailbox_of(Model(plans=[Plan(answer=answer)])))
    with pytest.raises(ChannelError) as caught:
        await channel.exchange(GET_VERSION)
    assert caught.value.kind == "framing"


@pytest.mark.parametrize("secured", [True, False])
async def test_the_channel_carries_records_and_tells_the_other_kind_apart(secured):
    answer = bytes.fromhex("01000200") + struct.pack("<I", 3) + bytes(4)
    model = Model(plans=[Plan(answer=answer)])
    answered = await DoeMailboxChannel(mailbox_of(model)).exchange(GET_VERSION, secured=secured)
    assert model.objects[0][2] == (2 if secured else 1)
    assert answered == bytes(4)
    assert isinstance(answered, OtherKind) is not secured


async def test_the_channel_refuses_a_message_that_no_object_holds():
    with pytest.raises(ChannelError, match="do not fit"):
        await DoeMailboxChannel(mailbox_of(Model())).exchange(bytes(1 << 20))
