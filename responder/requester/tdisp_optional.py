"""The requests of TDISP that a device need not support; they are left out where it does not."""

from typing import TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.tdisp import exchange_if_possible, report_of
from responder.requester.tdisp_report import get_report
from responder.spec.tdisp import MmioAttribute, TdispErrorCode, TdispType
from responder.wire.tdisp import (
    BindP2pStreamRequest,
    BindP2pStreamResponse,
    SetMmioAttributeRequest,
    SetMmioAttributeResponse,
    SetTdispConfigRequest,
    SetTdispConfigResponse,
    TdispMessage,
    UnbindP2pStreamRequest,
    UnbindP2pStreamResponse,
    VdmRequest,
    VdmResponse,
)

AnyTdisp = TypeVar("AnyTdisp", bound=TdispMessage)

_PCI_SIG_REGISTRY = 0


def exchange_vdm(c: Conversation) -> Flow[None]:
    """VDM_REQUEST with the options' vendor and data; report what the vendor answers."""
    tdi = c.options.tdi
    request = VdmRequest(
        registry_id=_PCI_SIG_REGISTRY, vendor_id=tdi.vdm_vendor, vendor_data=tdi.vdm_data
    )
    message = yield from _optional(c, request, VdmResponse)
    if message is None:
        return
    same = (message.registry_id, message.vendor_id) == (_PCI_SIG_REGISTRY, tdi.vdm_vendor)
    told = f"registry {message.registry_id}, vendor {message.vendor_id.hex()}"
    c.require("tdi.vdm-vendor", same, told)
    report_of(c).vdm_response = message.vendor_data.hex()


def bind_peer(c: Conversation) -> Flow[None]:
    """BIND_P2P_STREAM and UNBIND_P2P_STREAM of the options' stream."""
    stream_id = c.options.tdi.p2p_stream_id
    bind = BindP2pStreamRequest(p2p_stream_id=stream_id)
    bound = yield from _optional(c, bind, BindP2pStreamResponse)
    if bound is not None:
        unbind = UnbindP2pStreamRequest(p2p_stream_id=stream_id)
        yield from _optional(c, unbind, UnbindP2pStreamResponse)


def set_attribute(c: Conversation) -> Flow[None]:
    """SET_MMIO_ATTRIBUTE: have the first range that can be updated change sides, and change back.

    The report is read after each; it has to show the change.
    """
    if not c.tdi.ranges:
        yield from get_report(c)
    updatable = MmioAttribute.IS_MEM_ATTR_UPDATABLE
    found = [at for at, one in enumerate(c.tdi.ranges) if one.range_attributes & updatable]
    if not found:
        c.report.observe("tdi.not-updatable")
        return
    for _ in range(2):
        one = c.tdi.ranges[found[0]]
        attributes = one.range_attributes ^ MmioAttribute.IS_NON_TEE_MEM
        wanted = one.replace(range_attributes=attributes).build()
        request = SetMmioAttributeRequest(mmio_range=wanted)
        if (yield from _optional(c, request, SetMmioAttributeResponse)) is None:
            return
        c.tdi.report = b""
        yield from get_report(c)
        shown = [seen.build() for seen in c.tdi.ranges]
        if wanted not in shown:
            c.report.observe("tdi.attribute-ignored", f"range {found[0]}: 0x{attributes:x}")
            return


def set_config(c: Conversation) -> Flow[None]:
    """SET_TDISP_CONFIG with the options' bits."""
    request = SetTdispConfigRequest(tdisp_config=c.options.tdi.config)
    yield from _optional(c, request, SetTdispConfigResponse)


def _optional(
    c: Conversation, request: TdispMessage, kind: type[AnyTdisp]
) -> Flow[AnyTdisp | None]:
    """Exchange a message, if the device supports it; else say so."""
    supported, code = c.tdi.supported_messages, TdispType(request.message_type)
    if supported is None or supported >> (code & 0x7F) & 1:
        bearable = (TdispErrorCode.UNSUPPORTED_REQUEST,)
        message = yield from exchange_if_possible(c, request, kind, bearable)
        if message is not None:
            return message
    c.report.observe("tdi.unsupported", code.name)
    return None
