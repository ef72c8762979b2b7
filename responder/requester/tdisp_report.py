"""The interface report of TDISP (PCIe 6.2, 11.3.11): read in portions, taken apart, judged."""

from functools import partial
from itertools import pairwise

from responder.requester.conversation import Conversation, Flow
from responder.requester.portions import read_portions
from responder.requester.protocols import names_of
from responder.requester.report_tdi import InterfaceFacts, RangeReport
from responder.requester.tdisp import (
    TDISP,
    exchange,
    exchange_if_possible,
    note_reserved,
    report_of,
)
from responder.spec.tdisp import (
    MMIO_RANGE_SIZE,
    PAGE_SIZE,
    InterfaceInfo,
    LockFlag,
    MmioAttribute,
    TdispErrorCode,
    TdiState,
)
from responder.wire.tdisp import (
    DeviceInterfaceReport,
    GetDeviceInterfaceReport,
    InterfaceReport,
    MmioRange,
)

_COUNT_AT, _RANGES_AT, _LENGTH_SIZE = 12, 16, 4
_ADDRESS_SPACE = 1 << 64


def get_report(c: Conversation) -> Flow[None]:
    """Read the interface report, and hold it to the lock and to what was read before."""
    data = yield from read_portions(c, TDISP.checks, partial(_portion, c))
    if c.tdi.state == TdiState.CONFIG_UNLOCKED:
        c.report.observe("tdi.report-unlocked", f"{len(data)} bytes")
    if c.tdi.locked and c.tdi.report:
        c.require("tdi.report-stable", data == c.tdi.report, "it is another one than before")
    report = _taken_apart(c, data)
    c.tdi.report, c.tdi.ranges = data, report.ranges()
    report_of(c).interface = InterfaceFacts(
        names_of(InterfaceInfo, report.interface_info),
        report.msi_x_message_control,
        report.lnr_control,
        report.tph_control,
        [_range(c, one) for one in c.tdi.ranges],
        report.device_specific_info.hex(),
    )
    _check_lock(c, report)
    _check_ranges(c)


def get_report_unlocked(c: Conversation) -> Flow[None]:
    """Ask for the report of an interface that is not locked: it has to be refused."""
    request = GetDeviceInterfaceReport(offset=0, length=c.options.tdi.portion)
    refusals = (TdispErrorCode.INVALID_INTERFACE_STATE, TdispErrorCode.INVALID_REQUEST)
    message = yield from exchange_if_possible(c, request, DeviceInterfaceReport, refusals)
    if message is not None:
        c.report.observe("tdi.report-unlocked", f"{len(message.report_bytes)} bytes")


def _portion(c: Conversation, offset: int, length: int) -> Flow[tuple[bytes, int]]:
    request = GetDeviceInterfaceReport(offset=offset, length=length)
    message = yield from exchange(c, request, DeviceInterfaceReport)
    return message.report_bytes, message.remainder_length


def _taken_apart(c: Conversation, data: bytes) -> InterfaceReport:
    """The fields of a report; its two counts have to account for every byte."""
    fixed = _RANGES_AT + _LENGTH_SIZE
    c.require("tdi.report-size", len(data) >= fixed, f"{len(data)} bytes, at least {fixed}")
    data = data.ljust(fixed, b"\0")
    told, room = _number(data[_COUNT_AT:_RANGES_AT]), (len(data) - fixed) // MMIO_RANGE_SIZE
    c.require("tdi.report-ranges", told <= room, f"{told} ranges, there is room for {room}")
    count = min(told, room)
    end = _RANGES_AT + count * MMIO_RANGE_SIZE
    size, rest = _number(data[end : end + _LENGTH_SIZE]), data[end + _LENGTH_SIZE :]
    exact = told > room or size == len(rest)
    c.require("tdi.report-specific", exact, f"{size} bytes told, {len(rest)} there")
    report, _ = InterfaceReport.read(data[:_COUNT_AT] + bytes(2 * _LENGTH_SIZE))
    return report.replace(
        mmio_range_count=count, mmio_ranges=data[_RANGES_AT:end], device_specific_info=rest
    )


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _address(c: Conversation, one: MmioRange) -> int:
    """Where a range begins without the reporting offset, in bytes."""
    return (one.first_page * PAGE_SIZE - c.options.tdi.reporting_offset) % _ADDRESS_SPACE


def _range(c: Conversation, one: MmioRange) -> RangeReport:
    return RangeReport(
        one.range_id,
        one.first_page,
        one.number_of_pages,
        _address(c, one),
        one.number_of_pages * PAGE_SIZE,
        names_of(MmioAttribute, one.range_attributes),
    )


def _check_lock(c: Conversation, report: InterfaceReport) -> None:
    """The report shows what the lock asked for."""
    asked = c.tdi.lock_flags
    frozen = report.interface_info & InterfaceInfo.NO_FW_UPDATE_AFTER_LOCK
    c.require(
        "tdi.report-update",
        frozen or not asked & LockFlag.NO_FW_UPDATE,
        "NO_FW_UPDATE was asked for, and INTERFACE_INFO does not have it",
    )
    note_reserved(c, "INTERFACE_INFO", report.interface_info & ~sum(InterfaceInfo))
    tables = [one for one in c.tdi.ranges if one.range_attributes & MmioAttribute.MSIX_TABLE]
    if asked & LockFlag.LOCK_MSIX and not tables:
        c.report.observe("tdi.msix-unmarked")


def _check_ranges(c: Conversation) -> None:
    """Ranges lie in the address space and in their BARs, and each by itself."""
    for one in c.tdi.ranges:
        name = f"range id {one.range_id}"
        end = _end(one) * PAGE_SIZE
        c.require("tdi.range-wrap", end <= _ADDRESS_SPACE, f"{name} ends at 0x{end:x}")
        _check_bar(c, one)
        note_reserved(c, f"{name}, attributes", one.range_attributes & ~sum(MmioAttribute))
        _note_side(c, one, name)
    ascending = sorted(c.tdi.ranges, key=lambda one: one.first_page)
    for one, following in pairwise(ascending):
        told = f"range ids {one.range_id} and {following.range_id}"
        c.require("tdi.range-overlap", _end(one) <= following.first_page, told)
    for one, following in pairwise(sorted(ascending, key=lambda one: one.range_id)):
        if one.range_id == following.range_id and _end(one) < following.first_page:
            c.report.observe("tdi.range-id-repeated", f"range id {one.range_id}")


def _note_side(c: Conversation, one: MmioRange, name: str) -> None:
    """On which side of the trusted environment a range is, and whether the host knows it so."""
    outside = one.range_attributes & MmioAttribute.IS_NON_TEE_MEM
    known = _address(c, one) in c.options.tdi.non_tee
    if outside and not known:
        c.report.observe("tdi.non-tee", f"{name}: {one.number_of_pages} pages")
    if known and not outside:
        c.report.observe("tdi.non-tee-hidden", f"{name}: {one.number_of_pages} pages")


def _end(one: MmioRange) -> int:
    """The page behind a range."""
    return one.first_page + one.number_of_pages


def _check_bar(c: Conversation, one: MmioRange) -> None:
    """The range lies in its BAR, where the host has said where BARs are."""
    bars = c.options.tdi.bars
    if not bars:
        return
    start, size = bars.get(one.range_id, (0, 0))
    address = _address(c, one)
    inside = start <= address and address + one.number_of_pages * PAGE_SIZE <= start + size
    told = f"0x{address:x}, {one.number_of_pages} pages; BAR {one.range_id}: 0x{start:x}, {size}"
    c.require("tdi.range-bar", inside, told)
