"""The measurement that says how a function of ours stands: whether its configuration is locked.

No specification knows it: it is this device's own, of type HARDWARE_CONFIGURATION, as a raw bit
stream. A guest reads it, signed, to learn that nobody can change the device under it any more.
"""

from enum import IntFlag

from responder.spec.tdisp import LockFlag, TdiState
from responder.wire.fields import Int8ul, Int16ul, Int32ul
from responder.wire.message import Record, wire

STATUS_VERSION = 1


class StatusFlags(IntFlag):
    """What holds for the function at the moment."""

    CONFIGURATION_LOCKED = 1 << 0
    """Its interface is locked, runs or is in ERROR: changes are refused, or show."""
    CHANGED_SINCE_LOCK = 1 << 1
    """Its configuration was changed in spite of the lock; unlocking clears it."""
    DMA_NEEDS_RUN = 1 << 2
    """Its DMA engine works in RUN only."""


class FunctionStatus(Record):
    """24 bytes.

    Attributes:
        version: of this layout.
        tdi_state: where its interface stands.
        lock_flags: those of LOCK_INTERFACE, 0 while unlocked.
        function_id: its routing id.
        flags: what holds.
        reserved: 0.
        configuration: the word that the physical function configures it with.
        resets: how often it was reset.
        refused: how many changes of that word were refused, because of a lock.
        shown: how many took effect in spite of one.
    """

    version: int = wire(Int8ul, default=STATUS_VERSION)
    tdi_state: int = wire(Int8ul, default=0, show=TdiState)
    lock_flags: int = wire(Int16ul, default=0, show=LockFlag)
    function_id: int = wire(Int16ul, default=0)
    flags: int = wire(Int8ul, default=0, show=StatusFlags)
    reserved: int = wire(Int8ul, default=0)
    configuration: int = wire(Int32ul, default=0)
    resets: int = wire(Int32ul, default=0)
    refused: int = wire(Int32ul, default=0)
    shown: int = wire(Int32ul, default=0)
