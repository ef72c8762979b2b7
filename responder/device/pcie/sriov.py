"""What the SR-IOV registers of a physical function do to its virtual ones (PCIe 6.2, 9.3.3)."""

from enum import Enum
from typing import Protocol

from responder.spec.pcie import SriovControl


class SriovChange(Enum):
    """What happens to the virtual functions; the value says it."""

    ENABLED = "VF Enable was set"
    DISABLED = "VF Enable was cleared"
    MEMORY_ENABLED = "VF Memory Space Enable was set"
    MEMORY_DISABLED = "VF Memory Space Enable was cleared"
    MOVED = "a VF BAR was written"


BREAKS_LOCK = frozenset({SriovChange.DISABLED, SriovChange.MEMORY_DISABLED, SriovChange.MOVED})
"""What no locked virtual function survives."""


class SriovListener(Protocol):
    """Who has the virtual functions."""

    def virtual_functions_changed(self, change: SriovChange, now: float) -> None:
        """It concerns all of them; what follows from it is the listener's business."""


def held(register: str, control: int) -> bool:
    """Whether a register keeps its value because VF Enable is set."""
    fixed = register in {"sriov.num_vfs", "sriov.system_page_size"}
    return fixed and bool(control & SriovControl.VF_ENABLE)


def changes(register: str, before: int, after: int) -> list[SriovChange]:
    """What the new value of a register of the capability means."""
    if before == after:
        return []
    if register.startswith("sriov.vf_bar"):
        return [SriovChange.MOVED]
    if register != "sriov.control":
        return []
    turned = before ^ after
    found = []
    if turned & SriovControl.VF_ENABLE:
        on = after & SriovControl.VF_ENABLE
        found.append(SriovChange.ENABLED if on else SriovChange.DISABLED)
    if turned & SriovControl.VF_MEMORY_SPACE:
        on = after & SriovControl.VF_MEMORY_SPACE
        found.append(SriovChange.MEMORY_ENABLED if on else SriovChange.MEMORY_DISABLED)
    return found
