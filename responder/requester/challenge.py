"""CHALLENGE: the device proves that it holds its key (DSP0274 "CHALLENGE_AUTH")."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.encapsulated import answer_flow
from responder.requester.encapsulated_answers import Answers
from responder.requester.opaque import check_opaque
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import (
    PUBLIC_KEY_SLOT,
    PUBLIC_KEY_SLOT_NIBBLE,
    SLOT_MASK,
    SUMMARY_NONE,
)
from responder.wire.challenge import BASIC_MUT_AUTH_REQUESTED, Challenge, ChallengeAuth


def challenge(c: Conversation) -> Flow[None]:
    """Exchange CHALLENGE and CHALLENGE_AUTH for the slot of the agreement."""
    agreed = c.agreed
    summary = c.options.summary if agreed.measures else SUMMARY_NONE
    request = Challenge(
        spdm_version=agreed.version,
        slot_id=agreed.slot,
        measurement_summary_hash_type=summary,
        nonce=c.new_nonce(),
        requester_context=c.new_context(),
    )
    sent = request.build(agreed.wire())
    raw = yield from c.exchange(sent)
    message, response = c.read(ChallengeAuth, raw, agreed.wire(summary=summary != SUMMARY_NONE))
    signed = c.enter(sent, response, signature_size=agreed.signature_size)
    _check_fields(c, request, message)
    c.note_nonces("CHALLENGE_AUTH", request.nonce, message.nonce)
    c.note_summary("CHALLENGE_AUTH", summary, message.measurement_summary_hash)
    if signed is not None:
        c.verify("chal.signature", "CHALLENGE_AUTH", signed)
    if message.slot & BASIC_MUT_AUTH_REQUESTED and agreed.encapsulates:
        yield from _be_challenged(c)


def _be_challenged(c: Conversation) -> Flow[None]:
    """Basic mutual authentication: now the responder asks who we are."""
    answers = Answers(c)
    yield from answer_flow(c, answers, demanded=True)
    if RequestCode.CHALLENGE not in answers.answered:
        c.report.observe("mutual.chain-unread", f"asked: {answers.answered}")


def _check_fields(c: Conversation, request: Challenge, message: ChallengeAuth) -> None:
    public_key = request.slot_id == PUBLIC_KEY_SLOT
    slot = PUBLIC_KEY_SLOT_NIBBLE if public_key else request.slot_id
    answered = message.slot & SLOT_MASK
    c.require("chal.slot", answered == slot, f"slot {answered}, asked for {slot}")
    mask = message.slot_mask
    in_mask = mask == 0 if public_key else mask >> slot & 1
    c.require("chal.slot-mask", in_mask, f"slot mask 0x{mask:02x}, slot {slot}")
    asked = message.slot & BASIC_MUT_AUTH_REQUESTED
    able = c.agreed.both(Cap.MUT_AUTH) and c.agreed.encapsulates
    c.require("chal.basic-mutual-authentication", not asked or able, "BasicMutAuthReq is set")
    c.require(
        "chal.chain-hash",
        message.cert_chain_hash == c.agreed.chain_hash,
        "CertChainHash is another one",
    )
    check_opaque(c, "chal", message.opaque_data)
    c.require(
        "chal.context",
        message.requester_context == request.requester_context,
        f"RequesterContext {message.requester_context.hex()}",
    )
