"""Whether evidence of what was done to a device is what the host saw of it, byte by byte."""

from collections.abc import Iterator, Sequence

from responder.campaign.rehearsal import Rehearsal
from responder.campaign.run import Exchanged, Run
from responder.faults.device_actions import WriteMemory
from responder.faults.edits import Edit
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.tdisp import DeviceInterfaceReport, GetDeviceInterfaceReport
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.vendor_payload import parse_payload


def contradictions_of_devices(rehearsal: Rehearsal) -> Iterator[str]:
    """What is wrong with the evidence of devices; nothing if it is true."""
    rules = [rule for rule in rehearsal.fault.rules if rule.hook == "device"]
    actions = [action for rule in rules for action in rule.action]
    writes = [action for action in actions if isinstance(action, WriteMemory)]
    if writes:
        yield from _of_writes(writes, rehearsal.faulted)
    if any(isinstance(action, Edit) for action in actions):
        yield from _of_reports(rehearsal)


def _of_writes(writes: Sequence[WriteMemory], run: Run) -> Iterator[str]:
    """The host saw these writes, and no others."""
    meant = [(one.function, one.address, bytes.fromhex(one.value)) for one in writes]
    seen = [(one.function, one.address, one.data) for one in run.written]
    strikes = [event for event in run.evidence if event.hook == "device"]
    if seen != meant * len(strikes):
        yield f"device: the host saw the writes {seen}"
    told = [event.after for event in strikes]
    if told != [b"".join(data for _, _, data in meant)] * len(strikes):
        yield "device: the bytes are not those that were written"


def _of_reports(rehearsal: Rehearsal) -> Iterator[str]:
    """The report was that of the healthy run, and became what was read in portions."""
    healthy = rehearsal.healthy
    for event, at in zip(rehearsal.faulted.evidence, rehearsal.faulted.struck(), strict=True):
        if event.before != read_report(healthy.exchanges):
            yield "device: the report before is not that of the healthy run"
        read = read_report(rehearsal.faulted.exchanges[at:])
        if not read or not event.after.startswith(read):
            yield "device: the report after is not what was read"


def read_report(exchanges: Sequence[Exchanged]) -> bytes:
    """The first report that is read in some exchanges, as far as its portions came."""
    report = b""
    for exchange in exchanges:
        portion = _portion(exchange)
        if portion is None:
            continue
        offset, data, remain = portion
        if offset != len(report):
            break
        report += data
        if not remain:
            break
    return report


def _portion(exchange: Exchanged) -> tuple[int, bytes, int] | None:
    """Offset and bytes of the portion that an exchange brought, and how many remain."""
    context = WireContext(version=exchange.request[0])
    try:
        request, _ = VendorDefinedRequest.read(exchange.request, context)
        response, _ = VendorDefinedResponse.read(exchange.response or b"", context)
        asked = parse_payload(request.standard_id, request.vendor_id, request.payload)
        told = parse_payload(response.standard_id, response.vendor_id, response.payload)
    except WireError:
        return None
    if not isinstance(asked, GetDeviceInterfaceReport):
        return None
    if not isinstance(told, DeviceInterfaceReport):
        return None
    return asked.offset, told.report_bytes, told.remainder_length
