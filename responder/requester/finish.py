"""FINISH: the requester's proof, and the end of a handshake (DSP0274, clause of that name)."""

from responder.crypto.hkdf import hmac
from responder.requester.conversation import Conversation, Flow
from responder.requester.encapsulated import answer_flow
from responder.requester.encapsulated_answers import Answers
from responder.requester.identity import OwnKey, own_key
from responder.requester.key_exchange import Asked
from responder.requester.opaque import check_elements
from responder.requester.session import Session
from responder.requester.session_transcript import FINISH_CONTEXT
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import PUBLIC_KEY_SLOT, PUBLIC_KEY_SLOT_NIBBLE
from responder.spec.sessions import FinishAttributes, MutAuthRequested
from responder.wire.finish import Finish, FinishRsp

_MAY_ASK: frozenset[int] = frozenset({RequestCode.GET_DIGESTS, RequestCode.GET_CERTIFICATE})
"""What the responder may ask in the handshake."""


def finish(c: Conversation, session: Session, asked: Asked) -> Flow[None]:
    """Answer who we are, if that was asked; exchange FINISH and FINISH_RSP."""
    agreed = c.agreed
    c.session = None if agreed.clear else session
    key = slot = None
    if asked.form:
        key = own_key(c.options.identity, agreed)
        if key is not None:  # without one only where the checks that demand one are left out
            slot = yield from _authenticate(c, session, asked, key)
    yield from _finish(c, session, key, slot or 0)
    session.establish()
    c.session = session


def _authenticate(c: Conversation, session: Session, asked: Asked, key: OwnKey) -> Flow[int]:
    """Let the responder ask, unless it knows us; the slot that FINISH signs for."""
    answers = Answers(c, session, may_ask=_MAY_ASK)
    slot = asked.slot
    if asked.form != MutAuthRequested.WITHOUT_ENCAPSULATION:
        implicit = asked.form == MutAuthRequested.WITH_DIGESTS
        named = yield from answer_flow(c, answers, demanded=True, implicit=implicit)
        slot = slot if named is None else named
        if RequestCode.GET_CERTIFICATE not in answers.answered:
            c.report.observe("mutual.chain-unread", f"asked: {answers.answered}")
    held = c.agreed.own_flags & Cap.PUB_KEY_ID or slot in key.slots
    c.require("fin.slot", held, f"slot {slot}; ours are {key.slots}")
    digests = answers.digests if c.agreed.own_multi_key else b""
    session.th.requester(key.hash(c.agreed), digests=digests)
    return PUBLIC_KEY_SLOT if slot == PUBLIC_KEY_SLOT_NIBBLE else slot


def _finish(c: Conversation, session: Session, key: OwnKey | None, slot: int) -> Flow[None]:
    agreed, th = c.agreed, session.th
    size = agreed.base_hash.size
    request = Finish(
        spdm_version=agreed.version,
        attributes=FinishAttributes.SIGNATURE_INCLUDED if key else 0,
        req_slot_id=slot,
    )
    head = request.build(agreed.wire())
    covered = th.finish_head(head)
    signature = key.sign(agreed, FINISH_CONTEXT, covered) if key else b""
    digest = th.finish_signature(signature)
    verify_data = hmac(agreed.base_hash, session.handshake.request_finished, digest)
    th.finish_verify_data(verify_data)
    sent = head + signature + verify_data

    raw = yield from c.exchange(sent)
    message, response = c.read(FinishRsp, raw, agreed.wire())
    c.enter(sent, response)
    check_elements(c, "fin", message.opaque_data)
    covered_rsp, told = th.finish_response(response, verify_size=size if agreed.clear else 0)
    if agreed.clear:
        mac = hmac(agreed.base_hash, session.handshake.response_finished, covered_rsp)
        c.require("fin.verify-data", mac == told, "ResponderVerifyData is wrong")
