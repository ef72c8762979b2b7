"""A TDISP device of ours in a QEMU without a guest."""

from responder.client.doe_mailbox import DoeMailboxChannel, spdm_mailbox
from responder.client.pci import Window, map_bars
from responder.client.qemu import Qemu, vfio_user
from responder.core.events import RecordDropped
from responder.server.events import FunctionNotice

PHYSICAL_ID = 0x5BD0_1B36
SLOT = 4


def device(path, *numbers):
    """The ``-device`` of some functions of the device served at ``path``, all in one slot."""
    return [
        vfio_user(f"{path}.{n}" if n else path, addr=f"{SLOT:x}.{n}", multifunction=True)
        for n in numbers
    ]


def notices(responder):
    """What has happened to functions: number, name and detail of each event."""
    events = [entry.event for entry in responder.events]
    told = [one for one in events if isinstance(one, FunctionNotice)]
    return [(one.function, one.what, one.detail) for one in told]


def sessions_missed(responder):
    """How many records came for sessions that there are not."""
    events = [entry.event for entry in responder.events]
    dropped = [one.reason for one in events if isinstance(one, RecordDropped)]
    return dropped.count("no such session")


def covered(ranges):
    """Where the ranges of a report lie by BAR, if they touch each other: address and size."""
    found = {}
    for one in sorted(ranges, key=lambda one: one.address):
        address, size = found.setdefault(one.bar, (one.address, 0))
        assert one.address == address + size
        found[one.bar] = (address, size + one.size)
    return found


class Machine(Qemu):
    """A QEMU with functions of one device, by number, in one slot of bus 0."""

    def __init__(self, path, *numbers, program):
        super().__init__(device(path, *numbers), program=program)
        self._window = Window()

    def at(self, number):
        """The configuration space of a function."""
        return self.function(0, SLOT, number)

    async def bars(self, number):
        """The BARs of a function, which get new addresses."""
        return await map_bars(self.at(number), self._window)

    async def channel(self, number):
        """The way to the SPDM of a function."""
        return DoeMailboxChannel(await spdm_mailbox(self.at(number)))
