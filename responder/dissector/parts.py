"""What of the declarations is code, and its namesakes in ``runtime``.

The parts of fields whose structure depends on other fields (``responder.wire.dig``), records that
are read only if they make sense, and sizes that are read from the bytes that they are about.
"""

from collections.abc import Mapping
from types import MappingProxyType

from responder.wire.algorithms import AlgorithmOffer, Algorithms, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities
from responder.wire.certificate import Certificate
from responder.wire.certificate_chain import CertificateChain
from responder.wire.chunk import ChunkResponse, ChunkSend, ChunkSendAck
from responder.wire.cxl_tsp import GetTargetConfigurationReportRsp
from responder.wire.encapsulated import (
    DeliverEncapsulatedResponse,
    EncapsulatedRequest,
    EncapsulatedResponseAck,
)
from responder.wire.error import Error
from responder.wire.events import SendEvent
from responder.wire.measurement_extension_log import DmtfMel
from responder.wire.measurements import DmtfMeasurement
from responder.wire.message import Record
from responder.wire.opaque import OpaqueData, OpaqueElement
from responder.wire.set_certificate import SetCertificate
from responder.wire.slot_management import SlotManagement, SlotManagementResp
from responder.wire.tdisp import DeviceInterfaceReport
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse

Place = tuple[type[Record], str]

PARTS: Mapping[Place, tuple[str, ...]] = MappingProxyType(
    {
        (NegotiateAlgorithms, "trailer"): ("algorithms", "ext_asym_count", "ext_hash_count"),
        (Algorithms, "trailer"): ("algorithms", "ext_asym_sel_count", "ext_hash_sel_count"),
        (AlgorithmOffer, "trailer"): ("algorithms", "ext_asym_count", "ext_hash_count"),
        (Certificate, "cert_chain"): ("chain",),
        (CertificateChain, "certificates"): ("certificates",),
        (DmtfMeasurement, "value"): ("measurement_value",),
        (Error, "extended_error_data"): ("extended_error_data",),
        (OpaqueElement, "data"): ("secured_element",),
        (EncapsulatedRequest, "encapsulated_request"): ("of_requester",),
        (DeliverEncapsulatedResponse, "encapsulated_response"): ("of_requester",),
        (EncapsulatedResponseAck, "encapsulated_request"): ("acknowledged",),
        (VendorDefinedRequest, "payload"): ("vendor_payload",),
        (VendorDefinedResponse, "payload"): ("vendor_payload",),
        (DeviceInterfaceReport, "report_bytes"): ("report", "interface_report"),
        (GetTargetConfigurationReportRsp, "report_data"): (
            "report",
            "target_configuration_report",
        ),
        (SlotManagement, "structure"): ("managed", "request"),
        (SlotManagementResp, "structure"): ("managed", "response"),
        (ChunkSend, "spdm_chunk"): ("chunk",),
        (ChunkSendAck, "response_to_large_request"): ("large_response",),
        (ChunkResponse, "spdm_chunk"): ("chunk",),
    }
)
"""The function that finds the parts of a field, and its arguments."""

CHECKS: Mapping[type[Record], str] = MappingProxyType(
    {OpaqueData: "whole_opaque_data", DmtfMel: "whole_log"}
)
"""The function that says whether a record makes sense."""

SPECIAL_SIZES: Mapping[Place, str] = MappingProxyType(
    {
        (Capabilities, "supported_algorithms"): "size_of_offer",
        (SendEvent, "events_list"): "size_of_events",
        (SetCertificate, "cert_chain"): "size_of_chain",
    }
)
"""The function that finds out how long a field is by looking at its bytes."""
