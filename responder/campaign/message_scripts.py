"""Parts of conversations for requests of later versions that an attestation never sends."""

from responder.requester.attestation import PARTS
from responder.requester.conversation import Conversation, Flow
from responder.requester.upkeep import end_session
from responder.spec.events import EVENT_DETAIL_SIZES, EventType
from responder.spec.slot_management import SubCode
from responder.wire.errors import WireError
from responder.wire.events import Event, EventAck, SendEvent
from responder.wire.slot_management import SlotManagement, SlotManagementResp, SupportedSubCodes


def send_event(c: Conversation) -> Flow[None]:
    """SEND_EVENT in each open session: something of the requester has changed."""
    kind = EventType.MEASUREMENT_CHANGED
    event = Event(
        event_instance_id=0, event_type_id=kind, event_detail=bytes(EVENT_DETAIL_SIZES[kind])
    )
    request = SendEvent(spdm_version=c.agreed.version, event_count=1, events_list=event.build())
    for session in list(c.sessions.values()):
        c.session = session
        raw = yield from c.exchange(request.build())
        _, response = c.read(EventAck, raw, c.agreed.wire())
        c.enter(request.build(), response)
        yield from end_session(c, session, 0)


def manage_slots(c: Conversation) -> Flow[None]:
    """SLOT_MANAGEMENT: which sub-codes there are (1.4)."""
    request = SlotManagement(
        spdm_version=c.agreed.version, sub_code=SubCode.SUPPORTED_SUB_CODES
    ).build()
    raw = yield from c.exchange(request)
    message, _ = c.read(SlotManagementResp, raw, c.agreed.wire())
    told = f"sub-code {message.sub_code} answers {SubCode.SUPPORTED_SUB_CODES.value}"
    c.require("any.response-code", message.sub_code == SubCode.SUPPORTED_SUB_CODES, told)
    try:
        listed = SupportedSubCodes.parse(message.structure)
    except WireError as error:
        c.require("any.size-short", condition=False, detail=str(error))
        return
    there = any(listed.bitmap)
    c.require("any.size-short", there, "no sub-code, not even the one that was answered")


SEND_EVENT = (*PARTS, send_event)
SLOT_MANAGEMENT = (*PARTS, manage_slots)
