"""Events: which there are, which of them a session wants, and those of the requester."""

from responder.core.context import Context, Reply
from responder.core.errors import invalid, session_required, unsupported
from responder.core.event_queue import EventQueue
from responder.spec.codes import RequestCode
from responder.spec.events import (
    DMTF_EVENT_GROUP_VERSION,
    EVENT_DETAIL_SIZES,
    EventGroupAttribute,
    EventType,
)
from responder.spec.flags import Cap
from responder.spec.registries import VENDOR_ID_SIZES, StandardId
from responder.wire.errors import WireError
from responder.wire.events import (
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
from responder.wire.events import EventType as ListedType

_ALL_EVENTS = EventGroupAttribute.ALL_EVENTS.value


def get_supported_event_types(request: GetSupportedEventTypes, context: Context) -> Reply:
    """List the event types of the device: those of the DMTF."""
    types = sorted(context.device.events.types)
    listed = b"".join(ListedType(event_type_id=one).build() for one in types)
    group = EventGroup(event_types=listed).build()
    response = SupportedEventTypes(
        spdm_version=request.spdm_version, event_group_count=1, supported_event_groups_list=group
    )
    return Reply(response)


def subscribe_event_types(request: SubscribeEventTypes, context: Context) -> Reply:
    """Tell this session of these events, and of no others, from now on."""
    source, queue = context.device.events, _queue(context)
    try:
        groups = parse_event_groups(request.subscribe_list, request.subscribe_event_group_count)
    except WireError as error:
        raise invalid(str(error)) from None
    queue.subscribe({one for group in groups for one in _wanted(group, source.types)}, source)
    return Reply(SubscribeEventTypesAck(spdm_version=request.spdm_version))


def _wanted(group: EventGroup, offered: frozenset[int]) -> frozenset[int]:
    """The types that a group asks for.

    Raises:
        ProtocolError: InvalidRequest: it is another group than the device's, or has other types.
    """
    ours = (int(StandardId.DMTF), b"", DMTF_EVENT_GROUP_VERSION)
    if (group.id, group.vendor, group.event_group_version) != ours:
        raise invalid(f"event group {group.id} version {group.event_group_version}")
    types = frozenset(group.type_ids())
    if group.attributes & _ALL_EVENTS:
        if types:
            raise invalid("all events and some of them")
        return offered
    if not types <= offered:
        raise invalid(f"event types {sorted(types - offered)}")
    return types


def send_event(request: SendEvent, context: Context) -> Reply:
    """Take the requester's events: see that they are well formed, and acknowledge them.

    Instance ids may come in any order; within one message none is missing or there twice.
    """
    if Cap.EVENT not in context.connection.peer.flags:
        raise unsupported(RequestCode.SEND_EVENT, "the requester has no EVENT_CAP")
    events = request.events()
    ids = sorted(event.event_instance_id for event in events)
    if not ids:
        raise invalid("no event")
    if ids != list(range(ids[0], ids[0] + len(ids))):
        raise invalid("event instance ids with gaps")
    for event in events:
        _check_event(event)
    return Reply(EventAck(spdm_version=request.spdm_version))


def _check_event(event: Event) -> None:
    known = event.id in set(StandardId)
    if not known or len(event.vendor) not in VENDOR_ID_SIZES[StandardId(event.id)]:
        raise invalid(f"registry {event.id} with a vendor id of {len(event.vendor)} bytes")
    if event.id != StandardId.DMTF:
        return
    if event.event_type_id not in set(EventType):
        raise invalid(f"event type {event.event_type_id}")
    size = EVENT_DETAIL_SIZES[EventType(event.event_type_id)]
    if len(event.event_detail) != size:
        raise invalid(f"a detail of {len(event.event_detail)} bytes, not {size}")


def _queue(context: Context) -> EventQueue:
    if context.session is None:
        raise session_required(context.connection.header_version, "a subscription")
    return context.session.events
