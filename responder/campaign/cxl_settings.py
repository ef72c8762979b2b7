"""The conversations in which a CXL port gets keys and a memory target is locked; data only."""

from dataclasses import replace
from typing import Any

from responder.campaign.message_settings import in_session
from responder.campaign.setting import Setting
from responder.requester.tdi_options import TdiOptions

_ALGORITHMS = {
    "base_asym": ["ECDSA-P256"],
    "base_hash": ["SHA-256"],
    "measurement_hash": ["SHA-256"],
    "dhe": ["SECP256R1"],
}
_PORTION = 3
"""Bytes of the configuration report that are asked for at once; it has 4."""


def _setting(name: str, text: str, *steps: str, **tables: Any) -> Setting:
    """A session with the CXL memory device; tables change its profile."""
    return Setting(
        name=name,
        text=text,
        profile="cxl-device",
        overrides={"algorithms": _ALGORITHMS, **tables},
        options=replace(in_session(*steps), tdi=TdiOptions(portion=_PORTION)),
    )


def _short_reports(setting: Setting) -> Setting:
    """The same with a requester that takes 1 KiB of a report, and asks for more at once."""
    options = setting.options
    patience = replace(options.patience, interface_report=1024)
    return replace(setting, options=replace(options, tdi=TdiOptions(), patience=patience))


CXL_SETTINGS = (
    _setting(
        "cxl-ide",
        "A CXL port makes keys, gets keys, uses them and stops.",
        "cxl-query", "cxl-get-key", "cxl-keys", "cxl-go", "cxl-stop", "cxl-query",
    ),
    _setting(
        "tsp",
        "A CXL memory target is configured, locked, read, and given keys and memory.",
        "tsp-version", "tsp-capabilities", "tsp-set-configuration", "tsp-report", "tsp-lock",
        "tsp-report", "tsp-configuration", "tsp-ckid-keys", "tsp-te-state", "tsp-report",
        "tsp-configuration",
    ),
    _setting(
        "tsp-delayed",
        "The target takes its time for keys and for the state of memory.",
        "tsp-version", "tsp-set-configuration", "tsp-lock", "tsp-ckid-keys", "tsp-te-state",
        "tsp-configuration",
        cxl_tsp={"delayed": 2},
    ),
    _short_reports(
        _setting(
            "tsp-short-reports",
            "A target is configured, locked and read by a requester that takes short reports only.",
            "tsp-version", "tsp-set-configuration", "tsp-lock", "tsp-report",
        )
    ),
)  # fmt: skip
