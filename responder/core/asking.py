"""What the device itself wants from the requester, once that asks for encapsulated requests."""

from responder.core.connection import Connection
from responder.core.effects import Wish
from responder.core.encapsulation import Flow
from responder.core.interfaces import Device
from responder.core.mutual_auth import Requester, bad_response
from responder.core.session import Session
from responder.spec.flags import Cap
from responder.spec.limits import NONCE_SIZE, SLOT_MASK
from responder.spec.sessions import KeyOperation
from responder.wire.endpoint_info import SIGNATURE_REQUESTED, EndpointInfo, GetEndpointInfo
from responder.wire.events import (
    EventAck,
    GetSupportedEventTypes,
    SubscribeEventTypes,
    SubscribeEventTypesAck,
    SupportedEventTypes,
)
from responder.wire.key_update import KeyUpdate, KeyUpdateAck

_ENCAPSULATED_HEADER_SIZE = 8
"""Of ENCAPSULATED_RESPONSE_ACK, which is longer than that of ENCAPSULATED_REQUEST."""


def want(connection: Connection, device: Device, what: Wish, session_id: int | None) -> None:
    """Offer a flow in a session; nothing comes of it if that does not exist.

    Endpoint information that is wanted outside of all is told wherever the requester asks next.
    """
    session = connection.sessions.get(session_id or 0)
    requester = Requester(connection, device, slot_id=0)
    if what == "endpoint-info":
        flow = _endpoint_info(requester)
        connection.encapsulation.offer(flow, session_id, anywhere=session_id is None)
    elif session is not None:
        connection.encapsulation.offer(_key_update(requester, session), session.session_id)


def offer_events(connection: Connection, device: Device, session: Session) -> None:
    """Offer a flow that tells what has happened to the device, if the session wants to know."""
    if session.events.pending(device.events):
        requester = Requester(connection, device, slot_id=0)
        connection.encapsulation.offer(_send_events(requester, session), session.session_id)


def offer_subscription(connection: Connection, device: Device, session: Session) -> None:
    """Offer, once in a session, a flow that subscribes to all events of its requester."""
    if Cap.EVENT in connection.peer.flags and session.established and not session.asked_for_events:
        session.asked_for_events = True
        requester = Requester(connection, device, slot_id=0)
        connection.encapsulation.offer(_subscribe(requester), session.session_id)


def _subscribe(requester: Requester) -> Flow:
    """GET_SUPPORTED_EVENT_TYPES, then SUBSCRIBE_EVENT_TYPES for its list as it stands."""
    version = requester.connection.header_version
    delivered = yield GetSupportedEventTypes(spdm_version=version)
    types, _ = requester.read(SupportedEventTypes, delivered.response)
    if types.event_group_count:
        delivered = yield SubscribeEventTypes(
            spdm_version=version,
            subscribe_event_group_count=types.event_group_count,
            subscribe_list=types.supported_event_groups_list,
        )
        requester.read(SubscribeEventTypesAck, delivered.response)
    return None


def _send_events(requester: Requester, session: Session) -> Flow:
    """SEND_EVENT as long as there is something to tell, in messages that the requester can take."""
    connection, source = requester.connection, requester.device.events
    peer = connection.peer
    largest = peer.max_spdm_msg_size if connection.common(Cap.CHUNK) else peer.data_transfer_size
    size = largest - _ENCAPSULATED_HEADER_SIZE
    while request := session.events.request(source, connection.header_version, size):
        delivered = yield request
        requester.read(EventAck, delivered.response)
        session.events.acknowledge()
    return None


def _key_update(requester: Requester, session: Session) -> Flow:
    """UpdateKey of the response direction, then VerifyNewKey under the new key."""
    connection = requester.connection
    tags = connection.random.child("key update tag", connection.count("key update tag"))
    for operation in (KeyOperation.UPDATE_KEY, KeyOperation.VERIFY_NEW_KEY):
        request = KeyUpdate(
            spdm_version=connection.header_version, key_operation=operation, tag=tags.bytes(1)[0]
        )
        delivered = yield request
        answer, _ = requester.read(KeyUpdateAck, delivered.response)
        if (answer.key_operation, answer.tag) != (operation, request.tag):
            raise bad_response("KEY_UPDATE_ACK is for another KEY_UPDATE")
        if operation is KeyOperation.UPDATE_KEY:
            session.update_response(delivered.hooked.deriver)
    return None


def _endpoint_info(requester: Requester) -> Flow:
    """GET_ENDPOINT_INFO, signed if the requester can sign and its key is known."""
    connection = requester.connection
    proven = connection.requester if Cap.EP_INFO_SIG in connection.peer.flags else None
    nonces = connection.random.child("endpoint info", connection.count("endpoint info"))
    request = GetEndpointInfo(
        spdm_version=connection.header_version,
        slot=proven.slot_id & SLOT_MASK if proven else 0,
        request_attributes=SIGNATURE_REQUESTED if proven else 0,
        nonce=nonces.bytes(NONCE_SIZE) if proven else b"",
    )
    delivered = yield request
    answer, raw = requester.read(EndpointInfo, delivered.response, signed=proven is not None)
    if proven:
        covered = raw[: len(raw) - len(answer.signature)]
        parts = [
            *connection.transcript.vca,
            (request.name, request.build(connection.wire)),
            (answer.name, covered),
        ]
        requester.verify(proven.key, "endpoint_info", parts, answer.signature)
    return None
