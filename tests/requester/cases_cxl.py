"""Lies about the keys of a CXL port, and about a memory target."""

from dataclasses import dataclass, field
from typing import Any

from requester.cases import Case, Change, put
from requester.cases_tdi import after, other_protocol
from requester.cxl_peer import CxlPeer, cxl_options
from requester.peer import converse, default_options

from responder.requester.options import Patience
from responder.spec.cxl import TspErrorCode, TspState
from responder.wire import cxl_ide_km as ide
from responder.wire import cxl_tsp as tsp

KEYS = ("cxl-keys", "cxl-go")
CONFIGURE = ("tsp-set-configuration", "tsp-lock")
LOCK, STATE = "LOCK_TARGET_CONFIGURATION", "GET_TARGET_CONFIGURATION"
REPORT = ("tsp-lock", "tsp-report", "tsp-report")
UNLOCKED, LOCKED = TspState.CONFIG_UNLOCKED, TspState.CONFIG_LOCKED


@dataclass(frozen=True)
class CxlCase(Case):
    """A case against a ``CxlPeer``, in one session; ``later`` lies begin with second answers."""

    steps: tuple[str, ...] = ()
    cxl: dict[str, Any] = field(default_factory=dict)
    later: bool = False

    def run(self, *without: str) -> Any:
        refuses = {kind: list(found) for kind, found in self.peer.get("refuses", {}).items()}
        peer = CxlPeer(**{**self.peer, "refuses": refuses})
        if self.later:
            for name in ("says", "sends"):
                lies = getattr(peer, name).items()
                setattr(peer, name, {kind: after(1, change) for kind, change in lies})
        options = cxl_options(*self.steps, **self.cxl)
        return converse(peer, default_options(**options, without=frozenset(without))), peer


def lies(
    how: str, check: str, step: str, steps: tuple[str, ...], kind: type, change: Change, **cxl: Any
) -> CxlCase:
    later = cxl.pop("later", False)
    return CxlCase(check, step, {how: {kind: change}}, {}, steps, cxl, later)


def acknowledged(check: str, change: Change) -> CxlCase:
    return lies("says", check, "KEY_PROG", KEYS, ide.CxlKpAck, change)


def query(check: str, change: Change) -> CxlCase:
    return lies("says", check, "QUERY", ("cxl-query", "cxl-keys"), ide.CxlQueryResp, change)


CXL = [
    lies("sends", "cxl.protocol", "KEY_PROG", KEYS, ide.CxlKpAck, other_protocol),
    acknowledged("cxl.type", put(object_id=6)),
    lies("sends", "cxl.size", "KEY_PROG", KEYS, ide.CxlKpAck, lambda data: data + b"\0"),
    query("cxl.version", put(caps=0x72)),
    acknowledged("cxl.port", put(port_index=0)),
    acknowledged("cxl.stream", put(stream_id=4)),
    acknowledged("cxl.sub-stream", lambda m: m.replace(key_sub_stream=m.key_sub_stream ^ 2)),
    acknowledged("cxl.status", put(status=1)),
    query("cxl.registers-whole", put(ide_registers=bytes(35))),
]


def locked(check: str, change: Change) -> CxlCase:
    return lies("says", check, LOCK, ("tsp-lock",), tsp.LockTargetConfigurationRsp, change)


def state(
    check: str, steps: tuple[str, ...], lie: int, instead_of: TspState, **cxl: Any
) -> CxlCase:
    def change(message: Any) -> Any:
        told = message.current_tsp_state
        return message.replace(current_tsp_state=lie) if told == instead_of else message

    return lies("says", check, STATE, steps, tsp.GetTargetConfigurationRsp, change, **cxl)


def portion(check: str, change: Change, **cxl: Any) -> CxlCase:
    kind, step = tsp.GetTargetConfigurationReportRsp, "GET_TARGET_CONFIGURATION_REPORT"
    return lies("says", check, step, REPORT, kind, change, **cxl)


def report(check: str, change: Change, **cxl: Any) -> CxlCase:
    kind, step = tsp.TargetConfigurationReport, "GET_TARGET_CONFIGURATION_REPORT"
    return lies("sends", check, step, REPORT, kind, change, **cxl)


def answers(check: str, *found: Any, **cxl: Any) -> CxlCase:
    """The lock is answered with these first."""
    refuses = {tsp.LockTargetConfiguration: list(found)}
    step = "CHECK_TARGET_DELAYED_COMPLETION" if check == "tsp.delayed-limit" else LOCK
    if check == "tsp.delayed-limit":
        refuses[tsp.CheckTargetDelayedCompletion] = list(found)
    return CxlCase(check, step, {"refuses": refuses}, {}, ("tsp-lock",), cxl)


BUSY = tsp.TspErrorRsp(error_code=TspErrorCode.BUSY)
REFUSED = tsp.TspErrorRsp(error_code=TspErrorCode.NO_PRIVILEGE)

TSP = [
    lies(
        "sends", "tsp.protocol", LOCK, ("tsp-lock",), tsp.LockTargetConfigurationRsp, other_protocol
    ),
    locked("tsp.version", put(tsp_version=0x20)),
    locked("tsp.type", put(op_code=5)),
    lies(
        "sends",
        "tsp.size",
        LOCK,
        ("tsp-lock",),
        tsp.LockTargetConfigurationRsp,
        lambda data: data[:-1],
    ),
    answers("tsp.error", REFUSED),
    answers("tsp.busy-limit", BUSY, BUSY, patience=Patience(busy=1)),
    answers("tsp.delayed-limit", *[tsp.DelayedRsp()] * 2, patience=Patience(not_ready=1)),
    lies(
        "says",
        "tsp.version-common",
        "GET_TARGET_TSP_VERSION",
        ("tsp-version",),
        tsp.GetTargetTspVersionRsp,
        put(version_number_entries=b""),
    ),
    state("tsp.state-defined", ("tsp-configuration",), 3, UNLOCKED),
    state("tsp.state-before", CONFIGURE, LOCKED, UNLOCKED),
    state("tsp.locked", ("tsp-lock",), UNLOCKED, LOCKED),
    state("tsp.state-kept", ("tsp-lock", "tsp-configuration"), TspState.ERROR, LOCKED, later=True),
    lies(
        "says",
        "tsp.configuration",
        STATE,
        CONFIGURE,
        tsp.GetTargetConfigurationRsp,
        put(memory_encryption_features=0),
    ),
    portion(
        "tsp.portion-size", lambda m: m.replace(report_data=m.report_data + bytes(8)), portion=8
    ),
    portion("tsp.portion-empty", put(report_data=b"", remainder_length=40)),
    portion("tsp.report-limit", put(remainder_length=0x8000)),
    portion(
        "tsp.report-total",
        lambda m: m.replace(remainder_length=m.remainder_length + len(m.report_data)),
        later=True,
        portion=8,
    ),
    report("tsp.report-size", lambda data: data[:3]),
    report("tsp.report-stable", lambda data: data[:-1] + b"\1", later=True),
]
