"""PSK_EXCHANGE: a session out of a key that both sides have had before."""

from functools import partial

from responder.core.context import Conclusion, Context, Reply
from responder.core.errors import invalid
from responder.core.handshake import (
    establish,
    open_session,
    require_session_capability,
    take_told_id,
)
from responder.core.interfaces import Psk
from responder.core.session import Session
from responder.spec.codes import RequestCode
from responder.spec.flags import ANY_PSK, Cap
from responder.wire.psk_exchange import PskExchange, PskExchangeRsp


def psk_exchange(request: PskExchange, context: Context) -> Reply:
    """Open a session, which PSK_FINISH completes if this side gives a context."""
    connection = context.connection
    require_session_capability(RequestCode.PSK_EXCHANGE, ANY_PSK, connection)
    psk = context.device.psk(request.psk_hint)
    if psk is None:
        raise invalid(f"no pre-shared key has the hint {request.psk_hint.hex()}")
    summary = context.measurement_summary(request.measurement_summary_hash_type)
    opening = open_session(
        context, request.req_session_id, request.opaque_data, request.session_policy, psk=True
    )
    session = opening.session
    session.psk_hint = request.psk_hint
    session.parts = connection.transcript.vca
    session.keep("PSK_EXCHANGE", context.raw_request)
    with_context = Cap.PSK_WITH_CONTEXT in connection.flags
    random = connection.random.child("session", connection.count("session"))
    size = context.base_hash.size if with_context else 0
    response = PskExchangeRsp(
        spdm_version=request.spdm_version,
        heartbeat_period=session.heartbeat_period,
        rsp_session_id=session.session_id >> 16,
        measurement_summary_hash=summary,
        responder_context=random.child("psk context").bytes(size),
        opaque_data=opening.opaque,
    )
    conclude = partial(_conclude, context, session, psk, with_context)
    return Reply(response, conclude=conclude, concluded_size=context.base_hash.size)


def _conclude(
    context: Context,
    session: Session,
    psk: Psk,
    with_context: bool,
    message: bytes,
) -> Conclusion:
    """Keys and HMAC; without a context the session is established at once."""
    take_told_id(session, message)
    session.keep("PSK_EXCHANGE_RSP", message)
    deriver = context.hooked.deriver
    session.start_handshake(deriver, psk.secret)
    verify_data = deriver.verify_data(
        "responder verify data", session.response_finished_key, session.parts
    )
    session.keep("PSK_EXCHANGE_RSP verify data", verify_data)
    context.connection.open_session(session)
    then = None if with_context else establish(context, session)
    return message + verify_data, then
