"""GET_ENDPOINT_INFO: what the device is, signed if it can sign that (DSP0274, same clause)."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.encapsulated import answer_flow
from responder.requester.encapsulated_answers import Answers
from responder.requester.steps import Prompt
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import SLOT_MASK
from responder.wire.endpoint_info import (
    SIGNATURE_REQUESTED,
    DeviceClassIdentifier,
    DeviceClassIdentifiers,
    EndpointInfo,
    GetEndpointInfo,
)
from responder.wire.errors import WireError


def get_endpoint_info(c: Conversation) -> Flow[None]:
    """Exchange GET_ENDPOINT_INFO and ENDPOINT_INFO; report the device class identifiers."""
    agreed = c.agreed
    signed = agreed.has(Cap.EP_INFO_SIG) and agreed.key is not None
    request = GetEndpointInfo(
        spdm_version=agreed.version,
        slot=agreed.slot & SLOT_MASK if signed else 0,
        request_attributes=SIGNATURE_REQUESTED if signed else 0,
        nonce=c.new_nonce() if signed else b"",
    )
    sent = request.build(agreed.wire())
    raw = yield from c.exchange(sent)
    message, response = c.read(EndpointInfo, raw, agreed.wire(signed=signed))
    covered = c.enter(sent, response, signature_size=agreed.signature_size if signed else 0)
    slot = message.slot & SLOT_MASK
    c.require("epi.slot", slot == request.slot, f"slot {slot}, asked for {request.slot}")
    limit = c.options.patience.endpoint_info
    size = len(message.ep_info)
    c.require("epi.limit", size <= limit, f"EPInfo of {size} bytes, limit {limit}")
    fault = _fault(message.ep_info)
    c.require("epi.identifiers", not fault, fault)
    c.report.endpoint_info = message.ep_info.hex()
    if covered is not None:
        c.note_nonces("ENDPOINT_INFO", request.nonce, message.nonce)
        c.verify("epi.signature", "ENDPOINT_INFO", covered)


def _fault(info: bytes) -> str:
    """What is wrong with the list of device class identifiers, empty if nothing is."""
    try:
        listed = DeviceClassIdentifiers.parse(info)
        count = len(DeviceClassIdentifier.parse_all(listed.identifiers))
    except WireError as error:
        return str(error)
    if count != listed.number_of_identifiers:
        return f"NumIdentifiers {listed.number_of_identifiers}, {count} are there"
    return ""


def give_endpoint_info(c: Conversation) -> Flow[None]:
    """Have the responder ask for our endpoint information, and answer it."""
    yield Prompt(RequestCode.GET_ENDPOINT_INFO)
    answers = Answers(c, c.session)
    yield from answer_flow(c, answers)
    if RequestCode.GET_ENDPOINT_INFO not in answers.answered:
        c.report.observe("encapsulated.nothing", "GET_ENDPOINT_INFO was prompted")
