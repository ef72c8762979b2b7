"""The part of a device that is written from outside: slots, key pairs, CSRs, banks.

Everything that lasts is one value, ``DeviceState``. A change makes a new one, has it kept, and
only then lets it take the old one's place: whatever happens meanwhile, there is the old or the
new state and nothing between. Nobody but ``Provisioning`` replaces it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from responder.core.errors import ProtocolError
from responder.core.interfaces import SlotInfo
from responder.core.ownership import APPLIES_WAITING, Reset
from responder.core.provisioning import Bank, CsrTerms, Desired, Terms
from responder.crypto.random_tree import RandomTree
from responder.device.banks import BankRule, configured, described
from responder.device.key_pairs import KeyPair
from responder.device.slots import CertificateSlot, Credential
from responder.device.state import Contents, DeviceState, Keep, ProvisioningLine, place
from responder.pki.sets import Identity
from responder.spec.codes import ErrorCode
from responder.spec.key_pairs import KeyPairOperation

if TYPE_CHECKING:
    from responder.device.keys import DeviceKeys


class Rules(msgspec.Struct, frozen=True):
    """What the profile says of provisioning.

    Attributes:
        trusted: slots other than 0 may be written outside of sessions.
        bind_key_pairs: a chain or CSR is for the key that KeyPairID names, and a key pair stays
            associated with a slot that holds its certificate.
        delayed: written certificates take effect at a reset, though nobody is told to make one.
        banks: the banks of slots.
    """

    trusted: bool = False
    bind_key_pairs: bool = True
    delayed: bool = False
    banks: Sequence[BankRule] = ()


NO_RULES = Rules()


class Provisioning:
    """Implements ``core.provisioning.Provisioning``.

    Attributes:
        state: what lasts, as it is now.
        described: what the profile says, before anything is written.
        line: what it has in common with other descriptions of the device.
    """

    def __init__(
        self,
        slots: dict[int, CertificateSlot],
        key_pairs: Sequence[KeyPair],
        rules: Rules,
        changed: Callable[[int], None],
    ) -> None:
        """Begin as the profile says.

        Args:
            slots: the device's own slots; they are replaced in place.
            key_pairs: all of them.
            rules: the profile's.
            changed: is told the mask of slots whose chain has changed.
        """
        self._slots = slots
        self._key_pairs = tuple(key_pairs)
        self._rules = rules
        self._changed = changed
        self.described = Contents(
            key_pairs=tuple(pair.state for pair in key_pairs),
            banks=tuple(rule.kind for rule in rules.banks),
        )
        self.state = DeviceState(self.described)
        self.line = ProvisioningLine(self)
        self._show(Contents(), self.described)

    # What the core asks.

    @property
    def trusted(self) -> bool:
        """Whether slots other than 0 may be written outside of sessions."""
        return self._rules.trusted

    @property
    def waiting_slots(self) -> int:
        """The slots whose change waits for a reset, as a mask."""
        return self.state.waiting_slots

    def key_pairs(self) -> Sequence[KeyPair]:
        """All key pairs; the first has KeyPairID 1."""
        pairs = zip(self._key_pairs, self.state.now.key_pairs, strict=True)
        return [replace(pair, state=state) for pair, state in pairs]

    def write(self, slot_id: int, chain: bytes, terms: Terms) -> "_Change":
        """Begin to write a certificate chain structure."""
        size = self._slots[slot_id].size

        def change(now: Contents, keys: "DeviceKeys") -> Contents:
            from responder.device import slot_changes  # noqa: PLC0415 - X.509 is heavy

            certificates = slot_changes.checked(chain, size, terms)
            return slot_changes.written(now, keys, slot_id, certificates, terms)

        return self._begin_to(change, ErrorCode.UNSPECIFIED, terms.at_reset, slot_id)

    def erase(self, slot_id: int, terms: Terms) -> "_Change":
        """Begin to erase what a slot holds for the negotiated kind of key."""

        def change(now: Contents, keys: "DeviceKeys") -> Contents:
            from responder.device import slot_changes  # noqa: PLC0415 - X.509 is heavy

            return slot_changes.erased(now, keys, slot_id, terms)

        return self._begin_to(change, ErrorCode.OPERATION_FAILED, terms.at_reset, slot_id)

    def set_key_pair(
        self, key_pair_id: int, operation: KeyPairOperation, desired: Desired, *, at_reset: bool
    ) -> "_Change":
        """Begin to change a key pair."""

        def change(now: Contents, keys: "DeviceKeys") -> Contents:
            from responder.device import key_pair_changes  # noqa: PLC0415 - keys are heavy

            return key_pair_changes.changed(now, keys, key_pair_id, operation, desired)

        return self._begin_to(change, ErrorCode.OPERATION_FAILED, at_reset)

    def csr(self, wanted: CsrTerms) -> "_Change":
        """Begin to make a CSR, or to fetch one that was waiting for a reset."""

        def make(state: DeviceState, keys: "DeviceKeys") -> tuple[DeviceState, Any]:
            from responder.device import csrs  # noqa: PLC0415 - X.509 is heavy

            return csrs.asked(state, keys, wanted)

        return self._begin(make, ErrorCode.UNSPECIFIED)

    def banks(self) -> Sequence[Bank]:
        """The banks (1.4), by BankID."""
        return described(self._rules.banks, self.state.now.banks)

    def configure_bank(
        self, bank_id: int, asym: int, pqc_asym: int, *, at_reset: bool
    ) -> "_Change":
        """Begin to give a bank another algorithm."""
        rules = self._rules.banks

        def change(now: Contents, keys: "DeviceKeys") -> Contents:
            return configured(now, rules, keys.held, bank_id, (asym, pqc_asym))

        return self._begin_to(change, ErrorCode.OPERATION_FAILED, at_reset)

    # What the server asks.

    def use(self, random: RandomTree) -> None:
        """Draw keys from this branch from now on."""
        self.line.random = random

    def misfit(self, state: DeviceState) -> str:
        """Why a state is not this device's, or nothing."""
        for contents in (state.now, state.after_reset or state.now):
            if len(contents.key_pairs) != len(self._key_pairs):
                return f"it has {len(contents.key_pairs)} key pairs, not {len(self._key_pairs)}"
            if len(contents.banks) != len(self._rules.banks):
                return f"it has {len(contents.banks)} banks, not {len(self._rules.banks)}"
            slots = {key.partition("/")[0] for key in contents.slots}
            if missing := slots - {str(slot_id) for slot_id in self._slots}:
                return f"there is no slot {min(missing)}"
        return ""

    def infos(self, slot: CertificateSlot) -> dict[str, SlotInfo]:
        """What DIGESTS would tell of a slot with that content: its key pairs are as they are."""
        return _infos(slot, self.state.now)

    def succeed(self, older: "Provisioning") -> None:
        """Go on where that of the device before stands, and be in step with it from now on.

        Raises:
            ValueError: what was written there has no place here, or a change is under way.
        """
        older.line.join(self, older)
        self.line = older.line

    def check_succession(self, older: "Provisioning") -> None:
        """See that it could succeed that one.

        Raises:
            ValueError: as ``succeed``.
        """
        older.line.checked(self, older)

    def forget_slot(self, slot_id: int) -> None:
        """Let nothing count as written into a slot: it is to hold something else.

        Raises:
            ValueError: a change is under way.
            OSError: that cannot be kept.
        """
        self.line.check_idle()
        state = self.state.without_slot(slot_id)
        if state != self.state:
            self.line.kept(self, state)
            self.line.take(self, state)

    def resume(self, state: DeviceState | None, keep: Keep) -> None:
        """Go on with a state that was kept, and keep each new one.

        Switching on is a reset: what waited for one takes effect.

        Raises:
            OSError: the state after that reset cannot be kept.
        """
        self.line.keep = keep
        if state is not None:
            self.take(state)
            self.reset(Reset.POWER_CYCLE)

    def reset(self, reset: Reset) -> None:
        """The device is reset; what waited for that takes effect.

        Raises:
            OSError: the new state cannot be kept; the old one stays.
        """
        if reset not in APPLIES_WAITING:
            return
        if self.line.under_way:
            self.line.reset_after_change = True
            return
        state = self.state.reset()
        if state != self.state:
            self.line.kept(self, state)
            self.line.take(self, state)

    def take(self, state: DeviceState) -> None:
        """Be what a state says, without more."""
        before, self.state = self.state, state
        if before.now != state.now:
            self._show(before.now, state.now)

    # Inside.

    def _begin_to(
        self,
        change: Callable[[Contents, "DeviceKeys"], Contents],
        storage_error: ErrorCode,
        at_reset: bool,
        slot_id: int | None = None,
    ) -> "_Change":
        delayed = at_reset or (self._rules.delayed and slot_id is not None)
        waiting = 1 << slot_id if at_reset and slot_id is not None else 0

        def make(state: DeviceState, keys: "DeviceKeys") -> tuple[DeviceState, None]:
            return _changed(state, lambda now: change(now, keys), delayed, waiting), None

        return self._begin(make, storage_error, at_reset=at_reset)

    def _begin(
        self, make: "_Make", storage_error: ErrorCode, *, at_reset: bool = False
    ) -> "_Change":
        if self.line.under_way:
            raise ProtocolError(ErrorCode.BUSY, "another change of the device is under way")
        change = _Change(self, self.line, make)
        change.storage_error, change.at_reset = storage_error, at_reset
        self.line.under_way = True
        return change

    def keys(self) -> "DeviceKeys":
        """The keys as they are now, for a change."""
        from responder.device.keys import DeviceKeys  # noqa: PLC0415 - cryptography is heavy

        bound = self._rules.bind_key_pairs
        return DeviceKeys(dict(self._slots), self._key_pairs, self.line.random, bound=bound)

    def ended(self, state: DeviceState | None) -> None:
        """A change is over; ``None`` if it was given up."""
        self.line.under_way = False
        if state is not None:
            self.line.take(self, state)
        if self.line.reset_after_change:
            self.line.reset_after_change = False
            self.reset(Reset.CONVENTIONAL)

    def _show(self, before: Contents, now: Contents) -> None:
        """Put what has changed into the device's slots."""
        changed = 0
        for slot_id, slot in self._slots.items():
            kinds = _changed_kinds(before.slots, now.slots, slot_id)
            credentials = [one for one in slot.credentials if one.kind not in kinds]
            written = {kind: now.slots[place(slot_id, kind)] for kind in kinds}
            for kind, content in written.items():
                if content.chain:
                    identity = Identity(content.key, list(content.chain))
                    credentials.append(Credential(identity, kind))
            changed |= bool(kinds) << slot_id
            self._slots[slot_id] = slot.provisioned(credentials, _infos(slot, now))
        if changed:
            self._changed(changed)


_Make = Callable[[DeviceState, "DeviceKeys"], tuple[DeviceState, Any]]


class _Change:
    """Implements ``core.provisioning.Change``.

    Attributes:
        storage_error: the error code of a state that cannot be kept.
        at_reset: success is told as ResetRequired.
    """

    storage_error = ErrorCode.UNSPECIFIED
    at_reset = False

    def __init__(self, owner: Provisioning, line: ProvisioningLine, make: _Make) -> None:
        self._owner = owner
        self._line = line
        self._before = self._after = owner.state
        self._make = make
        self._result: Any = None

    def work(self) -> None:
        """Make the new state and keep it."""
        self._after, self._result = self._make(self._before, self._owner.keys())
        if self._after == self._before:
            return
        try:
            self._line.kept(self._owner, self._after)
        except OSError as error:
            reason = f"the new state cannot be kept: {error.strerror}"
            raise ProtocolError(self.storage_error, reason) from error
        except ValueError as error:
            raise ProtocolError(self.storage_error, str(error)) from error

    def commit(self) -> Any:
        """Let the new state take the old one's place."""
        self._owner.ended(self._after)
        if isinstance(self._result, ProtocolError):
            raise self._result
        if self.at_reset:
            raise ProtocolError(ErrorCode.RESET_REQUIRED, "it takes effect at a reset")
        return self._result

    def give_up(self) -> None:
        """Let everything be as it was."""
        self._owner.ended(None)


def _changed(
    state: DeviceState, change: Callable[[Contents], Contents], at_reset: bool, slot_mask: int
) -> DeviceState:
    """A state in which something changes at once, or with the next reset."""
    if at_reset:
        return replace(
            state,
            after_reset=change(state.after_reset or state.now),
            waiting_slots=state.waiting_slots | slot_mask,
        )
    waiting = state.after_reset
    return replace(
        state, now=change(state.now), after_reset=None if waiting is None else change(waiting)
    )


def _changed_kinds(before: Mapping[str, Any], now: Mapping[str, Any], slot_id: int) -> list[str]:
    """The kinds of keys for which a slot holds something else."""
    prefix = place(slot_id, "")
    return [
        key.removeprefix(prefix)
        for key in now
        if key.startswith(prefix) and (key not in before or before[key] != now[key])
    ]


def _infos(slot: CertificateSlot, now: Contents) -> dict[str, SlotInfo]:
    """What DIGESTS tells of a slot, for each kind of key that is associated with it."""
    found: dict[str, SlotInfo] = {}
    for number, pair in enumerate(now.key_pairs, 1):
        if pair.slot_mask >> slot.slot_id & 1 and pair.generated:
            found[pair.kind] = SlotInfo(_model(slot, pair.kind, now), number, pair.key_usage)
    return found


def _model(slot: CertificateSlot, kind: str, now: Contents) -> int:
    """The model of what a slot holds; 0 if it holds nothing."""
    here = place(slot.slot_id, kind)
    if here in now.slots:
        return now.slots[here].model
    return slot.model if any(one.kind == kind for one in slot.credentials) else 0
