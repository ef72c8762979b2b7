"""Lies about the keys of a stream, and about an interface."""

from dataclasses import dataclass, field
from typing import Any

from requester.cases import Case, Change, put
from requester.peer import converse, default_options
from requester.tdi_peer import RANGES, TdiPeer, tdi_options, tdisp_error

from responder.requester.options import Patience
from responder.spec.ide import KpAckStatus
from responder.spec.tdisp import LockFlag, TdispErrorCode, TdispType, TdiState
from responder.wire import ide_km, tdisp
from responder.wire.function_status import StatusFlags

KEYS = ("ide-keys", "ide-go")
LOCK = ("tdisp-lock",)
REPORT = ("tdisp-lock", "tdisp-report")
MEASURED = ("tdisp-lock", "tdisp-measured")
UNLOCKED, LOCKED = TdiState.CONFIG_UNLOCKED, TdiState.CONFIG_LOCKED
PORTIONS = {"portion": 8}


@dataclass(frozen=True)
class TdiCase(Case):
    """A case against a ``TdiPeer``, in one session; ``later`` lies begin with second answers."""

    steps: tuple[str, ...] = ()
    tdi: dict[str, Any] = field(default_factory=dict)
    later: bool = False

    def run(self, *without: str) -> Any:
        refuses = {kind: list(found) for kind, found in self.peer.get("refuses", {}).items()}
        peer = TdiPeer(**{**self.peer, "refuses": refuses})
        if self.later:
            for name in ("says", "sends"):
                lies = getattr(peer, name).items()
                setattr(peer, name, {kind: after(1, change) for kind, change in lies})
            peer.status = after(2, peer.status)
        options = tdi_options(*self.steps, **self.tdi)
        return converse(peer, default_options(**options, without=frozenset(without))), peer


def after(honest: int, change: Change) -> Change:
    """A change that begins after some answers; each reading of measurements takes two."""
    seen: list[Any] = []

    def changed(message: Any) -> Any:
        seen.append(message)
        return change(message) if len(seen) > honest else message

    return changed


def says(
    check: str, step: str, steps: tuple[str, ...], kind: type, change: Change, **tdi: Any
) -> TdiCase:
    later = tdi.pop("later", False)
    return TdiCase(check, step, {"says": {kind: change}}, {}, steps, tdi, later)


def sends(
    check: str, step: str, steps: tuple[str, ...], kind: type, change: Change, **tdi: Any
) -> TdiCase:
    return TdiCase(check, step, {"sends": {kind: change}}, {}, steps, tdi)


def other_protocol(payload: bytes) -> bytes:
    return bytes((payload[0] ^ 1,)) + payload[1:]


def query(check: str, change: Change) -> TdiCase:
    return says(check, "QUERY", ("ide-query", "ide-keys"), ide_km.QueryResp, change)


def acknowledged(check: str, change: Change) -> TdiCase:
    return says(check, "KEY_PROG", KEYS, ide_km.KpAck, change)


IDE = [
    sends("ide.protocol", "KEY_PROG", KEYS, ide_km.KpAck, other_protocol),
    acknowledged("ide.type", put(object_id=6)),
    sends("ide.size", "KEY_PROG", KEYS, ide_km.KpAck, lambda payload: payload + b"\0"),
    acknowledged("ide.port", put(port_index=1)),
    acknowledged("ide.stream", put(stream_id=4)),
    acknowledged("ide.sub-stream", lambda m: m.replace(key_sub_stream=m.key_sub_stream ^ 2)),
    acknowledged("ide.status", put(status=KpAckStatus.UNSUPPORTED_VALUE)),
    query("ide.registers-whole", lambda m: m.replace(ide_registers=m.ide_registers + b"\0")),
    query("ide.registers-fit", lambda m: m.replace(ide_registers=bytes(3840))),
]


def locked(check: str, change: Change, **tdi: Any) -> TdiCase:
    kind = tdisp.LockInterfaceResponse
    return says(check, "LOCK_INTERFACE_REQUEST", LOCK, kind, change, **tdi)


def state(
    check: str, steps: tuple[str, ...], lie: int, instead_of: TdiState, **tdi: Any
) -> TdiCase:
    def change(message: Any) -> Any:
        return message.replace(tdi_state=lie) if message.tdi_state == instead_of else message

    kind, step = tdisp.DeviceInterfaceState, "GET_DEVICE_INTERFACE_STATE"
    return says(check, step, steps, kind, change, **tdi)


def portion(check: str, change: Change, **tdi: Any) -> TdiCase:
    kind, step = tdisp.DeviceInterfaceReport, "GET_DEVICE_INTERFACE_REPORT"
    return says(check, step, REPORT, kind, change, **tdi)


def report(check: str, change: Change, steps: tuple[str, ...] = REPORT, **tdi: Any) -> TdiCase:
    step = "GET_DEVICE_INTERFACE_REPORT"
    return says(check, step, steps, tdisp.InterfaceReport, change, **tdi)


def ranges(check: str, *found: tdisp.MmioRange, **tdi: Any) -> TdiCase:
    return report(check, put(mmio_ranges=b"".join(one.build() for one in found)), **tdi)


def measured(check: str, change: Change, *, later: bool = False) -> TdiCase:
    steps = (*MEASURED, "tdisp-measured")
    return TdiCase(check, "GET_MEASUREMENTS", {"status": change}, {}, steps, {}, later)


ERRORS = {tdisp.LockInterfaceRequest: [tdisp_error(TdispErrorCode.INVALID_DEVICE_CONFIGURATION)]}
BUSY = {tdisp.LockInterfaceRequest: [tdisp_error(TdispErrorCode.BUSY)] * 2}
MANDATORY_BUT_STOP = tdisp.supported_messages([TdispType(code) for code in range(0x81, 0x87)])

TDI = [
    sends(
        "tdi.protocol",
        "LOCK_INTERFACE_REQUEST",
        LOCK,
        tdisp.LockInterfaceResponse,
        other_protocol,
    ),
    locked("tdi.version", put(tdisp_version=0x20)),
    locked("tdi.type", put(message_type=6)),
    sends(
        "tdi.size",
        "LOCK_INTERFACE_REQUEST",
        LOCK,
        tdisp.LockInterfaceResponse,
        lambda payload: payload[:-1],
    ),
    locked("tdi.interface-id", put(interface_id=tdisp.InterfaceId(function_id=0x129).build())),
    TdiCase("tdi.error", "LOCK_INTERFACE_REQUEST", {"refuses": ERRORS}, {}, LOCK),
    TdiCase(
        "tdi.busy-limit",
        "LOCK_INTERFACE_REQUEST",
        {"refuses": BUSY},
        {},
        LOCK,
        {"patience": Patience(busy=1)},
    ),
    says(
        "tdi.version-common",
        "GET_TDISP_VERSION",
        ("tdisp-version",),
        tdisp.TdispVersion,
        put(version_num_entries=b"\x20"),
    ),
    says(
        "tdi.mandatory",
        "GET_TDISP_CAPABILITIES",
        ("tdisp-capabilities",),
        tdisp.TdispCapabilities,
        put(req_msgs_supported=MANDATORY_BUT_STOP),
    ),
    says(
        "tdi.lock-flags",
        "LOCK_INTERFACE_REQUEST",
        LOCK,
        tdisp.TdispCapabilities,
        put(lock_interface_flags_supported=0),
        lock_flags=LockFlag.NO_FW_UPDATE,
    ),
    state("tdi.state-defined", ("tdisp-state",), 4, UNLOCKED),
    state("tdi.state-before", LOCK, TdiState.RUN, UNLOCKED),
    state("tdi.locked", LOCK, UNLOCKED, LOCKED),
    state("tdi.running", (*LOCK, "tdisp-start"), LOCKED, TdiState.RUN),
    state("tdi.stopped", ("tdisp-stop",), TdiState.RUN, UNLOCKED),
    state("tdi.state-kept", ("tdisp-stop", "tdisp-state"), TdiState.ERROR, UNLOCKED, later=True),
    portion(
        "tdi.portion-size",
        lambda m: m.replace(report_bytes=m.report_bytes + bytes(8)),
        **PORTIONS,
    ),
    portion("tdi.portion-empty", put(report_bytes=b"", remainder_length=60)),
    portion("tdi.report-limit", put(remainder_length=0x8000)),
    portion(
        "tdi.report-total",
        lambda m: m.replace(remainder_length=m.remainder_length + len(m.report_bytes)),
        later=True,
        **PORTIONS,
    ),
    sends(
        "tdi.report-size",
        "GET_DEVICE_INTERFACE_REPORT",
        REPORT,
        tdisp.InterfaceReport,
        lambda data: data[:19],
    ),
    report("tdi.report-ranges", put(mmio_range_count=0xFFFFFFFF)),
    report("tdi.report-specific", put(device_specific_info_len=5)),
    report(
        "tdi.report-stable",
        put(device_specific_info=b"more"),
        (*REPORT, "tdisp-report"),
        later=True,
    ),
    report("tdi.report-update", put(interface_info=0)),
    ranges("tdi.range-wrap", RANGES[0].replace(first_page=(1 << 52) - 3)),
    ranges("tdi.range-overlap", RANGES[0], RANGES[1].replace(first_page=0x103)),
    ranges("tdi.range-bar", RANGES[0], bars={0: (0x101000, 0x10000)}),
    says(
        "tdi.vdm-vendor", "VDM_REQUEST", ("tdisp-vdm",), tdisp.VdmResponse, put(vendor_id=b"\2\0")
    ),
    measured("tdi.measured-state", put(tdi_state=TdiState.ERROR)),
    measured("tdi.measured-locked", put(flags=0)),
    measured(
        "tdi.measured-unchanged",
        put(flags=StatusFlags.CONFIGURATION_LOCKED | StatusFlags.CHANGED_SINCE_LOCK),
    ),
    measured("tdi.measured-flags", put(lock_flags=0)),
    measured("tdi.measured-resets", put(resets=1), later=True),
    measured("tdi.measured-configuration", put(configuration=0xABCE), later=True),
]
