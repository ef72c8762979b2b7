"""Which writes to configuration space a locked TDI does not survive (PCIe 6.2, 11.2.6 and 11.4).

``docs/reference/tdisp.md`` is written from the table here.
"""

from enum import Enum
from fnmatch import fnmatchcase

import msgspec

from responder.spec.pcie import Command, DeviceControl, PowerControl
from responder.spec.tdisp import LockFlag

_ALL = -1


class Against(Enum):
    """Which writes of a register are against the lock; the value says it for people."""

    NEVER = "none"
    CLEARED = "clearing"
    CHANGED = "changes of"


class LockRule(msgspec.Struct, frozen=True):
    """What a lock says of some registers.

    Attributes:
        registers: their name, where ``*`` stands for any characters.
        against: the writes that are an ERROR.
        bits: of the bits that this is about; all by default.
        flag: the rule holds only under this lock flag.
        text: why.
    """

    registers: str
    against: Against
    bits: int = _ALL
    flag: LockFlag | None = None
    text: str = ""

    @property
    def whole(self) -> bool:
        """Whether all of the register is locked."""
        return self.against is not Against.NEVER and self.bits == _ALL

    def broken(self, before: int, after: int, *, unchanged: bool) -> bool:
        """Whether a write is against it; ``unchanged``: also one that changes nothing."""
        if self.against is Against.NEVER:
            return False
        if self.against is Against.CLEARED:
            return bool((before | (_ALL if unchanged else 0)) & ~after & self.bits)
        return bool((before ^ after) & self.bits) or (unchanged and self.whole)


_ERROR, _ALLOWED = Against.CHANGED, Against.NEVER
_ENABLES = int(Command.MEMORY_SPACE | Command.BUS_MASTER)
_TAGS = int(DeviceControl.EXTENDED_TAG | DeviceControl.PHANTOM_FUNCTIONS)
_POWER_STATE = int(PowerControl.STATE)

RULES = (
    LockRule(
        "header.command", Against.CLEARED, _ENABLES, text="memory space and bus master enable"
    ),
    LockRule("header.bar*", _ERROR, text="what the report tells"),
    LockRule("header.expansion_rom", _ERROR, text="it could lie over a BAR"),
    LockRule("header.bist", _ERROR, text="it works on the function's state"),
    LockRule("header.*", _ALLOWED, text="status, cache line size, interrupt line"),
    LockRule("pcie.device_control", _ERROR, _TAGS, text="extended tags, phantom functions"),
    LockRule("pcie.*", _ALLOWED, text="status, link, and other control bits"),
    LockRule("pm.control", _ERROR, _POWER_STATE, text="the power state: state could get lost"),
    LockRule("pm.*", _ALLOWED, text="read-only"),
    LockRule("msix.*", _ERROR, flag=LockFlag.LOCK_MSIX, text="control and table"),
    LockRule("resizable_bar.*", _ERROR, text="what the report tells"),
    LockRule("sriov.*", _ERROR, text="virtual functions and their BARs"),
    LockRule("ari.*", _ERROR, text="the routing id"),
    LockRule("pasid.*", _ERROR, text="how requests are told apart"),
    LockRule("ats.*", _ERROR, text="how requests are translated"),
    LockRule("page_request.*", _ERROR, text="how requests are translated"),
    LockRule("multicast.*", _ERROR, text="where requests go"),
    LockRule("enhanced_allocation.*", _ERROR, text="what the report tells"),
    LockRule("tph.*", _ERROR, text="what the report tells"),
    LockRule("lnr.*", _ERROR, text="what the report tells"),
    LockRule("aer.*", _ALLOWED, text="error reporting"),
    LockRule("vc.*", _ALLOWED, text="virtual channels"),
    LockRule("serial_number.*", _ALLOWED, text="read-only"),
    LockRule("power_budgeting.*", _ALLOWED, text="power"),
    LockRule("acs.*", _ALLOWED, text="access control"),
    LockRule("ltr.*", _ALLOWED, text="latency tolerance"),
    LockRule("l1pm.*", _ALLOWED, text="power"),
    LockRule("ptm.*", _ALLOWED, text="time"),
    LockRule("lane_margining.*", _ALLOWED, text="the link"),
    LockRule("doe*", _ALLOWED, text="mailboxes"),
    LockRule("ide.*", _ALLOWED, text="what becomes of streams by it counts by itself"),
    LockRule("reserved", _ALLOWED, text="nothing is there"),
    LockRule("*", _ERROR, text="what nobody has named"),
)
"""The first rule that fits a register's name is the one that counts."""


def rule_for(register: str) -> LockRule:
    """The rule for a register such as ``header.command``."""
    return next(rule for rule in RULES if fnmatchcase(register, rule.registers))
