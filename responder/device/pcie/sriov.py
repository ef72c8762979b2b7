"""What the SR-IOV registers of a physical function do to its virtual ones (PCIe 6.2, 9.3.3)."""

from enum import Enum
from typing import Protocol

from responder.spec.pcie import SriovControl


class SriovChange(Enum):
    """What takes something from the virtual functions; the value says it."""

    DISABLED = "VF Enable was cleared"
    MEMORY_DISABLED = "VF Memory Space Enable was cleared"
    MOVED = "a VF BAR was written"


class SriovListener(Protocol):
    """Who has the virtual functions."""

    def virtual_functions_changed(self, change: SriovChange, now: float) -> None:
        """It concerns all of them; what follows from it is the listener's business."""


def held(register: str, control: int) -> bool:
    """Whether a register keeps its value because VF Enable is set."""
    fixed = register in {"sriov.num_vfs", "sriov.system_page_size"}
    return fixed and bool(control & SriovControl.VF_ENABLE)


def changes(register: str, before: int, after: int, control: int) -> list[SriovChange]:
    """What the new value of a register means to enabled virtual functions.

    ``control`` is SR-IOV Control as it was before.
    """
    enabled = bool(control & SriovControl.VF_ENABLE)
    if register.startswith("sriov.vf_bar"):
        return [SriovChange.MOVED] if enabled and before != after else []
    if register != "sriov.control":
        return []
    found = []
    stays = after & SriovControl.VF_ENABLE
    if enabled and before & ~after & SriovControl.VF_MEMORY_SPACE:
        found.append(SriovChange.MEMORY_DISABLED)
    if enabled and not stays:
        found.append(SriovChange.DISABLED)
    return found
