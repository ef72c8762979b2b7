"""GET_ENCAPSULATED_REQUEST and DELIVER_ENCAPSULATED_RESPONSE: this side asks."""

from responder.core.asking import offer_events, offer_subscription
from responder.core.context import Context, Reply
from responder.core.encapsulation import Delivered
from responder.core.errors import ProtocolError, invalid, unexpected, unsupported
from responder.core.mutual_auth import bad_response, can_encapsulate
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.limits import HEADER_SIZE, PUBLIC_KEY_SLOT
from responder.spec.sessions import PayloadType
from responder.spec.versions import V12, V13
from responder.wire.encapsulated import (
    DeliverEncapsulatedResponse,
    EncapsulatedRequest,
    EncapsulatedResponseAck,
    GetEncapsulatedRequest,
)
from responder.wire.message import Message


def get_encapsulated_request(request: GetEncapsulatedRequest, context: Context) -> Reply:
    """The first request of the next flow; one that still runs is given up."""
    connection = context.connection
    _require_capability(RequestCode.GET_ENCAPSULATED_REQUEST, context)
    encapsulation = connection.encapsulation
    if context.session is not None:
        if context.policy.session.wants_events:
            offer_subscription(connection, context.device, context.session)
        offer_events(connection, context.device, context.session)
    first = encapsulation.begin(_session_id(context))
    first = context.hooked.following(first)
    encapsulation.asked(first, _session_id(context))
    if first is None:
        raise _nothing_pending(connection.header_version)
    return Reply(
        EncapsulatedRequest(
            spdm_version=request.spdm_version,
            request_id=encapsulation.request_id,
            encapsulated_request=first.build(connection.wire),
        )
    )


def deliver_encapsulated_response(request: DeliverEncapsulatedResponse, context: Context) -> Reply:
    """Take a response, and ask on until the flow has come to its end."""
    connection = context.connection
    _require_capability(RequestCode.DELIVER_ENCAPSULATED_RESPONSE, context)
    encapsulation = connection.encapsulation
    if not encapsulation.awaiting:
        raise unexpected("no encapsulated response is awaited")
    if not encapsulation.awaits(request.request_id, _session_id(context)):
        raise invalid(f"request id {request.request_id}, not {encapsulation.request_id}")
    following, slot_id = _deliver(request.encapsulated_response, context)
    following = context.hooked.following(following)
    encapsulation.asked(following, _session_id(context))
    response = EncapsulatedResponseAck(
        spdm_version=request.spdm_version,
        request_id=0 if following is None else encapsulation.request_id,
        ack_request_id=request.request_id if connection.header_version >= V12 else None,
    )
    return Reply(_with_payload(response, following, slot_id, context))


def _deliver(response: bytes, context: Context) -> tuple[Message | None, int | None]:
    """The next request of the flow, or the slot at its end."""
    encapsulation = context.connection.encapsulation
    if encapsulation.aside:
        return encapsulation.resume(), None
    if len(response) < HEADER_SIZE:
        encapsulation.end()
        raise bad_response(f"{len(response)} bytes are no SPDM message")
    if response[1] == ResponseCode.ERROR:
        encapsulation.end()
        if response[2] == ErrorCode.RESPONSE_NOT_READY:
            return None, None
        raise bad_response(f"the requester answers ERROR 0x{response[2]:02x}")
    return encapsulation.deliver(Delivered(response, context.hooked))


def _with_payload(
    response: EncapsulatedResponseAck,
    following: Message | None,
    slot_id: int | None,
    context: Context,
) -> EncapsulatedResponseAck:
    """The acknowledgement with the next request, or with a slot that the requester cannot guess."""
    if following is not None:
        payload, kind = following.build(context.connection.wire), PayloadType.ENCAPSULATED_REQUEST
    elif slot_id not in (None, 0, PUBLIC_KEY_SLOT):
        payload, kind = bytes([slot_id]), PayloadType.REQ_SLOT_NUMBER
    else:
        return response
    return response.replace(payload_type=int(kind), encapsulated_request=payload)


def _require_capability(code: int, context: Context) -> None:
    if not can_encapsulate(context.connection):
        raise unsupported(code, "ENCAP_CAP is not on both sides")


def _session_id(context: Context) -> int | None:
    return context.session.session_id if context.session else None


def _nothing_pending(version: int) -> ProtocolError:
    if version >= V13:
        return ProtocolError(ErrorCode.NO_PENDING_REQUESTS, "nothing is to be asked")
    return unexpected("nothing is to be asked")
