"""PSK_EXCHANGE and PSK_FINISH: a session that a shared key proves (DSP0274, same clauses)."""

from responder.crypto.hkdf import hmac
from responder.errors import ConfigError
from responder.requester.conversation import Conversation, Flow
from responder.requester.opaque import check_elements
from responder.requester.plan import SessionPlan
from responder.requester.secured_versions import check_selection, own_versions
from responder.requester.session import Session
from responder.requester.session_opening import (
    Handshaken,
    begin_opening,
    check_period,
    make_session,
)
from responder.requester.session_transcript import SessionTranscript
from responder.spec.flags import Cap
from responder.wire.psk_exchange import PskExchange, PskExchangeRsp
from responder.wire.psk_finish import PskFinish, PskFinishRsp


def psk_exchange(c: Conversation, plan: SessionPlan) -> Flow[Session]:
    """Open a session with the pre-shared key of the options."""
    agreed, psk = c.agreed, c.options.psk
    if psk is None:
        raise ConfigError("a session by PSK_EXCHANGE needs a pre-shared key")
    opening = begin_opening(c, plan)
    request = PskExchange(
        spdm_version=agreed.version,
        measurement_summary_hash_type=opening.summary,
        session_policy=opening.policy,
        req_session_id=opening.req_session_id,
        psk_hint=psk.hint,
        requester_context=opening.random.child("context").bytes(agreed.base_hash.size),
        opaque_data=own_versions(c),
    )
    sent = request.build(agreed.wire())
    raw = yield from c.exchange(sent)
    context = agreed.wire(summary=opening.summarised)
    message, response = c.read(PskExchangeRsp, raw, context)
    c.enter(sent, response)
    check_period(c, "psk", message.heartbeat_period)
    with_context = agreed.has(Cap.PSK_WITH_CONTEXT)
    size = len(message.responder_context)
    c.require("psk.context", bool(size) == with_context, f"a context of {size} bytes")
    secured = check_selection(c, "psk", message.opaque_data)
    whole_id = opening.whole_id(message.rsp_session_id)
    c.note_summary("PSK_EXCHANGE_RSP", opening.summary, message.measurement_summary_hash)

    th = SessionTranscript(agreed.base_hash, c.outside.vca)
    exchanged = th.exchange(sent, response, verify_size=agreed.base_hash.size)
    done = Handshaken(psk.key, exchanged.th1, psk=True)
    session = make_session(c, whole_id, secured, th, done)
    session.heartbeat_period = message.heartbeat_period
    mac = hmac(agreed.base_hash, session.handshake.response_finished, exchanged.th1)
    proven = c.require(
        "psk.verify-data", mac == exchanged.verify_data, "ResponderVerifyData is wrong"
    )
    if proven:
        c.report.signed.append("PSK_EXCHANGE_RSP")
    c.session = session
    if with_context:
        yield from _psk_finish(c, session)
    session.establish()
    return session


def _psk_finish(c: Conversation, session: Session) -> Flow[None]:
    agreed, th = c.agreed, session.th
    head = PskFinish(spdm_version=agreed.version).build(agreed.wire())
    th.finish_head(head)
    digest = th.finish_signature(b"")
    verify_data = hmac(agreed.base_hash, session.handshake.request_finished, digest)
    th.finish_verify_data(verify_data)
    raw = yield from c.exchange(head + verify_data)
    message, response = c.read(PskFinishRsp, raw, agreed.wire())
    c.enter(head + verify_data, response)
    check_elements(c, "pskfin", message.opaque_data)
    th.finish_response(response)
