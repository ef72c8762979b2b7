"""KEY_EXCHANGE: agree on a secret, and sign what was said so far."""

from functools import partial

from responder.core.connection import Connection
from responder.core.context import Conclusion, Context, Reply
from responder.core.errors import invalid
from responder.core.handshake import open_session, require_session_capability, take_told_id
from responder.core.interfaces import SigningKey
from responder.core.mutual_auth import ask_for_mutual_auth, demand_mutual_auth
from responder.core.session import Session
from responder.crypto.key_agreement import KeyAgreementError
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import PUBLIC_KEY_SLOT, RANDOM_SIZE, SLOT_MASK
from responder.spec.registries import KeyUsage
from responder.wire.key_exchange import KeyExchange, KeyExchangeRsp


def key_exchange(request: KeyExchange, context: Context) -> Reply:
    """Open a session, which FINISH completes."""
    connection = context.connection
    require_session_capability(RequestCode.KEY_EXCHANGE, Cap.KEY_EX, connection)
    if request.slot_id > SLOT_MASK and request.slot_id != PUBLIC_KEY_SLOT:
        raise invalid(f"slot {request.slot_id:#x}")
    key, identity = context.signer(request.slot_id, KeyUsage.KEY_EX)
    summary = context.measurement_summary(request.measurement_summary_hash_type)
    opening = open_session(
        context, request.req_session_id, request.opaque_data, request.session_policy, psk=False
    )
    session = opening.session
    random = connection.random.child("session", connection.count("session"))
    try:
        exchange = connection.selected.exchange
        if exchange is None:
            raise invalid("no key exchange was negotiated")
        agreed = context.hooked.agree(exchange, request.exchange_data, random.child("exchange"))
    except KeyAgreementError as error:
        raise invalid(str(error)) from None
    session.mutual = ask_for_mutual_auth(context)
    _begin_transcript(session, connection, identity, context.raw_request)
    response = KeyExchangeRsp(
        spdm_version=request.spdm_version,
        heartbeat_period=session.heartbeat_period,
        rsp_session_id=session.session_id >> 16,
        mut_auth_requested=session.mutual.requested,
        slot_id_param=session.mutual.slot_id_param,
        random_data=random.child("random").bytes(RANDOM_SIZE),
        exchange_data=agreed.exchange_data,
        measurement_summary_hash=summary,
        opaque_data=opening.opaque,
    )
    conclude = partial(_conclude, context, session, key, agreed.secret)
    wire = connection.wire
    size = wire.signature_size + (0 if wire.handshake_in_the_clear else wire.hash_size)
    return Reply(response, conclude=conclude, concluded_size=size)


def _begin_transcript(
    session: Session, connection: Connection, identity: bytes, request: bytes
) -> None:
    """TH as far as the request (DSP0274 "Transcript hash calculation rules")."""
    session.parts = connection.transcript.vca
    if connection.digests:
        session.keep("DIGESTS", connection.digests)
    session.keep("certificate chain hash", identity)
    session.keep("KEY_EXCHANGE", request)


def _conclude(
    context: Context, session: Session, key: SigningKey, secret: bytes, message: bytes
) -> Conclusion:
    """Signature, keys of the handshake, HMAC; from here on the session exists."""
    take_told_id(session, message)
    session.keep("KEY_EXCHANGE_RSP", message)
    signature = context.hooked.sign(key, "key_exchange_rsp", session.parts)
    session.keep("KEY_EXCHANGE_RSP signature", signature)
    deriver = context.hooked.deriver
    session.start_handshake(deriver, secret)
    message += signature
    if not context.connection.wire.handshake_in_the_clear:
        verify_data = deriver.verify_data(
            "responder verify data", session.response_finished_key, session.parts
        )
        session.keep("KEY_EXCHANGE_RSP verify data", verify_data)
        message += verify_data
    context.connection.open_session(session)
    demand_mutual_auth(context, session)
    return message, None
