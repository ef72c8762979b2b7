"""Events of either side: those of the responder are judged and reported, ours are listed.

Source: DSP0274 1.3 "Event mechanism".
"""

from responder.requester.conversation import Conversation
from responder.requester.report import EventReport
from responder.requester.session import Session
from responder.spec.events import DMTF_EVENT_GROUP_VERSION, EventGroupAttribute, EventType
from responder.spec.registries import StandardId
from responder.wire.errors import WireError
from responder.wire.events import (
    EVENT_DETAILS,
    Event,
    EventGroup,
    SendEvent,
    SubscribeEventTypes,
    parse_event_groups,
)
from responder.wire.events import EventType as ListedType

OWN_TYPES = (EventType.EVENT_LOST, EventType.CERTIFICATE_CHANGED)
"""What a requester with certificates has to tell."""


def own_event_group() -> bytes:
    """The list of our event types: one group, the DMTF's."""
    listed = b"".join(ListedType(event_type_id=kind).build() for kind in OWN_TYPES)
    return EventGroup(event_types=listed).build()


def subscription(message: SubscribeEventTypes) -> frozenset[int] | None:
    """The types of ours that a subscription is for; ``None`` if it is for others, or is none."""
    try:
        groups = parse_event_groups(message.subscribe_list, message.subscribe_event_group_count)
    except WireError:
        return None
    ours = (StandardId.DMTF, b"", DMTF_EVENT_GROUP_VERSION)
    wanted: set[int] = set()
    for group in groups:
        types, whole = group.type_ids(), group.attributes & EventGroupAttribute.ALL_EVENTS
        if (group.id, group.vendor, group.event_group_version) != ours or (whole and types):
            return None
        wanted |= set(OWN_TYPES if whole else types)
    return frozenset(wanted) if wanted <= set(OWN_TYPES) else None


def check_events(c: Conversation, session: Session, message: SendEvent) -> str:
    """Check the events of a message and report them; what is wrong, empty if nothing is.

    Instance ids of a message follow one another without a gap, in any order; between messages only
    those of lost events are missing. Where a session begins is the responder's choice.
    """
    events = message.events()
    if not events:
        return "no event"
    ids = sorted(event.event_instance_id for event in events)
    due = ids[0] if session.next_event is None else session.next_event
    if ids != list(range(ids[0], ids[0] + len(ids))) or ids[0] < due:
        return f"EventInstanceID {ids}, {due} is due"
    faults = [fault for fault in map(_fault, events) if fault]
    if faults:
        return faults[0]
    if ids[0] > due:
        c.report.observe("events.missing", f"EventInstanceID {due} to {ids[0] - 1}")
    session.next_event = ids[-1] + 1
    for event in events:
        c.report.events.append(_report(session, event))
    return ""


def _fault(event: Event) -> str:
    if event.id != StandardId.DMTF:
        return f"an event of registry {event.id}, which was not subscribed to"
    detail = EVENT_DETAILS.get(event.event_type_id)
    if detail is None:
        return f"EventTypeId {event.event_type_id} is none of the DMTF's"
    try:
        detail.parse(event.event_detail)
    except WireError as error:
        return f"EventDetail of type {event.event_type_id}: {error}"
    return ""


def _report(session: Session, event: Event) -> EventReport:
    kind = EventType(event.event_type_id).name.lower().replace("_", " ")
    return EventReport(
        f"0x{session.id:08x}", event.event_instance_id, kind, event.event_detail.hex()
    )
