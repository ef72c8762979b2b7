"""What numbers in messages mean, for people; declarations name these with ``show=``."""

from enum import IntEnum, IntFlag

from responder.spec import algorithms, limits
from responder.spec.codes import name_of_code
from responder.spec.measurements import RAW_BIT_STREAM, VALUE_TYPE_MASK, ContentChanged, ValueType
from responder.spec.registries import CertificateModel, KeyUsage
from responder.spec.versions import V10

CERTIFICATE_MODEL_MASK = 0x7
CONTENT_CHANGED_SHIFT = 4
CONTENT_CHANGED_MASK = 0x3
SLOT_FLAG = 1 << 7
"""Bit 7 beside a slot: LargeCertChain, BasicMutAuthReq."""


class AlgType(IntEnum):
    """AlgType of an algorithm structure."""

    DHE = algorithms.TABLE_DHE
    AEAD = algorithms.TABLE_AEAD
    REQ_BASE_ASYM = algorithms.TABLE_REQ_BASE_ASYM
    KEY_SCHEDULE = algorithms.TABLE_KEY_SCHEDULE
    REQ_PQC_ASYM = algorithms.TABLE_REQ_PQC_ASYM
    KEM = algorithms.TABLE_KEM


class OtherParams(IntFlag):
    """OtherParamsSupport and OtherParamsSelection."""

    OPAQUE_DATA_FORMAT_0 = algorithms.OPAQUE_FORMAT_0
    OPAQUE_DATA_FORMAT_1 = algorithms.OPAQUE_FORMAT_1
    MULTI_KEY_CONN = algorithms.MULTI_KEY_CONNECTION


class Specification(IntFlag):
    """MeasurementSpecification and MELspecification."""

    DMTF = algorithms.MEASUREMENT_SPECIFICATION_DMTF


class SummaryType(IntEnum):
    """MeasurementSummaryHashType."""

    NONE = limits.SUMMARY_NONE
    TCB = limits.SUMMARY_TCB
    ALL = limits.SUMMARY_ALL


class CertificateRequest(IntFlag):
    """Param2 of GET_CERTIFICATE."""

    SLOT_SIZE_REQUESTED = 1 << 0


class EndpointInfoSubCode(IntEnum):
    """Param1 of GET_ENDPOINT_INFO."""

    DEVICE_CLASS_IDENTIFIER = 1


class EndpointInfoRequest(IntFlag):
    """RequestAttributes of GET_ENDPOINT_INFO."""

    SIGNATURE_REQUESTED = 1 << 0


class MeasurementRequest(IntFlag):
    """Param1 of GET_MEASUREMENTS."""

    SIGNATURE_REQUESTED = 1 << 0
    RAW_BIT_STREAM_REQUESTED = 1 << 1
    NEW_MEASUREMENT_REQUESTED = 1 << 2


MEASUREMENT_HASHES = (
    algorithms.Algorithm("raw bit stream only", algorithms.RAW_BIT_STREAM_ONLY, V10),
    *algorithms.MEASUREMENT_HASHES,
)


def version_entry(entry: int) -> str:
    """A 16-bit VERSION entry, such as ``1.2``, ``1.2.1`` or ``1.3 alpha 2``."""
    major, minor, update, alpha = (entry >> shift & 0xF for shift in (12, 8, 4, 0))
    text = f"{major}.{minor}" + (f".{update}" if update else "")
    return f"{text} alpha {alpha}" if alpha else text


def header_version(version: int) -> str:
    """An SPDMVersion, such as ``1.2``."""
    return f"{version >> 4}.{version & 0xF}"


def message_title(data: bytes) -> str:
    """Name, version and size of a message of at least two bytes."""
    return f"{name_of_code(data[1])} {header_version(data[0])}, {len(data)} bytes"


def slot(value: int) -> str:
    """A slot in bits 3:0, with bit 7 beside it."""
    number = value & limits.SLOT_MASK
    text = "public key" if number == limits.PUBLIC_KEY_SLOT_NIBBLE else f"slot {number}"
    return text + (", bit 7 set" if value & SLOT_FLAG and value != limits.PUBLIC_KEY_SLOT else "")


def slot_mask(mask: int) -> str:
    """The slots of a mask."""
    numbers = [str(number) for number in range(limits.SLOT_COUNT) if mask >> number & 1]
    return f"slots {', '.join(numbers)}" if numbers else "no slot"


def signed_slot(value: int) -> str:
    """Param2 of MEASUREMENTS: slot, and from 1.2 on whether the content changed."""
    changed = value >> CONTENT_CHANGED_SHIFT & CONTENT_CHANGED_MASK
    known = changed in ContentChanged.__members__.values()
    return f"{slot(value & limits.SLOT_MASK)}, " + (
        ContentChanged(changed).name if known else f"content changed {changed}"
    )


def seconds(value: int) -> str:
    """A period in seconds, 0 for none."""
    return f"{value} s" if value else "none"


def measurement_operation(value: int) -> str:
    """Param2 of GET_MEASUREMENTS."""
    return {0x00: "count", 0xFF: "all"}.get(value, f"index {value}")


def value_type(value: int) -> str:
    """DMTFSpecMeasurementValueType."""
    form = "raw bit stream" if value & RAW_BIT_STREAM else "digest"
    kind = value & VALUE_TYPE_MASK
    known = kind in ValueType.__members__.values()
    return f"{ValueType(kind).name if known else f'type {kind}'}, {form}"


def key_usage(mask: int) -> str:
    """The uses of a KeyUsageMask."""
    uses = [usage.name for usage in KeyUsage if usage & mask]
    return " | ".join(uses) if uses else "none"


def csr_attributes(value: int) -> str:
    """Param2 of GET_CSR: model, tracking tag, overwrite (1.3)."""
    text = f"{certificate_model(value)}, tag {value >> 3 & 0x7}"
    return f"{text}, overwrite" if value & SLOT_FLAG else text


def set_certificate_slot(value: int) -> str:
    """Param1 of SET_CERTIFICATE: slot, model and erase (1.3)."""
    text = f"{slot(value & limits.SLOT_MASK)}, {certificate_model(value >> 4)}"
    return f"{text}, erase" if value & SLOT_FLAG else text


def certificate_model(value: int) -> str:
    """CertModel in bits 2:0 of CertificateInfo."""
    model = value & CERTIFICATE_MODEL_MASK
    known = model in CertificateModel.__members__.values()
    return CertificateModel(model).name if known else f"model {model}"
