"""Software that uses the registers of one DOE mailbox, a DW at a time."""

import struct

from responder.device.pcie.interfaces import DataObjectReceived, Interrupt
from responder.device.pcie.mailbox import Mailbox, MailboxLayout
from responder.device.pcie.policies import MailboxPolicy

# Offsets and bits as the Linux and QEMU headers have them; nothing of responder.spec here.
CAPABILITY, CONTROL, STATUS, WRITE, READ = 0x04, 0x08, 0x0C, 0x10, 0x14
ABORT, INTERRUPT_ENABLE, ASYNC_ENABLE, GO = 0x1, 0x2, 0x8, 0x8000_0000
BUSY, INTERRUPT, ERROR, ASYNC, READY = 0x1, 0x2, 0x4, 0x8, 0x8000_0000
VECTOR = 5

# As an independent implementation sent them in PCI_DOE runs over the socket (version 1.0).
GET_VERSION = bytes.fromhex("010001000300000010840000")
VERSION = bytes.fromhex("01000100040000001004000000010010")
DISCOVER_0 = bytes.fromhex("010000000300000000000000")
DISCOVERED_0 = bytes.fromhex("010000000300000001000001")
UNKNOWN = bytes.fromhex("01007f000300000000000000")


def layout(*, version=1, interrupt=VECTOR, policy=None, **more):
    return MailboxLayout(
        version=version, interrupt=interrupt, policy=MailboxPolicy(**(policy or {})), **more
    )


class Host:
    """A mailbox, the time, and all effects so far.

    Attributes:
        now: in seconds.
        effects: what came, in order.
        enables: what it writes to the control register beside ABORT and GO.
    """

    def __init__(self, its_layout=None, index=0, enables=0):
        self.mailbox = Mailbox(index, its_layout or layout())
        self.now = 0.0
        self.effects = []
        self.enables = enables
        self.write(CONTROL, enables)

    def read(self, register):
        return self.mailbox.read(register, self.now)

    def write(self, register, value, lanes=0xF):
        self.effects += self.mailbox.write(register, value, self.now, lanes)

    @property
    def status(self):
        return self.read(STATUS)

    @property
    def received(self):
        return [one for one in self.effects if isinstance(one, DataObjectReceived)]

    @property
    def interrupts(self):
        return self.effects.count(Interrupt(VECTOR))

    def put(self, data_object):
        for (dword,) in struct.iter_unpack("<I", data_object):
            self.write(WRITE, dword)

    def go(self, data_object=b""):
        self.put(data_object)
        self.write(CONTROL, GO | self.enables)

    def abort(self):
        self.write(CONTROL, ABORT | self.enables)

    def answer(self, data_object=VERSION, exchange=None):
        number = self.received[-1].exchange if exchange is None else exchange
        self.effects += self.mailbox.answer(number, data_object, self.now)

    def wait(self, seconds):
        self.now += seconds
        due = self.mailbox.next_due()
        if due is not None and due <= self.now:
            self.effects += self.mailbox.due(self.now)

    def take(self):
        """What Data Object Ready has to give, DW by DW, up to a megabyte."""
        taken = b""
        while self.status & READY and len(taken) < 1 << 20:
            taken += self.read(READ).to_bytes(4, "little")
            self.write(READ, 0)
        return taken

    def ask(self, data_object):
        self.go(data_object)
        return self.take()
