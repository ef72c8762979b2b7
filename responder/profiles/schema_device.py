"""Tables of a profile about what the device measures, tells of itself, and what happens to it."""

from typing import Annotated

from msgspec import Meta, field

from responder.profiles import names
from responder.profiles.schema_types import (
    Byte,
    Count,
    DeviceModeName,
    EventName,
    Hex,
    LoggedType,
    MeasurementIndex,
    MeasurementType,
    OperationalModeName,
    Section,
    Size,
    SlotId,
    Standard,
)


class FillValue(Section):
    """A byte, repeated.

    Attributes:
        byte: the byte.
        size: how often.
    """

    byte: Byte
    size: Annotated[int, Meta(ge=0, le=0xFFFC)]


class ModeValue(Section):
    """The value of a device mode measurement.

    Attributes:
        operational_capabilities: operational modes that the device has.
        operational_state: operational mode that it is in.
        device_capabilities: debug modes that the device has.
        device_state: debug modes that it is in, or was.
    """

    operational_capabilities: list[OperationalModeName] = field(default_factory=list)
    operational_state: list[OperationalModeName] = field(default_factory=list)
    device_capabilities: list[DeviceModeName] = field(default_factory=list)
    device_state: list[DeviceModeName] = field(default_factory=list)


class MeasurementSection(Section):
    """A measurement.

    Its value is exactly one of `hex`, `text`, `file`, `fill`, `integer`, `mode`, `digest`.

    Attributes:
        index: measurement index, 1 to 0xFE.
        type: DMTF measurement type; `hash-extend` (1.3) has no value of its own, but that of the
            entries in `[[log]]` which name its index.
        hex: the value in hexadecimal.
        text: the value as text, UTF-8 without a final zero.
        file: the value is the content of a file.
        fill: the value is a repeated byte.
        integer: the value is an unsigned little-endian number of 8 bytes (an SVN).
        mode: the value is a device mode structure.
        digest: the digest of a value that is not known, in hexadecimal; sent where the negotiated
            hash has that size, else its own digest.
        raw: send the raw bit stream, not its digest; always so for types that have no digest.
        raw_available: send the raw bit stream to a requester that asks for it.
        tcb: part of the TCB measurement summary; true for an immutable ROM if not given.
    """

    index: MeasurementIndex
    type: MeasurementType
    hex: Hex | None = None
    text: str | None = None
    file: str | None = None
    fill: FillValue | None = None
    integer: Annotated[int, Meta(ge=0, le=0x7FFFFFFFFFFFFFFF)] | None = None
    mode: ModeValue | None = None
    digest: Hex | None = None
    raw: bool | None = None
    raw_available: bool | None = None
    tcb: bool | None = None


class LogSection(Section):
    """An entry of the measurement extension log (1.3).

    Its value is exactly one of `hex`, `text`, `file`, `fill`, `integer`, `mode`.

    Attributes:
        measurement: index of the hash-extend measurement that it extends.
        type: DMTF measurement type of the value.
        hex: as for a measurement.
        text: as for a measurement.
        file: as for a measurement.
        fill: as for a measurement.
        integer: as for a measurement.
        mode: as for a measurement.
        raw: the log has the raw bit stream; else its digest.
    """

    measurement: MeasurementIndex
    type: LoggedType
    hex: Hex | None = None
    text: str | None = None
    file: str | None = None
    fill: FillValue | None = None
    integer: Annotated[int, Meta(ge=0, le=0x7FFFFFFFFFFFFFFF)] | None = None
    mode: ModeValue | None = None
    raw: bool = True


class DeviceClassSection(Section):
    """A device class that ENDPOINT_INFO tells (1.3).

    Attributes:
        standard: who assigned the vendor id, by name or number.
        vendor_id: the vendor as on the wire, hexadecimal.
        identifiers: the parts of the class, hexadecimal each.
    """

    standard: Standard | Annotated[int, Meta(ge=0, le=0xFF)]
    vendor_id: Hex = ""
    identifiers: list[Hex] = field(default_factory=list)


class EventsSection(Section):
    """Events that sessions may subscribe to (1.3, EVENT).

    Attributes:
        types: what the device tells of, beside that events were lost.
        queue: events that a session keeps for a requester that does not fetch them; more are lost.
        first_id: EventInstanceID of the first event of a session.
        subscribe: the device wants the events of requesters that have EVENT: once in a session it
            asks which there are, and subscribes to all of them (ENCAP on both sides).
    """

    types: list[EventName] = field(default_factory=lambda: [*names.EVENT_TYPES])
    queue: Count = 16
    first_id: Size = 0
    subscribe: bool = False


class ChangeSection(Section):
    """Something that happens to the device, before it answers the next request.

    When: exactly one of `after` and `after_requests`. What: exactly one of `measurement`,
    `announce` and `slot`.

    Attributes:
        after: seconds since the start of the server.
        after_requests: so many requests have come, on all connections together.
        times: how often it happens, each time after as long again.
        measurement: a measurement gets another value; a hash-extend measurement is extended by
            an informational entry of the log.
        values: its new values, hexadecimal; each time the next one, and then again the first.
        announce: events tell that this measurement is about to change; nothing changes yet.
        slot: a certificate slot gets another content.
        becomes: the slots whose content it gets; each time the next one.
    """

    after: Annotated[float, Meta(gt=0)] | None = None
    after_requests: Annotated[int, Meta(ge=1)] | None = None
    times: Count = 1
    measurement: MeasurementIndex | None = None
    values: list[Hex] = field(default_factory=list)
    announce: MeasurementIndex | None = None
    slot: SlotId | None = None
    becomes: list[SlotId] = field(default_factory=list)
