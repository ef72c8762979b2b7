"""The extended capabilities that do nothing when accessed, as tables of registers.

Those that act (DOE, IDE) are ``Registers`` of their own; so is the serial number, which is not the
same for all functions of a layout.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from responder.core.ownership import Reset
from responder.device.pcie.aer import AER
from responder.device.pcie.capabilities import bar_registers
from responder.device.pcie.config_space import Capability, Register
from responder.device.pcie.interfaces import FunctionEffect
from responder.spec.pcie import (
    ATS_ENABLE,
    ATS_PAGE_ALIGNED,
    ATS_SMALLEST_UNIT,
    PAGE_REQUEST_ENABLE,
    PAGE_REQUEST_ERRORS,
    PAGE_REQUEST_STOPPED,
    PASID_ENABLE,
    PASID_EXECUTE,
    PASID_PRIVILEGED,
    PASID_WIDTH,
    RESIZABLE_BAR_SIZE,
    RESIZABLE_BAR_SIZE_SHIFT,
    Ari,
    Ats,
    ExtendedCapabilityId,
    PageRequest,
    Pasid,
    ResizableBar,
    SerialNumber,
    Sriov,
    SriovControl,
)

if TYPE_CHECKING:
    from responder.device.pcie.layout import FunctionLayout, VirtualFunctions

_PAGE_REQUESTS = 256
_ATS_QUEUE = 0
"""Invalidate Queue Depth: 32."""

_SRIOV_CONTROL = int(
    SriovControl.VF_ENABLE | SriovControl.VF_MEMORY_SPACE | SriovControl.ARI_CAPABLE_HIERARCHY
)


def extended_capabilities(layout: "FunctionLayout") -> list[Capability]:
    """Those that the layout asks for, in their order."""
    sriov = layout.virtual_functions
    found = [
        AER if layout.aer else None,
        _ARI if layout.ari else None,
        _sriov(sriov) if sriov else None,
        _ATS if layout.ats else None,
        _PAGE_REQUEST if layout.page_request else None,
        _PASID if layout.pasid else None,
        _resizable_bar(layout),
    ]
    return [capability for capability in found if capability]


_ARI = Capability(
    "ari",
    ExtendedCapabilityId.ALTERNATIVE_ROUTING_ID,
    Ari.SIZE,
    (Register("capability", Ari.CAPABILITY, 2), Register("control", Ari.CONTROL, 2)),
    version=1,
)

_ATS = Capability(
    "ats",
    ExtendedCapabilityId.ADDRESS_TRANSLATION,
    Ats.SIZE,
    (
        Register("capability", Ats.CAPABILITY, 2, _ATS_QUEUE | ATS_PAGE_ALIGNED),
        Register("control", Ats.CONTROL, 2, writable=ATS_ENABLE | ATS_SMALLEST_UNIT),
    ),
    version=1,
)

_PAGE_REQUEST = Capability(
    "page_request",
    ExtendedCapabilityId.PAGE_REQUEST,
    PageRequest.SIZE,
    (
        Register("control", PageRequest.CONTROL, 2, writable=PAGE_REQUEST_ENABLE),
        Register("status", PageRequest.STATUS, 2, PAGE_REQUEST_STOPPED, clears=PAGE_REQUEST_ERRORS),
        Register("capacity", PageRequest.CAPACITY, 4, _PAGE_REQUESTS),
        Register("allocation", PageRequest.ALLOCATION, 4, writable=0xFFFF_FFFF),
    ),
    version=1,
)

_PASID = Capability(
    "pasid",
    ExtendedCapabilityId.PROCESS_ADDRESS_SPACE_ID,
    Pasid.SIZE,
    (
        Register(
            "capability",
            Pasid.CAPABILITY,
            2,
            PASID_EXECUTE | PASID_PRIVILEGED | PASID_WIDTH << 8,
        ),
        Register(
            "control",
            Pasid.CONTROL,
            2,
            writable=PASID_ENABLE | PASID_EXECUTE | PASID_PRIVILEGED,
        ),
    ),
    version=1,
)


def _sriov(functions: "VirtualFunctions") -> Capability:
    return Capability(
        "sriov",
        ExtendedCapabilityId.SINGLE_ROOT_IO_VIRTUALIZATION,
        Sriov.SIZE,
        (
            Register("capabilities", Sriov.CAPABILITIES, 4),
            Register("control", Sriov.CONTROL, 2, writable=_SRIOV_CONTROL),
            Register("status", Sriov.STATUS, 2),
            Register("initial_vfs", Sriov.INITIAL_VFS, 2, functions.total),
            Register("total_vfs", Sriov.TOTAL_VFS, 2, functions.total),
            Register("num_vfs", Sriov.NUM_VFS, 2, writable=0xFFFF),
            Register("function_dependency_link", Sriov.FUNCTION_DEPENDENCY_LINK, 1),
            Register("first_vf_offset", Sriov.FIRST_VF_OFFSET, 2, functions.first_offset),
            Register("vf_stride", Sriov.VF_STRIDE, 2, functions.stride),
            Register("vf_device_id", Sriov.VF_DEVICE_ID, 2, functions.device_id),
            Register("supported_page_sizes", Sriov.SUPPORTED_PAGE_SIZES, 4, functions.page_sizes),
            Register("system_page_size", Sriov.SYSTEM_PAGE_SIZE, 4, 1, writable=0xFFFF_FFFF),
            *bar_registers("vf_bar", Sriov.VF_BAR0, functions.bars),
            Register("migration_state", Sriov.MIGRATION_STATE, 4),
        ),
        version=1,
    )


def _resizable_bar(layout: "FunctionLayout") -> Capability | None:
    bars = [bar for bar in layout.bars if bar.sizes]
    registers = []
    for position, bar in enumerate(bars):
        offset = position * ResizableBar.ENTRY_SIZE
        supported = sum(1 << size_code(size) + 4 for size in bar.sizes)
        control = bar.number | size_code(bar.size) << RESIZABLE_BAR_SIZE_SHIFT
        count = len(bars) << 5 if position == 0 else 0
        registers += [
            Register(
                f"bar{bar.number}_capability",
                ResizableBar.CAPABILITY + offset,
                4,
                supported & 0xFFFF_FFFF,
            ),
            Register(
                f"bar{bar.number}_control",
                ResizableBar.CONTROL + offset,
                4,
                control | count,
                writable=RESIZABLE_BAR_SIZE,
            ),
        ]
    size = 4 + len(bars) * ResizableBar.ENTRY_SIZE
    found = Capability(
        "resizable_bar", ExtendedCapabilityId.RESIZABLE_BAR, size, tuple(registers), version=1
    )
    return found if bars else None


def size_code(size: int) -> int:
    """How Resizable BAR writes a size in bytes: 0 is 1 MiB, each step doubles it."""
    return size.bit_length() - 21


class DeviceSerialNumber:
    """The Device Serial Number capability; implements ``Registers``."""

    __slots__ = ("_number",)
    capability_id = int(ExtendedCapabilityId.DEVICE_SERIAL_NUMBER)
    version = 1
    size = int(SerialNumber.SIZE)

    def __init__(self, number: int) -> None:
        """``number`` has 64 bits, an EUI-64."""
        self._number = number

    def name(self, offset: int) -> str:
        """Which half it is."""
        return "serial_number.low" if offset < SerialNumber.HIGH else "serial_number.high"

    def read(self, offset: int, now: float) -> int:
        """One half of the number."""
        del now
        return self._number >> (32 if offset == SerialNumber.HIGH else 0) & 0xFFFF_FFFF

    def write(
        self, offset: int, value: int, now: float, lanes: int = 0xF
    ) -> Sequence[FunctionEffect]:
        """Nothing happens."""
        del offset, value, now, lanes
        return ()

    def reset(self, reset: Reset, now: float) -> Sequence[FunctionEffect]:
        """Nothing happens."""
        del reset, now
        return ()
