"""The state machine of a TDI as a table, and what of it is a matter of policy (PCIe 6.2, 11.3).

``docs/reference/tdisp.md`` is written from the tables here.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache

from responder.device.pcie.interfaces import TdiState
from responder.device.pcie.policies import TdispPolicy
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
    ("early_report", "serve"): (TdiEvent.REPORT, (_UNLOCKED, _LOCKED, _RUN, _NO)),
    ("version_restarts", True): (TdiEvent.GET_VERSION, _TO_UNLOCKED),
    ("session_end", "unlock"): (TdiEvent.SESSION_ENDED, _TO_UNLOCKED),
    ("session_end", "keep"): (TdiEvent.SESSION_ENDED, _STAYS),
}
"""The rows that a policy has instead: the name and value of its field, the event, the row."""


@cache
def table_of(policy: TdispPolicy) -> Mapping[TdiEvent, Row]:
    """The table with the rows of a policy; all interfaces of a policy share it."""
    rows = [row for (name, value), row in VARIANTS.items() if getattr(policy, name) == value]
    return TABLE | dict(rows)
