"""The interface report of a locked TDI (PCIe 6.2, 11.3.11)."""

from collections.abc import Sequence

from responder.device.pcie.interfaces import MemoryRange, TdiHost
from responder.spec.pcie import ATS_ENABLE, PAGE_REQUEST_ENABLE, PASID_ENABLE
from responder.spec.tdisp import PAGE_SIZE, InterfaceInfo, LockFlag, MmioAttribute
from responder.wire.tdisp import InterfaceReport, MmioRange

_PAGES = 1 << 52
"""Page numbers of 64-bit addresses."""
_ATTRIBUTES = {
    "msix_table": MmioAttribute.MSIX_TABLE,
    "msix_pba": MmioAttribute.MSIX_PBA,
    "non_tee": MmioAttribute.IS_NON_TEE_MEM,
    "updatable": MmioAttribute.IS_MEM_ATTR_UPDATABLE,
}


def interface_report(
    host: TdiHost, lock_flags: int, reporting_offset: int, device_info: bytes
) -> InterfaceReport:
    """What the function is like now.

    Args:
        host: the function.
        lock_flags: those of the lock.
        reporting_offset: bytes that are added to each address, modulo 2**64.
        device_info: DEVICE_SPECIFIC_INFO.
    """
    return InterfaceReport(
        interface_info=_interface_info(host, lock_flags),
        msi_x_message_control=host.config_value("msix.control"),
        lnr_control=host.config_value("lnr.control"),
        tph_control=host.config_value("tph.control"),
        mmio_ranges=build_ranges(
            [_mmio_range(one, reporting_offset) for one in host.memory_ranges()]
        ),
        device_specific_info=device_info,
    )


def build_ranges(ranges: Sequence[MmioRange]) -> bytes:
    """MMIO ranges, 16 bytes each."""
    return b"".join(one.build() for one in ranges)


def _interface_info(host: TdiHost, lock_flags: int) -> int:
    pasid = host.config_value("pasid.control") & PASID_ENABLE
    info = InterfaceInfo.DMA_WITH_PASID if pasid else InterfaceInfo.DMA_WITHOUT_PASID
    if lock_flags & LockFlag.NO_FW_UPDATE:
        info |= InterfaceInfo.NO_FW_UPDATE_AFTER_LOCK
    if host.config_value("ats.control") & ATS_ENABLE:
        info |= InterfaceInfo.ATS
    if host.config_value("page_request.control") & PAGE_REQUEST_ENABLE:
        info |= InterfaceInfo.PRS
    return info


def _mmio_range(found: MemoryRange, reporting_offset: int) -> MmioRange:
    attributes = sum(flag for name, flag in _ATTRIBUTES.items() if getattr(found, name))
    return MmioRange(
        first_page=(found.address + reporting_offset) // PAGE_SIZE % _PAGES,
        number_of_pages=found.size // PAGE_SIZE,
        range_attributes=attributes,
        range_id=found.bar,
    )
