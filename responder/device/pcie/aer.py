"""Advanced Error Reporting: its registers, and how an error gets into them (PCIe 6.2, 7.8.4)."""

from responder.device.pcie.config_space import Capability, Register, RegisterFile
from responder.spec.pcie import (
    Aer,
    AerControl,
    CorrectableError,
    DeviceStatus,
    ExtendedCapabilityId,
    UncorrectableError,
)

_UNCORRECTABLE = sum(UncorrectableError)
_CORRECTABLE = sum(CorrectableError)
_FATAL = int(
    UncorrectableError.DATA_LINK_PROTOCOL | UncorrectableError.FLOW_CONTROL_PROTOCOL
    | UncorrectableError.RECEIVER_OVERFLOW | UncorrectableError.MALFORMED_TLP
    | UncorrectableError.INTERNAL | UncorrectableError.IDE_CHECK_FAILED
)  # fmt: skip
"""Severities after a power cycle."""

_MASKED = int(
    CorrectableError.ADVISORY_NON_FATAL | CorrectableError.INTERNAL
    | CorrectableError.HEADER_LOG_OVERFLOW
)  # fmt: skip
_AER_CAPABLE = int(AerControl.ECRC_GENERATION_CAPABLE | AerControl.ECRC_CHECK_CAPABLE)
_AER_ENABLES = int(AerControl.ECRC_GENERATION_ENABLE | AerControl.ECRC_CHECK_ENABLE)
_FIRST_ERROR = 0x1F

AER = Capability(
    "aer",
    ExtendedCapabilityId.ADVANCED_ERROR_REPORTING,
    Aer.SIZE,
    (
        Register(
            "uncorrectable_status",
            Aer.UNCORRECTABLE_STATUS,
            4,
            clears=_UNCORRECTABLE,
            sticky=_UNCORRECTABLE,
        ),
        Register(
            "uncorrectable_mask",
            Aer.UNCORRECTABLE_MASK,
            4,
            int(UncorrectableError.INTERNAL),
            writable=_UNCORRECTABLE,
            sticky=_UNCORRECTABLE,
        ),
        Register(
            "uncorrectable_severity",
            Aer.UNCORRECTABLE_SEVERITY,
            4,
            _FATAL,
            writable=_UNCORRECTABLE,
            sticky=_UNCORRECTABLE,
        ),
        Register(
            "correctable_status",
            Aer.CORRECTABLE_STATUS,
            4,
            clears=_CORRECTABLE,
            sticky=_CORRECTABLE,
        ),
        Register(
            "correctable_mask",
            Aer.CORRECTABLE_MASK,
            4,
            _MASKED,
            writable=_CORRECTABLE,
            sticky=_CORRECTABLE,
        ),
        Register(
            "control",
            Aer.CONTROL,
            4,
            _AER_CAPABLE,
            writable=_AER_ENABLES,
            sticky=_AER_ENABLES | _FIRST_ERROR,
        ),
        Register("header_log", Aer.HEADER_LOG, 16, sticky=(1 << 128) - 1),
        Register("tlp_prefix_log", Aer.TLP_PREFIX_LOG, 16, sticky=(1 << 128) - 1),
    ),
    version=2,
)


def record_error(registers: RegisterFile, error: UncorrectableError) -> None:
    """A function has found an uncorrectable error: AER and Device Status tell of it.

    Nothing is told of what AER masks; without AER an error counts as not fatal.
    """
    if registers.get("aer.uncorrectable_mask") & error:
        return
    status = registers.get("aer.uncorrectable_status")
    if not status:
        control = registers.get("aer.control") & ~_FIRST_ERROR
        registers.put("aer.control", control | error.bit_length() - 1)
    registers.put("aer.uncorrectable_status", status | error)
    fatal = registers.get("aer.uncorrectable_severity") & error
    found = DeviceStatus.FATAL_ERROR if fatal else DeviceStatus.NON_FATAL_ERROR
    if error is UncorrectableError.UNSUPPORTED_REQUEST:
        found |= DeviceStatus.UNSUPPORTED_REQUEST
    registers.put("pcie.device_status", registers.get("pcie.device_status") | found)
