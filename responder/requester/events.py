"""Events of both sides: listed, subscribed to, and told (DSP0274 1.3 "Event mechanism")."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.encapsulated import answer_flow
from responder.requester.encapsulated_answers import Answers
from responder.requester.session import Session
from responder.spec.codes import RequestCode
from responder.spec.events import EventType
from responder.wire.errors import WireError
from responder.wire.events import (
    CertificateChanged,
    Event,
    EventAck,
    EventGroup,
    GetSupportedEventTypes,
    SendEvent,
    SubscribeEventTypes,
    SubscribeEventTypesAck,
    SupportedEventTypes,
    parse_event_groups,
)


def subscribe(c: Conversation, session: Session) -> Flow[None]:
    """Ask which event types there are, cancel what was subscribed to, and subscribe to all."""
    del session
    request = GetSupportedEventTypes(spdm_version=c.agreed.version).build()
    raw = yield from c.exchange(request)
    message, response = c.read(SupportedEventTypes, raw, c.agreed.wire())
    c.enter(request, response)
    count, listed = message.event_group_count, message.supported_event_groups_list
    c.require("evt.groups", count, "EventGroupCount is 0")
    c.require("evt.list", listed, "the list of event groups is empty")
    groups: list[EventGroup] = []
    try:
        groups = parse_event_groups(listed, count)
    except WireError as error:
        c.report.observe("events.odd-list", f"{listed.hex()}: {error}")
    c.report.event_types = [
        f"registry {group.id}: type {kind}" for group in groups for kind in group.type_ids()
    ]
    yield from _subscribe(c, 0, b"")
    yield from _subscribe(c, count, listed)


def _subscribe(c: Conversation, count: int, listed: bytes) -> Flow[None]:
    request = SubscribeEventTypes(
        spdm_version=c.agreed.version, subscribe_event_group_count=count, subscribe_list=listed
    ).build(c.agreed.wire())
    raw = yield from c.exchange(request)
    _, response = c.read(SubscribeEventTypesAck, raw, c.agreed.wire())
    c.enter(request, response)


def take_pending(c: Conversation, session: Session) -> Flow[None]:
    """Ask what the responder has to ask, or to tell, and answer it."""
    answers = Answers(c, session)
    yield from answer_flow(c, answers)
    if RequestCode.SEND_EVENT not in answers.answered:
        c.report.observe("encapsulated.nothing", "events were waited for")


def give_events(c: Conversation, session: Session) -> Flow[None]:
    """Be asked which events we have, and tell one of them if the responder wants it."""
    answers = Answers(c, session)
    yield from answer_flow(c, answers)
    if RequestCode.GET_SUPPORTED_EVENT_TYPES not in answers.answered:
        c.report.observe("encapsulated.nothing", "our event types were to be asked for")
    if EventType.CERTIFICATE_CHANGED not in session.subscribed:
        return
    slots = c.options.identity.slots if c.options.identity else ()
    detail = CertificateChanged(certificate_changed=sum(1 << slot for slot in slots))
    event = Event(
        event_instance_id=session.own_event,
        event_type_id=EventType.CERTIFICATE_CHANGED,
        event_detail=detail.build(),
    )
    session.own_event += 1
    request = SendEvent(
        spdm_version=c.agreed.version, event_count=1, events_list=event.build()
    ).build()
    raw = yield from c.exchange(request)
    _, response = c.read(EventAck, raw, c.agreed.wire())
    c.enter(request, response)
