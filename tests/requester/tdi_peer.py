"""A responder with a port that takes keys and an interface that is locked, started and stopped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requester.peer import BLOCKS, block, converse, default_options
from requester.session_peer import SessionPeer, session_options

from responder.requester.plan import SessionPlan
from responder.requester.tdi_options import TdiOptions
from responder.spec.ide import IdeCapability, StreamControl, StreamState
from responder.spec.limits import SUMMARY_NONE
from responder.spec.tdisp import (
    InterfaceInfo,
    LockFlag,
    MmioAttribute,
    TdispErrorCode,
    TdispType,
    TdiState,
)
from responder.wire import ide_km, tdisp
from responder.wire.function_status import FunctionStatus, StatusFlags
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.vendor_payload import parse_payload

FUNCTION_ID = 0x0128
STREAM = 3
STATUS_INDEX = 8
RANGES = [
    tdisp.MmioRange(first_page=0x100, number_of_pages=4, range_id=0),
    tdisp.MmioRange(
        first_page=0x200,
        number_of_pages=2,
        range_attributes=MmioAttribute.IS_MEM_ATTR_UPDATABLE,
        range_id=2,
    ),
]
SUPPORTED = [one for one in TdispType if one & 0x80]
SELECTIVE = IdeCapability.SELECTIVE_IDE | IdeCapability.IDE_KM
Change = Callable[[Any], Any]


def report_of(ranges: list[tdisp.MmioRange], **fields: Any) -> tdisp.InterfaceReport:
    return tdisp.InterfaceReport(
        **{
            "interface_info": InterfaceInfo.NO_FW_UPDATE_AFTER_LOCK,
            "mmio_ranges": b"".join(one.build() for one in ranges),
            "device_specific_info": b"info",
            **fields,
        }
    )


def tdisp_error(code: int, data: int = 0, extended: bytes = b"") -> tdisp.TdispError:
    return tdisp.TdispError(error_code=code, error_data=data, extended_error_data=extended)


def tdi_options(*steps: str, **tdi: Any) -> dict[str, Any]:
    """Arguments of ``AttestOptions`` for one session with these steps."""
    patience = {"patience": tdi.pop("patience")} if "patience" in tdi else {}
    options = session_options(sessions=(SessionPlan(steps, summary=SUMMARY_NONE),), **patience)
    wanted = {"function_id": FUNCTION_ID, "stream_id": STREAM, **tdi}
    return {**options, "tdi": TdiOptions(**wanted)}


def talk(peer: Any, *steps: str, without: str = "", **tdi: Any) -> Any:
    options = tdi_options(*steps, **tdi)
    left_out = frozenset({without} - {""})
    return converse(peer, default_options(**options, without=left_out))


@dataclass
class TdiPeer(SessionPeer):
    """A ``SessionPeer`` that answers IDE_KM and TDISP; everything can be lied about.

    Attributes:
        says: changes an answer, by its class.
        sends: changes the payload of an answer, ProtocolID included, by its class.
        refuses: answers of TDISP that are sent instead of the first ones, by request class.
        asked: the messages that came, in order.
        status: changes the measured status; ``None`` measures none.
        checks_nonce: START_INTERFACE needs the right nonce.
        enabled: the stream is enabled, so it is secure while it has six keys.
        serves_unlocked: the report is served of an unlocked interface too.
    """

    says: dict[type, Change] = field(default_factory=dict)
    sends: dict[type, Callable[[bytes], bytes]] = field(default_factory=dict)
    refuses: dict[type, list[Any]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    status: Change | None = lambda status: status
    checks_nonce: bool = True
    enabled: bool = True
    serves_unlocked: bool = False
    blocks: dict[int, bytes] = field(default_factory=lambda: {1: BLOCKS[1]})
    ranges: list[tdisp.MmioRange] = field(default_factory=lambda: list(RANGES))
    keys: set[int] = field(default_factory=set)
    state: int = TdiState.CONFIG_UNLOCKED
    lock_flags: int = 0
    locks: int = 0
    supported: list[TdispType] = field(default_factory=lambda: list(SUPPORTED))

    def vendor(self, request: bytes) -> bytes:
        asked = VendorDefinedRequest.parse(request)
        message = parse_payload(asked.standard_id, asked.vendor_id, asked.payload)
        self.asked.append(message)
        waiting = self.refuses.get(type(message))
        answer = waiting.pop(0) if waiting else self.reply(message)
        if isinstance(answer, tdisp.TdispMessage):
            answer = answer.replace(interface_id=message.interface_id)
        answer = self.says.get(type(answer), lambda one: one)(answer)
        payload = self.sends.get(type(answer), bytes)(asked.payload[:1] + answer.build())
        return self.build(
            VendorDefinedResponse(
                spdm_version=request[0],
                standard_id=asked.standard_id,
                vendor_id=asked.vendor_id,
                payload=payload,
            )
        )

    def reply(self, message: Any) -> Any:
        handlers = {
            ide_km.Query: self.query,
            ide_km.KeyProg: self.key_prog,
            ide_km.KSetGo: self.go,
            ide_km.KSetStop: self.go_stop,
            tdisp.GetTdispVersion: lambda _: tdisp.TdispVersion(),
            tdisp.GetTdispCapabilities: self.tdisp_capabilities,
            tdisp.LockInterfaceRequest: self.lock,
            tdisp.GetDeviceInterfaceReport: self.interface_report,
            tdisp.GetDeviceInterfaceState: self.interface_state,
            tdisp.StartInterfaceRequest: self.start,
            tdisp.StopInterfaceRequest: self.stop,
            tdisp.BindP2pStreamRequest: lambda _: tdisp.BindP2pStreamResponse(),
            tdisp.UnbindP2pStreamRequest: lambda _: tdisp.UnbindP2pStreamResponse(),
            tdisp.SetMmioAttributeRequest: self.set_attribute,
            tdisp.VdmRequest: self.vdm,
            tdisp.SetTdispConfigRequest: lambda _: tdisp.SetTdispConfigResponse(),
        }
        return handlers[type(message)](message)

    @property
    def secure(self) -> bool:
        return self.enabled and len(self.keys) >= 6

    def query(self, message: ide_km.Query) -> ide_km.QueryResp:
        state = StreamState.SECURE if self.secure else StreamState.INSECURE
        stream = ide_km.SelectiveStream(
            control=STREAM << 24 | StreamControl.ENABLE * self.enabled, status=state
        )
        registers = ide_km.IdeRegisters(capability=SELECTIVE, selective_streams=stream.build())
        return ide_km.QueryResp(
            port_index=message.port_index,
            bus_num=FUNCTION_ID >> 8,
            dev_func_num=FUNCTION_ID & 0xFF,
            max_port_index=1,
            ide_registers=registers.build(),
        )

    def key_prog(self, message: ide_km.KeyProg) -> ide_km.KpAck:
        return ide_km.KpAck(
            stream_id=message.stream_id,
            key_sub_stream=message.key_sub_stream,
            port_index=message.port_index,
        )

    def go(self, message: ide_km.KSetGo) -> ide_km.KGostopAck:
        self.keys.add(message.key_sub_stream)
        return self.acknowledged(message)

    def go_stop(self, message: ide_km.KSetStop) -> ide_km.KGostopAck:
        self.keys.discard(message.key_sub_stream)
        return self.acknowledged(message)

    def acknowledged(self, message: Any) -> ide_km.KGostopAck:
        return ide_km.KGostopAck(
            stream_id=message.stream_id,
            key_sub_stream=message.key_sub_stream,
            port_index=message.port_index,
        )

    def tdisp_capabilities(self, _: Any) -> tdisp.TdispCapabilities:
        return tdisp.TdispCapabilities(
            req_msgs_supported=tdisp.supported_messages(self.supported),
            lock_interface_flags_supported=sum(LockFlag),
            dev_addr_width=52,
            num_req_this=1,
            num_req_all=1,
        )

    @property
    def nonce(self) -> bytes:
        return bytes((self.locks,)) * 32

    def lock(self, message: tdisp.LockInterfaceRequest) -> Any:
        if self.state != TdiState.CONFIG_UNLOCKED:
            return tdisp_error(TdispErrorCode.INVALID_INTERFACE_STATE)
        self.state, self.lock_flags = TdiState.CONFIG_LOCKED, message.flags
        self.locks += 1
        return tdisp.LockInterfaceResponse(start_interface_nonce=self.nonce)

    def interface_report(self, message: tdisp.GetDeviceInterfaceReport) -> Any:
        locked = self.state in (TdiState.CONFIG_LOCKED, TdiState.RUN)
        if not (locked or self.serves_unlocked):
            return tdisp_error(TdispErrorCode.INVALID_INTERFACE_STATE)
        report = report_of(self.ranges)
        report = self.says.get(tdisp.InterfaceReport, lambda one: one)(report)
        data = self.sends.get(tdisp.InterfaceReport, bytes)(report.build())
        portion = data[message.offset : message.offset + message.length]
        rest = len(data) - message.offset - len(portion)
        return tdisp.DeviceInterfaceReport(report_bytes=portion, remainder_length=rest)

    def interface_state(self, _: Any) -> tdisp.DeviceInterfaceState:
        return tdisp.DeviceInterfaceState(tdi_state=self.state)

    def start(self, message: tdisp.StartInterfaceRequest) -> Any:
        if self.state != TdiState.CONFIG_LOCKED:
            return tdisp_error(TdispErrorCode.INVALID_INTERFACE_STATE)
        if self.checks_nonce and message.start_interface_nonce != self.nonce:
            return tdisp_error(TdispErrorCode.INVALID_NONCE)
        self.state = TdiState.RUN
        return tdisp.StartInterfaceResponse()

    def stop(self, _: Any) -> tdisp.StopInterfaceResponse:
        self.state, self.lock_flags = TdiState.CONFIG_UNLOCKED, 0
        return tdisp.StopInterfaceResponse()

    def set_attribute(
        self, message: tdisp.SetMmioAttributeRequest
    ) -> tdisp.SetMmioAttributeResponse:
        wanted = tdisp.MmioRange.parse(message.mmio_range)
        found = [one.first_page for one in self.ranges].index(wanted.first_page)
        self.ranges[found] = wanted
        return tdisp.SetMmioAttributeResponse()

    def vdm(self, message: tdisp.VdmRequest) -> tdisp.VdmResponse:
        return tdisp.VdmResponse(
            registry_id=message.registry_id,
            vendor_id=message.vendor_id,
            vendor_data=message.vendor_data[::-1],
        )

    def measurements(self, request: bytes) -> bytes:
        if self.status is not None:
            locked = self.state != TdiState.CONFIG_UNLOCKED
            status = FunctionStatus(
                tdi_state=self.state,
                lock_flags=self.lock_flags,
                function_id=FUNCTION_ID,
                flags=StatusFlags.CONFIGURATION_LOCKED if locked else 0,
                configuration=0xABCD,
            )
            self.blocks[STATUS_INDEX] = block(STATUS_INDEX, 0x82, self.status(status).build())
        return super().measurements(request)
