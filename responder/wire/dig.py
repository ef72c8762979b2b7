"""The parts of fields whose structure depends on other fields of their message.

Fields that are simply a sequence of records say so in their declaration (``view=``).
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from responder.spec.codes import ErrorCode, name_of_code
from responder.spec.measurements import VALUE_TYPE_MASK, ValueType
from responder.spec.sessions import ChunkAttributes, PayloadType
from responder.wire.algorithms import (
    EXTENDED_SIZE,
    AlgorithmOffer,
    Algorithms,
    AlgorithmStructure,
    NegotiateAlgorithms,
)
from responder.wire.certificate import Certificate
from responder.wire.certificate_chain import CertificateChain
from responder.wire.chain import split_certificates
from responder.wire.chunk import ChunkResponse, ChunkSend, ChunkSendAck
from responder.wire.context import WireContext
from responder.wire.cxl_tsp import GetTargetConfigurationReportRsp, TargetConfigurationReport
from responder.wire.encapsulated import (
    DeliverEncapsulatedResponse,
    EncapsulatedRequest,
    EncapsulatedResponseAck,
)
from responder.wire.error import Error, ResponseNotReadyData
from responder.wire.errors import WireError
from responder.wire.measurement_values import DeviceModeValue
from responder.wire.measurements import DmtfMeasurement
from responder.wire.message import Record
from responder.wire.names import slot
from responder.wire.opaque import OpaqueElement
from responder.wire.raw import RawMessage
from responder.wire.registry import BY_CODE, class_of
from responder.wire.secured_opaque import ELEMENTS, element_class
from responder.wire.slot_management import (
    REQUEST_STRUCTURES,
    RESPONSE_STRUCTURES,
    SlotManagement,
    SlotManagementResp,
)
from responder.wire.tdisp import DeviceInterfaceReport, InterfaceReport
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.vendor_payload import PROTOCOLS, protocol_of

REQUEST_BIT = 0x80

CertificateNamer = Callable[[bytes], str]
"""Says whose a DER certificate is; X.509 is not this package's business."""


class Part(msgspec.Struct, frozen=True):
    """A piece of a field: ``record`` tells its layout, ``None`` leaves it as bytes.

    ``context`` is what the record is read with, ``None`` for the same as the message around it.
    """

    name: str
    data: bytes
    record: type[Record] | None = None
    meaning: str = ""
    context: WireContext | None = None


class Digging(msgspec.Struct, frozen=True):
    """A field to take apart.

    Attributes:
        fields: the values of the fields before it, and its own.
        data: its bytes.
        context: what the message is read with.
        certificate: says whose a certificate is.
    """

    fields: dict[str, Any]
    data: bytes
    context: WireContext
    certificate: CertificateNamer


def dig(record: type[Record], name: str, digging: Digging) -> list[Part]:
    """The parts of the field ``name`` of ``record``, in order; none if it has none.

    Bytes that cannot be read end the list; what is left of them belongs to no part.
    """
    digger = _DIGGERS.get((record, name))
    return digger(digging) if digger else []


def _algorithms(counts: tuple[str, str]) -> "_Digger":
    """Extended algorithms, as many as the two count fields say, then algorithm structures."""

    def parts(digging: Digging) -> list[Part]:
        data = digging.data
        found: list[Part] = []
        for name, count in zip(("ext_asym", "ext_hash"), counts, strict=True):
            for index in range(digging.fields[count]):
                if len(data) < EXTENDED_SIZE:
                    return found
                found.append(Part(f"{name}[{index}]", data[:EXTENDED_SIZE]))
                data = data[EXTENDED_SIZE:]
        structures = AlgorithmStructure.split(data)
        return found + [
            Part(f"structures[{number}]", piece, AlgorithmStructure)
            for number, piece in enumerate(structures)
        ]

    return parts


def _chain(digging: Digging) -> list[Part]:
    """The chain structure, if this portion is all of it and its hash is known."""
    length = int.from_bytes(digging.data[:4], "little")
    if length != len(digging.data) or not digging.context.hash_size:
        return []
    return [Part("certificate_chain", digging.data, CertificateChain)]


def _certificates(digging: Digging) -> list[Part]:
    try:
        found = split_certificates(digging.data)
    except WireError:
        return []
    return [
        Part(f"certificates[{index}]", der, meaning=digging.certificate(der))
        for index, der in enumerate(found)
    ]


def _measurement_value(digging: Digging) -> list[Part]:
    if digging.fields["value_type"] & VALUE_TYPE_MASK != ValueType.DEVICE_MODE:
        return []
    return _whole("device_mode", DeviceModeValue, digging.data)


def _extended_error_data(digging: Digging) -> list[Part]:
    if digging.fields["error_code"] != ErrorCode.RESPONSE_NOT_READY:
        return []
    return _whole("response_not_ready", ResponseNotReadyData, digging.data)


def _secured_element(digging: Digging) -> list[Part]:
    vendor = digging.fields.get("vendor", b"")
    kind = element_class(digging.fields["id"], vendor, digging.data)
    return [] if kind is None else _whole(_snake(kind.__name__), kind, digging.data)


def _of_requester(digging: Digging) -> list[Part]:
    """An encapsulated message: there the requester is the one who answers."""
    return _embedded(digging.data, digging.context.of_requester(), _CHUNKS | _ENCAPSULATED)


def _acknowledged(digging: Digging) -> list[Part]:
    """What follows ENCAPSULATED_RESPONSE_ACK: the next request, or the requester's slot."""
    match digging.fields["payload_type"]:
        case PayloadType.ENCAPSULATED_REQUEST:
            return _of_requester(digging)
        case PayloadType.REQ_SLOT_NUMBER if digging.data:
            number = digging.data[:1]
            return [Part("req_slot_number", number, meaning=slot(number[0]))]
    return []


def _chunk(digging: Digging) -> list[Part]:
    """A message that is whole in one chunk."""
    fields = digging.fields
    alone = fields["chunk_seq_no"] == 0 and fields["attributes"] & ChunkAttributes.LAST_CHUNK
    return _embedded(digging.data, digging.context, _CHUNKS) if alone else []


def _large_response(digging: Digging) -> list[Part]:
    return _embedded(digging.data, digging.context, _CHUNKS)


_CHUNKS: frozenset[type[Record]] = frozenset({ChunkSend, ChunkSendAck, ChunkResponse})
_ENCAPSULATED: frozenset[type[Record]] = frozenset(
    {EncapsulatedRequest, DeliverEncapsulatedResponse, EncapsulatedResponseAck}
)


def _embedded(data: bytes, context: WireContext, never: frozenset[type[Record]]) -> list[Part]:
    """A message inside another, if a declaration reads it, and the padding behind it.

    Those of ``never`` may not be inside: without end, one could be in the other.
    """
    try:
        kind = class_of(data)
        _, used = kind.read(data, context)
    except WireError:
        return []
    if kind is RawMessage or kind in never:
        return []
    return _padded(Part(name_of_code(data[1]).lower(), data[:used], kind, context=context), data)


def _padded(part: Part, data: bytes) -> list[Part]:
    """A part, and the padding behind it if what is left of the data is that."""
    padding = data[len(part.data) :]
    return [part] if any(padding) or not padding else [part, Part("padding", padding)]


def _vendor_payload(digging: Digging) -> list[Part]:
    """The ProtocolID, and the message behind it if its declaration reads it."""
    fields, data = digging.fields, digging.data
    protocol = protocol_of(fields["standard_id"], fields.get("vendor_id", b""), data)
    if protocol is None:
        return []
    found = [Part("protocol_id", data[:1], meaning=protocol.name)]
    try:
        kind = protocol.class_of(data[1:])
        _, used = kind.read(data[1:])
    except WireError:
        return found
    return [*found, Part(_snake(kind.__name__), data[1 : 1 + used], kind)]


def _report(name: str, record: type[Record]) -> "_Digger":
    """A report that is whole in one portion."""

    def parts(digging: Digging) -> list[Part]:
        return [] if digging.fields["remainder_length"] else _whole(name, record, digging.data)

    return parts


def _managed(structures: Mapping[int, type[Record]]) -> "_Digger":
    """The structure of SLOT_MANAGEMENT's sub-code."""

    def parts(digging: Digging) -> list[Part]:
        kind = structures.get(digging.fields["sub_code"])
        if kind is None:
            return []
        try:
            _, used = kind.read(digging.data, digging.context)
        except WireError:
            return []
        return _padded(Part(_snake(kind.__name__), digging.data[:used], kind), digging.data)

    return parts


def _structure_parts(structures: Mapping[int, type[Record]]) -> dict[str, type[Record] | None]:
    return {_snake(kind.__name__): kind for kind in structures.values()}


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


def _whole(name: str, record: type[Record], data: bytes) -> list[Part]:
    """The field as one record, if it is one."""
    try:
        record.parse(data)
    except WireError:
        return []
    return [Part(name, data, record)]


_Digger = Callable[[Digging], list[Part]]

_ALGORITHM_PARTS: dict[str, type[Record] | None] = {
    "ext_asym": None,
    "ext_hash": None,
    "structures": AlgorithmStructure,
}

_DIGGERS: dict[tuple[type[Record], str], _Digger] = {
    (NegotiateAlgorithms, "trailer"): _algorithms(("ext_asym_count", "ext_hash_count")),
    (Algorithms, "trailer"): _algorithms(("ext_asym_sel_count", "ext_hash_sel_count")),
    (AlgorithmOffer, "trailer"): _algorithms(("ext_asym_count", "ext_hash_count")),
    (Certificate, "cert_chain"): _chain,
    (CertificateChain, "certificates"): _certificates,
    (DmtfMeasurement, "value"): _measurement_value,
    (Error, "extended_error_data"): _extended_error_data,
    (OpaqueElement, "data"): _secured_element,
    (EncapsulatedRequest, "encapsulated_request"): _of_requester,
    (DeliverEncapsulatedResponse, "encapsulated_response"): _of_requester,
    (EncapsulatedResponseAck, "encapsulated_request"): _acknowledged,
    (VendorDefinedRequest, "payload"): _vendor_payload,
    (VendorDefinedResponse, "payload"): _vendor_payload,
    (DeviceInterfaceReport, "report_bytes"): _report("interface_report", InterfaceReport),
    (GetTargetConfigurationReportRsp, "report_data"): _report(
        "target_configuration_report", TargetConfigurationReport
    ),
    (SlotManagement, "structure"): _managed(REQUEST_STRUCTURES),
    (SlotManagementResp, "structure"): _managed(RESPONSE_STRUCTURES),
    (ChunkSend, "spdm_chunk"): _chunk,
    (ChunkSendAck, "response_to_large_request"): _large_response,
    (ChunkResponse, "spdm_chunk"): _chunk,
}


def _messages(bit: int) -> dict[str, type[Record] | None]:
    """The messages, by the name of their part, that can be inside others and hold none."""
    return {
        name_of_code(code).lower(): kind
        for code, kind in BY_CODE.items()
        if code & REQUEST_BIT == bit and kind not in _CHUNKS | _ENCAPSULATED
    }


_REQUESTS, _RESPONSES = _messages(REQUEST_BIT), _messages(0)

_PAYLOADS: dict[str, type[Record] | None] = {
    "protocol_id": None,
    **{
        _snake(kind.__name__): kind
        for protocol in PROTOCOLS.values()
        for kind in (*protocol.messages, protocol.raw)
    },
}

PART_RECORDS: dict[tuple[type[Record], str], dict[str, type[Record] | None]] = {
    (NegotiateAlgorithms, "trailer"): _ALGORITHM_PARTS,
    (Algorithms, "trailer"): _ALGORITHM_PARTS,
    (AlgorithmOffer, "trailer"): _ALGORITHM_PARTS,
    (Certificate, "cert_chain"): {"certificate_chain": CertificateChain},
    (CertificateChain, "certificates"): {"certificates": None},
    (DmtfMeasurement, "value"): {"device_mode": DeviceModeValue},
    (Error, "extended_error_data"): {"response_not_ready": ResponseNotReadyData},
    (OpaqueElement, "data"): {_snake(kind.__name__): kind for kind in ELEMENTS.values()},
    (EncapsulatedRequest, "encapsulated_request"): _REQUESTS,
    (DeliverEncapsulatedResponse, "encapsulated_response"): _RESPONSES,
    (EncapsulatedResponseAck, "encapsulated_request"): {**_REQUESTS, "req_slot_number": None},
    (VendorDefinedRequest, "payload"): _PAYLOADS,
    (VendorDefinedResponse, "payload"): _PAYLOADS,
    (DeviceInterfaceReport, "report_bytes"): {"interface_report": InterfaceReport},
    (GetTargetConfigurationReportRsp, "report_data"): {
        "target_configuration_report": TargetConfigurationReport
    },
    (SlotManagement, "structure"): _structure_parts(REQUEST_STRUCTURES),
    (SlotManagementResp, "structure"): _structure_parts(RESPONSE_STRUCTURES),
    (ChunkSend, "spdm_chunk"): _REQUESTS,
    (ChunkSendAck, "response_to_large_request"): _RESPONSES,
    (ChunkResponse, "spdm_chunk"): _RESPONSES,
}
"""The names of the parts that ``dig`` can find in a field, and their layouts."""
