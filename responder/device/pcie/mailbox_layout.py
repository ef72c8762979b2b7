"""What a DOE mailbox is made for, and what it does where there is a choice."""

import msgspec

from responder.device.pcie.policies import MailboxPolicy
from responder.spec.doe import INTERRUPT_MESSAGE_SHIFT, Capability, Control
from responder.transport.doe import MAX_OBJECT_DW, SPDM_OBJECTS

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
