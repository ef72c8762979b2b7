"""A DOE mailbox: registers, discovery, lengths, interrupts, time (facts: PCIe 6.2, 6.30; QEMU)."""

import struct

import pytest
from device.mailbox_host import (
    ABORT,
    ASYNC,
    ASYNC_ENABLE,
    BUSY,
    CAPABILITY,
    CONTROL,
    DISCOVER_0,
    DISCOVERED_0,
    ERROR,
    GET_VERSION,
    GO,
    INTERRUPT,
    INTERRUPT_ENABLE,
    READ,
    READY,
    STATUS,
    UNKNOWN,
    VERSION,
    WRITE,
    Host,
    layout,
)

from responder.core.ownership import Reset
from responder.device.pcie.interfaces import DataObjectAbandoned, DataObjectReceived, Interrupt
from responder.device.pcie.mailbox import Mailbox

LARGEST = 1 << 18  # DWs


def discover(index, version=0):
    return bytes.fromhex("0100000003000000") + bytes((index, version, 0, 0))


def test_an_exchange_word_by_word():
    host = Host()
    assert host.status == 0
    host.put(GET_VERSION)
    assert host.status == 0
    host.write(CONTROL, GO)
    assert host.status == BUSY
    assert host.effects == [DataObjectReceived(0, 1, GET_VERSION)]
    host.answer(VERSION)
    assert host.status == READY
    words = struct.unpack("<4I", VERSION)
    for word in words:
        assert host.status == READY, "Ready stays until the last DW is taken"
        assert host.read(READ) == host.read(READ) == word
        host.write(READ, 0xFFFF_FFFF)
    assert host.status == 0
    assert host.read(READ) == 0


def test_abort_and_go_read_as_zero_and_the_mailboxes_and_the_header_as_nothing():
    host = Host(enables=INTERRUPT_ENABLE)
    host.go(GET_VERSION)
    assert host.read(CONTROL) == INTERRUPT_ENABLE
    host.abort()
    assert host.read(CONTROL) == INTERRUPT_ENABLE
    assert (host.read(WRITE), host.read(0)) == (0, 0)


@pytest.mark.parametrize(
    ("made", "capability"),
    [
        ({"interrupt": None}, 0x0000),
        ({"interrupt": 0}, 0x0001),
        ({"interrupt": 5}, 0x000B),
        ({"interrupt": 2047}, 0x0FFF),
        ({"interrupt": None, "async_messages": True}, 0x0000),
        ({"interrupt": None, "async_messages": True, "version": 2}, 0x2000),
    ],
)
def test_the_capability_register_says_what_there_is(made, capability):
    host = Host(layout(**made))
    assert host.read(CAPABILITY) == capability
    host.write(CAPABILITY, 0xFFFF_FFFF)
    assert host.read(CAPABILITY) == capability
    host.write(CONTROL, 0x7FFF_FFFE)
    enables = (INTERRUPT_ENABLE if capability & 1 else 0) | (
        ASYNC_ENABLE if capability >> 13 else 0
    )
    assert host.read(CONTROL) == enables


@pytest.mark.parametrize("index", [0, 1, 3])
def test_registers_have_names_and_so_have_those_of_other_instances(index):
    mailbox = Mailbox(index, layout())
    number = index or ""
    assert [mailbox.name(offset) for offset in (CAPABILITY, CONTROL, STATUS, WRITE, READ)] == [
        f"doe{number}.{name}"
        for name in ("capability", "control", "status", "write_mailbox", "read_mailbox")
    ]
    assert (mailbox.capability_id, mailbox.version, mailbox.size) == (0x2E, 1, 0x18)


# Discovery


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("010000000300000000000000", "010000000300000001000001"),
        ("010000000300000001000000", "010000000300000001000102"),
        ("010000000300000002000000", "010000000300000001000200"),
        ("010000000300000003000000", "0100000003000000ffffff00"),
        ("0100000003000000ff000000", "0100000003000000ffffff00"),
    ],
)
def test_discovery_as_an_independent_implementation_answers_it(asked, answer):
    """The first three were recorded; 0xFFFF for an index beyond the list is QEMU's answer."""
    host = Host()
    assert host.ask(bytes.fromhex(asked)).hex() == answer
    assert host.effects == []


def test_discovery_lists_what_the_layout_has():
    host = Host(layout(objects=((1, 1), (0x1E98, 2))))
    assert host.ask(discover(1)).hex() == "010000000300000001000102"
    assert host.ask(discover(2)).hex() == "0100000003000000981e0200"


@pytest.mark.parametrize(
    ("made", "index", "version", "payload"),
    [
        ({"version": 2}, 0, 2, "0100000100000000"),
        ({"version": 2, "max_object": 0x1234}, 1, 2, "0100010234120000"),
        ({"version": 2, "max_object": 0x1234}, 1, 3, "0100010234120000"),
        ({"version": 2}, 3, 2, "ffffff00"),
        ({"version": 2}, 1, 0, "01000102"),
        ({"version": 1}, 1, 2, "01000102"),
        ({"version": 2, "policy": {"discovery_dw": False}}, 1, 2, "01000102"),
    ],
)
def test_discovery_of_version_2_appends_the_largest_object(made, index, version, payload):
    answer = Host(layout(**made)).ask(discover(index, version))
    assert answer[8:].hex() == payload
    assert answer[:8] == bytes.fromhex("01000000") + struct.pack("<I", len(answer) // 4)


def test_discovery_of_version_2_tells_the_highest_connection_id_where_there_are_some():
    made = layout(
        version=2, objects=((1, 1), (1, 3), (1, 4)), max_object=0x20, max_connection_id=0xABC
    )
    second = [Host(made).ask(discover(index, 2))[12:] for index in range(4)]
    word = struct.pack("<I", 0xABC << 18 | 0x20)
    assert second == [struct.pack("<I", 0x20)] * 2 + [word] * 2


def test_discovery_takes_its_time():
    host = Host(layout(policy={"discovery_delay": 200_000}))
    host.go(DISCOVER_0)
    assert host.mailbox.next_due() == 0.2
    host.wait(0.199)
    assert host.status == BUSY
    host.wait(0.002)
    assert host.take() == DISCOVERED_0
    assert host.mailbox.next_due() is None


# Lengths


@pytest.mark.parametrize(
    "written",
    [
        "",
        "01000100",
        "0100010003000000",
        "0100010002000000" + "10840000",
        "0100010001000000",
        "0100010000000000" + "10840000",
        "010000000200000000000000",
        "0100000002000000",
        "01000000040000000000000000000000",
    ],
)
def test_an_object_of_another_length_than_it_says_is_silently_dropped(written):
    host = Host()
    host.go(bytes.fromhex(written))
    assert (host.status, host.effects) == (0, [])
    host.go(GET_VERSION)
    assert host.received == [DataObjectReceived(0, 1, GET_VERSION)]


def test_a_length_of_zero_is_a_megabyte_both_ways():
    largest = bytes.fromhex("0100010000000000") + bytes(range(256)) * 4095 + bytes(248)
    assert len(largest) == 4 * LARGEST
    host = Host()
    host.go(largest)
    assert host.received[0].data_object == largest
    host.answer(largest)
    assert host.take() == largest


@pytest.mark.parametrize("policy", ["drop", "error"])
@pytest.mark.parametrize("declared", [4, 5, 6, 7])
def test_an_object_that_is_longer_than_the_mailbox_holds_is_not_taken(declared, policy):
    host = Host(layout(max_object=4, policy={"overflow": policy}))
    host.go(bytes.fromhex("01000100") + struct.pack("<I", declared) + bytes(4 * declared - 8))
    taken = declared == 4
    refused = ERROR if policy == "error" else 0
    assert host.status == (BUSY if taken else refused)
    assert len(host.received) == taken


@pytest.mark.parametrize("longer", [1, 2, 1000])
def test_what_overflows_is_not_taken_for_the_object_that_would_have_fitted(longer):
    host = Host(layout(max_object=4))
    host.go(VERSION + bytes(4 * longer))
    assert (host.status, host.received) == (0, [])


RESERVED = {
    "above the length": "01000100030000801084" + "0000",
    "connection id of a type without one": "01000100030004001084" + "0000",
    "in a discovery request": "010000000300000000000001",
    "above the connection id": "01000300030000401084" + "0000",
}


@pytest.mark.parametrize("written", RESERVED.values(), ids=RESERVED)
def test_reserved_bits_drop_an_object_or_are_cleared(written):
    objects = ((1, 1), (1, 3))
    host = Host(layout(objects=objects))
    host.go(bytes.fromhex(written))
    assert (host.status, host.effects) == (0, [])
    host = Host(layout(objects=objects, policy={"reserved_bits": "ignore"}))
    host.go(bytes.fromhex(written))
    assert host.status in (BUSY, READY)
    assert [one.data_object[4:8].hex() for one in host.received] in ([], ["03000000"])


def test_the_reserved_byte_of_the_header_is_ignored():
    host = Host()
    host.go(b"\1\0\1\xff" + GET_VERSION[4:])
    assert host.status == BUSY


@pytest.mark.parametrize("connection", [0, 1, 3, 4, 0xFFF])
def test_a_connection_id_up_to_the_highest_is_taken(connection):
    host = Host(layout(version=2, objects=((1, 3),), max_connection_id=3))
    host.go(b"\1\0\3\0" + struct.pack("<II", connection << 18 | 3, 0))
    assert len(host.received) == (connection <= 3)


def test_a_type_that_is_not_listed_is_dropped_or_an_error():
    host = Host()
    host.go(UNKNOWN)
    assert (host.status, host.effects) == (0, [])
    host = Host(layout(policy={"unknown_object": "error"}))
    host.go(UNKNOWN)
    assert host.status == ERROR
    host.go(GET_VERSION)
    assert (host.status, host.effects) == (ERROR, [])
    host.abort()
    host.go(GET_VERSION)
    assert host.status == BUSY


# Abort and reset


def test_nothing_of_an_aborted_exchange_is_ever_returned():
    host = Host()
    host.go(GET_VERSION)
    host.abort()
    assert host.effects[-1] == DataObjectAbandoned(0, 1)
    host.answer(VERSION, exchange=1)
    assert host.status == 0
    host.go(GET_VERSION)
    host.answer(VERSION, exchange=1)
    assert host.status == BUSY
    host.answer(GET_VERSION, exchange=2)
    assert host.take() == GET_VERSION


def test_an_abort_in_the_middle_of_an_answer_begins_anew():
    host = Host()
    host.go(GET_VERSION)
    host.answer(VERSION)
    host.write(READ, 0)
    host.put(GET_VERSION[:4])
    host.abort()
    assert (host.status, host.read(READ)) == (0, 0)
    assert host.ask(DISCOVER_0) == DISCOVERED_0


def test_an_abort_takes_its_time_and_another_one_does_not_prolong_it():
    host = Host(layout(policy={"abort_delay": 800_000}))
    host.abort()
    host.wait(0.5)
    host.abort()
    host.go(GET_VERSION)
    assert (host.status, host.effects) == (BUSY, [])
    host.wait(0.31)
    assert host.status == 0
    assert host.ask(DISCOVER_0) == DISCOVERED_0


def test_an_abort_wins_over_go_in_the_same_write():
    host = Host()
    host.put(GET_VERSION)
    host.write(CONTROL, ABORT | GO)
    assert (host.status, host.effects) == (0, [])


@pytest.mark.parametrize("reset", Reset)
def test_resets_of_a_function_end_what_is_in_flight_and_no_others(reset):
    host = Host(layout(version=2, async_messages=True), enables=INTERRUPT_ENABLE | ASYNC_ENABLE)
    host.effects += host.mailbox.async_pending(True, 0)
    host.go(GET_VERSION)
    before = host.status
    effects = host.mailbox.reset(reset, 0)
    if reset in (Reset.FUNCTION_LEVEL, Reset.CONVENTIONAL, Reset.POWER_CYCLE):
        assert effects == [DataObjectAbandoned(0, 1)]
        assert (host.status, host.read(CONTROL)) == (0, 0)
    else:
        assert effects == []
        assert host.status == before == BUSY | INTERRUPT | ASYNC


def test_an_object_without_an_answer_leaves_the_mailbox_idle():
    host = Host()
    host.go(GET_VERSION)
    host.answer(None)
    assert host.status == 0
    host.answer(VERSION)
    assert host.status == 0, "an exchange is answered once"


def test_an_answer_is_padded_to_a_dw():
    host = Host()
    host.go(GET_VERSION)
    host.answer(VERSION[:13])
    assert host.take() == VERSION[:13] + bytes(3)


# Interrupts


def test_an_interrupt_on_ready_and_its_status_is_cleared_by_writing_one():
    host = Host(enables=INTERRUPT_ENABLE)
    host.go(GET_VERSION)
    assert host.interrupts == 0
    host.answer(VERSION)
    assert host.effects[-1] == Interrupt(5)
    assert host.status == READY | INTERRUPT
    host.write(STATUS, 0xFFFF_FFFD)
    assert host.status == READY | INTERRUPT
    host.write(STATUS, INTERRUPT)
    assert host.status == READY
    host.take()
    assert host.interrupts == 1


def test_an_interrupt_on_error_and_none_when_busy_clears():
    host = Host(
        layout(policy={"unknown_object": "error", "abort_delay": 1}), enables=INTERRUPT_ENABLE
    )
    host.go(UNKNOWN)
    assert (host.status, host.interrupts) == (ERROR | INTERRUPT, 1)
    host.write(STATUS, INTERRUPT)
    host.abort()
    host.wait(0.1)
    host.go(GET_VERSION)
    host.answer(None)
    assert (host.status, host.interrupts) == (0, 1)


@pytest.mark.parametrize(("repeat", "interrupts"), [(False, 1), (True, 2)])
def test_no_second_interrupt_while_the_status_is_set_unless_asked_for(repeat, interrupts):
    host = Host(layout(policy={"repeat_interrupt": repeat}), enables=INTERRUPT_ENABLE)
    host.ask(DISCOVER_0)
    host.ask(DISCOVER_0)
    assert host.interrupts == interrupts
    host.write(STATUS, INTERRUPT)
    host.ask(DISCOVER_0)
    assert host.interrupts == interrupts + 1


@pytest.mark.parametrize(
    ("interrupt", "enables"), [(5, 0), (None, INTERRUPT_ENABLE), (5, ASYNC_ENABLE)]
)
def test_no_interrupt_where_there_is_none_or_it_is_not_enabled(interrupt, enables):
    host = Host(layout(interrupt=interrupt), enables=enables)
    assert host.ask(DISCOVER_0) == DISCOVERED_0
    assert (host.status, host.effects) == (0, [])
    host.go(DISCOVER_0)
    host.write(CONTROL, INTERRUPT_ENABLE)
    assert (host.status, host.effects) == (READY, []), "enabling is no cause"


def test_an_interrupt_that_a_read_brought_about_comes_with_the_next_due():
    host = Host(
        layout(policy={"underflow": "error", "discovery_delay": 10}), enables=INTERRUPT_ENABLE
    )
    host.go(DISCOVER_0)
    host.now = 1.0
    assert host.status == READY | INTERRUPT
    assert host.effects == []
    host.wait(0)
    assert host.effects == [Interrupt(5)]
    host.take()
    host.write(STATUS, INTERRUPT)
    assert host.read(READ) == 0
    assert host.status == ERROR | INTERRUPT
    host.wait(0)
    assert host.interrupts == 2


def test_asynchronous_messages_show_once_enabled_and_are_a_cause_of_an_interrupt():
    host = Host(layout(version=2, async_messages=True), enables=INTERRUPT_ENABLE)
    assert host.mailbox.async_pending(True, 0) == []
    assert host.status == 0
    host.write(CONTROL, INTERRUPT_ENABLE | ASYNC_ENABLE)
    assert (host.status, host.effects) == (ASYNC | INTERRUPT, [Interrupt(5)])
    host.write(STATUS, 0xFFFF_FFFF)
    assert host.status == ASYNC, "it is there as long as a message is"
    assert host.mailbox.async_pending(False, 0) == []
    assert host.status == 0
    assert host.mailbox.async_pending(True, 0) == [Interrupt(5)]


def test_without_asynchronous_messages_the_status_never_shows_any():
    host = Host(layout(version=2), enables=INTERRUPT_ENABLE | ASYNC_ENABLE)
    assert host.mailbox.async_pending(True, 0) == []
    assert (host.status, host.read(CONTROL)) == (0, INTERRUPT_ENABLE)


# Byte lanes


def test_only_the_bytes_that_are_written_count():
    host = Host(enables=INTERRUPT_ENABLE)
    host.put(GET_VERSION)
    host.write(CONTROL, GO | ABORT, lanes=0b0110)
    assert host.status == 0
    host.write(CONTROL, GO | ABORT, lanes=0b1000)
    assert (host.status, host.read(CONTROL)) == (BUSY, INTERRUPT_ENABLE)
    host.answer(VERSION)
    host.write(STATUS, INTERRUPT, lanes=0b1110)
    assert host.status == READY | INTERRUPT
    host.write(STATUS, INTERRUPT, lanes=0b0001)
    assert host.status == READY
    host.write(CONTROL, GO | ABORT, lanes=0b0001)
    assert (host.status, host.read(CONTROL)) == (0, 0)


@pytest.mark.parametrize("lanes", range(15))
def test_the_mailboxes_take_whole_words_only(lanes):
    host = Host()
    host.write(WRITE, 0xFFFF_FFFF, lanes)
    assert host.ask(DISCOVER_0) == DISCOVERED_0
    host.go(DISCOVER_0)
    host.write(READ, 0, lanes)
    assert host.take() == DISCOVERED_0


# Several at once


def test_several_instances_are_busy_at_once_and_do_not_know_of_each_other():
    hosts = [Host(index=index) for index in range(3)]
    for host in hosts:
        host.go(GET_VERSION)
    assert [host.status for host in hosts] == [BUSY] * 3
    assert [host.received[0].mailbox for host in hosts] == [0, 1, 2]
    hosts[1].answer(VERSION)
    hosts[2].abort()
    assert [host.status for host in hosts] == [BUSY, READY, 0]
