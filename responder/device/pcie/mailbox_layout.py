"""What a DOE mailbox is made for, and what it does where there is a choice."""

from typing import Literal

import msgspec

from responder.device.pcie.mailbox_table import Misuse
from responder.spec.doe import INTERRUPT_MESSAGE_SHIFT, Capability, Control
from responder.transport.doe import MAX_OBJECT_DW, SPDM_OBJECTS


class MailboxPolicy(msgspec.Struct, frozen=True):
    """What a mailbox does where the specification was not at hand or leaves it open.

    Attributes:
        underflow: a read of, or a write to, the read mailbox while Data Object Ready is clear.
        overflow: a DW more than the largest object has; ``drop`` drops the object at GO.
        write_when_busy: a DW into the write mailbox, or GO, while an object is being answered.
        unread_answer: GO with a new object before the answer to the last one is read whole.
        unknown_object: an object of a type that discovery does not list, or for a connection id
            above the highest.
        reserved_bits: bits beside the length of an object, and bytes of a discovery request, that
            ought to be 0: ``drop`` drops the object, ``ignore`` clears them.
        discovery_dw: append the DW of version 2 to the answer to a discovery request of version 2.
        repeat_interrupt: signal an interrupt while the status of the one before is still set.
        discovery_delay: microseconds until a discovery request is answered.
        abort_delay: microseconds that an abort takes, at most 1,000,000.
    """

    underflow: Literal["ignore", "error"] = "ignore"
    overflow: Literal["drop", "error"] = "drop"
    write_when_busy: Literal["ignore", "error"] = "ignore"
    unread_answer: Literal["error", "replace"] = "error"
    unknown_object: Literal["drop", "error"] = "drop"
    reserved_bits: Literal["drop", "ignore"] = "drop"
    discovery_dw: bool = True
    repeat_interrupt: bool = False
    discovery_delay: int = 0
    abort_delay: int = 0

    def fails(self, misuse: Misuse) -> bool:
        """Whether such an access sets DOE Error."""
        return str(getattr(self, misuse.value)) == "error"


DEFAULT_POLICY = MailboxPolicy()


class MailboxLayout(msgspec.Struct, frozen=True):
    """What a mailbox is made for.

    Attributes:
        version: of the capability, 1 or 2.
        objects: the (VendorID, Type) that it takes beside discovery, in the order of discovery.
        interrupt: its MSI-X vector, 0 to 2047; without one if ``None``.
        max_object: the largest object that it takes, in DW with the header, 3 to 2**18.
        max_connection_id: the highest connection id of objects that have one, 0 to 4095.
        async_messages: it may tell that an asynchronous message is there, from version 2 on.
        policy: where there is a choice.
    """

    version: int = 2
    objects: tuple[tuple[int, int], ...] = SPDM_OBJECTS[1:]
    interrupt: int | None = None
    max_object: int = MAX_OBJECT_DW
    max_connection_id: int = 0
    async_messages: bool = False
    policy: MailboxPolicy = DEFAULT_POLICY

    @property
    def capability(self) -> int:
        """The capability register."""
        value = Capability(0)
        if self.interrupt is not None:
            value |= Capability.INTERRUPT | self.interrupt << INTERRUPT_MESSAGE_SHIFT
        return value | Capability.ASYNC_MESSAGE if self._tells_async() else value

    @property
    def enables(self) -> Control:
        """The bits of the control register that can be set."""
        enables = Control(0)
        if self.interrupt is not None:
            enables |= Control.INTERRUPT_ENABLE
        return enables | Control.ASYNC_MESSAGE_ENABLE if self._tells_async() else enables

    def _tells_async(self) -> bool:
        return self.version >= 2 and self.async_messages
