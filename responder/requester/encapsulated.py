"""GET_ENCAPSULATED_REQUEST and DELIVER_ENCAPSULATED_RESPONSE: the responder asks, we answer."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.encapsulated_answers import Answers
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.limits import HEADER_SIZE, SLOT_COUNT
from responder.spec.sessions import PayloadType
from responder.spec.versions import V12, V13
from responder.wire.digests import GetDigests
from responder.wire.encapsulated import (
    DeliverEncapsulatedResponse,
    EncapsulatedRequest,
    EncapsulatedResponseAck,
    GetEncapsulatedRequest,
)


def answer_flow(
    c: Conversation, answers: Answers, *, demanded: bool = False, implicit: bool = False
) -> Flow[int | None]:
    """Answer encapsulated requests until the responder has no more.

    Args:
        c: the conversation; the flow runs in its session, if it is in one.
        answers: what we say.
        demanded: the responder has said that it will ask, so it must.
        implicit: DIGESTS are delivered at once, for GET_DIGESTS is known to be the first request.

    Returns:
        The requester's slot, if the responder names one at the end.
    """
    named = yield from _answer_all(c, answers, demanded=demanded, implicit=implicit)
    answers.end()
    return named


def _answer_all(
    c: Conversation, answers: Answers, *, demanded: bool, implicit: bool
) -> Flow[int | None]:
    """The exchanges of ``answer_flow``."""
    if implicit:
        request_id, embedded = 0, GetDigests(spdm_version=c.agreed.version).build()
    else:
        first = yield from _first(c, demanded=demanded)
        if first is None:
            return None
        request_id, embedded = first
    limit = c.options.patience.encapsulated
    for number in range(limit + 1):
        c.require("enc.limit", number < limit, f"more than {limit} encapsulated requests")
        response = answers.answer(embedded)
        ack = yield from _deliver(c, request_id, response)
        if ack.payload_type == PayloadType.REQ_SLOT_NUMBER:
            return _slot(c, ack)
        if ack.payload_type != PayloadType.ENCAPSULATED_REQUEST:
            known = ack.payload_type == PayloadType.ABSENT
            c.require("enc.ack-payload-type", known, f"payload type {ack.payload_type}")
            return None
        request_id, embedded = ack.request_id, ack.encapsulated_request
        _check_payload(c, embedded)
    return None


def _first(c: Conversation, *, demanded: bool) -> Flow[tuple[int, bytes] | None]:
    """Ask for the first request; ``None`` if there is none."""
    version = c.agreed.version
    nothing = ErrorCode.NO_PENDING_REQUESTS if version >= V13 else ErrorCode.UNEXPECTED_REQUEST
    sent = GetEncapsulatedRequest(spdm_version=version).build()
    raw = yield from c.exchange(sent, may_refuse=(nothing,))
    if raw[1] == ResponseCode.ERROR:
        c.require("enc.pending", not demanded, "no request, though one was announced")
        return None
    message, response = c.read(EncapsulatedRequest, raw, c.agreed.wire())
    c.enter(sent, response)
    _check_payload(c, message.encapsulated_request)
    return message.request_id, message.encapsulated_request


def _check_payload(c: Conversation, embedded: bytes) -> None:
    whole = len(embedded) >= HEADER_SIZE
    c.require("enc.payload", whole, f"an encapsulated request of {len(embedded)} bytes")


def _deliver(c: Conversation, request_id: int, response: bytes) -> Flow[EncapsulatedResponseAck]:
    request = DeliverEncapsulatedResponse(
        spdm_version=c.agreed.version, request_id=request_id, encapsulated_response=response
    )
    sent = request.build()
    raw = yield from c.exchange(sent)
    ack, whole = c.read(EncapsulatedResponseAck, raw, c.agreed.wire())
    c.enter(sent, whole)
    told = ack.ack_request_id
    matches = c.agreed.version < V12 or told == request_id
    c.require("enc.ack-request-id", matches, f"AckRequestID {told}, delivered {request_id}")
    return ack


def _slot(c: Conversation, ack: EncapsulatedResponseAck) -> int:
    there = c.require("enc.ack-slot-missing", ack.encapsulated_request, "no ReqSlotNumber")
    slot = ack.encapsulated_request[0] if there else 0
    c.require("enc.ack-slot", slot < SLOT_COUNT, f"ReqSlotNumber {slot}")
    return slot
