"""One device that is described anew while it is in use: what has happened to it stays."""

from collections.abc import Container
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

import msgspec

if TYPE_CHECKING:
    from responder.device.emulated import EmulatedDevice
    from responder.device.slots import CertificateSlot


class Watcher(Protocol):
    """Whoever wants to know what happens to a device."""

    def measurement_changed(self, index: int) -> None:
        """A measurement has changed."""

    def slot_changed(self, slot_id: int) -> None:
        """A slot holds something else; what requesters write is not told here."""


class Same(msgspec.Struct, frozen=True):
    """What two descriptions of a device have in common.

    Attributes:
        measurements: the indices of those that both describe in the same way.
        slots: both describe the same slots.
        changes: both describe the same changes of its own accord, of the same slots.
    """

    measurements: Container[int]
    slots: bool
    changes: bool


class DeviceLine:
    """What the descriptions of one device have in common.

    Attributes:
        members: the descriptions that connections still have.
        values: what each measurement that has changed is by now; if it is hash-extended, all that
            it was extended with.
        moved: what slots hold that were made to hold something else, with what requesters have
            written there since.
        latest: the description that is the latest.
    """

    def __init__(self, first: "EmulatedDevice") -> None:
        self.members: WeakSet[EmulatedDevice] = WeakSet([first])
        self.latest = first
        self.values: dict[int, list[bytes]] = {}
        self.moved: dict[int, CertificateSlot] = {}

    def measured(self, index: int, value: bytes, *, adds: bool) -> None:
        """A measurement changes, or is extended."""
        self.values[index] = [*self.values.get(index, ()), value] if adds else [value]

    def forget(self, same: Same) -> None:
        """Let what has happened count no more where the latest description is another one."""
        for index in [index for index in self.values if index not in same.measurements]:
            del self.values[index]
        if not same.slots:
            self.moved.clear()
