"""Event types of the DMTF event group (DSP0274 "Event mechanism", 1.3 and later)."""

from enum import IntEnum, IntFlag

DMTF_EVENT_GROUP_VERSION = 1
"""EventGroupVer of the DMTF's own event types."""


class EventType(IntEnum):
    """EventTypeId in the DMTF event group."""

    EVENT_LOST = 1
    MEASUREMENT_CHANGED = 2
    MEASUREMENT_PRE_UPDATE = 3
    CERTIFICATE_CHANGED = 4


class EventGroupAttribute(IntFlag):
    """Attributes of an event group in a list of event types."""

    ALL_EVENTS = 1 << 0


MEASUREMENT_BITMAP_SIZE = 32
"""Bytes of a bit map of measurement indices, the detail of both measurement events."""

EVENT_DETAIL_SIZES: dict[EventType, int] = {
    EventType.EVENT_LOST: 8,
    EventType.MEASUREMENT_CHANGED: MEASUREMENT_BITMAP_SIZE,
    EventType.MEASUREMENT_PRE_UPDATE: MEASUREMENT_BITMAP_SIZE,
    EventType.CERTIFICATE_CHANGED: 1,
}
"""Bytes of EventDetail of each type."""
