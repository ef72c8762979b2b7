"""The state machine of a TDI as a table, and what of it is a matter of policy (PCIe 6.2, 11.3).

``docs/reference/tdisp.md`` is written from the tables here.
"""

from enum import Enum
from typing import Literal

import msgspec

from responder.device.pcie.interfaces import TdiState
from responder.spec.tdisp import TdispErrorCode


class TdiEvent(Enum):
    """What may happen to a TDI; the value says it for people."""

    GET_VERSION = "GET_TDISP_VERSION"
    GET_CAPABILITIES = "GET_TDISP_CAPABILITIES"
    LOCK = "LOCK_INTERFACE_REQUEST"
    REPORT = "GET_DEVICE_INTERFACE_REPORT"
    STATE = "GET_DEVICE_INTERFACE_STATE"
    START = "START_INTERFACE_REQUEST"
    STOP = "STOP_INTERFACE_REQUEST"
    BIND_P2P = "BIND_P2P_STREAM_REQUEST"
    UNBIND_P2P = "UNBIND_P2P_STREAM_REQUEST"
    SET_MMIO_ATTRIBUTE = "SET_MMIO_ATTRIBUTE_REQUEST"
    VDM = "VDM_REQUEST"
    SET_CONFIG = "SET_TDISP_CONFIG_REQUEST"
    REGISTER_WRITTEN = "a register is written against the lock"
    DEVICE_FAILED = "the device itself finds an error"
    STREAM_LOST = "a stream that it is bound to is no longer secure, or not keyed by its session"
    SESSION_ENDED = "the session that locked it ends"
    FUNCTION_RESET = "function level reset"
    DEVICE_RESET = "conventional reset or power cycle"


class TdispPolicy(msgspec.Struct, frozen=True):
    """What a device does where the facts leave it open, or where devices differ.

    Attributes:
        session_required: TDISP works in sessions only.
        session_bound: what follows a lock has to come over the session that locked; once that
            session is gone any other may stop the interface.
        ide_binding: what LOCK_INTERFACE_REQUEST demands of its default stream: nothing; six keys
            in use which came over its session; or that the stream is secure and the default one by
            its registers as well.
        enforced: DMA works in RUN only.
        watch_configuration: writes against the lock are an ERROR.
        session_end: what the end of the locking session does.
        stop_when_unlocked: STOP_INTERFACE_REQUEST succeeds in CONFIG_UNLOCKED too.
        early_report: how a report that nothing has been locked for is refused: for the state, or as
            an invalid request.
        version_restarts: GET_TDISP_VERSION takes an interface back to CONFIG_UNLOCKED.
        unchanged_writes: a write against the lock is one even if it changes nothing.
        refuse_locked_writes: such writes have no effect, where all of the register is locked.
        learn_function_id: a host with one interface takes the first FUNCTION_ID that it is asked
            for as that of the interface.
        lock_flags: LOCK_INTERFACE_FLAGS_SUPPORTED, as far as nothing below adds to it.
        p2p: BIND_P2P_STREAM and UNBIND_P2P_STREAM are supported, and the lock flag for them.
        mmio_attributes: SET_MMIO_ATTRIBUTE is supported.
        report_follows_attributes: the report shows attributes as they were set last.
        vdm: vendors' requests are unsupported, or sent back.
        set_config: SET_TDISP_CONFIG is supported.
        dev_addr_width: DEV_ADDR_WIDTH, bits.
        num_req_this, num_req_all: NUM_REQ_THIS and NUM_REQ_ALL.
        report_portion: bytes of a report in one answer, at most; 0 for any.
        reporting_offset: MMIO_REPORTING_OFFSET is added to the addresses of the report.
        device_info: DEVICE_SPECIFIC_INFO of the report, text.
    """

    session_required: bool = True
    session_bound: bool = True
    ide_binding: Literal["none", "keys", "secure"] = "secure"
    enforced: bool = True
    watch_configuration: bool = True
    session_end: Literal["error", "unlock", "keep"] = "error"
    stop_when_unlocked: bool = True
    early_report: Literal["state", "request"] = "state"
    version_restarts: bool = False
    unchanged_writes: bool = False
    refuse_locked_writes: bool = False
    learn_function_id: bool = False
    lock_flags: int = 0x0007
    p2p: bool = False
    mmio_attributes: bool = False
    report_follows_attributes: bool = True
    vdm: Literal["unsupported", "echo"] = "unsupported"
    set_config: bool = False
    dev_addr_width: int = 52
    num_req_this: int = 1
    num_req_all: int = 1
    report_portion: int = 0
    reporting_offset: bool = True
    device_info: str = ""


NO_TDISP_POLICY = TdispPolicy()
STOCK_TDISP = TdispPolicy(
    session_required=False,
    session_bound=False,
    ide_binding="none",
    enforced=False,
    watch_configuration=False,
    session_end="keep",
    stop_when_unlocked=False,
    early_report="request",
    version_restarts=True,
    learn_function_id=True,
    dev_addr_width=48,
    num_req_this=0,
    num_req_all=0,
    report_portion=64,
    reporting_offset=False,
    device_info="tdisp_dev_emu\0\0\0",
)
"""As the reference responder does, as far as that is a matter of policy; it has no ERROR either."""

Outcome = TdiState | TdispErrorCode
"""The next state, or the code with which a request is refused; the state is kept then."""
Row = tuple[Outcome, Outcome, Outcome, Outcome]
"""The outcomes in CONFIG_UNLOCKED, CONFIG_LOCKED, RUN and ERROR."""

_UNLOCKED, _LOCKED, _RUN, _ERROR = TdiState
_STAYS: Row = (_UNLOCKED, _LOCKED, _RUN, _ERROR)
_NO = TdispErrorCode.INVALID_INTERFACE_STATE
_FAILS: Row = (_UNLOCKED, _ERROR, _ERROR, _ERROR)

TABLE: dict[TdiEvent, Row] = {
    TdiEvent.GET_VERSION: _STAYS,
    TdiEvent.GET_CAPABILITIES: _STAYS,
    TdiEvent.LOCK: (_LOCKED, _NO, _NO, _NO),
    TdiEvent.REPORT: (_NO, _LOCKED, _RUN, _NO),
    TdiEvent.STATE: _STAYS,
    TdiEvent.START: (_NO, _RUN, _NO, _NO),
    TdiEvent.STOP: (_UNLOCKED, _UNLOCKED, _UNLOCKED, _UNLOCKED),
    TdiEvent.BIND_P2P: (_NO, _NO, _RUN, _NO),
    TdiEvent.UNBIND_P2P: (_NO, _NO, _RUN, _NO),
    TdiEvent.SET_MMIO_ATTRIBUTE: (_NO, _NO, _RUN, _NO),
    TdiEvent.VDM: _STAYS,
    TdiEvent.SET_CONFIG: (_UNLOCKED, _NO, _NO, _NO),
    TdiEvent.REGISTER_WRITTEN: _FAILS,
    TdiEvent.DEVICE_FAILED: _FAILS,
    TdiEvent.STREAM_LOST: _FAILS,
    TdiEvent.SESSION_ENDED: _FAILS,
    TdiEvent.FUNCTION_RESET: _FAILS,
    TdiEvent.DEVICE_RESET: (_UNLOCKED, _UNLOCKED, _UNLOCKED, _UNLOCKED),
}
"""What each event comes to in each state, by default."""

_TO_UNLOCKED: Row = (_UNLOCKED, _UNLOCKED, _UNLOCKED, _UNLOCKED)
VARIANTS: dict[tuple[str, object], tuple[TdiEvent, Row]] = {
    ("stop_when_unlocked", False): (TdiEvent.STOP, (_NO, _UNLOCKED, _UNLOCKED, _UNLOCKED)),
    ("early_report", "request"): (
        TdiEvent.REPORT,
        (TdispErrorCode.INVALID_REQUEST, _LOCKED, _RUN, _NO),
    ),
    ("version_restarts", True): (TdiEvent.GET_VERSION, _TO_UNLOCKED),
    ("session_end", "unlock"): (TdiEvent.SESSION_ENDED, _TO_UNLOCKED),
    ("session_end", "keep"): (TdiEvent.SESSION_ENDED, _STAYS),
}
"""The rows that a policy has instead: the name and value of its field, the event, the row."""


def table_of(policy: TdispPolicy) -> dict[TdiEvent, Row]:
    """The table with the rows of a policy."""
    rows = [row for (name, value), row in VARIANTS.items() if getattr(policy, name) == value]
    return TABLE | dict(rows)
