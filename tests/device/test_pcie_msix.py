"""MSI-X: table, masks, pending bits."""

from device.pcie_fakes import (
    MASTER,
    MEMORY,
    NOW,
    FakeInterface,
    FakeMailbox,
    awake,
    enable_msix,
    peek,
    poke,
    unmask,
    write,
)

from responder.device.pcie.interfaces import Interrupt
from responder.device.pcie.layout import DEFAULT_BARS, DEFAULT_REGIONS, FunctionLayout
from responder.device.pcie.msix import MsixTable

FUNCTION_MASK, ENABLE = 0x4000, 0x8000
ALL_VECTORS = FunctionLayout(vectors=256, bars=DEFAULT_BARS, regions=DEFAULT_REGIONS)
PENDING = 0x1000


def signal(function, mailbox=0):
    """The mailbox answers, and signals the vector of its number."""
    return function.answer(mailbox, 1, b"", NOW)


def with_mailboxes():
    return awake(FunctionLayout(), [FakeMailbox(), FakeMailbox(1)])


def test_the_table_after_a_reset():
    function = with_mailboxes()
    assert function.bar_read(2, 0, 8 * 16, NOW) == (bytes(12) + b"\1\0\0\0") * 8
    assert function.bar_read(2, 8 * 16, 16, NOW) == bytes(16), "behind the last entry"
    assert peek(function, 2, PENDING, 8) == 0


def test_reserved_bits_of_an_entry_stay_zero():
    function = with_mailboxes()
    function.bar_write(2, 16, b"\xff" * 16, NOW)
    assert function.bar_read(2, 16, 16, NOW) == b"\xfc" + b"\xff" * 11 + b"\1\0\0\0"
    function.bar_write(2, 8 * 16 - 4, b"\0" * 8, NOW)
    assert function.bar_read(2, 7 * 16, 32, NOW) == bytes(32)
    function.bar_write(2, 30, b"\xff" * 3, NOW)
    assert function.bar_read(2, 28, 8, NOW) == b"\1\0\0\0\xfc\0\0\0"


def test_an_interrupt_needs_msix_enable():
    function = with_mailboxes()
    unmask(function, 0)
    assert signal(function) == []
    assert enable_msix(function) == [], "it was lost, there is no other way to signal it"
    assert signal(function) == [Interrupt(0)]


def test_a_masked_vector_stays_pending_until_it_is_unmasked():
    function = with_mailboxes()
    enable_msix(function)
    assert signal(function, 1) == signal(function, 1) == []
    assert peek(function, 2, PENDING, 8) == 0b10
    assert unmask(function, 0) == []
    assert unmask(function, 1) == [Interrupt(1)], "once"
    assert peek(function, 2, PENDING, 8) == 0


def test_the_function_mask_holds_all_vectors():
    function = with_mailboxes()
    enable_msix(function, ENABLE | FUNCTION_MASK)
    unmask(function, 0)
    unmask(function, 1)
    assert signal(function, 1) == signal(function, 0) == []
    poke(function, 2, PENDING, 0)
    assert peek(function, 2, PENDING) == 0b11, "pending bits cannot be written"
    assert enable_msix(function, ENABLE) == [Interrupt(0), Interrupt(1)]


def test_interrupts_are_memory_writes():
    function = with_mailboxes()
    enable_msix(function)
    unmask(function, 0)
    write(function, 0x04, MEMORY, 2)
    assert signal(function) == []
    assert write(function, 0x04, MEMORY | MASTER, 2) == [Interrupt(0)]


def test_a_host_that_keeps_the_table_keeps_the_masks():
    function = with_mailboxes()
    function.trapped = True
    enable_msix(function)
    assert signal(function) == [Interrupt(0)]
    enable_msix(function, ENABLE | FUNCTION_MASK)
    assert signal(function) == []
    assert enable_msix(function) == [Interrupt(0)]


def test_an_interface_is_told_of_the_table():
    function = with_mailboxes()
    interface = FakeInterface()
    function.attach_interface(interface)
    unmask(function, 0)
    unmask(function, 0)
    (name, before, after), again = interface.written
    assert (name, before ^ after) == ("msix.table", 1 << 96)
    assert again == ("msix.table", after, after)


def test_all_vectors_of_a_page():
    function = awake(ALL_VECTORS, [FakeMailbox(255)])
    enable_msix(function)
    assert signal(function) == []
    assert function.bar_read(2, PENDING, 40, NOW) == bytes(31) + b"\x80" + bytes(8)
    assert unmask(function, 255) == [Interrupt(255)]


def test_a_vector_that_is_not_there_is_lost():
    table = MsixTable(2)
    assert table.settled([Interrupt(2)], ENABLE, may_send=True) == []
    assert table.pending == 0
