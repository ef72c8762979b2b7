"""PCI Express configuration space: register offsets, bits and capability ids (PCIe 6.2, 7).

Offsets of capabilities count from the capability's own header.
"""

from enum import IntEnum, IntFlag

CONFIG_SIZE = 4096
"""Bytes of a function's configuration space."""

EXTENDED_START = 0x100
"""The first extended capability is here."""

STANDARD_START = 0x40
"""Where the header ends and capabilities may begin."""

BAR_COUNT = 6
PAGE = 4096
"""The unit of interface reports, and of system page sizes."""

MSIX_ENTRY_SIZE = 16
MSIX_MAX_VECTORS = 2048
MSIX_ENTRY_MASKED = 1
"""The mask bit of an entry's Vector Control, its last DW."""


class CapabilityId(IntEnum):
    """Capabilities of the first 256 bytes."""

    POWER_MANAGEMENT = 0x01
    PCI_EXPRESS = 0x10
    MSIX = 0x11


class ExtendedCapabilityId(IntEnum):
    """PCI Express extended capabilities."""

    ADVANCED_ERROR_REPORTING = 0x0001
    DEVICE_SERIAL_NUMBER = 0x0003
    ALTERNATIVE_ROUTING_ID = 0x000E
    ADDRESS_TRANSLATION = 0x000F
    SINGLE_ROOT_IO_VIRTUALIZATION = 0x0010
    PAGE_REQUEST = 0x0013
    RESIZABLE_BAR = 0x0015
    PROCESS_ADDRESS_SPACE_ID = 0x001B
    DATA_OBJECT_EXCHANGE = 0x002E
    INTEGRITY_AND_DATA_ENCRYPTION = 0x0030


class Header(IntEnum):
    """Offsets in the type 0 header (7.5.1)."""

    VENDOR_ID = 0x00
    DEVICE_ID = 0x02
    COMMAND = 0x04
    STATUS = 0x06
    REVISION_ID = 0x08
    CLASS_CODE = 0x09
    CACHE_LINE_SIZE = 0x0C
    LATENCY_TIMER = 0x0D
    HEADER_TYPE = 0x0E
    BIST = 0x0F
    BAR0 = 0x10
    CARDBUS_CIS_POINTER = 0x28
    SUBSYSTEM_VENDOR_ID = 0x2C
    SUBSYSTEM_ID = 0x2E
    EXPANSION_ROM = 0x30
    CAPABILITIES_POINTER = 0x34
    INTERRUPT_LINE = 0x3C
    INTERRUPT_PIN = 0x3D
    MIN_GNT = 0x3E
    MAX_LAT = 0x3F


class Command(IntFlag):
    """Command (7.5.1.1.3)."""

    IO_SPACE = 1 << 0
    MEMORY_SPACE = 1 << 1
    BUS_MASTER = 1 << 2
    PARITY_ERROR_RESPONSE = 1 << 6
    SERR = 1 << 8
    INTERRUPT_DISABLE = 1 << 10


class Status(IntFlag):
    """Status (7.5.1.1.4); the upper bits are cleared by writing ones."""

    INTERRUPT = 1 << 3
    CAPABILITIES_LIST = 1 << 4
    MASTER_DATA_PARITY_ERROR = 1 << 8
    SIGNALED_TARGET_ABORT = 1 << 11
    RECEIVED_TARGET_ABORT = 1 << 12
    RECEIVED_MASTER_ABORT = 1 << 13
    SIGNALED_SYSTEM_ERROR = 1 << 14
    DETECTED_PARITY_ERROR = 1 << 15


MULTI_FUNCTION = 0x80
"""Bit 7 of Header Type."""

BAR_64_BIT = 0x4
BAR_PREFETCHABLE = 0x8
BAR_FLAGS = 0xF
"""The bits of a memory BAR that are no address (7.5.1.2.1)."""


class PowerManagement(IntEnum):
    """Offsets in the power management capability (7.5.2)."""

    CAPABILITIES = 0x02
    CONTROL = 0x04
    SIZE = 0x08


class PowerControl(IntFlag):
    """Power Management Control/Status (7.5.2.2); bits 1:0 are the state, 0 for D0, 3 for D3hot."""

    STATE = 0x3
    NO_SOFT_RESET = 1 << 3


D0 = 0
D3_HOT = 3


class Pcie(IntEnum):
    """Offsets in the PCI Express capability, version 2 (7.5.3)."""

    CAPABILITIES = 0x02
    DEVICE_CAPABILITIES = 0x04
    DEVICE_CONTROL = 0x08
    DEVICE_STATUS = 0x0A
    LINK_CAPABILITIES = 0x0C
    LINK_CONTROL = 0x10
    LINK_STATUS = 0x12
    DEVICE_CAPABILITIES_2 = 0x24
    DEVICE_CONTROL_2 = 0x28
    DEVICE_STATUS_2 = 0x2A
    LINK_CAPABILITIES_2 = 0x2C
    LINK_CONTROL_2 = 0x30
    LINK_STATUS_2 = 0x32
    SIZE = 0x3C


class DeviceCapabilities(IntFlag):
    """Device Capabilities (7.5.3.3); bits 2:0 are the payload size, as in Device Control."""

    PHANTOM_FUNCTIONS = 0x3 << 3
    EXTENDED_TAG = 1 << 5
    ROLE_BASED_ERRORS = 1 << 15
    FUNCTION_LEVEL_RESET = 1 << 28
    TEE_IO = 1 << 30


class DeviceControl(IntFlag):
    """Device Control (7.5.3.4)."""

    CORRECTABLE_ERRORS = 1 << 0
    NON_FATAL_ERRORS = 1 << 1
    FATAL_ERRORS = 1 << 2
    UNSUPPORTED_REQUESTS = 1 << 3
    RELAXED_ORDERING = 1 << 4
    MAX_PAYLOAD_SIZE = 0x7 << 5
    EXTENDED_TAG = 1 << 8
    PHANTOM_FUNCTIONS = 1 << 9
    NO_SNOOP = 1 << 11
    MAX_READ_REQUEST_SIZE = 0x7 << 12
    INITIATE_FLR = 1 << 15


class DeviceStatus(IntFlag):
    """Device Status (7.5.3.5); bits 3:0 are cleared by writing ones."""

    CORRECTABLE_ERROR = 1 << 0
    NON_FATAL_ERROR = 1 << 1
    FATAL_ERROR = 1 << 2
    UNSUPPORTED_REQUEST = 1 << 3
    TRANSACTIONS_PENDING = 1 << 5


class LinkControl(IntFlag):
    """Link Control of an endpoint (7.5.3.7)."""

    ASPM = 0x3
    READ_COMPLETION_BOUNDARY = 1 << 3
    COMMON_CLOCK = 1 << 6
    EXTENDED_SYNCH = 1 << 7
    AUTONOMOUS_WIDTH_DISABLE = 1 << 9


class DeviceCapabilities2(IntFlag):
    """Device Capabilities 2 (7.5.3.15)."""

    COMPLETION_TIMEOUT_DISABLE = 1 << 4
    END_END_TLP_PREFIX = 1 << 21


class DeviceControl2(IntFlag):
    """Device Control 2 (7.5.3.16)."""

    COMPLETION_TIMEOUT_DISABLE = 1 << 4
    IDO_REQUESTS = 1 << 8
    IDO_COMPLETIONS = 1 << 9


class Msix(IntEnum):
    """Offsets in the MSI-X capability (7.7.2)."""

    CONTROL = 0x02
    TABLE = 0x04
    PENDING = 0x08
    SIZE = 0x0C


class MsixControl(IntFlag):
    """MSI-X Message Control (7.7.2.2); bits 10:0 are the number of vectors less 1."""

    FUNCTION_MASK = 1 << 14
    ENABLE = 1 << 15


class Aer(IntEnum):
    """Offsets in the Advanced Error Reporting capability, version 2 (7.8.4)."""

    UNCORRECTABLE_STATUS = 0x04
    UNCORRECTABLE_MASK = 0x08
    UNCORRECTABLE_SEVERITY = 0x0C
    CORRECTABLE_STATUS = 0x10
    CORRECTABLE_MASK = 0x14
    CONTROL = 0x18
    HEADER_LOG = 0x1C
    TLP_PREFIX_LOG = 0x38
    SIZE = 0x48


class UncorrectableError(IntFlag):
    """Bits of the uncorrectable status, mask and severity (7.8.4.2)."""

    DATA_LINK_PROTOCOL = 1 << 4
    POISONED_TLP = 1 << 12
    FLOW_CONTROL_PROTOCOL = 1 << 13
    COMPLETION_TIMEOUT = 1 << 14
    COMPLETER_ABORT = 1 << 15
    UNEXPECTED_COMPLETION = 1 << 16
    RECEIVER_OVERFLOW = 1 << 17
    MALFORMED_TLP = 1 << 18
    ECRC = 1 << 19
    UNSUPPORTED_REQUEST = 1 << 20
    INTERNAL = 1 << 22
    IDE_CHECK_FAILED = 1 << 28
    MISROUTED_IDE_TLP = 1 << 29


class CorrectableError(IntFlag):
    """Bits of the correctable status and mask (7.8.4.5)."""

    RECEIVER = 1 << 0
    BAD_TLP = 1 << 6
    BAD_DLLP = 1 << 7
    REPLAY_ROLLOVER = 1 << 8
    REPLAY_TIMEOUT = 1 << 12
    ADVISORY_NON_FATAL = 1 << 13
    INTERNAL = 1 << 14
    HEADER_LOG_OVERFLOW = 1 << 15


class AerControl(IntFlag):
    """Advanced Error Capabilities and Control (7.8.4.7)."""

    ECRC_GENERATION_CAPABLE = 1 << 5
    ECRC_GENERATION_ENABLE = 1 << 6
    ECRC_CHECK_CAPABLE = 1 << 7
    ECRC_CHECK_ENABLE = 1 << 8


class SerialNumber(IntEnum):
    """Offsets in the Device Serial Number capability (7.9.3)."""

    LOW = 0x04
    HIGH = 0x08
    SIZE = 0x0C


class Ari(IntEnum):
    """Offsets in the Alternative Routing-ID capability (7.8.8)."""

    CAPABILITY = 0x04
    CONTROL = 0x06
    SIZE = 0x08


class Ats(IntEnum):
    """Offsets in the Address Translation Services capability (10.5.1)."""

    CAPABILITY = 0x04
    CONTROL = 0x06
    SIZE = 0x08


ATS_PAGE_ALIGNED = 1 << 5
ATS_ENABLE = 1 << 15
ATS_SMALLEST_UNIT = 0x1F


class PageRequest(IntEnum):
    """Offsets in the Page Request capability (10.5.2)."""

    CONTROL = 0x04
    STATUS = 0x06
    CAPACITY = 0x08
    ALLOCATION = 0x0C
    SIZE = 0x10


PAGE_REQUEST_ENABLE = 1 << 0
PAGE_REQUEST_STOPPED = 1 << 8
PAGE_REQUEST_ERRORS = 0x3


class Pasid(IntEnum):
    """Offsets in the Process Address Space ID capability (7.8.9)."""

    CAPABILITY = 0x04
    CONTROL = 0x06
    SIZE = 0x08


PASID_WIDTH = 20
PASID_ENABLE = 1 << 0
PASID_EXECUTE = 1 << 1
PASID_PRIVILEGED = 1 << 2


class ResizableBar(IntEnum):
    """Offsets in the Resizable BAR capability (7.8.6); an entry of 8 bytes for each BAR."""

    CAPABILITY = 0x04
    CONTROL = 0x08
    ENTRY_SIZE = 0x08


RESIZABLE_BAR_SIZE_SHIFT = 8
RESIZABLE_BAR_SIZE = 0x3F << RESIZABLE_BAR_SIZE_SHIFT
"""Of the control register: the size is 2**(20 + field) bytes; the first supported size is bit 4
of the capability register."""


class Sriov(IntEnum):
    """Offsets in the Single Root I/O Virtualization capability (9.3.3)."""

    CAPABILITIES = 0x04
    CONTROL = 0x08
    STATUS = 0x0A
    INITIAL_VFS = 0x0C
    TOTAL_VFS = 0x0E
    NUM_VFS = 0x10
    FUNCTION_DEPENDENCY_LINK = 0x12
    FIRST_VF_OFFSET = 0x14
    VF_STRIDE = 0x16
    VF_DEVICE_ID = 0x1A
    SUPPORTED_PAGE_SIZES = 0x1C
    SYSTEM_PAGE_SIZE = 0x20
    VF_BAR0 = 0x24
    MIGRATION_STATE = 0x3C
    SIZE = 0x40


class SriovControl(IntFlag):
    """SR-IOV Control (9.3.3.3)."""

    VF_ENABLE = 1 << 0
    VF_MEMORY_SPACE = 1 << 3
    ARI_CAPABLE_HIERARCHY = 1 << 4
