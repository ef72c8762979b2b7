"""Faults at registers: which access of which exchange, what becomes of it, and what is told."""

import pytest
from faults.engines import engine, fault

from responder.core.hooks import Access
from responder.faults.memory import FaultMemory
from responder.faults.registers import Occupied

BUSY, INTERRUPT, ERROR, READY = 0x1, 0x2, 0x4, 0x8000_0000
ABORT, GO = 0x1, 0x8000_0000
DISCOVER = (0x0000_0001, 3, 0)
GET_VERSION = (0x0001_0001, 3, 0x0000_8410)
GET_DIGESTS = (0x0001_0001, 3, 0x0000_8112)
SECURED = (0x0002_0001, 4, 0xFFFF_0000, 0x1234_8112)


class Software:
    """Accesses a mailbox's registers, whose values are given, and keeps the evidence."""

    def __init__(self, *actions, prefix="doe", **keys):
        self.memory = FaultMemory()
        spec = fault(hook="register", action=list(actions), **keys) if actions else fault(**keys)
        self.hooks = engine(spec, memory=self.memory)
        self.prefix = prefix
        self.vector = None
        self.evidence = []

    def access(self, register, value, *, write):
        access = Access(f"{self.prefix}.{register}", 0, write, value, vector=self.vector)
        after = self.hooks.register(access)
        self.evidence += access.evidence
        return after

    def read(self, register, value=0):
        return self.access(register, value, write=False).value

    def status(self, value=0):
        return self.read("status", value)

    def write(self, register, value=0):
        return self.access(register, value, write=True)

    def go(self, data_object):
        written = [self.write("write_mailbox", dword) for dword in data_object]
        self.write("control", GO)
        return written

    def abort(self):
        self.write("control", ABORT)


SET_BUSY = {"do": "set", "field": "value", "value": BUSY}
UNTIL_ABORT = {"scope": "exchange", "after": ["mailbox:GO"], "until": ["mailbox:ABORT"]}


def test_an_exchange_begins_with_the_first_dw_after_go_or_abort():
    occupied = Occupied()
    assert [occupied.written(dword) for dword in GET_VERSION] == [True, False, False]
    assert (occupied.kind, occupied.message) == ("spdm", "GET_VERSION")
    occupied.end()
    assert (occupied.kind, occupied.message) == ("spdm", "GET_VERSION"), "it is being answered"
    assert occupied.written(DISCOVER[0])
    assert (occupied.kind, occupied.message) == ("discovery", "")
    occupied.end()
    assert [occupied.written(dword) for dword in SECURED] == [True, False, False, False]
    assert (occupied.kind, occupied.message) == ("secured", ""), "nobody can read it"
    occupied.end()
    occupied.written(0x0000_1AF4)
    assert occupied.kind == ""


@pytest.mark.parametrize(
    ("message", "struck"),
    [
        ([], [True] * 4),
        (["discovery"], [True, False, False, False]),
        (["spdm"], [False, True, True, False]),
        (["GET_DIGESTS"], [False, False, True, False]),
        (["secured", "GET_VERSION"], [False, True, False, True]),
    ],
)
def test_a_fault_finds_its_object(message, struck):
    software = Software(SET_BUSY, space=["doe.status"], message=message, **UNTIL_ABORT)
    found = []
    for data_object in (DISCOVER, GET_VERSION, GET_DIGESTS, SECURED):
        assert software.status() == 0, "nothing before GO"
        software.go(data_object)
        found.append(software.status() == BUSY)
        software.abort()
        assert software.status() == 0, "nothing after ABORT"
    assert found == struck


def test_an_access_is_counted_in_its_exchange():
    software = Software(
        {"do": "set", "field": "value", "value": "ones"},
        space=["doe.read_mailbox"],
        scope="exchange",
        nth=[3],
    )
    for _ in range(2):
        software.go(GET_VERSION)
        read = [software.read("read_mailbox", 7) for _ in range(5)]
        assert read == [7, 7, 0xFFFF_FFFF, 7, 7]


def test_it_holds_for_a_number_of_accesses():
    software = Software(SET_BUSY, space=["doe.status"], times=2, **UNTIL_ABORT)
    for _ in range(2):
        software.go(GET_VERSION)
        assert [software.status(READY) for _ in range(4)] == [BUSY, BUSY, READY, READY]


def test_probability_draws_for_each_access():
    software = Software(SET_BUSY, space=["doe.status"], probability=0.5)
    found = [software.status() for _ in range(64)]
    assert 16 < found.count(BUSY) < 48
    again = Software(SET_BUSY, space=["doe.status"], probability=0.5)
    assert [again.status() for _ in range(64)] == found


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ({"do": "set", "value": ERROR}, READY, ERROR),
        ({"do": "set", "value": "ones"}, 0, 0xFFFF_FFFF),
        ({"do": "set-bits", "mask": ERROR}, READY, READY | ERROR),
        ({"do": "clear-bits", "mask": READY}, READY | BUSY, BUSY),
        ({"do": "xor", "mask": READY | BUSY}, READY, BUSY),
        ({"do": "flip", "bit": 31}, 0, READY),
    ],
    ids=str,
)
def test_bits_of_a_value(action, before, after):
    software = Software({**action, "field": "value"}, space=["doe.status"])
    assert software.status(before) == after
    (event,) = software.evidence
    told = [int.from_bytes(data, "little") for data in (event.before, event.after)]
    assert told == [before, after]
    assert (event.hook, event.message) == ("register", "doe.status")


def test_a_value_is_as_wide_as_what_is_accessed():
    hooks = engine(
        fault(hook="register", action=[{"do": "set", "field": "value", "value": "ones"}])
    )
    access = Access("header.vendor_id", 0, False, 0x1234, 2)
    assert hooks.register(access).value == 0xFFFF
    assert access.evidence[0].after == b"\xff\xff"


def test_reads_are_meant_unless_it_says_writes():
    reads = Software(SET_BUSY, space=["doe.*"])
    assert reads.status() == BUSY
    assert reads.write("status", INTERRUPT).value == INTERRUPT
    writes = Software(SET_BUSY, space=["doe.*"], access="write")
    assert writes.status() == 0
    assert writes.write("status", INTERRUPT).value == BUSY


def test_a_write_is_dropped_and_a_read_is_not():
    software = Software({"do": "suppress"}, access="write", message=["spdm"], nth=[2])
    assert [one.dropped for one in software.go(GET_VERSION)] == [False, True, False]
    (event,) = software.evidence
    assert (event.before, event.after) == ((3).to_bytes(4, "little"), b"")
    software = Software({"do": "suppress"}, space=["doe.status"])
    software.status()
    assert software.evidence == []
    assert "a read cannot be dropped" in software.memory.nearest["x.test"].text


def test_an_interrupt_is_signalled_where_there_is_one():
    software = Software({"do": "interrupt"}, space=["doe.status"])
    assert not software.access("status", 0, write=False).interrupt
    assert "MSI-X is not enabled" in software.memory.nearest["x.test"].text
    software.vector = 3
    assert software.access("status", 0, write=False).interrupt
    assert [event.detail for event in software.evidence] == ["interrupt 3 is signalled"]


def test_what_is_polled_is_told_once_in_an_exchange():
    software = Software(SET_BUSY, space=["doe.status"], **UNTIL_ABORT)
    for _ in range(2):
        software.go(GET_VERSION)
        for _ in range(5):
            software.status()
    assert len(software.evidence) == 2
    assert software.memory.fired["x.test"] == 10
    software.status(READY)
    assert len(software.evidence) == 3, "that was another value"


def test_steps_lead_from_one_access_to_another():
    software = Software(
        step=[
            {
                "hook": "register",
                "name": "lost",
                "space": ["doe.control"],
                "access": "write",
                "message": ["GET_VERSION"],
                "action": [{"do": "clear-bits", "field": "value", "mask": GO}],
            },
            {
                "hook": "register",
                "space": ["doe.status"],
                "scope": "exchange",
                "after": ["step:lost"],
                "until": ["mailbox:POP"],
                "action": [{"do": "set", "field": "value", "value": READY}],
            },
        ]
    )
    software.go(GET_DIGESTS)
    assert software.status() == 0
    software.go(GET_VERSION)
    assert software.status() == READY
    software.write("read_mailbox")
    assert software.status() == 0
    software.go(GET_DIGESTS)
    assert software.status() == 0, "that is another exchange"


def test_mailboxes_have_exchanges_of_their_own():
    software = Software(SET_BUSY, space=["doe*.status"], message=["GET_VERSION"], **UNTIL_ABORT)
    software.go(GET_VERSION)
    software.prefix = "doe1"
    software.go(GET_DIGESTS)
    assert software.status() == 0
    software.prefix = "doe"
    assert software.status() == BUSY


def test_other_registers_are_in_no_exchange():
    software = Software(SET_BUSY, space=["header.*"], message=["GET_VERSION"])
    software.go(GET_VERSION)
    software.prefix = "header"
    assert software.status() == 0
