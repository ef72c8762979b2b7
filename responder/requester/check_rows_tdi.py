"""The rows of the check table for IDE_KM and TDISP; see ``responder.requester.check_table``."""

from types import MappingProxyType

from responder.requester.check_rows import Rows

_PCIE = "PCIe 6.2"
_KM = f"{_PCIE} 6.33.3"
_TDISP = f"{_PCIE} 11.3"
_REPORT = f"{_PCIE} 11.3.11"
_STATES = f"{_PCIE} 11.2"
_OURS = "(judgement)"

IDE: Rows = MappingProxyType(
    {
        "ide.protocol": ("ProtocolID is that of the request.", _KM),
        "ide.type": ("ObjectID is that of the answer to the request.", _KM),
        "ide.size": ("An IDE_KM message has the size of its kind.", _KM),
        "ide.port": ("PortIndex comes back as sent.", _KM),
        "ide.stream": ("StreamID comes back as sent.", _KM),
        "ide.sub-stream": ("Sub-stream, direction and key set come back as sent.", _KM),
        "ide.status": ("KP_ACK says that the key was taken.", _KM),
        "ide.registers-whole": ("QUERY_RESP has whole registers, of 4 bytes.", _KM),
        "ide.registers-fit": ("They fit extended configuration space.", f"{_KM} (judgement)"),
    }
)

TDI: Rows = MappingProxyType(
    {
        "tdi.protocol": ("ProtocolID is that of the request.", _TDISP),
        "tdi.version": ("TDISPVersion is 1.0.", _TDISP),
        "tdi.type": ("The message is the answer to the request.", _TDISP),
        "tdi.size": ("A TDISP message has the size of its kind.", _TDISP),
        "tdi.interface-id": ("FUNCTION_ID comes back as sent.", _TDISP),
        "tdi.error": ("TDISP_ERROR does not answer.", f"{_TDISP}, TDISP_ERROR"),
        "tdi.busy-limit": ("BUSY ends within a bound.", _OURS),
        "tdi.version-common": ("TDISP 1.0 is among the versions.", f"{_TDISP}, TDISP_VERSION"),
        "tdi.mandatory": (
            "The seven mandatory requests are supported.",
            f"{_TDISP}, TDISP_CAPABILITIES",
        ),
        "tdi.lock-flags": ("The lock flags that are asked for are supported.", _OURS),
        "tdi.state-defined": ("The state is one of four.", _STATES),
        "tdi.state-before": ("Before the lock it is the one that is expected.", _OURS),
        "tdi.locked": ("After LOCK_INTERFACE the state is CONFIG_LOCKED.", _STATES),
        "tdi.running": ("After START_INTERFACE the state is RUN.", _STATES),
        "tdi.stopped": ("After STOP_INTERFACE the state is CONFIG_UNLOCKED.", _STATES),
        "tdi.state-kept": ("The state is the one that it was brought to.", _STATES),
        "tdi.portion-size": ("A portion is not longer than was asked for.", _REPORT),
        "tdi.portion-empty": ("A portion has at least one byte.", _OURS),
        "tdi.report-limit": ("The report fits the requester's limit.", _OURS),
        "tdi.report-total": ("Offset, portion and remainder always add up the same.", _REPORT),
        "tdi.report-size": ("The report has all fixed fields.", _REPORT),
        "tdi.report-ranges": ("It has as many ranges as MMIO_RANGE_COUNT says.", _REPORT),
        "tdi.report-specific": (
            "DEVICE_SPECIFIC_INFO_LEN is what is left of it.",
            _REPORT,
        ),
        "tdi.report-stable": ("Read again while locked, it is still the same.", _REPORT),
        "tdi.report-update": ("It shows NO_FW_UPDATE, if that was asked for.", _REPORT),
        "tdi.range-wrap": ("No range passes the end of the address space.", _OURS),
        "tdi.range-overlap": ("No two ranges overlap.", f"{_REPORT} (judgement)"),
        "tdi.range-bar": ("Ranges lie in their BARs, where those are known.", _REPORT),
        "tdi.vdm-vendor": ("Registry and vendor come back as sent.", f"{_TDISP}, VDM_RESPONSE"),
        "tdi.measured-state": ("A measured state is the one it was brought to.", _OURS),
        "tdi.measured-locked": ("While locked it is measured as locked.", _OURS),
        "tdi.measured-unchanged": ("Nothing has changed since the lock.", _OURS),
        "tdi.measured-flags": ("The lock flags measured are those asked for.", _OURS),
        "tdi.measured-resets": ("The function was not reset since the lock.", _OURS),
        "tdi.measured-configuration": ("Nobody has configured it since the lock.", _OURS),
    }
)
