"""The hook ``register``: what faults do to accesses, and what these tell of a mailbox."""

from collections.abc import Sequence
from copy import copy

from responder.core.hooks import Access
from responder.crypto.random_tree import RandomTree
from responder.faults import actions as act
from responder.faults import structs
from responder.faults.edits import Action
from responder.faults.match import Armed, Occasion
from responder.faults.memory import Counts, FaultMemory
from responder.faults.place import NoSuchPlace
from responder.faults.rule import MAILBOX_EVENTS, FaultSpec
from responder.faults.sources import NoSources
from responder.faults.striking import Striker, fired
from responder.spec.codes import name_of_code
from responder.spec.doe import Control
from responder.spec.registries import PCI_SIG_VENDOR_ID, DoeType

_GO, _ABORT, _POP = MAILBOX_EVENTS
_KINDS = {
    PCI_SIG_VENDOR_ID | DoeType.DISCOVERY << 16: "discovery",
    PCI_SIG_VENDOR_ID | DoeType.SPDM << 16: "spdm",
    PCI_SIG_VENDOR_ID | DoeType.SPDM_CONNECTION_ID << 16: "spdm",
    PCI_SIG_VENDOR_ID | DoeType.SECURED_SPDM << 16: "secured",
    PCI_SIG_VENDOR_ID | DoeType.SECURED_SPDM_CONNECTION_ID << 16: "secured",
}
"""The first DW of an object to what it carries."""
_MESSAGE_DW = 3


class Occupied:
    """What is in one mailbox, as the accesses to its registers tell.

    Attributes:
        kind: what the object is, one of ``OBJECTS``; empty for any other, and before the first.
        message: the name of a request outside of any session.
    """

    def __init__(self) -> None:
        self.kind = ""
        self.message = ""
        self._dwords = 0
        self._over = True

    def written(self, dword: int) -> bool:
        """A DW of an object was written; whether it is the first one."""
        begins = self._over
        if begins:
            self.kind, self.message = _KINDS.get(dword, ""), ""
            self._dwords, self._over = 0, False
        self._dwords += 1
        if self._dwords == _MESSAGE_DW and self.kind == "spdm":
            self.message = name_of_code(dword >> 8 & 0xFF)
        return begins

    def end(self) -> None:
        """GO or ABORT: the next DW is that of another object."""
        self._over = True


class RegisterStriker(Striker):
    """What the faults of one connection do to accesses to registers."""

    def __init__(
        self, faults: Sequence[FaultSpec], memory: FaultMemory, random: RandomTree
    ) -> None:
        super().__init__(faults, memory, random)
        self._occupied: dict[str, Occupied] = {}
        self._told: dict[str, tuple[str, bytes, bytes]] = {}

    def register(self, access: Access) -> Access:
        """A register access."""
        if "register" not in self._at:
            return access
        mailbox, _, register = access.name.partition(".")
        doe = mailbox.startswith("doe")
        occupied = self._occupied.setdefault(mailbox, Occupied()) if doe else Occupied()
        asked = access.value
        if doe:
            self._own.mailbox = mailbox
            if register == "write_mailbox" and access.write and occupied.written(asked):
                self._own.in_exchange[mailbox] = Counts()
                self._told.clear()
        access = self._struck_by_all(access, occupied)
        if doe and access.write:
            self._follow(register, asked, occupied)
        return access

    def _struck_by_all(self, access: Access, occupied: Occupied) -> Access:
        occasion = Occasion(
            message=occupied.message,
            kind=occupied.kind,
            register=access.name,
            access="write" if access.write else "read",
        )
        for armed in self._striking("register", occasion):
            changed = copy(access)

            def one(action: Action, _: Armed, draws: RandomTree, new: Access = changed) -> str:
                return _carry_out(new, action, draws)

            told = self._carry_out(armed, one, access.name)
            if told:
                self._struck(armed)
                self._tell(armed, told, access, changed)
                access = changed
        return access

    def _tell(self, armed: Armed, told: str, before: Access, after: Access) -> None:
        """The evidence; the same lie to polls of one register is told once in an exchange."""
        change = _bytes_of(before, after)
        if self._told.get(armed.key) != (before.name, *change):
            self._told[armed.key] = (before.name, *change)
            before.evidence.append(fired(armed, told, before.name, *change))

    def _follow(self, register: str, value: int, occupied: Occupied) -> None:
        """What software has done to a mailbox, whatever has become of it."""
        if register == "read_mailbox":
            self._happened(_POP)
        elif register == "control" and value & (Control.GO | Control.ABORT):
            occupied.end()
            self._happened(_ABORT if value & Control.ABORT else _GO)


def _carry_out(access: Access, action: Action, draws: RandomTree) -> str:
    match action:
        case act.Suppress():
            if not access.write:
                raise NoSuchPlace("a read cannot be dropped")
            access.dropped = True
            return "the write has no effect"
        case act.SignalInterrupt():
            if access.vector is None:
                raise NoSuchPlace("there is no interrupt to signal, or MSI-X is not enabled")
            access.interrupt = True
            return f"interrupt {access.vector} is signalled"
    return structs.change(access, action, draws, NoSources())


def _bytes_of(before: Access, after: Access) -> tuple[bytes, bytes]:
    """The value before and after; nothing of one that has no effect, or is as it was."""
    was, is_now = (one.value.to_bytes(one.size, "little") for one in (before, after))
    if after.dropped:
        return was, b""
    return (was, is_now) if was != is_now else (b"", b"")
