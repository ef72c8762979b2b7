"""What of a device is written from outside, and lasts."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from weakref import WeakSet

import msgspec
from msgspec.structs import replace

from responder.crypto.random_tree import RandomTree
from responder.device.key_pairs import KeyPairState

Part = TypeVar("Part")


class Content(msgspec.Struct, frozen=True):
    """What was written into a slot for one kind of key.

    Attributes:
        chain: DER certificates, the root first; none if the slot was erased, and only its key is
            left.
        key: the leaf's private key, PEM.
        model: ``CertificateModel``, 0 without a chain.
    """

    chain: tuple[bytes, ...]
    key: bytes
    model: int


class Contents(msgspec.Struct, frozen=True):
    """Slots and keys at one time, as far as they differ from the profile.

    Attributes:
        key_pairs: all of them; the first has KeyPairID 1.
        slots: slot and kind of key, such as ``0/ecp384``, to what was written there.
        banks: the kind of key of each bank.
        made: how many keys of each kind were generated.
    """

    key_pairs: tuple[KeyPairState, ...] = ()
    slots: dict[str, Content] = msgspec.field(default_factory=dict)
    banks: tuple[str, ...] = ()
    made: dict[str, int] = msgspec.field(default_factory=dict)

    def with_slot(self, slot_id: int, kind: str, content: Content) -> "Contents":
        """The same with another content of a slot."""
        slots = {**self.slots, place(slot_id, kind): content}
        return replace(self, slots=slots)

    def without_slot(self, slot_id: int) -> "Contents":
        """The same without what was written into a slot."""
        prefix = place(slot_id, "")
        slots = {key: one for key, one in self.slots.items() if not key.startswith(prefix)}
        return replace(self, slots=slots)

    def with_key_pair(self, number: int, state: KeyPairState) -> "Contents":
        """The same with another key pair in the place of the ``number``-th, counted from 1."""
        pairs = list(self.key_pairs)
        pairs[number - 1] = state
        return replace(self, key_pairs=tuple(pairs))


class WaitingCsr(msgspec.Struct, frozen=True):
    """A CSR that was asked for and waits for a reset, or for being fetched after it.

    Attributes:
        kind, key_pair_id, model, requester_info: what it was asked for with.
        csr: it in DER.
        ready: the reset has been.
    """

    kind: str
    key_pair_id: int
    model: int
    requester_info: bytes
    csr: bytes = b""
    ready: bool = False

    def answers(self, other: "WaitingCsr") -> bool:
        """Whether the other one asks for the same."""
        return self.asked == other.asked

    @property
    def asked(self) -> tuple[str, int, int, bytes]:
        """What it was asked for with."""
        return self.kind, self.key_pair_id, self.model, self.requester_info


class DeviceState(msgspec.Struct, frozen=True):
    """All that lasts.

    Attributes:
        now: what the device is.
        after_reset: what it will be after a reset; ``None`` if that changes nothing.
        waiting_slots: the slots whose certificates change then, as a mask.
        csrs: CSRTrackingTag to CSR; 0 is the one of the versions before 1.3.
    """

    now: Contents = msgspec.field(default_factory=Contents)
    after_reset: Contents | None = None
    waiting_slots: int = 0
    csrs: dict[int, WaitingCsr] = msgspec.field(default_factory=dict)

    def reset(self) -> "DeviceState":
        """After a reset of the device."""
        csrs = {tag: replace(one, ready=True) for tag, one in self.csrs.items()}
        return DeviceState(self.after_reset or self.now, csrs=csrs)

    def without_slot(self, slot_id: int) -> "DeviceState":
        """The same without what was, or was to be, written into a slot."""
        after = self.after_reset
        return replace(
            self,
            now=self.now.without_slot(slot_id),
            after_reset=None if after is None else after.without_slot(slot_id),
            waiting_slots=self.waiting_slots & ~(1 << slot_id),
        )


def place(slot_id: int | str, kind: str) -> str:
    """The key of ``Contents.slots``."""
    return f"{slot_id}/{kind}"


Keep = Callable[[DeviceState], None]
"""Keeps a state so that it outlasts the process; OSError if it cannot."""


class Described(Protocol):
    """What is used of a ``Provisioning``."""

    @property
    def described(self) -> Contents:
        """What its profile says, before anything is written."""

    @property
    def state(self) -> DeviceState:
        """What lasts, as it is now."""

    def misfit(self, state: DeviceState) -> str:
        """Why a state is not this device's, or nothing."""

    def take(self, state: DeviceState) -> None:
        """Be what a state says."""


class ProvisioningLine:
    """The descriptions of one device, and what is written in common.

    While a device is in use it may be described anew. Each connection keeps the description that
    the device had when it began; what requesters write is the same in all of them.

    Attributes:
        keep: keeps each new state, as the first description has it; ``None`` without any.
        random: the branch that keys are drawn from.
        under_way: a change of the state is.
        reset_after_change: the device was reset meanwhile.
    """

    def __init__(self, first: Described) -> None:
        self.keep: Keep | None = None
        self.random = RandomTree(b"device")
        self.under_way = False
        self.reset_after_change = False
        self._first = first
        self._members: WeakSet[Described] = WeakSet([first])

    def check_idle(self) -> None:
        """Raise ValueError if a change is under way."""
        if self.under_way:
            raise ValueError("a requester is changing the device; try again")

    def checked(self, new: Described, older: Described) -> DeviceState:
        """Where another description would stand that goes on where an older one does.

        Raises:
            ValueError: what was written has no place in it, or a change is under way.
        """
        self.check_idle()
        state = carried(older.state, older.described, new)
        if self.keep is not None:
            carried(state, new.described, self._first)
        return state

    def join(self, new: Described, older: Described) -> None:
        """Another description, which goes on where an older one stands; raises as ``checked``."""
        state = self.checked(new, older)
        self._members.add(new)
        new.take(state)

    def kept(self, owner: Described, state: DeviceState) -> None:
        """Keep a new state of one of them, which all others have to have a place for.

        Raises:
            OSError: it cannot be kept.
            ValueError: one of them has no place for it.
        """
        for member in list(self._members):
            carried(state, owner.described, member)
        if self.keep is not None:
            self.keep(carried(state, owner.described, self._first))

    def take(self, owner: Described, state: DeviceState) -> None:
        """Let all be what a new state of one of them says."""
        for member in list(self._members):
            member.take(carried(state, owner.described, member))


def carried(state: DeviceState, described: Contents, to: Described) -> DeviceState:
    """A state of one description, as another one has it.

    Args:
        state: it.
        described: what its own description says.
        to: the other one.

    Raises:
        ValueError: that has no place for something that was written.
    """
    if described != to.described:
        after = state.after_reset
        state = replace(
            state,
            now=_carried(state.now, described, to.described),
            after_reset=None if after is None else _carried(after, described, to.described),
        )
    misfit = to.misfit(state)
    if misfit:
        raise ValueError(f"what requesters have written has no place any more: {misfit}")
    return state


def _carried(contents: Contents, before: Contents, after: Contents) -> Contents:
    return replace(
        contents,
        key_pairs=_overlaid("key pair", contents.key_pairs, before.key_pairs, after.key_pairs),
        banks=_overlaid("bank", contents.banks, before.banks, after.banks),
    )


def _overlaid(
    what: str, now: Sequence[Part], before: Sequence[Part], after: Sequence[Part]
) -> tuple[Part, ...]:
    """``after`` with what has changed from ``before`` to ``now``."""
    found = list(after)
    for number, (old, new) in enumerate(zip(before, now, strict=True)):
        if new == old:
            continue
        if number >= len(after) or after[number] != old:
            place = number + 1 if what == "key pair" else number  # KeyPairID counts from 1
            raise ValueError(f"{what} {place} was changed by a requester")
        found[number] = new
    return tuple(found)
