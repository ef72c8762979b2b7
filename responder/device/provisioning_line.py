"""What is written into a device that is described anew while connections are open.

Each connection keeps the description that the device had when it began; what requesters write is
the same in all of them.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from weakref import WeakSet

from msgspec.structs import replace

from responder.crypto.random_tree import RandomTree
from responder.device.state import Contents, DeviceState

Part = TypeVar("Part")
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
    """The descriptions of one device, and what they have in common.

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

    def join(self, new: Described, older: Described) -> None:
        """Another description, which goes on where an older one stands.

        Raises:
            ValueError: what was written has no place in it, or a change is under way.
        """
        if self.under_way:
            raise ValueError("a requester's change of the device is under way")
        state = carried(older.state, older.described, new)
        if self.keep is not None:
            carried(state, new.described, self._first)
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
