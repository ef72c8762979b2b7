"""The conversations in which streams get keys and an interface is locked and started; data only."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from responder.campaign.message_settings import asks
from responder.campaign.setting import Setting
from responder.device.pcie.firmware import FIRST_ADDRESS
from responder.requester.options import AttestOptions
from responder.requester.plan import Plan, SessionPlan
from responder.requester.tdi_options import TdiOptions
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_NONE
from responder.spec.tdisp import PAGE_SIZE, SEGMENT_VALID, LockFlag

_FLAGS = Cap.CERT | Cap.KEY_EX | Cap.MAC | Cap.ENCRYPT
_BUS = 0x0100
_MANAGEMENT = PAGE_SIZE
"""Where the registers with which the physical function manages others are in its BAR 0."""
_DEVICE: Mapping[str, Any] = {
    "algorithms": {
        "base_asym": ["ECDSA-P256"],
        "base_hash": ["SHA-256"],
        "measurement_hash": ["SHA-256"],
        "dhe": ["SECP256R1"],
    },
}
_BARS = {0: (0, 4 * PAGE_SIZE), 2: (4 * PAGE_SIZE, 2 * PAGE_SIZE)}
"""Where each BAR is behind the first of its function, and its size, in bytes."""
_FUNCTION_SIZE = 8 * PAGE_SIZE
"""From the BARs of a function to those of the next one."""
_LOCK_ALL = LockFlag.NO_FW_UPDATE | LockFlag.SYSTEM_CACHE_LINE_SIZE | LockFlag.LOCK_MSIX

KEYS = ("ide-query", "ide-keys", "ide-go", "ide-query")
ASKED = ("tdisp-version", "tdisp-capabilities", "tdisp-state")
RUN = ("tdisp-lock", "tdisp-report", "tdisp-start", "tdisp-state")
MEASURED_RUN = (
    "tdisp-lock", "tdisp-report", "tdisp-measured", "tdisp-state", "tdisp-start", "tdisp-measured",
    "tdisp-state",
)  # fmt: skip
END = ("tdisp-stop", "ide-stop")


def _interface(function: int = 0, **changes: Any) -> TdiOptions:
    """What the host knows of a function; the report is read in small portions."""
    first = FIRST_ADDRESS + function * _FUNCTION_SIZE
    bars = {bar: (first + offset, size) for bar, (offset, size) in _BARS.items()}
    outside = frozenset() if function else frozenset({first + _MANAGEMENT})
    known = {"function_id": _BUS + function, "bars": bars, "non_tee": outside, "portion": 32}
    return TdiOptions(**{**known, **changes})


def _options(*sessions: tuple[str, ...], tdi: TdiOptions | None = None) -> AttestOptions:
    plans = tuple(SessionPlan(steps, summary=SUMMARY_NONE) for steps in sessions)
    options = asks(_FLAGS, "authenticate", sessions=plans)
    return replace(options, tdi=tdi or _interface())


def _setting(
    name: str,
    text: str,
    *sessions: tuple[str, ...],
    tdi: TdiOptions | None = None,
    parallel: bool = False,
    **tables: Any,
) -> Setting:
    """A conversation with the function of ``tdi``; tables change the profile."""
    options = _options(*sessions, tdi=tdi)
    if parallel:
        plan = Plan(options.plan.connection, options.plan.sessions, parallel=True)
        options = replace(options, plan=plan)
    overrides = {**_DEVICE, **tables}
    return Setting(
        name=name, text=text, profile="tdisp-device", overrides=overrides, options=options
    )


PCIE_SETTINGS = (
    _setting(
        "ide",
        "A stream gets its keys, uses them, and stops; the host knows the segment.",
        (*KEYS, "ide-stop", "ide-query"),
        tdi=_interface(function_id=SEGMENT_VALID | _BUS),
    ),
    _setting(
        "ide-refresh",
        "A stream changes to its other key set, and the first one is stopped.",
        (*KEYS, "ide-refresh", "ide-retire", "ide-query", "ide-stop"),
    ),
    _setting(
        "ide-probes",
        "A key is to be used that is not there, and one is programmed twice; both is refused.",
        ("ide-query", "ide-go-early", "ide-key-again", "ide-keys", "ide-go", "ide-query"),
        ide_km={"refuse_reuse": True},
    ),
    _setting(
        "ide-two-sessions",
        "A stream gets its keys in a session; in the next one they are gone.",
        KEYS,
        ("ide-query", "ide-keys", "ide-go", "ide-query"),
    ),
    _setting(
        "ide-second-port",
        "A stream of port 1 gets its keys.",
        ("ide-query", "ide-keys", "ide-go", "ide-query"),
        tdi=_interface(port_index=1),
    ),
    _setting(
        "ide-parallel",
        "Of two sessions side by side the first brings keys to use.",
        ("ide-query", "ide-keys", "ide-go"),
        (),
        parallel=True,
    ),
    _setting(
        "tdisp-stream-watched",
        "While an interface runs, its port is asked how the stream stands.",
        ("ide-keys", "ide-go", *RUN, "ide-query", "tdisp-state", *END),
    ),
    _setting(
        "tdisp-unknown-bars",
        "An interface is locked and started by a host that does not know its BARs.",
        ("ide-keys", "ide-go", *RUN, *END),
        tdi=_interface(1, bars={}),
        pcie={"cma": "shared"},
        function=[],
        tdisp={"learn_function_id": False},
    ),
    _setting(
        "tdisp",
        "An interface is locked, read, measured, started and stopped.",
        (*KEYS, *ASKED, *MEASURED_RUN, *END),
    ),
    _setting(
        "tdisp-report-twice",
        "The interface report is read before the start and after it.",
        ("ide-keys", "ide-go", *RUN, "tdisp-report", *END),
    ),
    _setting(
        "tdisp-report-unlocked",
        "The report of an unlocked interface is asked for, and refused.",
        ("ide-keys", "ide-go", *RUN, "tdisp-stop", "tdisp-report-unlocked", "ide-stop"),
    ),
    _setting(
        "tdisp-wrong-nonce",
        "An interface is to be started with a wrong nonce, and refuses.",
        ("ide-keys", "ide-go", "tdisp-lock", "tdisp-wrong-nonce", "tdisp-start", *END),
    ),
    _setting(
        "tdisp-lock-msix",
        "An interface is locked with its MSI-X table.",
        ("ide-keys", "ide-go", *RUN, *END),
        tdi=_interface(lock_flags=_LOCK_ALL),
    ),
    _setting(
        "tdisp-locked-twice",
        "An interface is locked, stopped, and locked once more.",
        ("ide-keys", "ide-go", "tdisp-lock", "tdisp-stop", *RUN, *END),
    ),
    _setting(
        "tdisp-keys-stopped",
        "The keys of a running interface's stream are stopped, which is an error of the interface.",
        ("ide-keys", "ide-go", *RUN, "ide-stop", "tdisp-state", "tdisp-stop"),
    ),
    _setting(
        "tdisp-two-sessions",
        "The session that has locked an interface ends, which is an error of the interface.",
        ("ide-keys", "ide-go", *RUN),
        ("tdisp-state", "tdisp-stop"),
    ),
    _setting(
        "tdisp-parallel",
        "Of two sessions side by side the first brings an interface to run.",
        ("ide-keys", "ide-go", *RUN, *END),
        (),
        parallel=True,
    ),
    _setting(
        "tdisp-second-function",
        "The interface of a virtual function, which shares SPDM with the physical one.",
        (*KEYS, *ASKED, *MEASURED_RUN, *END),
        tdi=_interface(1),
        pcie={"cma": "shared"},
        function=[],
        tdisp={"learn_function_id": False},
    ),
    _setting(
        "tdisp-peers",
        "A stream is bound to a peer and unbound, twice.",
        ("ide-keys", "ide-go", *RUN, "tdisp-p2p", "tdisp-p2p", *END),
        tdisp={"p2p": True, "ide_binding": "none"},
    ),
    _setting(
        "tdisp-attribute",
        "A range changes sides, and changes back.",
        ("ide-keys", "ide-go", *RUN, "tdisp-mmio-attribute", *END),
        tdisp={"mmio_attributes": True},
    ),
    _setting(
        "tdisp-vendor",
        "An interface is sent a vendor's message.",
        ("ide-keys", "ide-go", "tdisp-version", "tdisp-vdm", *RUN, *END),
        tdi=_interface(vdm_data=b"to the vendor"),
        tdisp={"vdm": "echo"},
    ),
)
