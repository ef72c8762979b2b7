"""Event types, their subscription, and events (DSP0274 1.3 "Event mechanism").

GET_SUPPORTED_EVENT_TYPES, SUBSCRIBE_EVENT_TYPES and SEND_EVENT come in established sessions only;
the side that has events is the notifier, the other one the recipient.
"""

from io import BytesIO
from typing import Any

from construct import Construct, StreamError

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.events import (
    DMTF_EVENT_GROUP_VERSION,
    MEASUREMENT_BITMAP_SIZE,
    EventGroupAttribute,
)
from responder.spec.events import EventType as EventTypeId
from responder.spec.registries import StandardId
from responder.wire.errors import WireError
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, LengthOf, When
from responder.wire.message import Message, Record, wire
from responder.wire.names import slot_mask

_EVENT_TYPE_SIZE = 4


class EventType(Record):
    """An event type in a list; 4 bytes."""

    event_type_id: int = wire(Int16ul, show=EventTypeId)
    reserved: int = wire(Int16ul, default=0)


class EventGroup(Record):
    """The event types of one standards body: whose they are, how many, version, attributes."""

    id: int = wire(Int8ul, default=StandardId.DMTF, show=StandardId)
    vendor_length: int | None = wire(LengthOf("vendor", Int8ul), default=None)
    vendor: bytes = wire(Blob(lambda c: c.vendor_length), default=b"")
    event_type_count: int | None = wire(
        LengthOf("event_types", Int16ul, unit=_EVENT_TYPE_SIZE), default=None
    )
    event_group_version: int = wire(Int16ul, default=DMTF_EVENT_GROUP_VERSION)
    attributes: int = wire(Int32ul, default=0, show=EventGroupAttribute)
    event_types: bytes = wire(
        Blob(lambda c: c.event_type_count * _EVENT_TYPE_SIZE), default=b"", view=EventType
    )

    def type_ids(self) -> list[int]:
        """EventTypeId of each listed type."""
        listed, size = self.event_types, _EVENT_TYPE_SIZE
        parts = (listed[at : at + size] for at in range(0, len(listed), size))
        return [EventType.parse(part).event_type_id for part in parts]


def parse_event_groups(data: bytes, count: int) -> list[EventGroup]:
    """The event groups of a list.

    Raises:
        WireError: the list does not hold exactly ``count`` whole groups.
    """
    groups = EventGroup.parse_all(data)
    if len(groups) != count:
        raise WireError(f"{count} event groups announced, {len(groups)} found")
    return groups


class GetSupportedEventTypes(Message, code=RequestCode.GET_SUPPORTED_EVENT_TYPES):
    """Asks which events there are; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


class SupportedEventTypes(Message, code=ResponseCode.SUPPORTED_EVENT_TYPES):
    """The event groups on offer: 8 bytes and the list."""

    event_group_count: int = wire(Int8ul)
    param2: int = wire(Int8ul, default=0)
    supported_event_groups_list_length: int | None = wire(
        LengthOf("supported_event_groups_list", Int32ul), default=None
    )
    supported_event_groups_list: bytes = wire(
        Blob(lambda c: c.supported_event_groups_list_length), default=b"", view=EventGroup
    )


def _has_list(context: object) -> bool:
    return bool(context.subscribe_event_group_count)  # type: ignore[attr-defined]


class SubscribeEventTypes(Message, code=RequestCode.SUBSCRIBE_EVENT_TYPES):
    """Says which events are wanted: 8 bytes and the list, which takes the place of the one before.

    With a count of 0 it has 4 bytes and no events are wanted any more.
    """

    subscribe_event_group_count: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    subscribe_list_length: int | None = wire(
        When(_has_list, LengthOf("subscribe_list", Int32ul)), default=None
    )
    subscribe_list: bytes = wire(
        When(_has_list, Blob(lambda c: c.subscribe_list_length), b""), default=b"", view=EventGroup
    )


class SubscribeEventTypesAck(Message, code=ResponseCode.SUBSCRIBE_EVENT_TYPES_ACK):
    """The subscription holds; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


class Event(Record):
    """Something that happened: 14 bytes with the DMTF's empty vendor id, and the detail.

    Instance ids of a session count from 0 without gaps.
    """

    event_instance_id: int = wire(Int32ul)
    reserved: bytes = wire(Blob(4), default=bytes(4))
    id: int = wire(Int8ul, default=StandardId.DMTF, show=StandardId)
    vendor_length: int | None = wire(LengthOf("vendor", Int8ul), default=None)
    vendor: bytes = wire(Blob(lambda c: c.vendor_length), default=b"")
    event_type_id: int = wire(Int16ul, show=EventTypeId)
    event_detail_length: int | None = wire(LengthOf("event_detail", Int16ul), default=None)
    event_detail: bytes = wire(Blob(lambda c: c.event_detail_length), default=b"")


class _Events(Construct):  # type: ignore[misc]
    """The bytes of as many events as EventCount says: no length tells where they end."""

    def _parse(self, stream: BytesIO, context: Any, path: str) -> bytes:
        start = stream.tell()
        data, used = stream.read(), 0
        try:
            for _ in range(context.event_count):
                used += Event.read(data[used:])[1]
        except WireError as error:
            raise StreamError(str(error), path) from None
        stream.seek(start + used)
        return data[:used]

    def _build(self, obj: bytes, stream: BytesIO, context: Any, path: str) -> bytes:
        del context, path
        stream.write(obj)
        return obj


class SendEvent(Message, code=RequestCode.SEND_EVENT):
    """Tells events: 8 bytes and the events."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    event_count: int = wire(Int32ul)
    events_list: bytes = wire(_Events(), default=b"", view=Event)

    def events(self) -> list[Event]:
        """The events, in the order of the message.

        Raises:
            WireError: one ends early.
        """
        return Event.parse_all(self.events_list)


class EventAck(Message, code=ResponseCode.EVENT_ACK):
    """The events have arrived; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


class EventLost(Record):
    """The detail of an event lost: which events never come; 8 bytes."""

    last_acked_event_instance_id: int = wire(Int32ul)
    last_lost_event_instance_id: int = wire(Int32ul)


class MeasurementEvent(Record):
    """The detail of both measurement events: a bit map of indices; 32 bytes.

    Bit n % 8 of byte n // 8 is index n.
    """

    changed_measurements: bytes = wire(Blob(MEASUREMENT_BITMAP_SIZE))


class CertificateChanged(Record):
    """The detail of a certificate changed: a mask of slots; 1 byte."""

    certificate_changed: int = wire(Int8ul, show=slot_mask)


EVENT_DETAILS: dict[int, type[Record]] = {
    EventTypeId.EVENT_LOST: EventLost,
    EventTypeId.MEASUREMENT_CHANGED: MeasurementEvent,
    EventTypeId.MEASUREMENT_PRE_UPDATE: MeasurementEvent,
    EventTypeId.CERTIFICATE_CHANGED: CertificateChanged,
}
"""What EventDetail of each of the DMTF's types is."""
