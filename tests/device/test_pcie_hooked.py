"""Accesses to a function's configuration space, seen and changed a register at a time."""

import pytest
from device.pcie_fakes import Block, awake, enable_msix, unmask, value

from responder.core.events import FaultFired
from responder.core.hooks import Access, Hooks
from responder.device.pcie.hooked import HookedRegisters
from responder.device.pcie.interfaces import DataObjectReceived, Interrupt
from responder.device.pcie.layout import FunctionLayout
from responder.device.pcie.mailbox import Mailbox, MailboxLayout

# Offsets as public headers have them; the mailbox is the block behind the layout's capabilities.
DOE = 0x148
CONTROL, STATUS, WRITE = DOE + 0x8, DOE + 0xC, DOE + 0x10
GO = 0x8000_0000
DISCOVER = bytes.fromhex("010000000300000000000000")
SAID = FaultFired("a.fault", "register", "changed")


def nothing(access):
    """Leaves it as it is."""


class Seen(Hooks):
    """Keeps what passes, and does with it what ``does`` says."""

    def __init__(self, does=nothing):
        self.accesses = []
        self.does = does

    def register(self, access: Access) -> Access:
        self.accesses.append((access.name, access.offset, access.write, access.value, access.size))
        self.does(access)
        return access


class Hooked:
    """A function with a mailbox, hooks around it, and what they said."""

    def __init__(self, does=nothing, *, interrupt=1):
        self.function = awake(FunctionLayout(), [Mailbox(0, MailboxLayout(interrupt=interrupt))])
        self.hooks = Seen(does)
        self.said = []
        self.registers = HookedRegisters(self.function, self.hooks, self.said.append)

    def read(self, offset, size):
        return self.registers.read(offset, size, 1.0)

    def write(self, offset, data):
        return self.registers.write(offset, data, 1.0)


def test_an_access_is_told_by_name_and_goes_through():
    hooked = Hooked()
    assert hooked.read(0, 4) == (value(hooked.function, 0, 4).to_bytes(4, "little"), [])
    assert hooked.read(STATUS, 4) == (bytes(4), [])
    assert hooked.write(0x3C, b"\x0b") == []
    assert value(hooked.function, 0x3C, 1) == 0x0B
    assert hooked.hooks.accesses == [
        ("header.vendor_id", 0, False, value(hooked.function, 0, 2), 2),
        ("header.device_id", 2, False, value(hooked.function, 2, 2), 2),
        ("doe.status", STATUS, False, 0, 4),
        ("header.interrupt_line", 0x3C, True, 0x0B, 1),
    ]


@pytest.mark.parametrize("size", [1, 2, 4, 7, 4096, 5000])
def test_without_changes_all_reads_are_as_without_hooks(size):
    hooked = Hooked()
    for offset in range(0, 5000, size):
        assert hooked.read(offset, size)[0] == hooked.function.config_read(offset, size, 1.0)
    assert ("reserved", 4096, False, (1 << 8) - 1, 1) in hooked.hooks.accesses or size > 1


def test_what_a_read_becomes_stands_in_the_place_of_its_register_alone():
    def lie(access):
        if access.name == "header.device_id" and access.size == 2:
            access.value = 0xBEEF

    hooked = Hooked(lie)
    data, _ = hooked.read(0, 8)
    right = hooked.function.config_read(0, 8, 1.0)
    assert data == right[:2] + b"\xef\xbe" + right[4:]
    assert hooked.read(3, 1)[0] == right[3:4]
    assert hooked.hooks.accesses[-1] == ("header.device_id", 3, False, right[3], 1), "a part of it"


def test_a_write_is_changed_or_lost():
    def lie(access):
        access.dropped = access.name == "header.interrupt_line"
        if access.name == "header.cache_line_size":
            access.value = 0x20

    hooked = Hooked(lie)
    hooked.write(0x3C, b"\x0b")
    hooked.write(0x0C, b"\x10")
    assert value(hooked.function, 0x3C, 1) == 0
    assert value(hooked.function, 0x0C, 1) == 0x20


def test_a_dw_of_an_object_is_lost():
    def lose(access):
        access.dropped = access.write and access.value == int.from_bytes(DISCOVER[4:8], "little")

    for does, ready in ((nothing, True), (lose, False)):
        hooked = Hooked(does)
        for at in range(0, 12, 4):
            hooked.write(WRITE, DISCOVER[at : at + 4])
        hooked.write(CONTROL, GO.to_bytes(4, "little"))
        assert bool(value(hooked.function, STATUS, 4) & GO) == ready


def test_discovery_goes_out_if_a_host_wants_it():
    hooked = Hooked()
    (mailbox,) = hooked.function.mailboxes
    right = mailbox.discovery_answer(DISCOVER)
    mailbox.hands_on_discovery = True
    for at in range(0, 12, 4):
        hooked.write(WRITE, DISCOVER[at : at + 4])
    (received,) = hooked.write(CONTROL, GO.to_bytes(4, "little"))
    assert received == DataObjectReceived(0, 1, DISCOVER)
    assert value(hooked.function, STATUS, 4) == 1, "Busy"
    hooked.function.answer(0, 1, right, 1.0)
    assert value(hooked.function, DOE + 0x14, 4).to_bytes(4, "little") == right[:4]


def test_an_interrupt_without_a_cause_comes_only_if_msix_is_enabled():
    def signal(access):
        access.interrupt = access.name == "doe.status"

    hooked = Hooked(signal)
    assert hooked.read(STATUS, 4)[1] == []
    enable_msix(hooked.function)
    unmask(hooked.function, 1)
    assert hooked.read(STATUS, 4)[1] == [Interrupt(1)]
    assert hooked.read(0, 4)[1] == [], "only a mailbox has one"
    without = Hooked(signal, interrupt=None)
    enable_msix(without.function)
    assert without.read(STATUS, 4)[1] == []


def test_what_a_hook_says_is_told():
    hooked = Hooked(lambda access: access.evidence.append(SAID))
    hooked.read(0, 4)
    hooked.write(0x3C, b"\0")
    assert hooked.said == [SAID] * 3


def test_blocks_without_a_mailbox_are_registers_as_others():
    function = awake(blocks=[Block()])
    hooks = Seen()
    HookedRegisters(function, hooks, nothing).read(DOE + 4, 4, 1.0)
    assert [name for name, *_ in hooks.accesses] == ["ide.word1"]
