"""Events that a responder sends: judged, and reported (DSP0274 1.3 "SEND_EVENT")."""

from responder.requester.conversation import Conversation
from responder.requester.report import EventReport
from responder.requester.session import Session
from responder.spec.events import EventType
from responder.spec.registries import StandardId
from responder.wire.events import EVENT_DETAILS, Event, SendEvent
from responder.wire.message import WireError


def check_events(c: Conversation, session: Session, message: SendEvent) -> str:
    """Check the events of a message and report them; what is wrong, empty if nothing is.

    Instance ids follow one another without a gap from the session's first event on, in any order
    within a message.
    """
    events = message.events()
    if not events:
        return "no event"
    ids = sorted(event.event_instance_id for event in events)
    begin = session.next_event
    if ids != list(range(begin, begin + len(ids))):
        return f"EventInstanceID {ids}, {begin} is due"
    faults = [fault for fault in map(_fault, events) if fault]
    if faults:
        return faults[0]
    session.next_event += len(ids)
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
