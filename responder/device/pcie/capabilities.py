"""The header and the capabilities of the first 256 bytes, as tables of registers (PCIe 6.2, 7.5).

Of a capability the tables hold what is behind its header.
"""

from typing import TYPE_CHECKING

from responder.device.pcie.config_space import Capability, Register
from responder.spec.pcie import (
    BAR_64_BIT,
    BAR_COUNT,
    BAR_FLAGS,
    BAR_PREFETCHABLE,
    MULTI_FUNCTION,
    STANDARD_START,
    CapabilityId,
    Command,
    DeviceCapabilities,
    DeviceCapabilities2,
    DeviceControl,
    DeviceControl2,
    DeviceStatus,
    Header,
    LinkControl,
    Msix,
    MsixControl,
    Pcie,
    PowerControl,
    PowerManagement,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from responder.device.pcie.layout import Bar, FunctionLayout

_COMMAND_WRITABLE = (
    Command.MEMORY_SPACE | Command.BUS_MASTER | Command.PARITY_ERROR_RESPONSE | Command.SERR
    | Command.INTERRUPT_DISABLE
)  # fmt: skip
_STATUS_CLEARS = (
    Status.MASTER_DATA_PARITY_ERROR | Status.SIGNALED_TARGET_ABORT | Status.RECEIVED_TARGET_ABORT
    | Status.RECEIVED_MASTER_ABORT | Status.SIGNALED_SYSTEM_ERROR | Status.DETECTED_PARITY_ERROR
)  # fmt: skip
_DEVICE_STATUS_CLEARS = (
    DeviceStatus.CORRECTABLE_ERROR | DeviceStatus.NON_FATAL_ERROR | DeviceStatus.FATAL_ERROR
    | DeviceStatus.UNSUPPORTED_REQUEST
)  # fmt: skip
_DEVICE_CONTROL_WRITABLE = (
    DeviceControl.CORRECTABLE_ERRORS | DeviceControl.NON_FATAL_ERRORS | DeviceControl.FATAL_ERRORS
    | DeviceControl.UNSUPPORTED_REQUESTS | DeviceControl.RELAXED_ORDERING
    | DeviceControl.MAX_PAYLOAD_SIZE | DeviceControl.EXTENDED_TAG | DeviceControl.NO_SNOOP
    | DeviceControl.MAX_READ_REQUEST_SIZE
)  # fmt: skip
_DEVICE_CONTROL_VALUE = (
    DeviceControl.RELAXED_ORDERING | DeviceControl.NO_SNOOP | DeviceControl.EXTENDED_TAG | 2 << 12
)
"""After a reset: reads of 512 bytes, payloads of 128."""

_LINK_CONTROL_WRITABLE = (
    LinkControl.ASPM | LinkControl.READ_COMPLETION_BOUNDARY | LinkControl.COMMON_CLOCK
    | LinkControl.EXTENDED_SYNCH | LinkControl.AUTONOMOUS_WIDTH_DISABLE
)  # fmt: skip
_DEVICE_CONTROL_2_WRITABLE = (
    DeviceControl2.COMPLETION_TIMEOUT_DISABLE | DeviceControl2.IDO_REQUESTS
    | DeviceControl2.IDO_COMPLETIONS
)  # fmt: skip
_LINK_CONTROL_2_WRITABLE = 0xFFBF
_ASPM_OPTIONALITY = 1 << 22
_SLOT_CLOCK = 1 << 12
_POWER_VERSION = 3
_PCIE_VERSION = 2


def header(layout: "FunctionLayout") -> list[Register]:
    """The type 0 header."""
    kind = MULTI_FUNCTION if layout.multi_function else 0
    return [
        Register("header.vendor_id", Header.VENDOR_ID, 2, layout.vendor_id),
        Register("header.device_id", Header.DEVICE_ID, 2, layout.device_id),
        Register("header.command", Header.COMMAND, 2, writable=int(_COMMAND_WRITABLE)),
        Register(
            "header.status",
            Header.STATUS,
            2,
            int(Status.CAPABILITIES_LIST),
            clears=int(_STATUS_CLEARS),
        ),
        Register("header.revision_id", Header.REVISION_ID, 1, layout.revision),
        Register("header.class_code", Header.CLASS_CODE, 3, layout.class_code),
        Register("header.cache_line_size", Header.CACHE_LINE_SIZE, 1, writable=0xFF),
        Register("header.latency_timer", Header.LATENCY_TIMER, 1),
        Register("header.header_type", Header.HEADER_TYPE, 1, kind),
        Register("header.bist", Header.BIST, 1),
        *bar_registers("header.bar", Header.BAR0, layout.bars),
        Register("header.cardbus_cis_pointer", Header.CARDBUS_CIS_POINTER, 4),
        Register(
            "header.subsystem_vendor_id", Header.SUBSYSTEM_VENDOR_ID, 2, layout.subsystem_vendor_id
        ),
        Register("header.subsystem_id", Header.SUBSYSTEM_ID, 2, layout.subsystem_id),
        Register("header.expansion_rom", Header.EXPANSION_ROM, 4),
        Register("header.capabilities_pointer", Header.CAPABILITIES_POINTER, 1, STANDARD_START),
        Register("header.interrupt_line", Header.INTERRUPT_LINE, 1, writable=0xFF),
        Register("header.interrupt_pin", Header.INTERRUPT_PIN, 1),
        Register("header.min_gnt", Header.MIN_GNT, 1),
        Register("header.max_lat", Header.MAX_LAT, 1),
    ]


def bar_registers(prefix: str, offset: int, bars: "Sequence[Bar]") -> list[Register]:
    """The six registers of BARs; of a resizable one software may write all that could count."""
    values, writable = [0] * BAR_COUNT, [0] * BAR_COUNT
    for bar in bars:
        values[bar.number] = BAR_64_BIT * bar.wide | BAR_PREFETCHABLE * bar.prefetchable
        writable[bar.number] = -bar.smallest & 0xFFFF_FFFF & ~BAR_FLAGS
        if bar.wide:
            writable[bar.number + 1] = -bar.smallest >> 32 & 0xFFFF_FFFF
    return [
        Register(f"{prefix}{number}", offset + 4 * number, 4, values[number], writable[number])
        for number in range(BAR_COUNT)
    ]


def standard_capabilities(layout: "FunctionLayout") -> list[Capability]:
    """Power management, MSI-X if there are vectors, and PCI Express."""
    msix = [_msix(layout)] if layout.vectors else []
    return [_power_management(layout), *msix, _pci_express(layout)]


def _power_management(layout: "FunctionLayout") -> Capability:
    kept = PowerControl.NO_SOFT_RESET if layout.no_soft_reset else PowerControl(0)
    control = Register(
        "control", PowerManagement.CONTROL, 2, int(kept), writable=int(PowerControl.STATE)
    )
    return Capability(
        "pm",
        CapabilityId.POWER_MANAGEMENT,
        PowerManagement.SIZE,
        (
            Register("capabilities", PowerManagement.CAPABILITIES, 2, _POWER_VERSION),
            control,
            Register("bridge_extensions", PowerManagement.CONTROL + 2, 1),
            Register("data", PowerManagement.CONTROL + 3, 1),
        ),
    )


def _msix(layout: "FunctionLayout") -> Capability:
    table, pending = layout.region("msix_table"), layout.region("msix_pba")
    return Capability(
        "msix",
        CapabilityId.MSIX,
        Msix.SIZE,
        (
            Register(
                "control",
                Msix.CONTROL,
                2,
                layout.vectors - 1,
                writable=int(MsixControl.ENABLE | MsixControl.FUNCTION_MASK),
            ),
            Register("table_offset", Msix.TABLE, 4, table.offset | table.bar if table else 0),
            Register("pba_offset", Msix.PENDING, 4, pending.offset | pending.bar if pending else 0),
        ),
    )


def _pci_express(layout: "FunctionLayout") -> Capability:
    registers = (*_device_registers(layout), *_link_registers(layout))
    return Capability("pcie", CapabilityId.PCI_EXPRESS, Pcie.SIZE, registers)


def _device_registers(layout: "FunctionLayout") -> tuple[Register, ...]:
    capabilities = (
        layout.max_payload | layout.phantom_functions << 3
        | DeviceCapabilities.EXTENDED_TAG | DeviceCapabilities.ROLE_BASED_ERRORS
        | DeviceCapabilities.FUNCTION_LEVEL_RESET * layout.flr
        | DeviceCapabilities.TEE_IO * layout.tee_io
    )  # fmt: skip
    phantom = DeviceControl.PHANTOM_FUNCTIONS if layout.phantom_functions else DeviceControl(0)
    prefixes = DeviceCapabilities2.END_END_TLP_PREFIX * layout.pasid
    return (
        Register("capabilities", Pcie.CAPABILITIES, 2, _PCIE_VERSION),
        Register("device_capabilities", Pcie.DEVICE_CAPABILITIES, 4, int(capabilities)),
        Register(
            "device_control",
            Pcie.DEVICE_CONTROL,
            2,
            int(_DEVICE_CONTROL_VALUE),
            writable=int(_DEVICE_CONTROL_WRITABLE | phantom),
            kept=int(DeviceControl.MAX_PAYLOAD_SIZE),
        ),
        Register("device_status", Pcie.DEVICE_STATUS, 2, clears=int(_DEVICE_STATUS_CLEARS)),
        Register(
            "device_capabilities_2",
            Pcie.DEVICE_CAPABILITIES_2,
            4,
            int(DeviceCapabilities2.COMPLETION_TIMEOUT_DISABLE | prefixes),
        ),
        Register(
            "device_control_2",
            Pcie.DEVICE_CONTROL_2,
            2,
            writable=int(_DEVICE_CONTROL_2_WRITABLE),
        ),
        Register("device_status_2", Pcie.DEVICE_STATUS_2, 2),
    )


def _link_registers(layout: "FunctionLayout") -> tuple[Register, ...]:
    port = layout.link_speed | layout.link_width << 4
    return (
        Register("link_capabilities", Pcie.LINK_CAPABILITIES, 4, port | _ASPM_OPTIONALITY),
        Register(
            "link_control",
            Pcie.LINK_CONTROL,
            2,
            writable=int(_LINK_CONTROL_WRITABLE),
            kept=int(_LINK_CONTROL_WRITABLE),
        ),
        Register("link_status", Pcie.LINK_STATUS, 2, port | _SLOT_CLOCK),
        Register(
            "link_capabilities_2",
            Pcie.LINK_CAPABILITIES_2,
            4,
            (1 << layout.link_speed + 1) - 2,
        ),
        Register(
            "link_control_2",
            Pcie.LINK_CONTROL_2,
            2,
            layout.link_speed,
            writable=_LINK_CONTROL_2_WRITABLE,
            sticky=_LINK_CONTROL_2_WRITABLE,
        ),
        Register("link_status_2", Pcie.LINK_STATUS_2, 2),
    )
