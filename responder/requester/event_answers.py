"""Events that a responder sends: judged, and reported (DSP0274 1.3 "SEND_EVENT")."""

from responder.requester.conversation import Conversation
from responder.requester.report import EventReport
from responder.requester.session import Session
from responder.spec.events import EventType
from responder.spec.registries import StandardId
from responder.wire.errors import WireError
from responder.wire.events import EVENT_DETAILS, Event, SendEvent


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
