"""GET_MEASUREMENTS and MEASUREMENTS, and the measurement block (DSP0274, clauses of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import NONCE_SIZE, REQUESTER_CONTEXT_SIZE
from responder.spec.measurements import RAW_BIT_STREAM, VALUE_TYPE_MASK
from responder.spec.versions import V11, V13
from responder.wire.errors import WireError
from responder.wire.fields import (
    Blob,
    Int8ul,
    Int16ul,
    Int24ul,
    LengthOf,
    When,
    since,
    wire_of,
)
from responder.wire.message import Message, Record, wire
from responder.wire.names import (
    MeasurementRequest,
    Specification,
    measurement_operation,
    signed_slot,
    slot,
    value_type,
)
from responder.wire.opaque import OpaqueData

SIGNATURE_REQUESTED = MeasurementRequest.SIGNATURE_REQUESTED.value
RAW_BIT_STREAM_REQUESTED = MeasurementRequest.RAW_BIT_STREAM_REQUESTED.value
NEW_MEASUREMENT_REQUESTED = MeasurementRequest.NEW_MEASUREMENT_REQUESTED.value
"""Request Param1 bits."""

OPERATION_COUNT = 0x00
OPERATION_ALL = 0xFF
"""Request Param2: the number of measurements, or all of them; else one index."""


class DmtfMeasurement(Record):
    """DMTFSpecMeasurementValueType and value, the content of a block of that specification."""

    value_type: int = wire(Int8ul, show=value_type)
    value_size: int | None = wire(LengthOf("value", Int16ul), default=None)
    value: bytes = wire(Blob(lambda c: c.value_size))

    @property
    def is_raw(self) -> bool:
        """Whether the value is a raw bit stream rather than a digest."""
        return bool(self.value_type & RAW_BIT_STREAM)

    @property
    def kind(self) -> int:
        """Bits 6:0 of the value type."""
        return self.value_type & VALUE_TYPE_MASK


class MeasurementBlock(Record):
    """One measurement: index, specification, size in bytes, measurement."""

    index: int = wire(Int8ul)
    measurement_specification: int = wire(Int8ul, default=1, show=Specification)
    measurement_size: int | None = wire(LengthOf("measurement", Int16ul), default=None)
    measurement: bytes = wire(Blob(lambda c: c.measurement_size), view=DmtfMeasurement)

    def dmtf(self) -> DmtfMeasurement:
        """The measurement read by the DMTF specification.

        Raises:
            WireError: sizes do not agree.
        """
        return DmtfMeasurement.parse(self.measurement)


def parse_blocks(record: bytes, count: int) -> list[MeasurementBlock]:
    """The blocks of a measurement record.

    Raises:
        WireError: the record does not hold exactly ``count`` whole blocks.
    """
    blocks = []
    while record:
        block, used = MeasurementBlock.read(record)
        blocks.append(block)
        record = record[used:]
    if len(blocks) != count:
        raise WireError(f"{count} blocks announced, {len(blocks)} found", "measurement_record")
    return blocks


def _signed(context: object) -> bool:
    return bool(context.attributes & SIGNATURE_REQUESTED)  # type: ignore[attr-defined]


class GetMeasurements(Message, code=RequestCode.GET_MEASUREMENTS):
    """Asks for a count, one or all measurements.

    4 bytes without a signature (12 from 1.3 on); with one 36 (1.0), 37 (1.1, 1.2) or 45 bytes.
    """

    attributes: int = wire(Int8ul, default=0, show=MeasurementRequest)
    operation: int = wire(Int8ul, show=measurement_operation)
    nonce: bytes = wire(When(_signed, Blob(NONCE_SIZE), b""), default=b"")
    slot_id: int | None = wire(
        When(lambda c: _signed(c) and since(V11)(c), Int8ul), default=None, show=slot
    )
    requester_context: bytes = wire(
        When(since(V13), Blob(REQUESTER_CONTEXT_SIZE), b""), default=b""
    )

    @property
    def signature_requested(self) -> bool:
        """Param1 bit 0."""
        return bool(self.attributes & SIGNATURE_REQUESTED)


class Measurements(Message, code=ResponseCode.MEASUREMENTS):
    """The measurement record, a nonce (always) and, when asked for, the signature over L1.

    Param1 is the number of measurements when that was asked for; Param2 the slot (bits 3:0) and,
    from 1.2 on, content-changed (bits 5:4).
    """

    total_number_of_measurements: int = wire(Int8ul, default=0)
    slot: int = wire(Int8ul, default=0, show=signed_slot)
    number_of_blocks: int = wire(Int8ul, default=0)
    measurement_record_length: int | None = wire(
        LengthOf("measurement_record", Int24ul), default=None
    )
    measurement_record: bytes = wire(
        Blob(lambda c: c.measurement_record_length), default=b"", view=MeasurementBlock
    )
    nonce: bytes = wire(Blob(NONCE_SIZE))
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)
    requester_context: bytes = wire(
        When(since(V13), Blob(REQUESTER_CONTEXT_SIZE), b""), default=b""
    )
    signature: bytes = wire(
        Blob(lambda c: wire_of(c).signature_size if wire_of(c).signed else 0), default=b""
    )
