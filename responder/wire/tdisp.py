"""TDISP messages and the interface report (PCIe 6.2, 11.3).

Messages begin behind the ProtocolID, with a header of 16 bytes.
"""

from typing import ClassVar

from responder.spec.tdisp import (
    INTERFACE_ID_SIZE,
    MMIO_RANGE_SIZE,
    SEGMENT_SHIFT,
    SEGMENT_VALID,
    START_NONCE_SIZE,
    TDISP_VERSION_10,
    InterfaceInfo,
    LockFlag,
    MmioAttribute,
    TdispConfig,
    TdispErrorCode,
    TdispType,
    TdiState,
)
from responder.wire.family import Coded, Family
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, Int64ul, LengthOf, Rest
from responder.wire.message import Record, wire
from responder.wire.names import header_version

_MESSAGES_SIZE = 16


def function_id_text(value: int) -> str:
    """FUNCTION_ID as bus:device.function, with the segment in front if there is one."""
    bus, device, function = value >> 8 & 0xFF, value >> 3 & 0x1F, value & 0x7
    text = f"{bus:02x}:{device:02x}.{function}"
    return f"{value >> SEGMENT_SHIFT & 0xFF:04x}:{text}" if value & SEGMENT_VALID else text


class InterfaceId(Record):
    """INTERFACE_ID: which function; 12 bytes."""

    function_id: int = wire(Int32ul, show=function_id_text)
    reserved: bytes = wire(Blob(8), default=None)


class TdispMessage(Coded):
    """A TDISP message: a record that begins with TDISPVersion, type and INTERFACE_ID; 16 bytes."""

    CODE_FIELD: ClassVar[str] = "message_type"
    tdisp_version: int = wire(Int8ul, default=TDISP_VERSION_10, show=header_version)
    message_type: int = wire(Int8ul, default=0, show=TdispType)
    reserved: int = wire(Int16ul, default=0)
    interface_id: bytes = wire(Blob(INTERFACE_ID_SIZE), default=None, view=InterfaceId)


class GetTdispVersion(TdispMessage, code=TdispType.GET_TDISP_VERSION):
    """Asks for the versions; 16 bytes."""


class VersionNumber(Record):
    """A version of TDISP; 1 byte."""

    version: int = wire(Int8ul, show=header_version)


class TdispVersion(TdispMessage, code=TdispType.TDISP_VERSION):
    """The versions that the device supports; 17 bytes and one for each."""

    version_num_count: int | None = wire(LengthOf("version_num_entries", Int8ul), default=None)
    version_num_entries: bytes = wire(
        Blob(lambda c: c.version_num_count), default=bytes([TDISP_VERSION_10]), view=VersionNumber
    )


class GetTdispCapabilities(TdispMessage, code=TdispType.GET_TDISP_CAPABILITIES):
    """What the TSM can do; 20 bytes."""

    tsm_caps: int = wire(Int32ul, default=0)


def supported_messages(types: list[TdispType]) -> bytes:
    """REQ_MSGS_SUPPORTED: bit i for the request of type 80h + i; 16 bytes."""
    mask = sum(1 << (one & 0x7F) for one in types)
    return mask.to_bytes(_MESSAGES_SIZE, "little")


class TdispCapabilities(TdispMessage, code=TdispType.TDISP_CAPABILITIES):
    """What the DSM can do; 44 bytes.

    DEV_ADDR_WIDTH counts address bits; NUM_REQ_THIS and NUM_REQ_ALL are the requests that may
    wait for their answers, of this interface and of all.
    """

    dsm_caps: int = wire(Int32ul, default=0)
    req_msgs_supported: bytes = wire(Blob(_MESSAGES_SIZE), default=None)
    lock_interface_flags_supported: int = wire(Int16ul, default=0, show=LockFlag)
    reserved_2: bytes = wire(Blob(3), default=None)
    dev_addr_width: int = wire(Int8ul, default=0)
    num_req_this: int = wire(Int8ul, default=0)
    num_req_all: int = wire(Int8ul, default=0)


class LockInterfaceRequest(TdispMessage, code=TdispType.LOCK_INTERFACE_REQUEST):
    """Locks the configuration; 36 bytes."""

    flags: int = wire(Int16ul, default=0, show=LockFlag)
    default_stream_id: int = wire(Int8ul, default=0)
    reserved_2: int = wire(Int8ul, default=0)
    mmio_reporting_offset: int = wire(Int64ul, default=0)
    bind_p2p_address_mask: int = wire(Int64ul, default=0)


class LockInterfaceResponse(TdispMessage, code=TdispType.LOCK_INTERFACE_RESPONSE):
    """It is locked; the nonce of 32 bytes starts it. 48 bytes."""

    start_interface_nonce: bytes = wire(Blob(START_NONCE_SIZE))


class GetDeviceInterfaceReport(TdispMessage, code=TdispType.GET_DEVICE_INTERFACE_REPORT):
    """Asks for a portion of the interface report; 20 bytes. Offset and length are in bytes."""

    offset: int = wire(Int16ul, default=0)
    length: int = wire(Int16ul)


class MmioRange(Record):
    """Pages of 4 KiB in a function's memory space; 16 bytes.

    FIRST_PAGE is a page number that includes the reporting offset of the lock; the range id is the
    number of a BAR.
    """

    first_page: int = wire(Int64ul)
    number_of_pages: int = wire(Int32ul)
    range_attributes: int = wire(Int16ul, default=0, show=MmioAttribute)
    range_id: int = wire(Int16ul, default=0)


class InterfaceReport(Record):
    """What DEVICE_INTERFACE_REPORT portions make together; 20 bytes, 16 a range, and the rest."""

    interface_info: int = wire(Int16ul, default=0, show=InterfaceInfo)
    reserved: int = wire(Int16ul, default=0)
    msi_x_message_control: int = wire(Int16ul, default=0)
    lnr_control: int = wire(Int16ul, default=0)
    tph_control: int = wire(Int32ul, default=0)
    mmio_range_count: int | None = wire(
        LengthOf("mmio_ranges", Int32ul, unit=MMIO_RANGE_SIZE), default=None
    )
    mmio_ranges: bytes = wire(
        Blob(lambda c: c.mmio_range_count * MMIO_RANGE_SIZE), default=b"", view=MmioRange
    )
    device_specific_info_len: int | None = wire(
        LengthOf("device_specific_info", Int32ul), default=None
    )
    device_specific_info: bytes = wire(Blob(lambda c: c.device_specific_info_len), default=b"")

    def ranges(self) -> list[MmioRange]:
        """The MMIO ranges, in order.

        Raises:
            WireError: the last one ends early.
        """
        return MmioRange.parse_all(self.mmio_ranges)


class DeviceInterfaceReport(TdispMessage, code=TdispType.DEVICE_INTERFACE_REPORT):
    """A portion of the interface report, and how many bytes follow it; 20 bytes and the portion."""

    portion_length: int | None = wire(LengthOf("report_bytes", Int16ul), default=None)
    remainder_length: int = wire(Int16ul, default=0)
    report_bytes: bytes = wire(Blob(lambda c: c.portion_length), default=b"")


class GetDeviceInterfaceState(TdispMessage, code=TdispType.GET_DEVICE_INTERFACE_STATE):
    """Asks where the interface stands; 16 bytes."""


class DeviceInterfaceState(TdispMessage, code=TdispType.DEVICE_INTERFACE_STATE):
    """Where it stands; 17 bytes."""

    tdi_state: int = wire(Int8ul, default=TdiState.CONFIG_UNLOCKED, show=TdiState)


class StartInterfaceRequest(TdispMessage, code=TdispType.START_INTERFACE_REQUEST):
    """Starts a locked interface with the nonce of the lock; 48 bytes."""

    start_interface_nonce: bytes = wire(Blob(START_NONCE_SIZE))


class StartInterfaceResponse(TdispMessage, code=TdispType.START_INTERFACE_RESPONSE):
    """It runs; 16 bytes."""


class StopInterfaceRequest(TdispMessage, code=TdispType.STOP_INTERFACE_REQUEST):
    """Takes the interface back to where it is not locked; 16 bytes."""


class StopInterfaceResponse(TdispMessage, code=TdispType.STOP_INTERFACE_RESPONSE):
    """It is stopped; 16 bytes."""


class BindP2pStreamRequest(TdispMessage, code=TdispType.BIND_P2P_STREAM_REQUEST):
    """Binds a stream to a peer; 17 bytes."""

    p2p_stream_id: int = wire(Int8ul, default=0)


class BindP2pStreamResponse(TdispMessage, code=TdispType.BIND_P2P_STREAM_RESPONSE):
    """It is bound; 16 bytes."""


class UnbindP2pStreamRequest(TdispMessage, code=TdispType.UNBIND_P2P_STREAM_REQUEST):
    """Ends the binding of a stream to a peer; 17 bytes."""

    p2p_stream_id: int = wire(Int8ul, default=0)


class UnbindP2pStreamResponse(TdispMessage, code=TdispType.UNBIND_P2P_STREAM_RESPONSE):
    """It is bound no longer; 16 bytes."""


class SetMmioAttributeRequest(TdispMessage, code=TdispType.SET_MMIO_ATTRIBUTE_REQUEST):
    """Says whether a range of the report is of the TEE; 32 bytes."""

    mmio_range: bytes = wire(Blob(MMIO_RANGE_SIZE), view=MmioRange)


class SetMmioAttributeResponse(TdispMessage, code=TdispType.SET_MMIO_ATTRIBUTE_RESPONSE):
    """The attribute is set; 16 bytes."""


class _Vdm(TdispMessage):
    """The body that a vendor's request and response share."""

    registry_id: int = wire(Int8ul, default=0)
    vendor_id_len: int | None = wire(LengthOf("vendor_id", Int8ul), default=None)
    vendor_id: bytes = wire(Blob(lambda c: c.vendor_id_len), default=b"")
    vendor_data: bytes = wire(Rest(), default=b"")


class VdmRequest(_Vdm, code=TdispType.VDM_REQUEST):
    """A vendor's request; 18 bytes, the vendor's id and data."""


class VdmResponse(_Vdm, code=TdispType.VDM_RESPONSE):
    """A vendor's response; 18 bytes, the vendor's id and data."""


class SetTdispConfigRequest(TdispMessage, code=TdispType.SET_TDISP_CONFIG_REQUEST):
    """Configures all interfaces of a device; 20 bytes. Its layout is unconfirmed."""

    tdisp_config: int = wire(Int32ul, default=0, show=TdispConfig)


class SetTdispConfigResponse(TdispMessage, code=TdispType.SET_TDISP_CONFIG_RESPONSE):
    """They are configured; 16 bytes."""


class ExtendedErrorData(Record):
    """What a vendor's error code comes with: whose it is, and data."""

    registry_id: int = wire(Int8ul, default=0)
    vendor_id_len: int | None = wire(LengthOf("vendor_id", Int8ul), default=None)
    vendor_id: bytes = wire(Blob(lambda c: c.vendor_id_len), default=b"")
    vendor_err_data: bytes = wire(Rest(), default=b"")


class TdispError(TdispMessage, code=TdispType.TDISP_ERROR):
    """The request is refused; 24 bytes, and a vendor's extended error data."""

    error_code: int = wire(Int32ul, show=TdispErrorCode)
    error_data: int = wire(Int32ul, default=0)
    extended_error_data: bytes = wire(Rest(), default=b"", view=ExtendedErrorData)


class RawTdisp(TdispMessage):
    """A message of an unknown type."""

    body: bytes = wire(Rest(), default=b"")


TDISP: Family[TdispMessage] = Family(
    "TDISP",
    (
        GetTdispVersion,
        TdispVersion,
        GetTdispCapabilities,
        TdispCapabilities,
        LockInterfaceRequest,
        LockInterfaceResponse,
        GetDeviceInterfaceReport,
        DeviceInterfaceReport,
        GetDeviceInterfaceState,
        DeviceInterfaceState,
        StartInterfaceRequest,
        StartInterfaceResponse,
        StopInterfaceRequest,
        StopInterfaceResponse,
        BindP2pStreamRequest,
        BindP2pStreamResponse,
        UnbindP2pStreamRequest,
        UnbindP2pStreamResponse,
        SetMmioAttributeRequest,
        SetMmioAttributeResponse,
        VdmRequest,
        VdmResponse,
        SetTdispConfigRequest,
        SetTdispConfigResponse,
        TdispError,
    ),
    RawTdisp,
)
